"""The command line: each command calls one function of the library and shows what it returns."""

import json
import shlex
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
from augment.cli.terminal import hand_out, say
from augment.cli.verify import check_set, verify
from augment.cli.working import Bars, CacheOption, WorkersOption
from augment.interrupts import stoppable
from augment.plain_text import visible

if TYPE_CHECKING:
    from augment.api import BuildResult
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
OutOption = Annotated[Path, typer.Option("--out", "-o", help="Folder of the test set.")]


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
    from augment.api.corpus import corpus_of
    from augment.design.conditions import conditions
    from augment.recipe.loader import load_recipe
    from augment.report.text import counted

    loaded = load_recipe(recipe)
    columns = conditions(loaded)
    corpus = corpus_of(loaded)
    size, rows = counted(len(columns), "condition"), f"{corpus.frame.height:,} rows of its corpus"
    say(f"{loaded.recipe.name}: a well-formed recipe of {size}, {rows} may be used; `plan` reads speech and noise")
    for condition in columns:
        say(f"  {condition.name}")
    for note in corpus.notes:
        say(f"note: {visible(note)}")


@app.command()
def plan(
    recipe: RecipeArgument,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the items to this file (.parquet).")] = None,
    against: Annotated[
        Path | None, typer.Option(help="A test set: show which of its files would stay, change, come and go.")
    ] = None,
    workers: WorkersOption = 1,
    cache: CacheOption = True,
) -> None:
    """Plan a test set and show the grid, its balance and what it can show; nothing is rendered.

    Example:  acoustigrid plan demo --out plan.parquet
    """
    from augment.api import plan as make
    from augment.api import write_plan
    from augment.report.changes import changes_text
    from augment.report.tables import plan_text

    planned = make(recipe, Bars(), workers, cache)
    if out is not None:
        write_plan(planned, out)
    say(plan_text(planned))
    if against is not None:
        say(f"\n{changes_text(planned, against)}")


@app.command()
def build(
    recipe: RecipeArgument,
    out: OutOption,
    workers: WorkersOption = 1,
    replace: Annotated[bool, typer.Option(help="Allow that finished files of this test set change or go.")] = False,
    executor: Annotated[str | None, typer.Option(help="How to run the work: serial or processes.")] = None,
    formats: FormatOption = "",
    cache: CacheOption = True,
) -> None:
    """Build a test set. A build that was stopped goes on when the same command is run again.

    Example:  acoustigrid build demo --out testset --workers 2
    """
    from augment.execute import opened_way
    from augment.testset.preload import load_renderer

    with opened_way(executor, workers, load_renderer) as way:
        result = _built_by(way, recipe, out, replace, split_formats(formats), cache)
    _show(result)
    if result.failures:
        raise typer.Exit(EXIT_DEVIATION)


def _built_by(
    way: "Way", recipe: str, out: Path, replace: bool = False, formats: Sequence[str] = (), cache: bool = True
) -> "BuildResult":
    from augment.api import build as make
    from augment.api import plan as decide

    bars = Bars()
    try:
        planned = decide(recipe, bars, way, cache)
    except KeyboardInterrupt:
        say("stopped before anything was written", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    try:
        return make(planned, out, way, replace, progress=bars, formats=formats)
    except KeyboardInterrupt:
        say(f"stopped: {bars.done} of {planned.items.height} items are in {out}; the same command goes on", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None


def _show(result: "BuildResult") -> None:
    for table in result.overview.texts:
        say(f"{table}\n")
    reused = f" ({result.reused} of them were there before)" if result.reused else ""
    removed = f"; {result.removed} files that the plan does not have any more were removed" if result.removed else ""
    say(f"{result.made} of {result.plan.items.height} items in {result.folder}{reused}{removed}")
    say(f"identity of the set: {result.identity}")
    left_out = result.plan.selection.left_out
    if left_out:
        say("rows of the corpus left out: " + "; ".join(f"{count} ({why})" for why, count in left_out.items()))
    for note in result.plan.notes:
        say(f"note: {visible(note)}")
    if result.plan.corpus.pseudonyms is not None:
        say(f"note: leave {result.folder / '.acoustigrid'} out when you publish the set: it knows the recordings")
    if result.softer.items:
        say(f"note: {visible(str(result.softer))}")
    if result.outdated:
        again = f"acoustigrid export {shlex.quote(str(result.folder))} --format {','.join(result.outdated)}"
        say(f"note: exports of another state of the set were removed; write them again: {again}")
    for failure in result.failures[:10]:
        say(visible(f"failed: {failure['audio_filepath']}: {failure['reason']}"), err=True)
    if result.failures:
        place = result.folder if result.plan.corpus.pseudonyms is None else result.folder / ".acoustigrid"
        say(f"{len(result.failures)} items could not be made: see {place / 'failures.jsonl'}", err=True)


app.command()(verify)


@app.command()
def demo(
    out: OutOption = Path("demo-testset"),
    workers: WorkersOption = 2,
) -> None:
    """Build and verify the demo: 48 synthetic utterances under 8 conditions.

    Example:  acoustigrid demo --out demo-testset
    """
    from augment.execute import opened_way
    from augment.testset.preload import load_renderer

    with opened_way(None, workers, load_renderer) as way:
        result = _built_by(way, "demo", out)
        _show(result)
        sound = check_set(out, workers=way).sound
    if result.failures or not sound:
        raise typer.Exit(EXIT_DEVIATION)


@app.command()
def recipes(names: Annotated[bool, typer.Option("--names", help="Only the names.")] = False) -> None:
    """List the bundled recipes.

    Example:  acoustigrid recipes
    """
    from augment.recipe.loader import about_recipe, bundled_recipes

    if names:
        say("\n".join(bundled_recipes()))
        return
    known = {name: about_recipe(path) for name, path in bundled_recipes().items()}
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
    with stoppable() as stop:
        code = ended(app)
    sys.exit(stop.exit_code if code == EXIT_INTERRUPTED else code)
