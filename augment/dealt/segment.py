"""Noise exposure: which stretch of which recording each block hears.

Recordings are cut into segments on a grid; the segments of a source are shuffled and dealt to the blocks one by one,
none of them twice before all have been dealt, and then so that speakers, texts and conditions get each equally often.
All utterances of a block, whatever their group, hear the same segment.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

from augment.acoustics.channels import ChannelChoice
from augment.acoustics.resample import resampled_length
from augment.corpus.unused import Leftover, Unused
from augment.dealt import Asked, Dealt, Exposure, Table, unused_beside
from augment.errors import Fault, ProfileError
from augment.notes import Effect, Note
from augment.profiles.inspection import Inspects
from augment.profiles.library import Library
from augment.profiles.recording import PLAIN_USE, Recording, Use
from augment.profiles.telling import recording_notes

Stretch = tuple[str, int]
"""Hash of a recording, and first sample."""


@dataclass(frozen=True)
class Segment(Dealt):
    """A stretch of a recording that the planner dealt to a block.

    Attributes:
        recording: Name of the recording.
        sha256: Hash of its file.
        start: First sample, at the test set's rate.
        round: How often the segment was dealt before.
    """

    recording: str
    sha256: str
    start: int
    round: int

    @property
    def label(self) -> str:
        """Name of the segment, a cluster for the statistics.

        Example:
            >>> Segment("street.wav", "e3b0", 32000, 0).label
            'street.wav@32000'
        """
        return f"{self.recording}@{self.start}"

    def content(self) -> Any:
        """The recording's hash and the first sample."""
        return [self.sha256, self.start]

    def labels(self) -> dict[str, str]:
        """The segment."""
        return {"segments": self.label}

    def cells(self, sample_rate_hz: int) -> dict[str, Any]:
        """The recording, and where in it the segment starts."""
        start_s = round(self.start / sample_rate_hz, 3)
        return {"noise_source": self.recording, "noise_start_s": start_s, "noise_segment": self.label}

    def recordings(self) -> dict[str, str]:
        """The recording."""
        return {self.recording: self.sha256}


@dataclass(frozen=True)
class Segments(Asked):
    """Asks for segments of the recordings in a file or folder.

    Attributes:
        source: The file or folder, relative to the recipe.
        use: How its recordings are to be used.
    """

    source: str
    use: Use = PLAIN_USE

    @property
    def name(self) -> str:
        """The file or folder."""
        return self.source

    def check(self, library: Library) -> None:
        """Only look for the file or folder: it is read when it is dealt from."""
        library.find("recording", self.source)

    def prepare(self, library: Library, inspects: Inspects) -> None:
        """Have the file, or those in the folder, inspected."""
        library.recordings(self.source, self.use, inspects)

    def unused(self, library: Library) -> list[Note]:
        """Notes on files that are not audio, and on duplicate recordings."""
        contents = [recording.sha256 for recording in library.recordings(self.source, self.use).recordings]
        copies = len(contents) - len(set(contents))
        more = [Unused(Leftover.RECORDINGS, "with the very bytes of another", copies)] if copies else []
        return unused_beside(self.source, "recording", library, more)

    def _heard_beside(self, dealt: Iterable[tuple[Asked, Dealt]]) -> set[Stretch]:
        """Stretches of the same channel that other steps play; the channels of a recording are several noises."""
        return {
            (one.sha256, one.start)
            for asked, one in dealt
            if isinstance(one, Segment) and isinstance(asked, Segments) and _channel(asked) == _channel(self)
        }

    def deal(self, table: Table) -> Exposure:
        """Deal segments; errors as for :meth:`Asked.deal`."""
        step, stock = table.step, table.stock
        rate, inventory = stock.sample_rate_hz, stock.library.recordings(self.source, self.use)
        found, silent = segments(inventory.recordings, rate, stock.segment_s)
        if not found:
            length = f"{stock.segment_s:g} s"
            message = f"every segment of {length} of the noise '{self.source}' is silent for half a second or more"
            raise ProfileError(Fault("", message, "use other recordings, or a shorter noise: {segment_s: ...}"))
        content = " ".join(recording.sha256 for recording in inventory.recordings)  # a path has several spellings
        cards = table.in_turns(len(found), (stock.seed, "deal", step.factor, step.family, step.kind, content))
        # A second step of the setting that plays the same recordings lags the first by half of their segments.
        behind = (step.number - 1) * len(found) // max(2, step.number)
        places = [(card + behind) % len(found) for card in cards]
        taken = [self._heard_beside(table.beside(block)) for block in table.blocks]
        twice = _moved_apart(places, [(one.sha256, start) for one, start in found], taken)
        heard: Counter[int] = Counter()
        dealt: dict[int, Segment] = {}
        left: dict[int, int] = {}
        for block, place in zip(table.blocks, places, strict=True):
            recording, start = found[place]
            dealt[block] = Segment(recording.name, recording.sha256, start, heard[place])
            left[block] = resampled_length(recording.frames, recording.sample_rate_hz, rate) - start
            heard[place] += 1
        reuse, seconds = max(heard.values(), default=0), sum(recording.duration_s for recording in inventory.recordings)
        notes = (*recording_notes(self.source, inventory, rate), *_doubled(step.path, self.source, twice, len(dealt)))
        return Exposure(step.path, self.source, dealt, len(found), reuse, silent, left, seconds, True, notes)


