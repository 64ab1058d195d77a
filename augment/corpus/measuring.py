"""Measuring the audio of many utterances, recording by recording, in this process or in workers."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from augment.corpus.kept import key_of_facts, read_facts
from augment.corpus.speech import LONGEST_S, Facts, facts_of_audio
from augment.errors import AudioError, Fault
from augment.files.audio import audio_bytes, decode_parts
from augment.files.location import Location
from augment.files.stretch import Part


@dataclass(frozen=True)
class Recording:
    """A task: stretches of one file.

    Attributes:
        path: Path of the file.
        parts: Stretches of it, measured in one pass.
        places: Index of each stretch among those of all recordings.
    """

    path: Location
    parts: tuple[Part, ...]
    places: tuple[int, ...]


@dataclass(frozen=True)
class Measurements:
    """What was found out about a recording.

    Attributes:
        facts: Facts by the index of a stretch, or why there are none.
        new: Facts by key that were not known before.
    """

    facts: Mapping[int, Facts | AudioError]
    new: Mapping[str, Facts] = field(default_factory=dict)


Run = Callable[["Measuring", Sequence[Recording]], Iterator[Measurements]]
"""Runs tasks: yields what the job makes of each, in any order."""


@dataclass(frozen=True)
class Measuring:
    """The job.

    Attributes:
        sample_rate_hz: Of the test set.
        kept: File with what is known already; None to measure everything.
    """

    sample_rate_hz: int
    kept: Path | None = None

    def __call__(self, recording: Recording) -> Measurements:
        """Measure stretches of one file, except where measurements of the same bytes are known."""
        try:
            data = audio_bytes(recording.path, recording.parts, LONGEST_S)
        except AudioError as error:
            return Measurements(dict.fromkeys(recording.places, error))
        digest = hashlib.sha256(data).hexdigest()
        keys = [key_of_facts(digest, part, self.sample_rate_hz) for part in recording.parts]
        known = {} if self.kept is None else read_facts(self.kept, keys)
        missing = [place for place, key in enumerate(keys) if key not in known]
        facts: dict[int, Facts | AudioError] = {}
        parts = [recording.parts[place] for place in missing]
        heard = decode_parts(data, str(recording.path), parts, LONGEST_S) if parts else []
        for place, audio in zip(missing, heard, strict=True):
            facts[recording.places[place]] = (
                audio if isinstance(audio, AudioError) else facts_of_audio(audio, recording.path, self.sample_rate_hz)
            )
        number = {key: recording.places[place] for place, key in enumerate(keys)}
        new = {key: found for key, at in number.items() if not isinstance(found := facts.get(at), AudioError | None)}
        facts |= {recording.places[n]: known[key] for n, key in enumerate(keys) if key in known}
        return Measurements(facts, new)

    def lost(self, recording: Recording, fate: str) -> Measurements:
        """The result for a recording whose workers died or hung."""
        error = AudioError(Fault(str(recording.path), f"the worker {fate} while it read this file", "leave it out"))
        return Measurements(dict.fromkeys(recording.places, error))
