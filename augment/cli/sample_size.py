"""``acoustigrid sample-size``: how much speech a comparison needs."""

from typing import TYPE_CHECKING, Annotated

import typer

from augment.cli.terminal import JsonOption, hand_out_record, say
from augment.cli.working import STARTING, Bars

if TYPE_CHECKING:
    from augment.design.comparing import Kind
    from augment.report.sample_size import Sizes

MOST = 1_000_000
sample_size_app = typer.Typer()

UtterancesOption = Annotated[int, typer.Option(min=1, max=MOST, help="Utterances of a group in one cell.")]
SpeakersOption = Annotated[int, typer.Option(min=1, help="Speakers among whom they are shared evenly.")]
OtherUtterancesOption = Annotated[
    int | None, typer.Option(min=1, max=MOST, help="Utterances of the other group, if not as many.")
]
OtherSpeakersOption = Annotated[int | None, typer.Option(min=1, help="Speakers of the other group, if not as many.")]
WordsOption = Annotated[float, typer.Option(min=1, max=10_000, help="Words of an utterance.")]
DetectOption = Annotated[
    float | None, typer.Option(min=0.0001, max=0.99, help="Difference in word error rate one wishes to see.")
]
MarginOption = Annotated[
    float | None,
    typer.Option(min=0.0001, max=0.99, help="Difference that would not matter: what it takes to show there is none."),
]
PairedOption = Annotated[
    bool, typer.Option("--paired", help="Compare two conditions of one group, in the same utterances.")
]
GrowthOption = Annotated[
    bool, typer.Option("--growth", help="Ask whether a gap between two groups grows from one condition to another.")
]
BetweenOption = Annotated[
    float,
    typer.Option(min=0, max=0.99, help="Correlation of errors between conditions, an estimate; --paired, --growth."),
]
FamilyOption = Annotated[
    int, typer.Option(min=1, max=MOST, help="Comparisons that share the significance (Bonferroni).")
]
PowerOption = Annotated[float, typer.Option(min=0.5, max=0.9999, help="Chance to detect what is there.")]
SignificanceOption = Annotated[
    float, typer.Option(min=0.00001, max=0.2, help="Chance to report what is not there, two-sided.")
]
WerOption = Annotated[float, typer.Option(min=0.001, max=0.99, help="Word error rate of the better group.")]
WithinUtteranceOption = Annotated[
    float, typer.Option(min=0, max=0.99, help="Correlation of the errors of two words of one utterance.")
]
WithinSpeakerOption = Annotated[float, typer.Option(min=0, max=0.99, help="The same of two utterances of one speaker.")]


@sample_size_app.command("sample-size")
def sample_size(
    utterances: UtterancesOption = 200,
    speakers: SpeakersOption = 20,
    other_utterances: OtherUtterancesOption = None,
    other_speakers: OtherSpeakersOption = None,
    words: WordsOption = 10.0,
    detect: DetectOption = None,
    margin: MarginOption = None,
    paired: PairedOption = False,
    growth: GrowthOption = False,
    between_conditions: BetweenOption = 0.5,
    family: FamilyOption = 1,
    power: PowerOption = 0.8,
    significance: SignificanceOption = 0.05,
    wer: WerOption = 0.15,
    within_utterance: WithinUtteranceOption = 0.1,
    within_speaker: WithinSpeakerOption = 0.03,
    as_json: JsonOption = False,
) -> None:
    """Tell what difference in word error rate cells can show, and what a smaller one needs; no corpus is read.

    Example:  acoustigrid sample-size --utterances 200 --speakers 20 --detect 0.02
    """
    bars = Bars()
    with bars.step(STARTING):
        from augment.design.comparing import PlannedComparison
        from augment.recipe.experiment import Statistics
        from augment.report.sample_size import sample_size_record, sample_size_text

    kind = _kind(paired, growth, other_utterances, other_speakers)
    sizes = _sizes((utterances, speakers), (other_utterances, other_speakers), words)
    _check(wer, detect, margin)
    if within_speaker > within_utterance:
        raise typer.BadParameter("cannot exceed --within-utterance", param_hint="--within-speaker")
    given = {"within_utterance": within_utterance, "within_speaker": within_speaker, "wer": wer, "detect": detect}
    test = {"power": power, "significance": significance, "family": family}
    asked = (sizes, PlannedComparison(kind, between_conditions), Statistics.model_validate(given | test), margin)
    with bars.step("looking for sizes"):
        found = sample_size_record(*asked) if as_json else sample_size_text(*asked)
    say(found) if isinstance(found, str) else hand_out_record(found)


def _kind(paired: bool, growth: bool, utterances: int | None, speakers: int | None) -> "Kind":
    """What is compared."""
    if paired and growth:
        raise typer.BadParameter("cannot be asked together with --paired", param_hint="--growth")
    if paired and not utterances is speakers is None:
        raise typer.BadParameter("compares conditions of one group: there is no other one", param_hint="--paired")
    return "conditions" if paired else "growth" if growth else "groups"


def _sizes(one: tuple[int, int], other: tuple[int | None, int | None], words: float) -> "Sizes":
    """Both groups: what is not said of the other one is as of the first."""
    from augment.report.sample_size import Sizes

    second = other[0] or one[0], other[1] or one[1]
    for (utterances, speakers), option in ((one, "--speakers"), (second, "--other-speakers")):
        if speakers > utterances:
            raise typer.BadParameter(f"{utterances} utterances cannot have {speakers} speakers", param_hint=option)
    return Sizes(one, second, words)


def _check(wer: float, detect: float | None, margin: float | None) -> None:
    """Refuse a difference that cannot be, and two questions at once."""
    if detect is not None and margin is not None:
        raise typer.BadParameter("asks for no difference, --detect for one: ask twice", param_hint="--margin")
    if detect is not None and wer + detect >= 1:
        raise typer.BadParameter(f"{wer:g} and {detect:g} more are not below 1", param_hint="--detect")
