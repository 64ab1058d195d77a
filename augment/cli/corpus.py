"""``acoustigrid corpus``: look at a corpus before planning with it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from augment.cli.ending import EXIT_DEVIATION
from augment.cli.terminal import DetailsOption, JsonOption, Manner, QuietOption, hand_out, hand_out_record, say, width
from augment.cli.working import STARTING, Bars, CacheOption, WorkersOption
from augment.plain_text import visible

if TYPE_CHECKING:
    from augment.auditing.groups import Audit
    from augment.corpus.spec import CorpusSpec

MOST_FAULTS = 3
"""Files that are named where none can be used."""
ColumnOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=THEIRS", help="Where a corpus has another name: audio_filepath=audio."),
]
LayoutOption = Annotated[
    str | None, typer.Option(help="How the corpus is laid out, where it is no JSONL, CSV or TSV manifest.")
]
PatternOption = Annotated[
    str | None, typer.Option(help="Layout folder: how its files are called: {accent}/{speaker}/{id}.wav.")
]
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
    column: ColumnOption = None,
    layout: LayoutOption = None,
    pattern: PatternOption = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the figures to this file (.json).")] = None,
    workers: WorkersOption = 1,
    cache: CacheOption = True,
    details: DetailsOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show how groups differ in labels and recording; an accent with worse microphones is no accent.

    Example:  acoustigrid corpus audit corpus.jsonl --by accent
    """
    manner = Manner.asked(details, quiet, as_json)
    bars = Bars(manner)
    with bars.step(STARTING):
        from augment.api.corpus import audit as examine
        from augment.api.corpus import write_audit

    sampled, columns = None if whole else sample, _columns(column)
    found = examine(source, by, sampled, columns, bars, layout, pattern, workers, cache)
    if out is not None:
        write_audit(found, out)
    _show(found, manner)
    if found.unreadable and not found.inspected:
        raise typer.Exit(EXIT_DEVIATION)


def _show(found: "Audit", manner: Manner) -> None:
    from augment.cli.showing import show_brief
    from augment.report.audit import audit_text
    from augment.report.brief import SCREEN, audit_brief, audit_table, height, if_it_fits

    if manner is Manner.JSON:
        hand_out_record(found.record)
        return
    if manner is Manner.DETAILS:
        say(audit_text(found))
        return
    brief = audit_brief(found, "--details")
    show_brief(brief, manner)
    unusable = [] if found.inspected else [f"unusable: {fault}" for fault in found.unreadable[:MOST_FAULTS]]
    for line in unusable:
        say(line)
    if manner is Manner.BRIEF:
        left = SCREEN - brief.height(width()) - height(unusable, width()) - 1
        table = if_it_fits(audit_table(found, left), left + 1, width())
        say(table) if table else None


@corpus_app.command("import")
def import_(
    layout: Annotated[str, typer.Argument(metavar="LAYOUT", help="How the corpus is laid out, such as kaldi.")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="Its folder or manifest.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Manifest to write (.jsonl).")],
    pattern: PatternOption = None,
    column: ColumnOption = None,
    durations: Annotated[
        bool, typer.Option(help="Measure how long utterances are whose rows do not say it: reads the audio.")
    ] = False,
    replace: Annotated[bool, typer.Option(help="Replace a manifest that is there.")] = False,
) -> None:
    """Write a manifest of a corpus in another tool's layout; audio stays where it is.

    Example:  acoustigrid corpus import kaldi data/test --out corpus.jsonl
    """
    bars = Bars()
    with bars.step(STARTING):
        from augment.api.corpus import import_corpus

    corpus = import_corpus(layout, path, out, pattern, _columns(column), replace, durations, bars)
    for note in corpus.notes:
        say(f"note: {visible(note.text)}")
    speakers = corpus.frame["speaker"].n_unique()
    labels = visible(", ".join(corpus.labels))
    say(f"{out}: {corpus.frame.height} utterances, {speakers} speakers; labels: {labels}")


@corpus_app.command()
def pseudonyms(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe with corpus: {pseudonyms: KEY}.")],
    speaker: Annotated[
        list[str] | None, typer.Option(help="Only this speaker, by name or pseudonym; give it again for more.")
    ] = None,
    testset: Annotated[
        str | None,
        typer.Option("--in", metavar="DIR", help="List the files of this test set in which they are heard."),
    ] = None,
) -> None:
    """Show, as CSV, which pseudonym stands for whom: to find the items of a speaker who asks for it.

    Example:  acoustigrid corpus pseudonyms recipe.yaml --speaker p225 --in testset
    """
    bars = Bars()
    with bars.step(STARTING):
        from augment.api.privacy import heard_in
        from augment.api.privacy import pseudonyms as list_pseudonyms

    with bars.step("reading the corpus"):
        known = list_pseudonyms(recipe, speaker or ())
        found = known if testset is None else heard_in(testset, known)
    hand_out(found.write_csv())


@corpus_app.command()
def layouts() -> None:
    """List the layouts that are read.

    Example:  acoustigrid corpus layouts
    """
    from augment.corpus.source import readers

    known = readers()
    width = max(len(name) for name in known)
    for name, module in known.items():
        first = (module.__doc__ or "").split("\n", 1)[0]
        say(f"{name.ljust(width)}  {first}")


def corpus_given(path: Path, layout: str | None, pattern: str | None, column: list[str] | None) -> "CorpusSpec":
    """A corpus as the options describe it."""
    from augment.corpus.spec import corpus_at

    return corpus_at(path, layout, pattern, _columns(column))


def _columns(written: list[str] | None) -> dict[str, str]:
    pairs = [text.partition("=") for text in written or ()]
    if not all(name and theirs for name, _, theirs in pairs):
        raise typer.BadParameter("expected NAME=THEIRS, such as audio_filepath=audio", param_hint="--column")
    columns: dict[str, str] = {}
    for name, _, theirs in pairs:
        if columns.setdefault(name, theirs) != theirs:
            message = f"'{name}' cannot be both '{columns[name]}' and '{theirs}': give it once"
            raise typer.BadParameter(message, param_hint="--column")
    return columns
