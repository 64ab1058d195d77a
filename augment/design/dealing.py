"""What the planner deals to blocks: stretches of recordings, voices for a babble, spectra; and how a plan writes it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augment.corpus.table import Corpus
from augment.design.assignment import Schedule
from augment.design.babble import deal_talkers
from augment.design.conditions import ChainStep
from augment.design.exposure import Exposure, deal
from augment.design.selection import Selection
from augment.design.spectrum import deal_spectrum
from augment.files.channels import channel_of, channel_text
from augment.profiles.library import DEALT, Library, Need
from augment.scene import Babble, Dealt, Segment, Spectrum, Voice


@dataclass(frozen=True)
class Dealer:
    """Everything that dealing depends on.

    Attributes:
        corpus: The corpus, whose voices may babble.
        selection: Chosen utterances and their blocks.
        library: Holds the recordings.
        seed: Of the recipe.
        sample_rate_hz: Of the test set.
        segment_s: Grid on which recordings are cut.
    """

    corpus: Corpus
    selection: Selection
    library: Library
    seed: int
    sample_rate_hz: int
    segment_s: float

    def deal(self, step: ChainStep, need: Need, blocks: Sequence[int]) -> Exposure:
        """Deal to the blocks that play one step.

        Raises:
            ProfileError: Recordings cannot be used.
            DesignError: The corpus has not enough other voices.
        """
        if need.kind == "recording":
            grid = (self.sample_rate_hz, self.segment_s)
            return deal(step, need, self.library, blocks, self.seed, grid)
        if need.kind == "talkers":
            return deal_talkers(step, blocks, self.corpus, self.selection, self.seed, self.sample_rate_hz)
        return deal_spectrum(step, blocks, self.corpus, self.selection, self.sample_rate_hz)


def exposures(turns: Schedule, dealer: Dealer) -> dict[str, Exposure]:
    """Deal for every step that plays something; by :attr:`ChainStep.plays`.

    A block that never meets a source takes none of it, so that nothing is heard twice before all has been heard.

    Raises:
        ProfileError: Recordings cannot be used.
        DesignError: The corpus has not enough other voices for a babble.
    """
    playing: dict[str, set[int]] = {}
    for number, condition in enumerate(turns.conditions):
        for step in (step for step in condition.chain if step.plays):
            playing.setdefault(str(step.plays), set()).add(number)
    met = [turns.of_block(block) for block in range(dealer.selection.per_group)]
    found: dict[str, Exposure] = {}
    for step in (step for condition in turns.conditions for step in condition.chain):
        for need in step.perturbation.needs():
            if need.kind in DEALT and step.plays and step.plays not in found:
                blocks = [block for block, own in enumerate(met) if not playing[step.plays].isdisjoint(own)]
                found[step.plays] = dealer.deal(step, need, blocks)
    return found


def written(dealt: Dealt) -> dict[str, Any]:
    """What was dealt, as a plan writes it: integers and texts only."""
    if isinstance(dealt, Segment):
        return {"recording": dealt.name, "sha256": dealt.sha256, "start": dealt.start, "round": dealt.round}
    if isinstance(dealt, Babble):
        return {"talkers": [[_voice(voice) for voice in talker] for talker in dealt.talkers]}
    return {"third_octaves_db": [[repr(centre), repr(level)] for centre, level in dealt.third_octaves_db]}


def _voice(voice: Voice) -> list[str | None]:
    place = [None if value is None else repr(value) for value in (voice.offset_s, voice.duration_s)]
    channel = () if voice.channel is None else (channel_text(voice.channel),)
    return [voice.utterance, voice.speaker, voice.audio, *place, voice.sha256, *channel]


def read_dealt(text: str) -> Mapping[str, Dealt]:
    """What was dealt to an item, from the plan's column ``dealt``; by :attr:`ChainStep.plays`.

    Example:
        >>> read_dealt('{"noise/street/n a.wav": {"recording": "a.wav", "sha256": "e3", "start": 160, "round": 0}}')
        {'noise/street/n a.wav': Segment(name='a.wav', sha256='e3', start=160, round=0)}
    """
    return {played: _read(values) for played, values in json.loads(text).items()}


def _read(values: dict[str, Any]) -> Dealt:
    if "recording" in values:
        return Segment(values["recording"], values["sha256"], values["start"], values["round"])
    if "talkers" in values:
        return Babble(tuple(tuple(_read_voice(*voice) for voice in talker) for talker in values["talkers"]))
    return Spectrum(tuple((float(centre), float(level)) for centre, level in values["third_octaves_db"]))


def _read_voice(
    utterance: str,
    speaker: str,
    audio: str,
    offset: str | None,
    duration: str | None,
    sha256: str,
    channel: str | None = None,
) -> Voice:
    start, length = (None if value is None else float(value) for value in (offset, duration))
    return Voice(utterance, speaker, audio, start, length, sha256, channel_of(channel))


def content(dealt: Dealt) -> Any:
    """What of it decides samples: the same however it is called."""
    if isinstance(dealt, Segment):
        return [dealt.sha256, dealt.start]
    if isinstance(dealt, Babble):
        return written(dealt)  # rows name the voices
    return written(dealt)
