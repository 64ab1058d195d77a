"""Voices for a babble: speakers other than the block's own, and never its texts.

All utterances of a block, whatever their group, hear the same talkers.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from augment.acoustics.channels import ChannelChoice, channel_of, channel_text
from augment.corpus.speech import Facts, facts_of
from augment.corpus.table import Corpus
from augment.corpus.texts import spoken
from augment.dealt import Asked, Dealt, Exposure, Table
from augment.errors import FEW_NAMED, AudioError, DesignError, Fault, named
from augment.streams import words

if TYPE_CHECKING:
    import polars

COLUMNS = ("id", "speaker", "text", "audio_filepath", "offset", "duration", "audio_channel")
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Voice:
    """An utterance of the corpus that sounds in a babble.

    Attributes:
        utterance: Its id.
        speaker: Who speaks.
        audio: Path of its file as the manifest spells it.
        offset_s: Start in the file; None for the whole file.
        duration_s: Length, if it has a start.
        sha256: Hash of the file.
        channel: Channel of the file; None where it does not matter.
    """

    utterance: str
    speaker: str
    audio: str
    offset_s: float | None
    duration_s: float | None
    sha256: str
    channel: ChannelChoice = None

    def spelled(self) -> list[str | None]:
        """Its fields as a plan writes them."""
        place = [None if value is None else repr(value) for value in (self.offset_s, self.duration_s)]
        channel = () if self.channel is None else (channel_text(self.channel),)
        return [self.utterance, self.speaker, self.audio, *place, self.sha256, *channel]

    @classmethod
    def read(cls, written: Sequence[Any]) -> "Voice":
        """What :meth:`spelled` gives."""
        utterance, speaker, audio, *place, sha256 = written[:6]
        start, length = (None if value is None else float(value) for value in place)
        return cls(utterance, speaker, audio, start, length, sha256, channel_of(*(written[6:] or [None])))


@dataclass(frozen=True)
class Babble(Dealt):
    """Talkers that the planner dealt to a block.

    Attributes:
        talkers: For each talker, the utterances that follow one another.
    """

    talkers: tuple[tuple[Voice, ...], ...]

    def written(self) -> dict[str, Any]:
        """The utterance, speaker, file, start, length and hash of each voice, since rows name the voices."""
        return {"talkers": [[voice.spelled() for voice in talker] for talker in self.talkers]}

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Babble":
        """What :meth:`written` gives."""
        return cls(tuple(tuple(Voice.read(voice) for voice in talker) for talker in values["talkers"]))

    def told(self) -> dict[str, Any]:
        """Utterances and speakers without their files."""
        return {"talkers": [[[v.utterance, v.speaker, None, None, None, None] for v in own] for own in self.talkers]}

    def speakers(self) -> set[str]:
        """Who talks."""
        return {voice.speaker for talker in self.talkers for voice in talker}


@dataclass(frozen=True)
class Talkers(Asked):
    """Asks for talkers of the corpus who say something other than the block does.

    Attributes:
        number: How many.
    """

    number: int
    tie: ClassVar = "babble leaves out who is tested in its block"

    @property
    def name(self) -> str:
        """How many."""
        return str(self.number)

    def deal(self, table: Table) -> Exposure:
        """Deal talkers; errors as for :meth:`Asked.deal`."""
        step, stock = table.step, table.stock
        pool = _Pool(stock.corpus, stock.sample_rate_hz)
        dealt: dict[int, Babble] = {}
        for block in table.blocks:
            own = stock.chosen.filter(stock.chosen["block"] == block)
            salt = words(stock.seed, "babble", step.factor, step.family, step.name, block)
            order = [int(place) for place in np.argsort(_mixed(pool.hashes, salt))]
            dealt[block] = Babble(tuple(pool.choose(order, self.number, own)))
        fewest = min(dealt, key=lambda block: len(dealt[block].talkers))
        found = len(dealt[fewest].talkers)
        if found < self.number:
            message = (
                f"step {step.path}: a babble of {self.number} talkers needs as many speakers beside those of the "
                f"block; block {fewest} leaves {found} that say something else"
            )
            remedy = f"ask for {found} talkers or fewer" if found else "the corpus must say who speaks, and what"
            raise DesignError(Fault(str(stock.corpus.manifest), message, remedy))
        heard = Counter(voice.utterance for babble in dealt.values() for talker in babble.talkers for voice in talker)
        usable = [facts.samples for facts in pool.facts.values() if facts]
        silent, seconds = len(pool.facts) - len(usable), sum(usable) / stock.sample_rate_hz
        source, most = f"{self.number} talkers of the corpus", max(heard.values())
        return Exposure(step.path, source, dealt, len(heard), most, silent, seconds=seconds)


def _mixed(hashes: NDArray[np.uint64], salt: Sequence[int]) -> NDArray[np.uint64]:
    """A fixed place for every utterance in the order of a block, independent of what else is in the corpus.

    Reference: the finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
    """
    with np.errstate(over="ignore"):
        mixed = hashes ^ np.uint64(salt[0] << 32 | salt[1])
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(mixed ^ (mixed >> np.uint64(31)))


class _Pool:
    """Utterances that may babble; each is inspected only when it is chosen."""

    def __init__(self, corpus: Corpus, sample_rate_hz: int) -> None:
        self._corpus, self._rate = corpus, sample_rate_hz
        self.rows: list[Row] = corpus.frame.sort("id").select(COLUMNS).rows()
        self.hashes = np.array([w[0] << 32 | w[1] for w in (words("voice", row[0]) for row in self.rows)], np.uint64)
        self.facts: dict[str, Facts | None] = {}
        self._by_speaker: dict[str, list[int]] = {}
        for place, row in enumerate(self.rows):
            self._by_speaker.setdefault(row[1], []).append(place)

    def choose(self, order: Sequence[int], talkers: int, own: "polars.DataFrame") -> list[tuple[Voice, ...]]:
        """Talkers in drawn order, each with enough to say for the longest utterance of the block.

        Raises:
            DesignError: None of its utterances can be used.
        """
        speakers = set(own["speaker"].to_list())
        texts = {spoken(text) for text in own["text"].to_list()}
        needed = max((facts.samples for facts in map(self._facts, own.select(COLUMNS).rows()) if facts), default=None)
        if needed is None:
            message = f"the audio of no utterance of a block can be used: {named(own['id'].to_list(), FEW_NAMED)}"
            raise DesignError(Fault(str(self._corpus.manifest), message, "see acoustigrid corpus audit"))
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
                self.facts[identity] = None  # not an utterance under test: another one babbles in its place
        return self.facts[identity]
