"""The audio behind a row of the corpus."""

import math
from dataclasses import dataclass, replace

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.channels import ChannelChoice
from augment.acoustics.filters import without_infrasound
from augment.acoustics.levels import db, power, speech_level
from augment.acoustics.resample import resample, resampled_length
from augment.acoustics.source import background, clipped_share, source_snr_db
from augment.acoustics.spectrum import weigh
from augment.errors import AudioError, Fault
from augment.files.audio import Audio, read_audio
from augment.files.containers.stream import Remark
from augment.files.location import Location
from augment.files.stretch import Part

DURATION_SLACK_S = 0.1
SHORTEST_S = 0.1
LONGEST_S = 900.0
MOST_INFRASOUND_DB = 1.0
HUM_BELOW_HZ = 100.0
MOST_HUM_DB = 3.0
"""Real voices lose up to 0.7 dB with everything below 100 Hz; half a second of a voice with a pitch of 85 Hz loses 1.6
dB. Where mains hum at 50 or 60 Hz raises the level of speech by 3 dB, 3 dB or more go with it."""
LEAST_SPEECH_DBOV = -75.0
"""Softer than anything the meter detects."""
CREST_DB = 30.0
"""Speech has peaks 15 to 20 dB above its active level."""
MOST_CLIPPED = 0.001
MOST_DC = 0.01
MOST_AT_ONCE = 64
"""Segments of one recording that are held in memory at once."""


@dataclass(frozen=True)
class Speech:
    """One utterance, decoded.

    Attributes:
        samples: Samples at the test set's rate, shape (n,), without DC offset and infrasound.
        sha256: Hash of the whole audio file.
        source_rate_hz: Sample rate of the file.
        infrasound_db: How much louder (RMS) it would be with its infrasound, 0 or more.
    """

    samples: Signal
    sha256: str
    source_rate_hz: int
    infrasound_db: float


def read_speech(
    path: Location,
    offset_s: float | None,
    duration_s: float | None,
    sample_rate_hz: int,
    channel: ChannelChoice = None,
) -> Speech:
    """Read an utterance at the test set's sample rate.

    What lies below 20 Hz is taken out: neither ears nor recognisers hear it, but the level meter would take it for
    speech.

    Args:
        path: Audio file.
        offset_s: Start of the utterance in it; None for the whole file, whatever duration is declared.
        duration_s: Its length where it is a part of the file; None for the rest of the file.
        sample_rate_hz: Wanted rate.
        channel: Channel of the file; None where nobody says which one, and it must not matter.

    Raises:
        AudioError: The file cannot be used, the utterance is shorter than 0.1 s or longer than 15 min, or channels
            differ and nobody says which is meant.
    """
    return _speech(_read(path, part_of(offset_s, duration_s, channel)), path, sample_rate_hz)


def _read(path: Location, part: Part) -> Audio:
    return read_audio(path, part.offset_s, part.duration_s, LONGEST_S, part.channel)


def part_of(offset_s: float | None, duration_s: float | None, channel: ChannelChoice) -> Part:
    """The stretch that a row stands for: the whole file if it has no offset, whatever duration it declares."""
    return Part(0.0, None, channel) if offset_s is None else Part(offset_s, duration_s, channel)


def _speech(audio: Audio, path: Location, sample_rate_hz: int) -> Speech:
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
    return Speech(heard, audio.sha256, audio.sample_rate_hz, max(lost_db, 0.0))


@dataclass(frozen=True)
class Facts:
    """What the planner must know about an utterance's audio.

    Attributes:
        sha256: Hash of the whole audio file.
        source_rate_hz: Sample rate of the file.
        samples: Length at the test set's rate.
        level_dbov: Active speech level before anything is done to it.
        tail_db: How much lower the level meter would read if silence followed: near 0 where the recording ends in a
            pause, up to 5 dB for a word that is cut out tightly.
        floor_dbov: Estimated level of the background in the pauses; ``-inf`` for digital silence.
        bandwidth_hz: Estimated highest frequency with speech; at most half the test set's rate.
        clipped_share: Share of the file's samples on flat tops, 0 to 1.
        dc: Mean of the file's samples, full scale 1.0; it is taken out before anything else is measured.
        infrasound_db: As in :class:`Speech`; it is taken out as well.
        hum_db: How much lower the level meter would read without what lies below 100 Hz, which stays in and counts.
        remarks: What the user should know about the file.
    """

    sha256: str
    source_rate_hz: int
    samples: int
    level_dbov: float
    tail_db: float
    floor_dbov: float
    bandwidth_hz: float
    clipped_share: float
    dc: float
    infrasound_db: float
    hum_db: float
    remarks: frozenset[Remark] = frozenset()

    @property
    def snr_db(self) -> float:
        """Estimated signal-to-noise ratio of the recording itself; ``inf`` where its pauses hold no noise."""
        return source_snr_db(self.level_dbov, self.floor_dbov)


