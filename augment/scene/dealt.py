"""What a planner deals to a step in a block: each kind writes and reads itself, and says what of it decides samples."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from augment.acoustics.channels import ChannelChoice, channel_of, channel_text


@dataclass(frozen=True)
class Dealt:
    """Base of all that is dealt.

    Attributes:
        mark: The key by which what a plan writes is known.
    """

    mark: ClassVar[str]

    def written(self) -> dict[str, Any]:
        """What a plan writes: integers and texts only."""
        raise NotImplementedError

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Dealt":
        """What a plan has written."""
        raise NotImplementedError

    def content(self) -> Any:
        """What of it decides samples: the same however it is called."""
        return self.written()

    def told(self) -> dict[str, Any]:
        """What a set under pseudonyms writes: the same less what leads to recordings of speech."""
        return self.written()

    def labels(self) -> dict[str, str]:
        """Names of what may come again in other blocks, by what it is: clusters for the statistics."""
        return {}


@dataclass(frozen=True)
class Segment(Dealt):
    """A stretch of a recording that the planner dealt to a block.

    Attributes:
        name: Name of the recording.
        sha256: Of its file.
        start: First sample, at the test set's rate.
        round: How often the segment had been dealt before.
    """

    name: str
    sha256: str
    start: int
    round: int
    mark: ClassVar = "recording"

    @property
    def label(self) -> str:
        """Name of the segment, a cluster for the statistics.

        Example:
            >>> Segment("street.wav", "e3b0", 32000, 0).label
            'street.wav@32000'
        """
        return f"{self.name}@{self.start}"

    def written(self) -> dict[str, Any]:
        """Recording, hash, first sample and round."""
        return {"recording": self.name, "sha256": self.sha256, "start": self.start, "round": self.round}

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Segment":
        """What :meth:`written` gives."""
        return cls(values["recording"], values["sha256"], values["start"], values["round"])

    def content(self) -> Any:
        """Hash and first sample."""
        return [self.sha256, self.start]

    def labels(self) -> dict[str, str]:
        """The segment."""
        return {"segments": self.label}


@dataclass(frozen=True)
class Voice:
    """An utterance of the corpus that sounds in a babble.

    Attributes:
        utterance: Its id.
        speaker: Who speaks.
        audio: Path of its file as the manifest writes it.
        offset_s: Start in the file; None for the whole file.
        duration_s: Length, where it has a start.
        sha256: Of the file.
        channel: Of the file; None where it does not matter.
    """

    utterance: str
    speaker: str
    audio: str
    offset_s: float | None
    duration_s: float | None
    sha256: str
    channel: ChannelChoice = None


@dataclass(frozen=True)
class Babble(Dealt):
    """Talkers that the planner dealt to a block.

    Attributes:
        talkers: For each talker, the utterances that follow one another.
    """

    talkers: tuple[tuple[Voice, ...], ...]
    mark: ClassVar = "talkers"

    def written(self) -> dict[str, Any]:
        """For each voice its utterance, speaker, file, start, length and hash: rows name the voices."""
        return {"talkers": [[_spelled(voice) for voice in talker] for talker in self.talkers]}

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Babble":
        """What :meth:`written` gives."""
        return cls(tuple(tuple(_voice(*voice) for voice in talker) for talker in values["talkers"]))

    def told(self) -> dict[str, Any]:
        """Names of utterance and speaker stay, files go."""
        return {"talkers": [[[v.utterance, v.speaker, None, None, None, None] for v in own] for own in self.talkers]}


def _spelled(voice: Voice) -> list[str | None]:
    place = [None if value is None else repr(value) for value in (voice.offset_s, voice.duration_s)]
    channel = () if voice.channel is None else (channel_text(voice.channel),)
    return [voice.utterance, voice.speaker, voice.audio, *place, voice.sha256, *channel]


def _voice(
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


@dataclass(frozen=True)
class Spectrum(Dealt):
    """A long-term spectrum that the planner measured.

    Attributes:
        third_octaves_db: Relative level by third-octave band: centre in Hz and level in dB.
    """

    third_octaves_db: tuple[tuple[float, float], ...]
    mark: ClassVar = "third_octaves_db"

    def written(self) -> dict[str, Any]:
        """Centres and levels as decimals."""
        return {"third_octaves_db": [[repr(centre), repr(level)] for centre, level in self.third_octaves_db]}

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Spectrum":
        """What :meth:`written` gives."""
        return cls(tuple((float(centre), float(level)) for centre, level in values["third_octaves_db"]))


@dataclass(frozen=True)
class Standing(Dealt):
    """Where talker, microphone and noises of a block are in a room.

    Attributes:
        position: Name of the talker's position, or number of the placement from 1.
        number: The same among all of its room, from 0.
        noise: Where noises begin among theirs, from 0; None where they stand in the positions of the talkers.
    """

    position: str
    number: int
    noise: int | None = None
    mark: ClassVar = "position"

    def written(self) -> dict[str, Any]:
        """Name and numbers."""
        return {"position": self.position, "number": self.number, "noise": self.noise}

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Standing":
        """What :meth:`written` gives."""
        return cls(values["position"], values["number"], values["noise"])

    def content(self) -> Any:
        """The numbers: what stands there is in the room's own digest."""
        return [self.number, self.noise]

    def labels(self) -> dict[str, str]:
        """The talker's position, and that of the noises where they have positions of their own."""
        found = {"positions": self.position}
        return found if self.noise is None else {**found, "positions of noises": str(self.noise + 1)}


KINDS: tuple[type[Dealt], ...] = (Segment, Babble, Spectrum, Standing)


def read(values: Mapping[str, Any]) -> Dealt:
    """What was dealt, from what a plan has written.

    Example:
        >>> read(Standing("door.wav", 2).written())
        Standing(position='door.wav', number=2, noise=None)
        >>> read({"recording": "a.wav", "sha256": "e3", "start": 160, "round": 0}).label
        'a.wav@160'
    """
    return next(kind for kind in KINDS if kind.mark in values).read(values)
