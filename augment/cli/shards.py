"""``build --shard`` and ``finish``: a set built in parts by a scheduler that knows only commands."""

import shlex
from typing import Annotated

import typer

from augment.cli.ending import EXIT_DEVIATION, EXIT_INTERRUPTED
from augment.cli.export import FormatOption, split_formats
from augment.cli.terminal import DetailsOption, JsonOption, Manner, QuietOption, say
from augment.cli.working import STARTING, Bars, CacheOption, WorkersOption
from augment.files.location import Location, location

IntoOption = Annotated[
    str | None,
    typer.Option(
        "--into", metavar="DIR", help="Write the plan into this folder of a test set, whose shards others build."
    ),
]
CostOption = Annotated[
    bool, typer.Option("--cost", help="Build a few blocks on trial, and say what the whole build takes here.")
]
ShardOption = Annotated[
    str | None,
    typer.Option("--shard", metavar="K/N", help="Build the K-th of N parts of a plan written by plan --into."),
]


def say_next(into: str) -> None:
    """What is to be done once a plan is in a folder."""
    from augment.api.sharding import is_finished

    if is_finished(into):
        say(f"nothing is to be done: {into} is finished, and this plan would change nothing in it")
    else:
        say(f"next, for each K of N: acoustigrid build --out {shlex.quote(into)} --shard K/N")


def refuse_with_shard(recipe: str | None, address: str | None) -> None:
    """A shard belongs to the plan in the folder, whatever recipe one has in mind, and is built on one machine."""
    if recipe is not None:
        raise typer.BadParameter("a shard is built of the plan in the folder: leave out the recipe")
    if address is not None:
        raise typer.BadParameter("a shard is built on one machine: leave out --address, or build the whole set there")


def shard_built(out: Location, shard: str, workers: int, executor: str | None, manner: Manner) -> None:
    """Build a shard and say what came of it."""
    bars = Bars(manner)
    with bars.step(STARTING):
        from augment.api.sharding import build_shard
        from augment.cli.showing import show_shard
    try:
        result = build_shard(out, shard, workers, executor, bars)
    except KeyboardInterrupt:
        say("stopped: what was finished stays; the same command goes on", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    show_shard(result, out, manner)
    if result.failures:
        raise typer.Exit(EXIT_DEVIATION)


def finish(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder of the test set.")],
    workers: WorkersOption = 1,
    formats: FormatOption = "",
    cache: CacheOption = True,
    details: DetailsOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Join the shards of a test set, when all of them are built, to the set that one build would have made.

    Example:  acoustigrid plan demo --into testset; acoustigrid build --out testset --shard 1/2; acoustigrid build --out
    testset --shard 2/2; acoustigrid finish testset
    """
    manner = Manner.asked(details, quiet, as_json)
    bars = Bars(manner)
    with bars.step(STARTING):
        from augment.api.sharding import finish as join
        from augment.cli.showing import show_before, show_built
    result = join(folder, workers, bars, split_formats(formats), cache)
    show_built(result, manner, show_before(result.plan, location(folder), manner))
    if result.failures:
        raise typer.Exit(EXIT_DEVIATION)
