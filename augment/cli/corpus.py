"""``acoustigrid corpus``: look at a corpus before planning with it."""

from pathlib import Path
from typing import Annotated

import typer

from augment.cli.progress import progress

corpus_app = typer.Typer(no_args_is_help=True, help="What is in a corpus, and how its groups were recorded.")


@corpus_app.callback()
def _corpus() -> None:
    """Look at a corpus before planning with it."""


@corpus_app.command()
def audit(
    source: Annotated[str, typer.Argument(metavar="RECIPE_OR_MANIFEST", help="A recipe, or a corpus manifest.")],
    by: Annotated[
        list[str] | None,
        typer.Option(help="Label that makes the groups; give it again to cross labels. Default: the recipe's."),
    ] = None,
    sample: Annotated[
        int, typer.Option(min=0, help="Recordings of each group to read; 0 looks at the manifest alone.")
    ] = 50,
    whole: Annotated[bool, typer.Option("--all", help="Read every recording.")] = False,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=THEIRS", help="Where a manifest has another name: audio_filepath=audio."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the figures to this file (.json).")] = None,
) -> None:
    """Show how groups differ in labels and recording; an accent with worse microphones is no accent.

    Example:  acoustigrid corpus audit corpus.jsonl --by accent
    """
    from augment.api import audit as examine
    from augment.api import write_audit
    from augment.report.audit import audit_text

    pairs = [text.partition("=") for text in column or ()]
    if not all(name and theirs for name, _, theirs in pairs):
        raise typer.BadParameter("expected NAME=THEIRS, such as audio_filepath=audio", param_hint="--column")
    columns = {name: theirs for name, _, theirs in pairs}
    found = examine(source, by, None if whole else sample, columns, progress("listening"))
    if out is not None:
        write_audit(found, out)
    typer.echo(audit_text(found))