def facts_of(
    path: Location,
    offset_s: float | None,
    duration_s: float | None,
    sample_rate_hz: int,
    channel: ChannelChoice = None,
) -> Facts:
    """Inspect the audio of one utterance.

    Args:
        path: Audio file.
        offset_s: Start of the utterance; None for the whole file, whatever duration is declared.
        duration_s: Declared length.
        sample_rate_hz: Rate of the test set.
        channel: Channel of the file.

    Raises:
        AudioError: The audio cannot be used, or holds no active speech.
    """
    found = facts_of_audio(_read(path, part_of(offset_s, duration_s, channel)), path, sample_rate_hz)
    if isinstance(found, AudioError):
        raise found
    return found


def facts_of_audio(audio: Audio, path: Location, sample_rate_hz: int) -> Facts | AudioError:
    """Inspect a decoded stretch of audio; returns the reason if it cannot be used."""
    try:
        return _facts(audio, path, sample_rate_hz)
    except AudioError as error:
        return error


def _facts(audio: Audio, path: Location, sample_rate_hz: int) -> Facts:
    clipped = clipped_share(audio.samples)  # before resampling rounds off flat tops
    dc = float(np.mean(audio.samples))
    remarks, speech = audio.remarks, _speech(audio, path, sample_rate_hz)
    del audio  # the spectra of a quarter of an hour need the memory
    level = speech_level(speech.samples, sample_rate_hz)
    if level.active_level_dbov == -math.inf:
        found = f"no active speech is found (ITU-T P.56): too quiet or too short, {level.rms_level_dbov:.1f} dBov RMS"
        silent = level.rms_level_dbov == -math.inf
        raise AudioError(Fault(str(path), "the utterance is silent" if silent else found))
    padded = speech_level(np.pad(speech.samples, (0, sample_rate_hz // 2)), sample_rate_hz)
    tail_db = level.active_level_dbov - padded.active_level_dbov
    around = background(speech.samples, sample_rate_hz)
    facts = Facts(
        sha256=speech.sha256,
        source_rate_hz=speech.source_rate_hz,
        samples=speech.samples.size,
        level_dbov=level.active_level_dbov,
        tail_db=tail_db,
        floor_dbov=around.floor_dbov,
        bandwidth_hz=around.bandwidth_hz,
        clipped_share=clipped,
        dc=dc,
        infrasound_db=speech.infrasound_db,
        hum_db=level.active_level_dbov - _without_hum_dbov(speech.samples, sample_rate_hz),
    )
    return replace(facts, remarks=remarks | _remarks(facts, float(np.max(np.abs(speech.samples)))))


def _without_hum_dbov(samples: Signal, sample_rate_hz: int) -> float:
    """Active level of what lies above 100 Hz; not below the meter's lowest threshold."""
    above = weigh(samples, sample_rate_hz, (HUM_BELOW_HZ, sample_rate_hz / 2))
    return max(speech_level(above, sample_rate_hz).active_level_dbov, LEAST_SPEECH_DBOV)


def _remarks(facts: Facts, peak: float) -> frozenset[Remark]:
    """What the user should know about one recording on its own."""
    met = {
        Remark.CLICK: db(peak * peak) > facts.level_dbov + CREST_DB,
        Remark.CLIPPED: facts.clipped_share > MOST_CLIPPED,
        Remark.DC: abs(facts.dc) > MOST_DC,
        Remark.INFRASOUND: facts.infrasound_db > MOST_INFRASOUND_DB,
        Remark.HUM: facts.hum_db > MOST_HUM_DB,
    }
    return frozenset(remark for remark, there in met.items() if there)
