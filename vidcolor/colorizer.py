"""vidcolor for programs: what the command line does, as functions, arrays and callbacks.

    import vidcolor

    vidcolor.colorize("in.mp4", "out.mp4", references=["stills/"], hints="dots.json")
    with vidcolor.Colorizer(device="auto") as colorizer:
        colorizer.film("in.mp4", "out.mp4", progress=print)
        rgb = colorizer.photo(array)

`docs/api.md` has small programs. Every error that a user can mend is a `vidcolor.VidcolorError`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypedDict, TypeVar, Unpack, get_type_hints

import numpy as np
from numpy.typing import NDArray

from vidcolor.direct.hints import Stroke, read_dot, read_stroke
from vidcolor.direct.names import read_time
from vidcolor.direct.prepare import Request
from vidcolor.errors import Cancelled, UsageError
from vidcolor.infer.predictor import FloatArray, LumaBatch, Prediction, Predictor, Wrapper
from vidcolor.media.photograph import Picture
from vidcolor.media.probe import kind_of
from vidcolor.network import registry
from vidcolor.run.here import Here
from vidcolor.run.loading import load
from vidcolor.run.one import Outcome, Task, colorize_file
from vidcolor.run.opened import Opened, opened_film, opened_photograph
from vidcolor.run.place import Place, film_at, whole_film
from vidcolor.run.plan import Plan
from vidcolor.run.preview import colored_frame
from vidcolor.run.settings import ColorizeSettings, ResolvedSettings
from vidcolor.run.shots import Shot, list_shots
from vidcolor.run.still import StillSettings, colored_page, luma_of_array
from vidcolor.run.stills import stills_of
from vidcolor.run.streaming import StreamSettings, colored_stream
from vidcolor.steady.settings import SteadySettings

if TYPE_CHECKING:
    from vidcolor.infer.votes import Votes

T = TypeVar("T")
StrPath = str | PathLike[str]
Paths = StrPath | Sequence[StrPath]
Said = StrPath | Mapping[str, Any]
Hints = Said | Sequence[Said]
Progress = Callable[[float, int], bool | None]
"""Called with frames done and frames in all; where it gives False the work is cancelled."""


class NetworkOptions(TypedDict, total=False):
    """Which network colours, where and how; see `Colorizer`."""

    model: str
    device: str
    backend: str
    precision: str
    threads: int
    saturation: float | None
    vividness: float
    render_size: int | None


class SourceOptions(TypedDict, total=False):
    """How a film is read.

    Attributes:
        stream: index of the film's stream in its file.
        frame_rate: of numbered pictures, such as "25" or "24000/1001".
        resize: "first" brings pictures of another size to that of the first.
    """

    stream: int | None
    frame_rate: str | None
    resize: str | None


class SteadyOptions(TypedDict, total=False):
    """How colour is held still.

    Attributes:
        steady: how far, 0..1.
        every: the network runs on every so many-th frame; None chooses.
        looks: 2 asks of each such frame's mirror image as well.
        flow: what follows motion, "dis" or "raft".
    """

    steady: float
    every: int | None
    looks: int
    flow: str


class OpenOptions(SourceOptions, SteadyOptions, total=False):
    """How a film is read and held still, for `Colorizer.open`."""


class FilmOptions(SourceOptions, SteadyOptions, total=False):
    """How one film is coloured; each means, and is unless given, as in `vidcolor colorize`.

    Attributes:
        start_s: seconds from the first frame's start, or "1:02:03.5".
        duration_s: likewise.
        shot: number of the shot to colour alone, from 1 on, as `stills` counts them.
        page: of a TIFF, from 1 on.
        input_chroma: "discard" or "keep-if-colored".
        codec: FFmpeg's encoder.
        pix_fmt: FFmpeg's pixel format.
        crf: constant quality.
        preset: the encoder's speed, by its own name.
        sound: "auto", "copy", "convert" or "none".
        lossless: luma bit by bit.
        tag: whether the metadata name this program.
        overwrite: whether a file at the output is replaced.
        restart: whether an unfinished job with other settings is thrown away.
        keep_job: whether the job's folder stays.
    """

    start_s: float | str
    duration_s: float | str | None
    shot: int | None
    page: int | None
    input_chroma: str
    codec: str | None
    pix_fmt: str | None
    crf: int | None
    preset: str | None
    sound: str
    lossless: bool
    tag: bool
    overwrite: bool
    restart: bool
    keep_job: bool


class Options(NetworkOptions, FilmOptions, total=False):
    """All that `colorize` takes by name."""


_STEADY = {"steady": "strength", "every": "every", "looks": "looks", "flow": "flow"}
_TIMES = {"start_s", "duration_s"}
_TASK = ("page", "overwrite", "restart", "keep_job")


@dataclass(frozen=True, eq=False)
class Still:
    """A frame that stands for its shot.

    Attributes:
        frame: index in the film.
        time_s: seconds from the film's start.
        shot: number of its shot, from 1 on.
        rgb: uint8 (height, width, 3), upright, square pixels.
    """

    frame: int
    time_s: float
    shot: int
    rgb: NDArray[np.uint8]


class Colorizer:
    """A model on a device, loaded when it is first needed, for any number of films and pictures.

    Several threads may use one: the network answers one after the other, all else runs side by
    side. Leaving the `with` block, or `close`, lets go of the network.

    Args:
        model: name of a shipped model, a .safetensors file, or a run's folder.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        backend: "auto", "torch" or "openvino".
        precision: "auto", "float32" or "bf16".
        threads: CPU threads, 0 for one a core.
        saturation: factor on colour, None for the model's own.
        vividness: above 1 the likeliest colour counts more.
        render_size: short side in pixels that the network sees, None for the model's own.

    Raises:
        UsageError: a value cannot be used.

    >>> import numpy as np, vidcolor
    >>> grey = np.tile(np.arange(0, 256, 2, dtype=np.uint8), (96, 1))
    >>> with vidcolor.Colorizer() as colorizer:
    ...     rgb = colorizer.photo(grey)
    >>> rgb.shape, str(rgb.dtype)
    ((96, 128, 3), 'uint8')
    """

    def __init__(
        self,
        model: str = registry.DEFAULT_MODEL,
        *,
        device: str = "auto",
        backend: str = "auto",
        precision: str = "auto",
        threads: int = 0,
        saturation: float | None = None,
        vividness: float = 1.0,
        render_size: int | None = None,
    ) -> None:
        self._given: dict[str, Any] = {
            "model": str(model),
            "device": device,
            "backend": backend,
            "precision": precision,
            "threads": threads,
            "saturation": saturation,
            "vividness": vividness,
            "render_size": render_size,
        }
        ColorizeSettings(**self._given)
        self._held: _Held[Predictor] = _Held(lambda: load(ColorizeSettings(**self._given)))
        self._held_votes: _Held[Votes] = _Held(self._load_votes)

    def __enter__(self) -> Colorizer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the network; it is loaded again if it is needed again."""
        self._held.drop()
        self._held_votes.drop()

    @property
    def description(self) -> str:
        """Device, backend and precision; loads the network."""
        return self._network().description

    def film(
        self,
        source: StrPath,
        output: StrPath,
        *,
        references: Paths = (),
        hints: Hints = (),
        reach: str = "shot",
        per_shot: StrPath | None = None,
        progress: Progress | None = None,
        **options: Unpack[FilmOptions],
    ) -> Outcome:
        """Colour a film, or a photograph, into a file; all else in it is kept.

        A run that was cancelled or killed goes on where it was when it is begun again.

        Args:
            source: a film, a photograph, or numbered pictures.
            output: the file to be made; its suffix says the container.
            references: stills in colour, and folders of them.
            hints: dots and strokes: JSON or CSV files, overlays, folders of them; or a dot in
                words, "194:470,260=navy", or a dot or stroke as it stands in a JSON file.
            reach: how far stills give their colour: "shot", "scene" or "film".
            per_shot: JSON file on how single shots are to look, from `vidcolor shots --json`.
            progress: told how far it is, from a thread of its own too; False cancels.
            options: see `FilmOptions`.

        Raises:
            Cancelled: `progress` said so. What is finished is kept.
            VidcolorError: what a user can understand and mend.

        >>> import tempfile, vidcolor
        >>> with tempfile.TemporaryDirectory() as folder, vidcolor.Colorizer() as colorizer:
        ...     made = colorizer.film("samples/vtest.mp4", f"{folder}/out.mp4", duration_s=0.2)
        >>> made.frames
        2
        """
        listener = _Ear(progress)
        request = _request(references, hints, reach, per_shot)
        given: dict[str, Any] = dict(options)
        task = Task(
            source=Path(source),
            output=Path(output),
            settings=self._settings(given, FilmOptions),
            request=request,
            **{name: given[name] for name in _TASK if name in given},
        )
        return colorize_file(
            task, lambda: Here(_Asked(self._network(), self._held.asking, listener)), listener
        )

    def photo(self, array: Any, *, references: Paths = (), hints: Hints = ()) -> NDArray[Any]:
        """Colour one picture.

        Args:
            array: uint8 or uint16 (height, width), or (height, width, 3) RGB, of which luma counts.
            references: a still of it in colour.
            hints: dots and strokes, as of `film`.

        Returns:
            RGB (height, width, 3) of the same type, with the same BT.601 luma.

        Raises:
            UsageError: it is no such array, or what was said does not fit it.
        """
        picture = Picture(np.ascontiguousarray(luma_of_array(array)))
        settings = ColorizeSettings(**self._given)
        info = registry.load_info(registry.find_model(settings.model))
        chosen = settings.for_model(info, info.still_size)
        wanted = StillSettings(chosen.render_size, chosen.saturation)
        request = _request(references, hints)
        page, _ = colored_page(picture, self._shared(), wanted, request)
        return page.rgb(slice(0, len(picture.luma)))

    def frame(
        self,
        source: StrPath,
        *,
        at: float | str | None = None,
        index: int | None = None,
        references: Paths = (),
        hints: Hints = (),
        reach: str = "shot",
        per_shot: StrPath | None = None,
        **options: Unpack[SourceOptions],
    ) -> NDArray[np.uint8]:
        """Colour one frame of a film, quickly: by itself, or as people say of its shot.

        Args:
            source: a film.
            at: seconds from the first frame's start, or "1:02:03.5",
            index: or which frame, from 0 on.
            references: as of `film`.
            hints: likewise.
            reach: likewise.
            per_shot: likewise.
            options: see `SourceOptions`.

        Returns:
            RGB uint8 (height, width, 3), upright, square pixels.

        Raises:
            UsageError: the film has no such frame, or what was said cannot be used.
            InputError: it cannot be read.

        >>> import vidcolor
        >>> vidcolor.Colorizer().frame("samples/vtest.mp4", at=0.5).shape
        (480, 640, 3)
        """
        place = Place(index, _seconds("at", at))
        chosen = self._resolved(dict(options), SourceOptions)
        film, frame, luma = film_at(Path(source), place, chosen)
        request = _request(references, hints, reach, per_shot)
        return colored_frame(film, frame, luma, self._shared(), chosen.saturation, request).rgb

    def stream(
        self,
        frames: Iterable[Any],
        *,
        look_ahead: int = 100,
        **options: Unpack[SteadyOptions],
    ) -> Iterator[Any]:
        """Colour frames in order as they come, steadily.

        Each frame goes out once, when its shot has ended or `look_ahead` frames are held: that is
        the greatest delay. More of them make a long shot steadier and take more memory.

        Args:
            frames: of one size, with square pixels: arrays uint8 or uint16, grey (height, width)
                or RGB (height, width, 3), upright; or PyAV's video frames, turned as they say.
            look_ahead: frames that are held at most, 8 or more.
            options: see `SteadyOptions`.

        Yields:
            for an array, RGB (height, width, 3) of its type with the same BT.601 luma; for PyAV's
            frame one of planar YUV with the same luma, pts, time base and colour tags, lying as it
            lay, without side data and transparency.

        Raises:
            UsageError: a frame is none of these.
            InputError: it has another size than the first.

        >>> import numpy as np, vidcolor
        >>> grey = [np.full((96, 128), 90 + n, np.uint8) for n in range(10)]
        >>> colored = vidcolor.Colorizer().stream(grey, look_ahead=8)
        >>> [rgb.shape for rgb in colored] == [(96, 128, 3)] * 10
        True
        """
        chosen = self._resolved(dict(options), SteadyOptions)
        settings = StreamSettings(chosen.render_size, chosen.saturation, chosen.steady, look_ahead)
        return colored_stream(frames, self._shared(), settings)

    def shots(self, source: StrPath, **options: Unpack[SourceOptions]) -> list[Shot]:
        """The shots of a film, which is read through for it.

        Args:
            source: a film.
            options: see `SourceOptions`.

        Raises:
            InputError: it cannot be read.

        >>> import vidcolor
        >>> [shot.first for shot in vidcolor.Colorizer().shots("samples/vtest.mp4")]
        [0]
        """
        return list_shots(Path(source), self._settings(dict(options), SourceOptions).reading)

    def stills(
        self, source: StrPath, *, per_shot: int = 1, **options: Unpack[SourceOptions]
    ) -> Iterator[Still]:
        """The frames of each shot that show most of it, in the shot's colour.

        Args:
            source: a film.
            per_shot: stills of a shot, at most.
            options: see `SourceOptions`.

        Raises:
            InputError: it cannot be read.
        """
        chosen = self._resolved(dict(options), SourceOptions)
        whole = whole_film(Path(source), chosen.reading, chosen.render_size, chosen.threads)
        for _, taken in stills_of(whole, self._shared(), chosen.saturation, per_shot):
            for still, rgb in taken:
                yield Still(still.frame, still.time_s, still.shot, rgb)

    def open(self, source: StrPath, **options: Unpack[OpenOptions]) -> Opened:
        """Keep a film or photograph open: any frame, any shot, what the network holds likely.

        Args:
            source: a film or a photograph.
            options: see `OpenOptions`.

        Raises:
            InputError: it cannot be read.

        >>> import vidcolor
        >>> film = vidcolor.Colorizer().open("samples/vtest.mp4")
        >>> film.frame_count, film.size
        (50, (480, 640))
        >>> film.alone(next(film.read(20, 1)).small).shape
        (2, 48, 64)
        """
        path = Path(source)
        if kind_of(path) == "picture":
            info = registry.load_info(registry.find_model(self._given["model"]))
            chosen = self._settings(dict(options), OpenOptions).for_model(info, info.still_size)
            return opened_photograph(path, chosen, self._later(), self._likely)
        chosen = self._resolved(dict(options), OpenOptions)
        film = whole_film(path, chosen.reading, chosen.render_size, chosen.threads)
        return opened_film(film, chosen, self._later(), self._likely)

    def tuned(self, *, saturation: float | None, vividness: float = 1.0) -> Colorizer:
        """The same network, loaded once for both, with other colour.

        Args:
            saturation: as of `Colorizer`.
            vividness: likewise.
        """
        other = Colorizer(**self._given | {"saturation": saturation, "vividness": vividness})
        other._held, other._held_votes = self._held, self._held_votes
        return other

    def _settings(self, options: dict[str, Any], known: type) -> ColorizeSettings:
        names = get_type_hints(known).keys()
        if unknown := sorted(options.keys() - names):
            raise UsageError(
                f"There is no option {', '.join(unknown)} here.",
                f"There are {', '.join(sorted(names))}.",
            )
        steady = {_STEADY[name]: options[name] for name in _STEADY if name in options}
        for name in _TIMES & options.keys():
            options[name] = _seconds(name, options[name])
        rest = {
            name: value
            for name, value in options.items()
            if name not in _STEADY and name not in _TASK
        }
        return ColorizeSettings(**self._given, **rest, steady=SteadySettings(**steady))

    def _resolved(self, options: dict[str, Any], known: type) -> ResolvedSettings:
        settings = self._settings(options, known)
        return settings.for_model(registry.load_info(registry.find_model(settings.model)))

    def _network(self) -> Predictor:
        return self._held.get().vivid(self._given["vividness"])

    def _shared(self) -> Predictor:
        return _Asked(self._network(), self._held.asking)

    def _later(self) -> Predictor:
        """As `_shared`, but loaded when it is first asked."""
        return _Later(self._held, self._given["vividness"])

    def _likely(self) -> Votes:
        return self._held_votes.get()

    def _load_votes(self) -> Votes:
        from vidcolor.infer.votes import Votes

        path = registry.find_model(self._given["model"])
        return Votes(path, registry.verified_hash(path), self._given["threads"])


