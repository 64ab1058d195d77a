"""Recorded noise is looked through where measurements are made, before anything is dealt."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from augment.acoustics.channels import ChannelChoice
from augment.corpus.survey import MeasuredBy
from augment.design.conditions import Condition
from augment.errors import AudioError
from augment.kept import keeping
from augment.profiles.inspection import Inspecting, NoiseFile
from augment.profiles.library import Library
from augment.profiles.recording import Recording
from augment.progress import Progress


def inspect_noises(conditions: Iterable[Condition], library: Library, by: MeasuredBy, progress: Progress) -> None:
    """Inspect all recordings that conditions ask for; the library has them from then on.

    Args:
        conditions: The conditions.
        library: Where the recordings are.
        by: Where they are inspected, and what is known already.
        progress: Told how far it has got.

    Raises:
        ProfileError: Some cannot be used, and more than may be left out.
    """
    asked = dict.fromkeys(step.asked for condition in conditions for step in condition.chain if step.asked)
    for one in asked:
        one.prepare(library, partial(_inspected, by, progress))


def _inspected(
    by: MeasuredBy, progress: Progress, channel: ChannelChoice, files: Sequence[NoiseFile]
) -> Iterator[Recording | AudioError]:
    with keeping(by.kept) as new, progress.step("listening to noise", len(files), "file") as step:
        for done in by.trying(Inspecting(channel, by.kept), files):
            step.advance()
            new |= done.new
            yield done.found
