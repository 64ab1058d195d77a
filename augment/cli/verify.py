"""``acoustigrid verify``: is a test set what it says?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from augment.cli.terminal import say
from augment.cli.working import Bars, WorkersOption
from augment.plain_text import visible

if TYPE_CHECKING:
    from augment.execute import Way
    from augment.verification.verdict import Verdict

EXIT_DEVIATION = 1
MOST_SHOWN = 50


def sample_size(written: str) -> int | Literal["all"]:
    """The value of ``--sample``.

    Raises:
        typer.BadParameter: Neither a number from 0 up nor ``all``.

    Example:
        >>> sample_size("20"), sample_size("all")
        (20, 'all')
    """
    if written == "all":
        return "all"
    if written.isascii() and written.isdigit() and len(written) < 10:
        return int(written)
    raise typer.BadParameter("expected a number from 0 up, or all", param_hint="--sample")


def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A finished test set.")],
    sample: Annotated[
        str, typer.Option(metavar="N|all", help="Items to render again, drawn anew each time; 0 for none.")
    ] = "20",
    recipe_folder: Annotated[
        Path | None, typer.Option(help="Where the recipe was, if it has moved with its corpus and noise.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Draw the sample of an earlier check again.")] = None,
    identity: Annotated[
        str | None, typer.Option(metavar="HASH", help="Identity of the set, as its maker published it.")
    ] = None,
    workers: WorkersOption = 1,
) -> None:
    """Check a test set: every file, everything that can be made again, and a sample of items rendered again.

    Exit code 0 only if nothing deviates; what could not be checked is said, in the first line too, and is no deviation.

    Example:  acoustigrid verify testset --sample all
    """
    if not check_set(folder, sample_size(sample), recipe_folder, seed, identity, workers).sound:
        raise typer.Exit(EXIT_DEVIATION)


def check_set(
    folder: Path,
    sample: int | Literal["all"] = 20,
    recipe_folder: Path | None = None,
    seed: int | None = None,
    identity: str | None = None,
    workers: "int | Way" = 1,
) -> "Verdict":
    """Check a test set and show what was found."""
    from augment.api import verify as examine

    verdict = examine(folder, sample, recipe_folder, Bars(), seed, identity, workers)
    for fault in verdict.deviations[:MOST_SHOWN]:
        say(str(fault), err=True)
    if len(verdict.deviations) > MOST_SHOWN:
        say(f"... and {len(verdict.deviations) - MOST_SHOWN} more", err=True)
    lines = [f"{verdict.files} files read, {verdict.rendered} items rendered again: {verdict.state}"]
    width = max((len(name) for name, _ in verdict.checks), default=0)
    lines += [f"  {name.ljust(width)}  {said}" for name, said in verdict.checks]
    lines += [str(unchecked) for unchecked in verdict.unchecked]
    lines += [f"note: {visible(remark)}" for remark in verdict.remarks]
    lines += [f"identity of the set: {verdict.identity}"] if verdict.identity else []
    say("\n".join(lines))
    return verdict
