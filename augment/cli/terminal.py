"""Printing: everything that a command says passes through here, so that nothing in it can control the terminal."""

import os
import sys
from typing import TextIO

import typer

from augment.plain_text import visible

USUAL_WIDTH = 80


def width_of(stream: TextIO) -> int:
    """How many columns the terminal behind a stream has; 80 where nobody knows."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL_WIDTH
    except (OSError, ValueError):
        return USUAL_WIDTH


def say(text: str = "", err: bool = False) -> None:
    """Print lines for a person, with unprintable characters spelled out, wherever they come from."""
    typer.echo("\n".join(map(visible, text.split("\n"))), err=err)


def hand_out(data: str) -> None:
    """Print data for a program, exactly; to a terminal, as for a person."""
    if sys.stdout.isatty():
        say(data.rstrip("\n"))
    else:
        typer.echo(data, nl=not data.endswith("\n"))
