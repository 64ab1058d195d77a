"""Voices for a babble: other speakers than the block's own, and never its texts.

All utterances of a block, whatever their group, hear the same talkers.
"""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from augment.corpus.speech import Facts, facts_of
from augment.corpus.table import Corpus
from augment.corpus.texts import spoken
from augment.design.conditions import ChainStep
from augment.design.exposure import Exposure
from augment.design.selection import Selection
from augment.errors import AudioError, DesignError, Fault
from augment.files.channels import channel_of
from augment.scene import Babble, Voice
from augment.streams import words

if TYPE_CHECKING:
    import polars

COLUMNS = ("id", "speaker", "text", "audio_filepath", "offset", "duration", "audio_channel")
Row = tuple[Any, ...]


def deal_talkers(
    step: ChainStep, blocks: Sequence[int], corpus: Corpus, selection: Selection, seed: int, sample_rate_hz: int
) -> Exposure:
    """Deal talkers to blocks.

    Args:
        step: The step that babbles.
        blocks: Those that hear it, in their order.
        corpus: Every usable utterance of it may babble.
        selection: Chosen utterances and their blocks.
        seed: Of the recipe.
        sample_rate_hz: Of the test set.

    Raises:
        DesignError: A block leaves fewer than that many other speakers with other texts.
    """
    pool = _Pool(corpus, sample_rate_hz)
    talkers = next(int(need.name) for need in step.perturbation.needs() if need.kind == "talkers")
    dealt: dict[int, Babble] = {}
    for block in blocks:
        own = selection.frame.filter(selection.frame["block"] == block)
        order = np.argsort(_mixed(pool.hashes, words(seed, "babble", step.factor, step.family, step.name, block)))
        dealt[block] = Babble(tuple(pool.choose([int(place) for place in order], talkers, own)))
    fewest = min(dealt, key=lambda block: len(dealt[block].talkers))
    found = len(dealt[fewest].talkers)
    if found < talkers:
        message = (
            f"step {step.path}: a babble of {talkers} talkers needs as many speakers beside those of the block; "
            f"block {fewest} leaves {found} that say something else"
        )
        remedy = f"ask for {found} talkers or fewer" if found else "the corpus must say who speaks, and what"
        raise DesignError(Fault(str(corpus.manifest), message, remedy))
    heard = Counter(voice.utterance for babble in dealt.values() for talker in babble.talkers for voice in talker)
    seconds = sum(facts.samples for facts in pool.facts.values() if facts) / sample_rate_hz
    source = f"{talkers} talkers of the corpus"
    return Exposure(step.path, source, dealt, None, len(heard), pool.unusable, seconds, max(heard.values()))


def _mixed(hashes: NDArray[np.uint64], salt: Sequence[int]) -> NDArray[np.uint64]:
    """A fixed place of every utterance in the order of a block, whatever else is in the corpus.

    Reference: the finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
    """
    with np.errstate(over="ignore"):
        mixed = hashes ^ np.uint64(salt[0] << 32 | salt[1])
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(mixed ^ (mixed >> np.uint64(31)))


class _Pool:
    """Utterances that may babble, inspected when they are chosen."""

    def __init__(self, corpus: Corpus, sample_rate_hz: int) -> None:
        self._corpus, self._rate = corpus, sample_rate_hz
        self.rows: list[Row] = corpus.frame.sort("id").select(COLUMNS).rows()
        self.hashes = np.array([w[0] << 32 | w[1] for w in (words("voice", row[0]) for row in self.rows)], np.uint64)
        self.facts: dict[str, Facts | None] = {}
        self._by_speaker: dict[str, list[int]] = {}
        for place, row in enumerate(self.rows):
            self._by_speaker.setdefault(row[1], []).append(place)

    @property
    def unusable(self) -> int:
        """How many chosen voices could not be used."""
        return sum(facts is None for facts in self.facts.values())

    def choose(self, order: Sequence[int], talkers: int, own: "polars.DataFrame") -> list[tuple[Voice, ...]]:
        """Talkers in the order of the draw, each with enough to say for the longest utterance of the block."""
        speakers = set(own["speaker"].to_list())
        texts = {spoken(text) for text in own["text"].to_list()}
        needed = max(self._inspected(row).samples for row in own.select(COLUMNS).rows())
        rank = {place: turn for turn, place in enumerate(order)}
        found: list[tuple[Voice, ...]] = []
        for place in order:
            if len(found) == talkers:
                break
            speaker = self.rows[place][1]
            if speaker is None or speaker in speakers:
                continue
            speakers.add(speaker)
            says = [p for p in self._by_speaker[speaker] if spoken(self.rows[p][2]) not in texts]
            voices = self._talk(sorted(says, key=rank.__getitem__), needed)
            if voices:
                found.append(voices)
        return found

    def _talk(self, places: Sequence[int], needed: int) -> tuple[Voice, ...]:
        voices: list[Voice] = []
        said = 0
        for place in places:
            identity, speaker, _, audio, offset, duration, channel = self.rows[place]
            facts = self._facts(self.rows[place])
            if facts is None:
                continue
            cut = None if offset is None else duration
            voices.append(Voice(identity, speaker, audio, offset, cut, facts.sha256, channel_of(channel)))
            said += facts.samples
            if said >= 2 * needed:
                break
        return tuple(voices)

    def _facts(self, row: Row) -> Facts | None:
        identity, _, _, audio, offset, duration, channel = row
        if identity not in self.facts:
            try:
                path = self._corpus.audio_path(audio)
                self.facts[identity] = facts_of(path, offset, duration, self._rate, channel_of(channel))
            except AudioError:
                self.facts[identity] = None  # it is no chosen utterance: another one babbles in its place
        return self.facts[identity]

    def _inspected(self, row: Row) -> Facts:
        facts = self._facts(row)
        if facts is None:
            # Said in full, with all others like it, when chosen speech is inspected.
            raise DesignError(Fault(str(self._corpus.audio_path(row[3])), f"utterance '{row[0]}' cannot be used"))
        return facts