def _moved_apart(places: list[int], found: Sequence[Stretch], taken: Sequence[Set[Stretch]]) -> int:
    """Give other stretches to blocks that hear theirs already; returns how many cannot have another.

    The same stretch twice is one noise that is 3 dB louder, and not two. Two blocks change theirs, so that each stretch
    is dealt as often as before. Where no block has one to change, that is taken which was dealt least often.

    Args:
        places: For each block the number of the stretch that it was dealt; changed in place.
        found: All stretches.
        taken: For each block, what it hears beside.
    """
    twice, count, alone = 0, Counter(places), set[tuple[int, frozenset[Stretch]]]()
    for block, place in enumerate(places):
        if found[place] not in taken[block]:
            continue
        free = [number for number, stretch in enumerate(found) if stretch not in taken[block]]
        if not free:
            twice += 1
            continue
        like = place, frozenset(taken[block])  # where one finds nobody to change with, nor does another of its kind
        turns = () if like in alone else ((block + turn) % len(places) for turn in range(1, len(places)))
        fits = (other for other in turns if found[places[other]] not in taken[block])
        other = next((other for other in fits if found[place] not in taken[other]), None)
        if other is not None:
            places[block], places[other] = places[other], place
            continue
        alone.add(like)
        places[block] = min(free, key=lambda number: (count[number], number))
        count.update({place: -1, places[block]: 1})
    return twice


def _channel(asked: Segments) -> ChannelChoice:
    return 0 if asked.use.channel is None else asked.use.channel


def _doubled(path: str, source: str, twice: int, blocks: int) -> Iterator[Note]:
    """A note on blocks that hear one stretch from two steps."""
    if twice:
        told = (
            f"step {path} plays a stretch of {source} that another step beside it plays in {twice} of {blocks} blocks, "
            "since there is no other: together they are one noise, louder or softer than two; the rows say how loud"
        )
        yield Note(told, Effect.LABEL, f"{path} plays what another noise beside it plays", twice / blocks)


def segments(
    recordings: Sequence[Recording], sample_rate_hz: int, segment_s: float
) -> tuple[list[tuple[Recording, int]], int]:
    """Grid segments of a source.

    A recording shorter than two segments is one segment; a remainder at its end belongs to its last segment. Of files
    with the same content only one is used.

    Args:
        recordings: Recordings of the source.
        sample_rate_hz: Sample rate of the test set.
        segment_s: Length of a segment.

    Returns:
        Recording and first sample of each segment, and how many more were left out because they are partly silent.
    """
    step = round(segment_s * sample_rate_hz)
    found: list[tuple[Recording, int]] = []
    silent = 0
    once = {recording.sha256: recording for recording in reversed(list(recordings))}  # the first of each content
    for recording in (r for r in recordings if once[r.sha256] is r):
        length = resampled_length(recording.frames, recording.sample_rate_hz, sample_rate_hz)
        for place in range(max(1, length // step)):
            if recording.pauses(place * segment_s, (place + 1) * segment_s):
                silent += 1
            else:
                found.append((recording, place * step))
    return found, silent
