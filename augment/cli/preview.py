"""``acoustigrid preview``: a recipe to listen to before it is built."""

from pathlib import Path
from typing import Annotated

import typer

from augment.cli.ending import EXIT_DEVIATION
from augment.cli.terminal import say
from augment.cli.working import STARTING, Bars, CacheOption, WorkersOption

preview_app = typer.Typer()

UtteranceOption = Annotated[
    list[str] | None, typer.Option("--utterance", metavar="ID", help="An utterance to show; may be given again.")
]
ConditionOption = Annotated[
    list[str] | None,
    typer.Option("--condition", metavar="NAME", help="A condition to show beside the control; may be given again."),
]


@preview_app.command()
def preview(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe file, or the name of a bundled recipe.")],
    utterance: UtteranceOption = None,
    condition: ConditionOption = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")] = Path("preview.html"),
    workers: WorkersOption = 1,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a file that is no page of ours.")] = False,
    cache: CacheOption = True,
) -> None:
    """Write one page of the grid to listen to before it is built: comparable utterances of all groups, spectrograms.

    Example:  acoustigrid preview demo --out preview.html
    """
    bars = Bars()
    with bars.step(STARTING):
        from augment.api.previewing import preview as make
        from augment.report.preview_page import others_of

    made = make(recipe, out, utterance or (), condition or (), workers, replace, bars, cache)
    grid, page = made.page.grid, made.page
    sound = "exact sound" if page.exact else "compressed sound"
    size = f"{len(grid.items)} of {made.plan.table.height:,} items, {sound}, {len(page.html) / 1e6:.1f} MB"
    say(f"{made.path}: {size}; open it in a browser")
    for line in (grid.alike, f"{grid.cut} are shown: {others_of(grid)}" if grid.cut else ""):
        if line:
            say(line)
    for failure in made.failures:
        say(f"failed: {failure}", err=True)
    if made.failures:
        raise typer.Exit(EXIT_DEVIATION)
