"""``acoustigrid sample-size``: how much speech a comparison needs."""

from typing import Annotated

import typer

from augment.cli.terminal import say

sample_size_app = typer.Typer()


@sample_size_app.command("sample-size")
def sample_size(
    utterances: Annotated[int, typer.Option(min=1, max=1_000_000, help="Utterances of a group in one cell.")] = 200,
    speakers: Annotated[int, typer.Option(min=1, help="Speakers among whom they are shared evenly.")] = 20,
    words: Annotated[float, typer.Option(min=1, max=10_000, help="Words of an utterance.")] = 10.0,
    detect: Annotated[
        float | None, typer.Option(min=0.0001, max=0.99, help="Difference in word error rate one wishes to see.")
    ] = None,
    wer: Annotated[float, typer.Option(min=0.001, max=0.99, help="Word error rate of the better group.")] = 0.15,
    within_utterance: Annotated[
        float, typer.Option(min=0, max=0.99, help="Correlation of the errors of two words of one utterance.")
    ] = 0.1,
    within_speaker: Annotated[
        float, typer.Option(min=0, max=0.99, help="The same of two utterances of one speaker.")
    ] = 0.03,
) -> None:
    """Tell what difference in word error rate two cells can show, and what a smaller one needs; no corpus is read.

    Example:  acoustigrid sample-size --utterances 200 --speakers 20 --detect 0.02
    """
    from augment.recipe.experiment import Statistics
    from augment.report.detection import sample_size_text

    if speakers > utterances:
        raise typer.BadParameter(f"{utterances} utterances cannot have {speakers} speakers", param_hint="--speakers")
    if within_speaker > within_utterance:
        raise typer.BadParameter("cannot exceed --within-utterance", param_hint="--within-speaker")
    if detect is not None and wer + detect >= 1:
        raise typer.BadParameter(f"{wer:g} and {detect:g} more are not below 1", param_hint="--detect")
    given = {"within_utterance": within_utterance, "within_speaker": within_speaker, "wer": wer, "detect": detect}
    say(sample_size_text((utterances, speakers, words), Statistics.model_validate(given)))
