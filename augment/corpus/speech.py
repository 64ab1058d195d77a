"""The audio behind a row of the corpus."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.filters import without_infrasound
from augment.acoustics.levels import db, power, speech_level
from augment.acoustics.resample import resample, resampled_length
from augment.acoustics.source import background, clipped_share, source_snr_db
from augment.corpus.source import where
from augment.corpus.table import Corpus
from augment.errors import AudioError, CorpusError, Fault
from augment.files.audio import Audio, Part, read_audio, read_parts

if TYPE_CHECKING:
    import polars

Progress = Callable[[Iterable[Any]], Iterator[Any]]
"""Wraps what is iterated over, to show how far it is."""

DURATION_SLACK_S = 0.1
SHORTEST_S = 0.1
LONGEST_S = 900.0
TELLING_INFRASOUND_DB = 1.0
MOST_AT_ONCE = 64
"""Segments of one recording that are held at once."""


@dataclass(frozen=True)
class Speech:
    """One utterance, decoded.

    Attributes:
        samples: At the test set's rate, shape (n,), without DC offset and infrasound.
        sha256: Of the whole audio file.
        source_rate_hz: Rate of the file.
        channels: Of the file; their mean is used.
        infrasound_db: How much louder (RMS) it would be with its infrasound, 0 or more.
    """

    samples: Signal
    sha256: str
    source_rate_hz: int
    channels: int
    infrasound_db: float


def read_speech(path: Path, offset_s: float | None, duration_s: float | None, sample_rate_hz: int) -> Speech:
    """Read an utterance at the test set's sample rate.

    What lies below 20 Hz is taken out: it is no sound to an ear or a recogniser, and the level meter would take it for
    speech.

    Args:
        path: Audio file.
        offset_s: Start of the utterance in it; None for the whole file, whatever duration is declared.
        duration_s: Its length where it is a part of the file; None for all the rest.
        sample_rate_hz: Wanted rate.

    Raises:
        AudioError: The file cannot be used, or the utterance is shorter than 0.1 s or longer than 15 min.
    """
    audio = read_audio(path, *_part(offset_s, duration_s), longest_s=LONGEST_S)
    return _speech(audio, path, sample_rate_hz)


def _part(offset_s: float | None, duration_s: float | None) -> Part:
    return (0.0, None) if offset_s is None else (offset_s, duration_s)


def _speech(audio: Audio, path: Path, sample_rate_hz: int) -> Speech:
    signal = audio.samples
    length_s = signal.size / audio.sample_rate_hz
    if length_s < SHORTEST_S:
        raise AudioError(
            Fault(str(path), f"the utterance lasts {length_s:.3f} s; at least {SHORTEST_S:g} s are needed")
        )
    samples = resample(signal, audio.sample_rate_hz, sample_rate_hz)
    assert samples.size == resampled_length(signal.size, audio.sample_rate_hz, sample_rate_hz)
    heard = without_infrasound(samples, sample_rate_hz)
    lost_db = db(power(samples - np.mean(samples)) / power(heard)) if power(heard) > 0 else 0.0
    return Speech(heard, audio.sha256, audio.sample_rate_hz, audio.channels, max(lost_db, 0.0))


@dataclass(frozen=True)
class Facts:
    """What the planner must know of an utterance's audio.

    Attributes:
        sha256: Of the whole audio file.
        source_rate_hz: Rate of the file.
        samples: Length at the test set's rate.
        level_dbov: Active speech level before anything is done to it.
        tail_db: How much less the level meter would show if silence followed: near 0 where the recording ends in a
            pause, up to 5 dB for a word that is cut out tightly.
        channels: Of the file; their mean is used.
        floor_dbov: Level of the background in the pauses, an estimate; ``-inf`` for digital silence.
        bandwidth_hz: Highest frequency with speech, an estimate; at most half the test set's rate.
        clipped_share: Share of the file's samples on flat tops, 0 to 1.
        dc: Mean of the file's samples, full scale 1.0; it is taken out before anything else is measured.
        infrasound_db: As of :class:`Speech`; it is taken out, too.
    """

    sha256: str
    source_rate_hz: int
    samples: int
    level_dbov: float
    tail_db: float
    channels: int
    floor_dbov: float
    bandwidth_hz: float
    clipped_share: float
    dc: float
    infrasound_db: float

    @property
    def snr_db(self) -> float:
        """Signal-to-noise ratio of the recording itself, an estimate; ``inf`` without noise in its pauses."""
        return source_snr_db(self.level_dbov, self.floor_dbov)


def facts_of(path: Path, offset_s: float | None, duration_s: float | None, sample_rate_hz: int) -> Facts:
    """Inspect the audio of one utterance.

    Args:
        path: Audio file.
        offset_s: Start of the utterance; None for the whole file, whatever duration is declared.
        duration_s: Declared length.
        sample_rate_hz: Rate of the test set.

    Raises:
        AudioError: The audio cannot be used, or holds no active speech.
    """
    return _facts(read_audio(path, *_part(offset_s, duration_s), longest_s=LONGEST_S), path, sample_rate_hz)


def _facts(audio: Audio, path: Path, sample_rate_hz: int) -> Facts:
    speech = _speech(audio, path, sample_rate_hz)
    level = speech_level(speech.samples, sample_rate_hz)
    if level.active_level_dbov == -math.inf:
        found = f"no active speech is found (ITU-T P.56): too quiet or too short, {level.rms_level_dbov:.1f} dBov RMS"
        silent = level.rms_level_dbov == -math.inf
        raise AudioError(Fault(str(path), "the utterance is silent" if silent else found))
    padded = speech_level(np.pad(speech.samples, (0, sample_rate_hz // 2)), sample_rate_hz)
    tail_db = level.active_level_dbov - padded.active_level_dbov
    around = background(speech.samples, sample_rate_hz)
    return Facts(
        sha256=speech.sha256,
        source_rate_hz=speech.source_rate_hz,
        samples=speech.samples.size,
        level_dbov=level.active_level_dbov,
        tail_db=tail_db,
        channels=speech.channels,
        floor_dbov=around.floor_dbov,
        bandwidth_hz=around.bandwidth_hz,
        clipped_share=clipped_share(audio.samples),  # before a change of rate rounds flat tops
        dc=float(np.mean(audio.samples)),
        infrasound_db=speech.infrasound_db,
    )


def survey(
    corpus: Corpus, frame: "polars.DataFrame", sample_rate_hz: int, progress: Progress = iter
) -> tuple[dict[str, Facts], list[Fault]]:
    """Inspect the audio of some utterances, whatever is wrong with others.

    Args:
        corpus: The corpus.
        frame: Rows of it.
        sample_rate_hz: Rate of the test set.
        progress: Shows how far it is.

    Returns:
        Facts by utterance id, and the faults of rows whose audio cannot be used.
    """
    facts: dict[str, Facts] = {}
    faults: list[Fault] = []
    columns = frame.select("id", "audio_filepath", "offset", "duration", "row").rows()
    every = _facts_of_all(corpus, [row[1:4] for row in columns], sample_rate_hz, progress)
    for (identity, _, _, _, row), found in zip(columns, every, strict=True):
        if isinstance(found, AudioError):
            for fault in found.faults:
                message = f"utterance '{identity}': {fault.where}: {fault.message}"
                faults.append(Fault(where(corpus.manifest, row), message, fault.remedy))
        else:
            facts[identity] = found
    return facts, faults


def inspect(
    corpus: Corpus, frame: "polars.DataFrame", sample_rate_hz: int, progress: Progress = iter
) -> tuple[dict[str, Facts], list[str]]:
    """Inspect the audio of chosen utterances.

    Args:
        corpus: The corpus.
        frame: The chosen rows.
        sample_rate_hz: Rate of the test set.
        progress: Shows how far it is.

    Returns:
        Facts by utterance id, and what the user should know.

    Raises:
        CorpusError: Audio that cannot be used; every such row is named.
    """
    facts, faults = survey(corpus, frame, sample_rate_hz, progress)
    if faults:
        remedy = "mend the files, or leave the utterances out: corpus: {leave_out: [id, ...]}"
        raise CorpusError([*faults, Fault("", f"{len(faults)} chosen utterances cannot be used", remedy)])
    return facts, facts_notes(frame, facts, sample_rate_hz)


def facts_notes(frame: "polars.DataFrame", facts: Mapping[str, Facts], sample_rate_hz: int) -> list[str]:
    """What the user should know of files that could be read.

    Args:
        frame: Rows of the corpus.
        facts: Of those of them that were inspected.
        sample_rate_hz: Rate at which they were.
    """
    lying = sum(
        duration is not None
        and offset is None
        and identity in facts
        and abs(duration - facts[identity].samples / sample_rate_hz) > DURATION_SLACK_S
        for identity, offset, duration in frame.select("id", "offset", "duration").rows()
    )
    notes = [f"{lying} rows declare a duration that is not the audio's: the audio's own is used"] if lying else []
    several = sum(found.channels > 1 for found in facts.values())
    if several:
        notes.append(f"{several} utterances have more than one channel: the mean of the channels is used")
    return [*notes, *_infrasound_notes(facts)]


def _infrasound_notes(facts: Mapping[str, Facts]) -> list[str]:
    """Recordings whose level would have been set by what nobody hears."""
    touched = sorted((-found.infrasound_db, identity) for identity, found in facts.items())
    touched = [pair for pair in touched if -pair[0] >= TELLING_INFRASOUND_DB]
    if not touched:
        return []
    return [
        f"{len(touched)} utterances hold infrasound (below 20 Hz), {-touched[0][0]:.0f} dB of their level in "
        f"'{touched[0][1]}': it is taken out before anything is levelled"
    ]


def _facts_of_all(
    corpus: Corpus, places: Sequence[tuple[str, float | None, float | None]], sample_rate_hz: int, progress: Progress
) -> list[Facts | AudioError]:
    """Facts, or why there are none, of many utterances: audio as written, offset and duration in s.

    Segments of one recording are decoded in one pass: otherwise an hour would be decoded once for each of them.
    """
    of_file: dict[str, list[int]] = {}
    for place, (audio, _, _) in enumerate(places):
        of_file.setdefault(audio, []).append(place)
    passes = [own[i : i + MOST_AT_ONCE] for own in of_file.values() for i in range(0, len(own), MOST_AT_ONCE)]
    found: dict[int, Facts | AudioError] = {}
    for own in progress(passes):
        path = corpus.audio_path(places[own[0]][0])
        parts = [_part(*places[place][1:]) for place in own]
        for place, heard in zip(own, read_parts(path, parts, LONGEST_S), strict=True):
            found[place] = heard if isinstance(heard, AudioError) else _facts_or_fault(heard, path, sample_rate_hz)
    return [found[place] for place in range(len(places))]


def _facts_or_fault(audio: Audio, path: Path, sample_rate_hz: int) -> Facts | AudioError:
    try:
        return _facts(audio, path, sample_rate_hz)
    except AudioError as error:
        return error
