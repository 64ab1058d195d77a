"""Noise exposure: which stretch of which recording every block hears.

A recording is cut on a grid into segments; the segments of a source are shuffled and dealt to the blocks one by one,
none of them twice before all have been dealt. Utterances of one block, whatever their group, hear the same segment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from augment.acoustics.resample import resampled_length
from augment.design.conditions import ChainStep
from augment.errors import Fault, ProfileError
from augment.profiles.library import Library, Need
from augment.profiles.recording import Recording
from augment.profiles.telling import recording_notes
from augment.scene import Dealt, Segment
from augment.streams import generator


@dataclass(frozen=True)
class Exposure:
    """What the blocks hear of one source in one setting.

    Attributes:
        path: ``factor/family/step`` of the step that plays it.
        source: As the recipe names it.
        dealt: What each block gets that plays it.
        left: Samples from the start of such a block's segment to the end of its recording; None for what has no end.
        available: How many segments, or voices, there are.
        silent: How many more are not dealt, since a part of them is silent or cannot be used.
        seconds: Length of all recordings, or of all voices that were dealt.
        reuse: The most blocks that hear one segment or voice.
        notes: What the user should know of the recordings.
    """

    path: str
    source: str
    dealt: Mapping[int, Dealt]
    left: Mapping[int, int] | None
    available: int
    silent: int
    seconds: float
    reuse: int
    notes: tuple[str, ...] = ()


def segments(
    recordings: Sequence[Recording], sample_rate_hz: int, segment_s: float
) -> tuple[list[tuple[Recording, int]], int]:
    """Grid segments of a source.

    A recording shorter than two segments is one segment; the rest after the last whole segment belongs to it. Of two
    files with the same content one is used.

    Args:
        recordings: Of the source.
        sample_rate_hz: Of the test set.
        segment_s: Length of a segment.

    Returns:
        Recording and first sample of each segment, and how many more were left out since a part of them is silent.
    """
    step = round(segment_s * sample_rate_hz)
    found: list[tuple[Recording, int]] = []
    silent = 0
    once = {recording.sha256: recording for recording in reversed(list(recordings))}  # one of each content: the first
    for recording in (r for r in recordings if once[r.sha256] is r):
        length = resampled_length(recording.frames, recording.sample_rate_hz, sample_rate_hz)
        for place in range(max(1, length // step)):
            if recording.pauses(place * segment_s, (place + 1) * segment_s):
                silent += 1
            else:
                found.append((recording, place * step))
    return found, silent


def deal(
    step: ChainStep, need: Need, library: Library, blocks: Sequence[int], seed: int, grid: tuple[int, float]
) -> Exposure:
    """Deal the segments of a source to blocks.

    Args:
        step: The step that plays the recording.
        need: The recording.
        library: Holds it.
        blocks: Those that play it, in their order.
        seed: Of the recipe.
        grid: Sample rate in Hz, and segment length in s.

    Raises:
        ProfileError: The recordings cannot be used.
    """
    inventory = library.recordings(need.name, need.use)
    recordings = inventory.recordings
    found, silent = segments(recordings, *grid)
    if not found:
        message = f"every segment of {grid[1]:g} s of the noise '{need.name}' is silent for half a second or more"
        raise ProfileError(Fault("", message, "use other recordings, or a shorter noise: {segment_s: ...}"))
    content = " ".join(recording.sha256 for recording in recordings)  # not the path: it may be spelled otherwise
    left = {r.name: resampled_length(r.frames, r.sample_rate_hz, grid[0]) for r in recordings}
    dealt: list[Segment] = []
    while len(dealt) < len(blocks):
        turn = len(dealt) // len(found)
        order = generator(seed, "deal", step.factor, step.family, step.first, content, turn).permutation(len(found))
        # A second step of the setting that plays the same recordings goes round half a turn behind the first.
        order = np.roll(order, -((step.number - 1) * len(found)) // max(2, step.number))
        for recording, start in (found[place] for place in order[: len(blocks) - len(dealt)]):
            dealt.append(Segment(recording.name, recording.sha256, start, turn))
    return Exposure(
        path=step.path,
        source=need.name,
        dealt=dict(zip(blocks, dealt, strict=True)),
        left={block: left[s.name] - s.start for block, s in zip(blocks, dealt, strict=True)},
        available=len(found),
        silent=silent,
        seconds=sum(recording.duration_s for recording in recordings),
        reuse=-(-len(blocks) // len(found)),
        notes=tuple(recording_notes(need.name, inventory, grid[0])),
    )
