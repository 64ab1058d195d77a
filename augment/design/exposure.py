"""Noise exposure: which stretch of which recording every block hears.

A recording is cut on a grid into segments; the segments of a source are shuffled and dealt to the blocks one by one,
none of them twice before all have been dealt, and then so that speakers, texts and conditions have each equally often.
Utterances of one block, whatever their group, hear the same segment.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from augment.acoustics.resample import resampled_length
from augment.design.conditions import ChainStep
from augment.design.crossing import Places, dealt_in_turns
from augment.errors import Fault, ProfileError
from augment.profiles.recording import Recording
from augment.scene import Dealt, Segment


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
        seconds: Length of all recordings, or of all voices that were dealt; None for what is not heard by itself.
        reuse: The most blocks that have one segment, voice or position.
        crossed: Whether what comes again is dealt by who has had it.
        notes: What the user should know of the recordings.
    """

    path: str
    source: str
    dealt: Mapping[int, Dealt]
    left: Mapping[int, int] | None
    available: int
    silent: int
    seconds: float | None
    reuse: int
    crossed: bool = False
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


@dataclass(frozen=True)
class Grid:
    """How recordings are cut.

    Attributes:
        sample_rate_hz: Of the test set.
        segment_s: Length of a segment.
    """

    sample_rate_hz: int
    segment_s: float


def deal_segments(
    step: ChainStep, recordings: Sequence[Recording], blocks: Sequence[int], places: Places, seed: int, grid: Grid
) -> Exposure:
    """Deal the segments of a source to blocks.

    Args:
        step: The step that plays the recordings.
        recordings: Of the source.
        blocks: Those that play it, in their order.
        places: The same, with those who hear them.
        seed: Of the recipe.
        grid: How recordings are cut.

    Raises:
        ProfileError: The recordings cannot be used.
    """
    found, silent = segments(recordings, grid.sample_rate_hz, grid.segment_s)
    source = next(need.name for need in step.perturbation.needs() if need.kind == "recording")
    if not found:
        message = f"every segment of {grid.segment_s:g} s of the noise '{source}' is silent for half a second or more"
        raise ProfileError(Fault("", message, "use other recordings, or a shorter noise: {segment_s: ...}"))
    content = " ".join(recording.sha256 for recording in recordings)  # not the path: it may be spelled otherwise
    left = {r.name: resampled_length(r.frames, r.sample_rate_hz, grid.sample_rate_hz) for r in recordings}
    cards = dealt_in_turns(len(found), places, (seed, "deal", step.factor, step.family, step.first, content))
    # A second step of the setting that plays the same recordings is half of them behind the first.
    behind = (step.number - 1) * len(found) // max(2, step.number)
    heard: Counter[int] = Counter()
    dealt: list[Segment] = []
    for card in ((cards + behind) % len(found)).tolist():
        recording, start = found[card]
        dealt.append(Segment(recording.name, recording.sha256, start, heard[card]))
        heard[card] += 1
    return Exposure(
        path=step.path,
        source=source,
        dealt=dict(zip(blocks, dealt, strict=True)),
        left={block: left[s.name] - s.start for block, s in zip(blocks, dealt, strict=True)},
        available=len(found),
        silent=silent,
        seconds=sum(recording.duration_s for recording in recordings),
        reuse=max(heard.values(), default=0),
        crossed=True,
    )