def colorize(
    source: StrPath,
    output: StrPath,
    *,
    references: Paths = (),
    hints: Hints = (),
    reach: str = "shot",
    per_shot: StrPath | None = None,
    progress: Progress | None = None,
    **options: Unpack[Options],
) -> Outcome:
    """Colour one film or photograph: `Colorizer` and its `film` at once, arguments as there.

    >>> import tempfile, vidcolor
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = vidcolor.colorize("samples/vtest.mp4", f"{folder}/out.mkv", duration_s=0.2)
    >>> made.frames, made.encoder
    (2, 'libx264')
    """
    given: dict[str, Any] = dict(options)
    network = {name: given.pop(name) for name in get_type_hints(NetworkOptions) if name in given}
    with Colorizer(**network) as colorizer:
        return colorizer.film(
            source,
            output,
            references=references,
            hints=hints,
            reach=reach,
            per_shot=per_shot,
            progress=progress,
            **given,
        )


def _paths(given: Paths) -> tuple[Path, ...]:
    several = [given] if isinstance(given, str | PathLike) else given
    return tuple(Path(path) for path in several)


def _request(
    references: Paths, hints: Hints, reach: str = "shot", per_shot: StrPath | None = None
) -> Request:
    several = [hints] if isinstance(hints, str | PathLike | Mapping) else hints
    said = [_said(entry, number) for number, entry in enumerate(several, 1)]
    strokes = tuple(entry for entry in said if isinstance(entry, Stroke))
    files = tuple(entry for entry in said if isinstance(entry, Path))
    looks = None if per_shot is None else Path(per_shot)
    return Request(_paths(references), files, reach, strokes, looks)


