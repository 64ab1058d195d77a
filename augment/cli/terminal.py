"""Printing: everything that a command says passes through here, so that nothing in it can control the terminal."""

import sys

import typer

from augment.plain_text import visible


def say(text: str = "", err: bool = False) -> None:
    """Print lines for a person, with unprintable characters spelled out, wherever they come from."""
    typer.echo("\n".join(map(visible, text.split("\n"))), err=err)


def hand_out(data: str) -> None:
    """Print data for a program, exactly; to a terminal, as for a person."""
    if sys.stdout.isatty():
        say(data.rstrip("\n"))
    else:
        typer.echo(data, nl=not data.endswith("\n"))
