"""Options in groups a person understands: a help text that begins with [Group] goes there."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from vidcolor.direct.hints import Stroke

GROUPS = {
    "What": "What to colour",
    "Data": "Data",
    "Direct": "Direct the colour",
    "Colour": "Colour",
    "Steadiness": "Steadiness",
    "Network": "Network",
    "Schedule": "Schedule",
    "Loss": "Loss",
    "Output": "Output",
    "Page": "Page",
    "Machine": "Machine",
    "Words": "Words",
}
ANY_PATH = click.Path(readable=False, path_type=Path)
"""A file or folder; whether it is there and may be read is found out, and said, by who opens it."""
Decorated = Callable[..., Any]
_MARK = re.compile(r"^\[(\w+)\] ")


class Time(click.ParamType):  # type: ignore[type-arg]
    """Seconds, as "83.5" or "0:01:23.5"."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds as a number."""
        from vidcolor.direct.names import read_time
        from vidcolor.errors import UsageError

        seconds = value if isinstance(value, float) else read_time(value)
        if seconds is None:
            name = param.opts[0] if param else "The time"
            remedy = "Give seconds or h:mm:ss, such as 0:01:23.5."
            raise UsageError(f"{name} {value} is no time.", remedy)
        return seconds


class Dot(click.ParamType):  # type: ignore[type-arg]
    """What colour a point has, as "194:470,260=navy"."""

    name = "dot"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Stroke:
        """A dot that is checked, but for its place in the film."""
        from vidcolor.direct.hints import read_dot

        return read_dot(value)


class Rate(click.ParamType):  # type: ignore[type-arg]
    """Frames a second, as "25", "23.976" or "24000/1001"."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The exact rate in words: "24000/1001"."""
        from vidcolor.errors import UsageError
        from vidcolor.media.rates import read_rate

        rate = read_rate(value)
        if rate is None:
            name = param.opts[0] if param else "The rate"
            remedy = "Give frames a second, such as 24, 23.976 or 24000/1001."
            raise UsageError(f"{name} {value} is no rate.", remedy)
        return str(rate)


class grouped(click.Command):  # noqa: N801 - used as a decorator's argument
    """A command whose help shows its options in groups."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one section a group."""
        for name, rows in sections(self, ctx):
            with formatter.section(name):
                formatter.write_dl(rows)


def sections(command: click.Command, ctx: click.Context) -> list[tuple[str, list[tuple[str, str]]]]:
    """Options and what they do, a section a group in the order of `GROUPS`, then the rest."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            mark = _MARK.match(record[1])
            name = GROUPS[mark[1]] if mark else "Other"
            rows.setdefault(name, []).append((record[0], _MARK.sub("", record[1])))
    return [(name, rows[name]) for name in (*GROUPS.values(), "Other") if name in rows]


def options_of(command: click.Command, names: Collection[str]) -> Callable[[Decorated], Decorated]:
    """A decorator that gives a function another command's options of these names."""

    def decorate(function: Decorated) -> Decorated:
        for option in command.params:
            if isinstance(option, click.Option) and option.name in names:
                function.__dict__.setdefault("__click_params__", []).insert(0, option)
        return function

    return decorate
