"""The command line: each command calls one function of the library and shows what it returns."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from augment import __version__
from augment.cli.corpus import ColumnOption, LayoutOption, PatternOption, corpus_app, corpus_given
from augment.cli.ending import EXIT_DEVIATION, EXIT_INTERRUPTED, ended
from augment.cli.export import FormatOption, export_app, split_formats
from augment.cli.preview import preview_app
from augment.cli.profile import profile_app
from augment.cli.sample_size import sample_size_app
from augment.cli.score import score_app
from augment.cli.shards import CostOption, IntoOption, ShardOption, finish, refuse_with_shard, say_next, shard_built
from augment.cli.terminal import (
    DetailsOption,
    JsonOption,
    Manner,
    QuietOption,
    hand_out,
    say,
    stand_in_for_closed_streams,
)
from augment.cli.verify import check_set, verify
from augment.cli.working import STARTING, AddressOption, Bars, CacheOption, ExecutorOption, WorkersOption, working
from augment.files.location import Location, location
from augment.interrupts import stoppable
from augment.plain_text import visible

if TYPE_CHECKING:
    from augment.api.building import BuildResult
    from augment.execute import Way

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip

app.add_typer(profile_app, name="profile")
app.add_typer(corpus_app, name="corpus")
app.add_typer(sample_size_app)
app.add_typer(export_app)
app.add_typer(score_app)
app.add_typer(preview_app)

RecipeArgument = Annotated[
    str, typer.Argument(metavar="RECIPE", help="A recipe file, or the name of a bundled recipe.")
]
ReplaceOption = Annotated[bool, typer.Option(help="Allow that finished files of this test set change or go.")]
OutOption = Annotated[
    str, typer.Option("--out", "-o", metavar="DIR", help="Folder of the test set, or s3://BUCKET/NAME.")
]


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    """Acoustic-condition test sets for speech recognisers: accent x condition grids you can trust.

    Try it:  acoustigrid demo
    """
    if version:
        say(f"acoustigrid {__version__}")
        raise typer.Exit


@app.command()
def check(recipe: RecipeArgument) -> None:
    """Check a recipe: all of its faults at once, each with line and column; then the rows of its corpus.

    Example:  acoustigrid check hospital.yaml
    """
    bars = Bars()
    with bars.step(STARTING):
        from augment.api.corpus import READING, corpus_of
        from augment.design.conditions import conditions
        from augment.recipe.loader import load_recipe
        from augment.report.text import counted

        loaded = load_recipe(recipe)
        columns = conditions(loaded)
    with bars.step(READING):
        corpus = corpus_of(loaded)
    size, rows = counted(len(columns), "condition"), f"{corpus.frame.height:,} rows of its corpus"
    say(f"{loaded.recipe.name}: a well-formed recipe of {size}, {rows} may be used; `plan` reads speech and noise")
    for condition in columns:
        say(f"  {condition.name}")
    for note in corpus.notes:
        say(f"note: {visible(note.text)}")


@app.command()
def plan(
    recipe: RecipeArgument,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the items to this file (.parquet).")] = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="A test set: show which of its files would stay, change, come and go."),
    ] = None,
    workers: WorkersOption = 1,
    executor: ExecutorOption = None,
    address: AddressOption = None,
    into: IntoOption = None,
    cost: CostOption = False,
    replace: ReplaceOption = False,
    cache: CacheOption = True,
    details: DetailsOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Plan a test set and show what it can and cannot show, and the grid; nothing is rendered.

    Example:  acoustigrid plan demo --out plan.parquet
    """
    manner = Manner.asked(details, quiet, as_json)
    bars = Bars(manner)
    with bars.step(STARTING):
        from augment.api.costing import cost_of
        from augment.api.planning import plan as make
        from augment.api.planning import write_plan
        from augment.api.sharding import plan_into
        from augment.cli.showing import show_plan
    with working(bars, executor, workers, address) as way:
        planned = make(recipe, bars, way, cache) if into is None else plan_into(recipe, into, way, replace, bars, cache)
    if out is not None:
        write_plan(planned, out)
    show_plan(planned, None if against is None else location(against), manner, cost_of(planned, bars) if cost else None)
    if into is not None and manner in (Manner.BRIEF, Manner.DETAILS):
        say_next(into)


