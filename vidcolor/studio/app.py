"""The server's pages: requests come in, the desk does the work, pictures and JSON go out."""

from __future__ import annotations

import asyncio
import functools
import json
import tempfile
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from vidcolor.errors import InputError, UsageError, VidcolorError
from vidcolor.studio.guard import Guard
from vidcolor.studio.house import House

PAGE = Path(__file__).parent / "page"
MOST_JSON = 4 << 20
MOST_CHANGES = 1000
MOST_UPLOAD = 128 << 20
MOST_PIXELS = 100_000_000
T = TypeVar("T")


def make_app(house: House, guard: Callable[[Any], Guard]) -> Starlette:
    """The application.

    Args:
        house: what is worked on.
        guard: puts the guard around what it is given.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> Any:
        house.listen(asyncio.get_running_loop())
        yield

    api = "/api/{key}"
    routes = [
        Route("/", _page),
        Mount("/page", StaticFiles(directory=PAGE)),
        Route("/api/items", _items),
        Route("/api/all/film", _film_all, methods=["POST"]),
        WebSocketRoute("/api/events", _events),
        WebSocketRoute(api + "/events", _events),
        Route(api + "/state", _state),
        Route(api + "/thumb", _item_thumb),
        Route(api + "/frame/{frame:int}/luma", _luma),
        Route(api + "/frame/{frame:int}/chroma", _chroma),
        Route(api + "/frame/{frame:int}/mask", _mask),
        Route(api + "/frame/{frame:int}/likely", _likely),
        Route(api + "/frame/{frame:int}/still.png", _picture),
        Route(api + "/dots", _dots, methods=["POST"]),
        Route(api + "/look", _look, methods=["POST"]),
        Route(api + "/stills", _add_still, methods=["POST"]),
        Route(api + "/stills/put", _put_stills, methods=["POST"]),
        Route(api + "/shots/{first:int}/thumb", _thumb),
        Route(api + "/shots/{first:int}/play", _play, methods=["POST"]),
        Route(api + "/shots/{first:int}/look", _shot_look, methods=["POST"]),
        Route(api + "/played/{name}", _played),
        Route(api + "/film", _film, methods=["POST"]),
        Route(api + "/film/{step}", _film_step, methods=["POST"]),
    ]
    app = Starlette(
        routes=[_with_errors(route) for route in routes],
        middleware=[Middleware(_Around, guard=guard)],
        lifespan=lifespan,
        exception_handlers={404: _missing, 405: _missing},
    )
    app.state.house = house
    return app


class _Around:
    """Starlette's form of a middleware that is made elsewhere."""

    def __init__(self, app: Any, guard: Callable[[Any], Guard]) -> None:
        self._guarded = guard(app)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._guarded(scope, receive, send)


# Errors.


def _with_errors(route: Any) -> Any:
    """A route whose errors are sentences."""
    if isinstance(route, Route):
        return Route(route.path, _said(route.endpoint), methods=list(route.methods or ()))
    return route


def _said(endpoint: Callable[[Request], Awaitable[Response]]) -> Any:
    @functools.wraps(endpoint)
    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except VidcolorError as error:
            return JSONResponse({"error": error.sentence, "remedy": error.remedy}, 400)
        except (CancelledError, asyncio.CancelledError):
            # A newer request of the same window took its place, or the server ends.
            return JSONResponse({"stale": True}, 409)

    return answered


async def _missing(_: Request, error: Exception) -> Response:
    code = error.status_code if isinstance(error, HTTPException) else 404
    return JSONResponse({"error": "There is nothing here.", "remedy": "Load the page again."}, code)


def _house(request: Any) -> House:
    house: House = request.app.state.house
    return house


async def _desk(request: Request) -> Any:
    return await run_in_threadpool(_house(request).desk, request.path_params["key"])


async def _of(answer: Future[T]) -> T:
    return await asyncio.wrap_future(answer)


