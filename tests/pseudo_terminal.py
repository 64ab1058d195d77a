"""What a command shows on a terminal: on a real one, of which nobody sees the screen."""

import contextlib
import fcntl
import os
import re
import struct
import termios
import threading
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from augment.cli import app
from augment.cli.ending import ended

STYLE = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Shown:
    """What came.

    Attributes:
        raw: Everything, in order: progress that was overwritten, too.
        code: Exit code.
    """

    raw: str
    code: int

    @property
    def steps(self) -> list[str]:
        """Everything that stood on a line, whether it was overwritten or not."""
        parts = (STYLE.sub("", part).rstrip() for part in re.split(r"[\r\n]+", self.raw))
        return [part for part in parts if part]

    @property
    def lines(self) -> list[str]:
        """What is left on the screen."""
        left = (line.rstrip("\r").split("\r")[-1] for line in self.raw.replace("\r\n", "\n").split("\n"))
        return [STYLE.sub("", line).rstrip() for line in left][:-1]


def on_terminal(*arguments, cwd: Path, columns: int = 80, **environment: str) -> Shown:
    """Run a command of ``acoustigrid``, in this process, on a terminal with so many columns; 0 if it tells no size."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50 if columns else 0, columns, 0, 0))
    parts: list[bytes] = []
    reader = threading.Thread(target=_read, args=(ours, parts))
    reader.start()
    given = ["acoustigrid", *map(str, arguments)]
    with contextlib.ExitStack() as stack:
        screen = stack.enter_context(os.fdopen(theirs, "w", encoding="utf-8", buffering=1))
        stack.enter_context(contextlib.chdir(cwd))
        stack.enter_context(mock.patch("sys.argv", given))
        stack.enter_context(mock.patch.dict("os.environ", environment))
        stack.enter_context(contextlib.redirect_stdout(screen))
        stack.enter_context(contextlib.redirect_stderr(screen))
        code = ended(app)
    reader.join()
    os.close(ours)
    return Shown(b"".join(parts).decode(), code)


def _read(terminal: int, parts: list[bytes]) -> None:
    with contextlib.suppress(OSError):  # how Linux says that the other end is closed
        while part := os.read(terminal, 65536):
            parts.append(part)
