"""Printing: everything that a command says passes through here, so that nothing in it can control the terminal.

On a terminal, text is as wide as it is. What goes into a file or to another program is not wrapped: there a sentence is
a line, which can be searched, counted and compared, and does not depend on the window of whoever ran the command.
"""

import os
import sys
from collections.abc import Mapping
from enum import Enum, auto
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from augment.plain_text import visible

USUAL_WIDTH, LEAST_WIDTH = 80, 20
NO_COLOUR = "NO_COLOR"
"""Set to anything, it asks all programs for no colours (https://no-color.org)."""

DetailsOption = Annotated[bool, typer.Option("--details", help="All tables and notes.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing but faults and the last line.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object for programs.")]


class Manner(Enum):
    """How much a command says."""

    BRIEF = auto()
    DETAILS = auto()
    QUIET = auto()
    JSON = auto()

    @classmethod
    def asked(cls, details: bool = False, quiet: bool = False, as_json: bool = False) -> "Manner":
        """The one that was asked for.

        Raises:
            typer.BadParameter: More than one was.
        """
        ways = {cls.DETAILS: details, cls.QUIET: quiet, cls.JSON: as_json}
        found = [way for way, wanted in ways.items() if wanted]
        if len(found) > 1:
            names = " ".join(f"--{way.name.lower()}" for way in found)
            raise typer.BadParameter("cannot be asked together", param_hint=names)
        return found[0] if found else cls.BRIEF


class Style(Enum):
    """What stands out on a terminal."""

    PLAIN = "plain"
    HEADING = "heading"
    GOOD = "green"
    BAD = "red"

    def on(self, line: str) -> str:
        """A line with this style."""
        if self is Style.PLAIN:
            return line
        return typer.style(line, bold=True, fg=None if self is Style.HEADING else self.value)


def stand_in_for_closed_streams() -> None:
    """Give a command whose output or errors are closed (``>&-``) streams that take everything: others count on them."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - it lasts as long as we do


def width_of(stream: TextIO) -> int:
    """How many columns the terminal behind a stream has; 80 where nobody knows."""
    try:
        found = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return USUAL_WIDTH
    return max(found, LEAST_WIDTH) if found else USUAL_WIDTH


def width() -> int | None:
    """Columns in which text is wrapped; None if nobody looks at it on a terminal."""
    return width_of(sys.stdout) if sys.stdout.isatty() else None


def say(text: str = "", err: bool = False, style: Style = Style.PLAIN) -> None:
    """Print lines for a person, with unprintable characters spelled out, wherever they come from."""
    from augment.report.text import fitted

    stream = sys.stderr if err else sys.stdout
    plain = "\n".join(map(visible, text.split("\n")))
    if stream.isatty():
        plain = fitted(plain, width_of(stream))
        if NO_COLOUR not in os.environ:
            plain = "\n".join(map(style.on, plain.split("\n")))
    typer.echo(plain, err=err)


def hand_out(data: str) -> None:
    """Print data for a program, exactly; to a terminal, with unprintable characters spelled out, and not wrapped."""
    if sys.stdout.isatty():
        typer.echo("\n".join(map(visible, data.rstrip("\n").split("\n"))))
    else:
        typer.echo(data, nl=not data.endswith("\n"))


def hand_out_record(record: Mapping[str, Any]) -> None:
    """Print one JSON object; what has no form in JSON stands as text."""
    from augment.files.json_text import json_text

    hand_out(json_text(record).decode())
