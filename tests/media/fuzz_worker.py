"""Colours the files named on standard input, one a line: a process that may die of them."""

from __future__ import annotations

import contextlib
import io
import json
import sys

from vidcolor.cli.main import run


def main() -> None:
    for line in sys.stdin:
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            code = run(json.loads(line))
        print(json.dumps([code, said.getvalue()]), flush=True)


if __name__ == "__main__":
    main()