@app.command()
def build(
    out: OutOption,
    recipe: Annotated[
        str | None, typer.Argument(metavar="RECIPE", help="A recipe file, or the name of a bundled recipe.")
    ] = None,
    shard: ShardOption = None,
    workers: WorkersOption = 1,
    replace: ReplaceOption = False,
    executor: ExecutorOption = None,
    address: AddressOption = None,
    formats: FormatOption = "",
    cache: CacheOption = True,
    details: DetailsOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Build a test set. A build that was stopped goes on when the same command is run again.

    Example:  acoustigrid build demo --out testset --workers 2
    """
    bars = Bars(Manner.asked(details, quiet, as_json))
    if shard is not None:
        refuse_with_shard(recipe, address)
        shard_built(location(out), shard, workers, executor, bars.manner)
        return
    if recipe is None:
        raise typer.BadParameter("say which recipe, or which shard of a plan that stands in the folder")
    with bars.step(STARTING):
        from augment.testset.preload import load_renderer
    with working(bars, executor, workers, address, load_renderer) as way:
        result = _built_by(way, bars, recipe, location(out), replace, split_formats(formats), cache)
    if result.failures:
        raise typer.Exit(EXIT_DEVIATION)


def _built_by(
    way: "Way",
    bars: Bars,
    recipe: str,
    out: Location,
    replace: bool = False,
    formats: Sequence[str] = (),
    cache: bool = True,
) -> "BuildResult":
    """Plan and build: what can be concluded is told before anything is rendered, what came of it afterwards."""
    with bars.step(STARTING):
        from augment.api.building import RENDERING
        from augment.api.building import build as make
        from augment.api.planning import plan as decide
        from augment.cli.showing import show_before, show_built
        from augment.testset.resume import refuse_no_set

        refuse_no_set(out)
    try:
        planned = decide(recipe, bars, way, cache)
    except KeyboardInterrupt:
        say("stopped before anything was written", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    used = show_before(planned, out, bars.manner)
    try:
        result = make(planned, out, way, replace, progress=bars, formats=formats)
    except KeyboardInterrupt:
        done = bars.done.get(RENDERING)
        stays = "what was finished stays" if done is None else f"{done} of {planned.table.height} items are in {out}"
        say(f"stopped: {stays}; the same command goes on", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    show_built(result, bars.manner, used)
    return result


app.command()(finish)
app.command()(verify)


@app.command()
def demo(
    out: OutOption = "demo-testset",
    workers: WorkersOption = 2,
    quiet: QuietOption = False,
) -> None:
    """Build and verify the demo: 48 synthetic utterances under 8 conditions.

    Example:  acoustigrid demo --out demo-testset
    """
    bars = Bars(Manner.asked(quiet=quiet))
    with bars.step(STARTING):
        from augment.testset.preload import load_renderer
    with working(bars, None, workers, prepare=load_renderer) as way:
        result = _built_by(way, bars, "demo", location(out))
        sound = check_set(out, bars, workers=way).sound
    if result.failures or not sound:
        raise typer.Exit(EXIT_DEVIATION)


@app.command()
def recipes(names: Annotated[bool, typer.Option("--names", help="Only the names.")] = False) -> None:
    """List the bundled recipes.

    Example:  acoustigrid recipes
    """
    with Bars().step(STARTING):
        from augment.recipe.loader import about_recipe, bundled_recipes

        known = {name: "" if names else about_recipe(path) for name, path in bundled_recipes().items()}
    if names:
        say("\n".join(known))
        return
    width = max(len(name) for name in known)
    for name, about in known.items():
        say(f"{name.ljust(width)}  {about}")


@app.command("copy")
def copy_(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="The name of a bundled recipe.")],
    corpus: Annotated[Path, typer.Option(help="Manifest or folder of your corpus.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Recipe file to write.")],
    layout: LayoutOption = None,
    pattern: PatternOption = None,
    column: ColumnOption = None,
) -> None:
    """Copy a bundled recipe for a corpus of your own; then edit its groups and numbers.

    Example:  acoustigrid copy demo --corpus corpus.jsonl --out mine.yaml
    """
    with Bars().step(STARTING):
        from augment.recipe.copying import copy_recipe

        found = copy_recipe(recipe, corpus_given(corpus, layout, pattern, column), out)
    say(f"{found.frame.height} utterances; labels: {visible(', '.join(found.labels)) or 'none'}")
    say(f"wrote {out}; next: acoustigrid plan {out}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of recipes, for editors.

    Example:  acoustigrid schema > recipe.schema.json
    """
    from augment.recipe.schema import recipe_schema

    hand_out(json.dumps(recipe_schema(), indent=2))


def main() -> None:
    """Run the command line: whatever happens ends in an exit code and in words, and never in a traceback."""
    stand_in_for_closed_streams()
    with stoppable() as stop:
        code = ended(app)
    sys.exit(stop.exit_code if code == EXIT_INTERRUPTED else code)
