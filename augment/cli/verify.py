"""``acoustigrid verify``: is a test set what it says?"""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from augment.cli.terminal import DetailsOption, JsonOption, Manner, QuietOption, Style, hand_out_record, say
from augment.cli.working import STARTING, AddressOption, Bars, ExecutorOption, WorkersOption, working

if TYPE_CHECKING:
    from augment.execute import Way
    from augment.verification.verdict import Verdict

EXIT_DEVIATION = 1
MOST_SHOWN, MOST_IN_DETAIL = 5, 50
SAMPLE = "sample"
"""The check whose words tell how much the items that were rendered again say of all."""


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
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A finished test set.")],
    sample: Annotated[
        str, typer.Option(metavar="N|all", help="Items to render again, drawn anew each time; 0 for none.")
    ] = "20",
    recipe_folder: Annotated[
        str | None, typer.Option(metavar="DIR", help="Where the recipe was, if it has moved with its corpus and noise.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Draw the sample of an earlier check again.")] = None,
    identity: Annotated[
        str | None, typer.Option(metavar="HASH", help="Identity of the set, as its maker published it.")
    ] = None,
    workers: WorkersOption = 1,
    executor: ExecutorOption = None,
    address: AddressOption = None,
    details: DetailsOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Check a test set: every file, everything that can be made again, and a sample of items rendered again.

    Exit code 0 only if nothing deviates; what could not be checked is said, in the first line too, and is no deviation.

    Example:  acoustigrid verify testset --sample all
    """
    bars = Bars(Manner.asked(details, quiet, as_json))
    size = sample_size(sample)
    with working(bars, executor, workers, address) as way:
        sound = check_set(folder, bars, size, recipe_folder, seed, identity, way).sound
    if not sound:
        raise typer.Exit(EXIT_DEVIATION)


def check_set(
    folder: str,
    bars: Bars,
    sample: int | Literal["all"] = 20,
    recipe_folder: str | None = None,
    seed: int | None = None,
    identity: str | None = None,
    workers: "int | Way" = 1,
) -> "Verdict":
    """Check a test set and show what was found."""
    with bars.step(STARTING):
        from augment.api.verifying import verify as examine

    verdict = examine(folder, sample, recipe_folder, bars, seed, identity, workers)
    if bars.manner is Manner.JSON:
        hand_out_record(verdict.record)
        return verdict
    most = MOST_IN_DETAIL if bars.manner is Manner.DETAILS else MOST_SHOWN
    for fault in verdict.deviations[:most]:
        say(str(fault), err=True)
    if len(verdict.deviations) > most:
        more = "" if bars.manner is Manner.DETAILS else f"; --details shows {MOST_IN_DETAIL}, --json all"
        say(f"... and {len(verdict.deviations) - most} more{more}", err=True)
    _show(verdict, bars.manner)
    return verdict


def _show(verdict: "Verdict", manner: Manner) -> None:
    """Print the verdict, what could not be checked, and how much a sample says; in detail, what was checked and how."""
    read = f"{verdict.files} files read, {verdict.rendered} items rendered again: {verdict.state}"
    say(
        read,
        style=Style.GOOD
        if verdict.sound and not verdict.unchecked
        else Style.BAD
        if not verdict.sound
        else Style.HEADING,
    )
    if manner is Manner.QUIET:
        return
    checks = dict(verdict.checks)
    width = max(map(len, checks), default=0)
    lines = [f"  {name.ljust(width)}  {said}" for name, said in checks.items()]
    if manner is Manner.BRIEF:
        lines = [f"checked: {', '.join(checks)}; --details says how"] if checks else []
        lines += [checks[SAMPLE]] if SAMPLE in checks else []
    lines += [str(unchecked) for unchecked in verdict.unchecked]
    lines += [f"note: {remark}" for remark in verdict.remarks]
    lines += [f"identity: {verdict.identity}"] if verdict.identity else []
    say("\n".join(lines)) if lines else None
