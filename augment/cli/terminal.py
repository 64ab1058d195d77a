"""What is printed: everything that a command says passes through here, and nothing in it can steer a terminal."""

import sys

import typer

from augment.plain_text import visible


def say(text: str = "", err: bool = False) -> None:
    """Print lines for a person; what is not printable in them is spelled out, whoever wrote it."""
    typer.echo("\n".join(map(visible, text.split("\n"))), err=err)


def hand_out(data: str) -> None:
    """Print data for a program, exactly; on a terminal as for a person."""
    if sys.stdout.isatty():
        say(data.rstrip("\n"))
    else:
        typer.echo(data, nl=not data.endswith("\n"))