def _said(entry: Said, number: int) -> Path | Stroke:
    if isinstance(entry, Mapping):
        return read_stroke(entry, number)
    path = Path(entry)
    return read_dot(entry) if isinstance(entry, str) and _is_dot(path) else path


def _is_dot(path: Path) -> bool:
    return "=" in path.name and not path.exists()


def _seconds(name: str, time: float | str | None) -> float | None:
    if not isinstance(time, str):
        return time
    seconds = read_time(time)
    if seconds is None:
        raise UsageError(f"`{name}={time}` is no time.", "Give seconds or h:mm:ss.")
    return seconds


class _Ear:
    """Hears how a film goes, tells a program, and remembers that it wants no more of it."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._frames, self._done = 0, 0.0
        self.cancelled = False

    def opened(self, device: str, model: str, size: str) -> None:
        """Not told."""

    def planned(self, plan: Plan) -> None:
        """Not told."""

    def note(self, sentence: str) -> None:
        """In the outcome's notes."""

    def kept(self, frames: int) -> None:
        """Not told."""

    def begun(self, frames: int, standing: int) -> None:
        """How much there is to do."""
        self._frames, self._done = frames, float(standing)

    def progress(self, frames: float, limit: str) -> None:
        """So many frames more."""
        self._done += frames
        if self._progress and self._progress(self._done, self._frames) is False:
            self.cancelled = True
        self.check()

    def check(self) -> None:
        """Give up if the program wants no more."""
        if self.cancelled:
            raise Cancelled("The work was cancelled.", "Begin it again to go on.")


class _Held(Generic[T]):
    """What is loaded when it is first needed; `asking` is taken by who asks it."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load, self._loaded = load, None
        self._loading = threading.Lock()
        self.asking = threading.Lock()

    _loaded: T | None

    def get(self) -> T:
        """It, loaded once."""
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def drop(self) -> None:
        """Let go of it; it is loaded again if it is needed again."""
        with self._loading:
            self._loaded = None


@dataclass(frozen=True)
class _Later:
    """The network, loaded when it is first asked."""

    held: _Held[Predictor]
    vividness: float

    @property
    def description(self) -> str:
        """See `Predictor.description`."""
        return self.held.get().description

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """See `Predictor.predict`."""
        network = self.held.get().vivid(self.vividness)
        return _Asked(network, self.held.asking).predict(luma, hints)

    def vivid(self, vividness: float) -> _Later:
        """See `Predictor.vivid`."""
        return replace(self, vividness=vividness)


@dataclass(frozen=True)
class _Asked(Wrapper):
    """The network, asked by one at a time, and no more by those who were cancelled."""

    asking: threading.Lock
    ear: _Ear | None = None

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """See `Predictor.predict`."""
        if self.ear:
            self.ear.check()
        with self.asking:
            return self.predictor.predict(luma, hints)