def _window(request: Request) -> str:
    return request.query_params.get("window", "")[:40]


async def _frame(request: Request) -> tuple[Any, int]:
    desk = await _desk(request)
    frame = request.path_params["frame"]
    if not 0 <= frame < desk.film.frame_count:
        raise UsageError(f"The film has no frame {frame}.", "Load the page again.")
    return desk, frame


async def _body(request: Request, most: int) -> bytes:
    held = bytearray()
    async for part in request.stream():
        held += part
        if len(held) > most:
            raise UsageError(f"That is more than {most >> 20} MB.", "Send something smaller.")
    return bytes(held)


async def _json(request: Request) -> Any:
    try:
        return json.loads(await _body(request, MOST_JSON) or b"null")
    except (ValueError, RecursionError) as error:
        raise UsageError("This is no JSON.", "Load the page again.") from error


# What is shown.


async def _page(_: Request) -> Response:
    return FileResponse(PAGE / "index.html")


async def _items(request: Request) -> Response:
    return JSONResponse(await run_in_threadpool(_house(request).facts))


async def _state(request: Request) -> Response:
    house, key = _house(request), request.path_params["key"]
    return JSONResponse(await run_in_threadpool(house.state, key))


async def _item_thumb(request: Request) -> Response:
    house, key = _house(request), request.path_params["key"]
    return Response(await run_in_threadpool(house.thumb, key), media_type="image/jpeg")


async def _luma(request: Request) -> Response:
    desk, frame = await _frame(request)
    return Response(await run_in_threadpool(desk.luma, frame), media_type="image/jpeg")


async def _chroma(request: Request) -> Response:
    desk, frame = await _frame(request)
    color = await _of(desk.color(frame, _window(request)))
    made = await run_in_threadpool(desk.chroma_file, frame, color)
    headers = {"X-Kind": color.kind, "X-More": "1" if color.more else "0"}
    return Response(made, media_type="image/webp", headers=headers)


async def _mask(request: Request) -> Response:
    desk, frame = await _frame(request)
    without = request.query_params.get("without", "")
    made = await _of(desk.mask(frame, without, _window(request)))
    return Response(made, media_type="image/webp")


async def _likely(request: Request) -> Response:
    desk, frame = await _frame(request)
    x, y = (_share(request, name) for name in ("x", "y"))
    return JSONResponse({"colours": await _of(desk.likely(frame, x, y, _window(request)))})


def _share(request: Request, name: str) -> float:
    try:
        value = float(request.query_params.get(name, ""))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise UsageError("The place lies outside the picture.", "Point inside.")
    return value


async def _picture(request: Request) -> Response:
    desk, frame = await _frame(request)
    made = await run_in_threadpool(desk.png, frame)
    name = f"ref_{frame:06d}.png"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(made, media_type="image/png", headers=headers)


async def _thumb(request: Request) -> Response:
    desk = await _desk(request)
    made = await run_in_threadpool(desk.thumb, request.path_params["first"])
    return Response(made, media_type="image/jpeg")


# What is changed.


async def _dots(request: Request) -> Response:
    desk = await _desk(request)
    given = await _json(request)
    if not isinstance(given, list) or len(given) > MOST_CHANGES:
        raise UsageError("These are no changes.", "Load the page again.")
    await run_in_threadpool(desk.change_by, given)
    return JSONResponse(desk.dots_message())


async def _look(request: Request) -> Response:
    desk = await _desk(request)
    given = await _json(request)
    await run_in_threadpool(lambda: desk.set_look(desk.store.look.with_values(given)))
    return JSONResponse(desk.look_message())


async def _add_still(request: Request) -> Response:
    desk = await _desk(request)
    frame = request.query_params.get("frame", "")
    if not frame.isdigit() or int(frame) >= desk.film.frame_count:
        raise UsageError("The film has no such frame.", "Load the page again.")
    body = await _body(request, MOST_UPLOAD)
    await run_in_threadpool(_take_still, desk, body, int(frame))
    return JSONResponse(desk.stills_message())


