"""``acoustigrid score``: from a recogniser's output to an answer."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from augment.cli.terminal import JsonOption, Manner, QuietOption, hand_out, say
from augment.cli.working import STARTING, Bars

if TYPE_CHECKING:
    from augment.scoring.scores import Scores

score_app = typer.Typer()

HypOption = Annotated[
    list[str] | None,
    typer.Option("--hyp", metavar="NAME=FILE", help="A recogniser's output: .jsonl, .csv, .tsv, .trn, Kaldi text."),
]
OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="Folder for scores.md, .json, .html, .parquet.")]
TextOption = Annotated[str, typer.Option("--text", help="Form of texts: plain, none or whisper_en.")]
MapOption = Annotated[
    Path | None, typer.Option("--map", help="Words and what stands for them, with a tab between, one pair a line.")
]
UnitOption = Annotated[str, typer.Option("--unit", help="What errors are counted in: word or char.")]
MissingOption = Annotated[
    str | None, typer.Option("--missing", metavar="deletions", help="Count items without a line as deleted.")
]
ReferenceOption = Annotated[
    str | None,
    typer.Option(help="Condition that others are compared with; if not given, the recipe's, or one without noise."),
]
MarginOption = Annotated[
    float | None, typer.Option(min=0.0001, max=1, help="Difference that would not matter, such as 0.02.")
]
ContrastsOption = Annotated[
    Path | None, typer.Option(help="CSV of the comparisons to make: group,other,condition[,reference].")
]
HoldoutOption = Annotated[bool, typer.Option("--holdout", help="Confirm the worst subgroup with other speakers.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Of random signs and of halves.")]
AudioOption = Annotated[bool, typer.Option("--audio/--no-audio", help="Check the audio files of the set too.")]
ListOption = Annotated[
    Path | None, typer.Option("--write-list", metavar="FILE", help="Write what a recogniser is handed, and end.")
]


def named_files(written: list[str]) -> dict[str, Path]:
    """Files by name, from ``NAME=FILE``; a file alone is called as it is, without its ending.

    Raises:
        typer.BadParameter: Two have one name.

    Example:
        >>> named_files(["tiny=a/whisper.jsonl", "b/sphinx.trn"])
        {'tiny': PosixPath('a/whisper.jsonl'), 'sphinx': PosixPath('b/sphinx.trn')}
    """
    found: dict[str, Path] = {}
    for one in written:
        name, equals, file = one.partition("=")
        path = Path(file if equals else one)
        name = name if equals else path.stem
        if not name:
            raise typer.BadParameter(f"'{one}' has no name before its '='; expected NAME=FILE", param_hint="--hyp")
        if name in found:
            raise typer.BadParameter(f"two are called '{name}': NAME=FILE gives them names", param_hint="--hyp")
        found[name] = path
    return found


@score_app.command()
def score(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A finished test set.")],
    hyp: HypOption = None,
    out: OutOption = None,
    text: TextOption = "plain",
    words: MapOption = None,
    unit: UnitOption = "word",
    missing: MissingOption = None,
    reference: ReferenceOption = None,
    margin: MarginOption = None,
    contrasts: ContrastsOption = None,
    holdout: HoldoutOption = False,
    seed: SeedOption = 0,
    audio: AudioOption = True,
    list_: ListOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Score what recognisers made of a test set: word error rates by group and condition, with intervals that hold.

    Example:  acoustigrid score testset --hyp tiny=whisper.jsonl --out scores
    """
    manner = Manner.asked(quiet=quiet, as_json=as_json)
    bars = Bars(manner)
    with bars.step(STARTING):
        from augment.api.scoring import score as scored
        from augment.api.scoring import write_list, write_scores
        from augment.scoring.contrasts import read_contrasts
        from augment.scoring.scores import ScoreOptions
        from augment.scoring.wording import Wording

    if list_ is not None:
        say(f"{write_list(folder, list_)} items in {list_}: recognise them, and score what comes out with --hyp")
        return
    if missing not in (None, "deletions"):
        raise typer.BadParameter("expected deletions", param_hint="--missing")
    options = ScoreOptions(
        wording=Wording.of(text, words, unit),
        reference=reference,
        margin=margin,
        contrasts=None if contrasts is None else read_contrasts(contrasts),
        missing_as_deleted=missing is not None,
        holdout=holdout,
        seed=seed,
        audio=audio,
    )
    found = scored(folder, named_files(hyp or []), options, bars)
    with bars.step("writing scores"):
        written = [] if out is None else write_scores(found, out)
    _show(found, written, manner)


def _show(scores: "Scores", written: Sequence[Path], manner: Manner) -> None:
    from augment.report.scores import as_json, heading, summary

    if manner is Manner.JSON:
        hand_out(as_json(scores))
        return
    say(heading(scores) if manner is Manner.QUIET else summary(scores))
    if written and manner is not Manner.QUIET:
        say("\n" + "\n".join(map(str, written)))
