"""Who may talk to the server: one who was shown the address, from a page of this very server."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SAFE = ("GET", "HEAD")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
    " media-src 'self' blob:; connect-src 'self' {socket}; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_CLOSED_SOCKET = 4403


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(24)


class Guard:
    """Lets a request through that names this server, comes from its own page, and has the cookie.

    The token in the address is taken once and becomes a cookie. A name that somebody else's DNS
    leads here (rebinding) is refused by its Host, another site's page by its Origin.

    Args:
        app: what is guarded.
        token: from the address.
        names: hosts by which the server is called.
        any_address: whether any IP address is right, as for a server that listens on all.
    """

    def __init__(
        self, app: ASGIApp, token: str, names: Iterable[str], any_address: bool = False
    ) -> None:
        self._app, self._token = app, token
        self._names = {*LOOPBACK, *(name.lower() for name in names)}
        self._any_address = any_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        refusal = self._refusal(scope, headers, host)
        if refusal is None and (given := self._given_token(scope)) is not None:
            await self._welcome(given, scope, receive, send)
        elif refusal is None and not self._knows(scope, headers):
            refusal = "Open the address that the terminal shows: this one lacks its token."
            await self._refuse(refusal, scope, receive, send)
        elif refusal is not None:
            await self._refuse(refusal, scope, receive, send)
        else:
            await self._app(scope, receive, _with_headers(send, host))

    def _refusal(self, scope: Scope, headers: Headers, host: str) -> str | None:
        if not self._is_own(_name_in(host)):
            return "This server is not called so. Open the address that the terminal shows."
        origin = headers.get("origin")
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if origin is None and not changes:
            return None
        if origin is None or urlsplit(origin).netloc.lower() != host.lower():
            return "Another page asks for this. Open the address that the terminal shows."
        return None

    def _is_own(self, name: str) -> bool:
        if name.lower() in self._names:
            return True
        if not self._any_address:
            return False
        try:
            ip_address(name)
        except ValueError:
            return False
        return True

    def _given_token(self, scope: Scope) -> str | None:
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            return None
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token")
        return given[0] if given else None

    async def _welcome(self, given: str, scope: Scope, receive: Receive, send: Send) -> None:
        if not _same(given, self._token):
            await self._refuse("The token in this address is another's.", scope, receive, send)
            return
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            _cookie_name(scope), self._token, httponly=True, samesite="strict", path="/"
        )
        await answer(scope, receive, _with_headers(send, ""))

    def _knows(self, scope: Scope, headers: Headers) -> bool:
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        held = cookies.get(_cookie_name(scope))
        return held is not None and _same(held.value, self._token)

    async def _refuse(self, words: str, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": _CLOSED_SOCKET})
            return
        await PlainTextResponse(words, 403)(scope, receive, _with_headers(send, ""))


def _name_in(host: str) -> str:
    """The name in a Host header; "" where that is none."""
    parts = urlsplit(f"//{host}")
    try:
        plain = parts.netloc == host and (parts.port or True)
    except ValueError:
        return ""
    return (parts.hostname or "") if plain else ""


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(), known.encode())


def _cookie_name(scope: Scope) -> str:
    """Browsers give a host's cookies to all its ports; several studios may run."""
    return f"vidcolor-studio-{scope['server'][1]}"


def _with_headers(send: Send, host: str) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            socket = f"ws://{host}" if host else ""
            headers["Content-Security-Policy"] = _POLICY.format(socket=socket)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sent