def _take_still(desk: Any, body: bytes, frame: int) -> None:
    suffix = _suffix(body)
    folder = desk.store.make_stills()
    with tempfile.TemporaryDirectory(prefix=".taken-", dir=folder) as name:
        taken = Path(name) / f"taken{suffix}"
        taken.write_bytes(body)
        _check_pixels(taken)
        desk.add_still(taken, frame)


_BEGINNINGS = {
    b"\x89PNG\r\n\x1a\n": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"RIFF": ".webp",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
}


def _suffix(body: bytes) -> str:
    for beginning, suffix in _BEGINNINGS.items():
        if body.startswith(beginning):
            return suffix
    raise UsageError("This is no picture that is known here.", "Drop PNG, JPEG, WebP or TIFF.")


def _check_pixels(path: Path) -> None:
    import PIL.Image

    try:
        with PIL.Image.open(path) as picture:
            width, height = picture.size
    except PIL.Image.DecompressionBombError:
        width = height = MOST_PIXELS
    except Exception as error:
        raise UsageError("This picture is damaged.", "Save it anew.") from error
    if width * height > MOST_PIXELS:
        raise UsageError("This picture has too many pixels.", "Drop one of at most 100 megapixels.")


async def _put_stills(request: Request) -> Response:
    desk = await _desk(request)
    given = await _json(request)
    if not isinstance(given, list) or len(given) > MOST_CHANGES:
        raise UsageError("These are no changes.", "Load the page again.")
    await run_in_threadpool(desk.put_stills, given)
    return JSONResponse(desk.stills_message())


async def _shot_look(request: Request) -> Response:
    desk = await _desk(request)
    shot = desk.timeline.beginning(request.path_params["first"])
    await run_in_threadpool(desk.set_shot_look, shot, await _json(request))
    return JSONResponse(desk.look_message())


async def _play(request: Request) -> Response:
    desk = await _desk(request)
    kind = request.query_params.get("kind", "mp4")
    if kind not in ("mp4", "webm"):
        raise UsageError("There is no such kind of film.", "Load the page again.")
    shot = desk.timeline.beginning(request.path_params["first"])
    return JSONResponse({"name": await run_in_threadpool(desk.play, shot, kind)})


async def _played(request: Request) -> Response:
    desk = await _desk(request)
    name = request.path_params["name"]
    path = desk.played(name)
    if path is None:
        raise HTTPException(404)
    return FileResponse(path, media_type=f"video/{path.suffix[1:]}")


async def _film(request: Request) -> Response:
    house, key = _house(request), request.path_params["key"]
    await run_in_threadpool(house.film, key, await _json(request))
    return JSONResponse(house.filming.state)


async def _film_all(request: Request) -> Response:
    await run_in_threadpool(_house(request).film_all)
    return JSONResponse({})


async def _film_step(request: Request) -> Response:
    filming = _house(request).filming
    steps = {"pause": filming.pause, "go": filming.go_on, "cancel": _house(request).cancel}
    step = steps.get(request.path_params["step"])
    if step is None or not filming.busy:
        raise InputError("No film is being coloured.", "Press the button to begin one.")
    step()
    return JSONResponse(filming.state)


# What windows are told.


async def _events(socket: WebSocket) -> None:
    house = _house(socket)
    key = socket.path_params.get("key", "")
    await socket.accept()
    with house.window(key) as messages:
        leaving = asyncio.create_task(_until_left(socket))
        try:
            while not leaving.done():
                asked = asyncio.create_task(messages.get())
                await asyncio.wait({asked, leaving}, return_when=asyncio.FIRST_COMPLETED)
                if not asked.done():
                    asked.cancel()
                    break
                await socket.send_text(asked.result())
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            leaving.cancel()
            with suppress(Exception, asyncio.CancelledError):
                await socket.close()


async def _until_left(socket: WebSocket) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive_text()
