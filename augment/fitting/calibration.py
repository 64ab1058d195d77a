"""From digital full scale to sound pressure: how loud it was where the recorder stood.

Either the level of the recording itself was read from a meter beside the recorder, or a sound calibrator's tone was
recorded with the same recorder at the same gain. IEC 60942 has calibrators of 94 and 114 dB at 1 kHz; a pistonphone
makes 124 dB at 250 Hz, some 114 dB.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.levels import db, power
from augment.acoustics.spectrum import weighted_power
from augment.errors import Fault, ProfileError
from augment.fitting.flaws import clipped
from augment.fitting.spans import runs

CALIBRATOR_DB = 94.0
CALIBRATOR_HZ = 1000.0
TOLERANCE = 0.01
LEAST_OVER_DB = 20.0
FRAME_S = 0.1
SHORTEST_S = 1.0
EDGE_S = 0.1
TURN_S = 0.02
"""Between two phases: a frequency that is 25 Hz off turns by half a cycle, and is still told from its mirror."""
MOST_CHANGE_DB = 1.0
MOST_DISTORTION = 0.1
"""Of a calibrator 0.03; noise up to 20 dB below the tone counts here, too."""
LEAST_DBA, MOST_DBA = 0.0, 160.0
METER_DB = 1.5
"""Uncertainty of a reading beside the recorder: class 2 of IEC 61672-1 about 1 dB, and the place another 1 dB."""
CLASS_DB = 0.5
"""That of a calibrator: class 2 of IEC 60942 0.4 dB or so, and the fit of its coupler."""


@dataclass(frozen=True)
class Calibration:
    """What full scale is in sound pressure.

    Attributes:
        gain_db: What is added to a level in dBov to have dB SPL (re 20 micropascal).
        uncertainty_db: Expanded by no factor: about two readings of three lie within it.
        how: Where it comes from, in words.
    """

    gain_db: float
    uncertainty_db: float
    how: str

    def dba(self, signal: Signal, sample_rate_hz: int) -> float:
        """A-weighted sound pressure level in dB of a signal of shape (n,) from the same recorder at the same gain.

        Example:
            >>> tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
            >>> round(Calibration(117.0, 0.5, "a calibrator").dba(tone, 16000), 1)
            94.0
        """
        return db(weighted_power(signal, sample_rate_hz, a_weighted=True)) + self.gain_db


def from_stated_level(signal: Signal, sample_rate_hz: int, dba: float, active: NDArray[np.bool_]) -> Calibration:
    """Calibrate by the A-weighted level that a meter showed beside the recorder, while the machine was on.

    Args:
        signal: The recording without infrasound, shape (n,).
        sample_rate_hz: Samples a second.
        dba: What the meter showed, 0 to 160 dB.
        active: Where the machine is on and nothing else is heard, shape (n,).

    Raises:
        ProfileError: The level is out of range, or nothing is active.

    Example:
        >>> tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
        >>> found = from_stated_level(tone, 16000, 67.0, np.ones(16000, dtype=bool))
        >>> round(found.gain_db, 1), round(found.dba(tone, 16000), 1)
        (90.0, 67.0)
    """
    if not LEAST_DBA <= dba <= MOST_DBA:
        raise ProfileError(
            Fault("", f"a level of {dba:g} dB(A) is given, and 0 to 160 is expected", "read the meter again")
        )
    heard = weighted_power(signal, sample_rate_hz, a_weighted=True, active=active) if active.any() else 0.0
    if not heard > 0:
        raise ProfileError(Fault("", f"{dba:g} dB(A) are given for a recording in which nothing is heard"))
    return Calibration(dba - db(heard), METER_DB, f"its level while it is on was given as {dba:g} dB(A)")


@dataclass(frozen=True)
class Tone:
    """A calibrator's tone in a recording.

    Attributes:
        begin_s: Where it begins.
        end_s: Where it ends.
        frequency_hz: Its frequency.
        level_dbov: Its RMS level.
    """

    begin_s: float
    end_s: float
    frequency_hz: float
    level_dbov: float


def from_tone(
    signal: Signal,
    sample_rate_hz: int,
    level_db: float = CALIBRATOR_DB,
    frequency_hz: float = CALIBRATOR_HZ,
    name: str = "",
) -> tuple[Calibration, Tone]:
    """Calibrate by a sound calibrator's tone, wherever it is in a recording.

    Args:
        signal: As in the file, one channel, shape (n,), full scale 1.0.
        sample_rate_hz: Samples a second.
        level_db: Sound pressure level of the tone in dB, 60 to 140.
        frequency_hz: Its frequency.
        name: What the recording is called in errors.

    Returns:
        The calibration, and where the tone is: in a recording of the machine that stretch is none of the machine's.

    Raises:
        ProfileError: There is no such tone, or it is clipped or unsteady.

    Example:
        >>> noise = 0.001 * np.random.default_rng(1).standard_normal(64000)
        >>> noise[:32000] += 0.1 * np.sin(2 * np.pi * 1000 * np.arange(32000) / 16000)
        >>> found, tone = from_tone(noise, 16000)
        >>> round(found.gain_db, 1), round(tone.end_s, 1)
        (117.0, 2.0)
    """
    called = f"a tone of {frequency_hz:g} Hz"
    spans = _tonal(signal, sample_rate_hz, frequency_hz)
    begin, end = max(spans, key=lambda span: span[1] - span[0], default=(0, 0))
    edge = round(EDGE_S * sample_rate_hz)  # it may begin within the first tenth of a second, and end within the last
    inner = signal[begin + edge : end - edge]
    begin_s, end_s = begin / sample_rate_hz, end / sample_rate_hz
    if end_s - begin_s < SHORTEST_S:
        found = f"the longest one lasts {end_s - begin_s:.1f} s" if spans else "there is none"
        message = f"{called} is expected that stands {LEAST_OVER_DB:g} dB over all else for {SHORTEST_S:g} s; {found}"
        raise ProfileError(Fault(name, message, "record the calibrator for five seconds, at the same gain"))
    _refuse_bad(inner, sample_rate_hz, Fault(name, called))
    frequency = _frequency_hz(inner, sample_rate_hz, frequency_hz)
    if abs(frequency - frequency_hz) > TOLERANCE * frequency_hz:
        remedy = "say which calibrator it is, or record it again"
        raise ProfileError(Fault(name, f"{called} is expected, and there is one of {frequency:.1f} Hz", remedy))
    level = db(power(inner - np.mean(inner)))
    how = f"a tone of {level_db:g} dB at {frequency_hz:g} Hz was recorded ({begin_s:.1f}-{end_s:.1f} s)"
    uncertainty = math.hypot(CLASS_DB, float(np.std(_frame_levels_db(inner, sample_rate_hz))))
    return Calibration(level_db - level, uncertainty, how), Tone(begin_s, end_s, frequency, level)


def _refuse_bad(tone: Signal, sample_rate_hz: int, fault: Fault) -> None:
    """Refuse a tone that is clipped or unsteady; ``fault`` says where it is, and what it is called."""
    if clipped(tone, sample_rate_hz).any():
        remedy = "record both again with less gain; its level says nothing as it is"
        raise ProfileError(Fault(fault.where, f"{fault.message} is found, and it is clipped", remedy))
    distortion = _distortion(tone)
    if distortion > MOST_DISTORTION:
        remedy = "record both again with less gain, on a recorder without processing"
        found = f"{fault.message} is found, and {100 * distortion:.0f} % of its amplitude are overtones"
        raise ProfileError(Fault(fault.where, f"{found}; at most {100 * MOST_DISTORTION:g} % is expected", remedy))
    levels = _frame_levels_db(tone, sample_rate_hz)
    if np.ptp(levels) > MOST_CHANGE_DB:
        message = f"{fault.message} is found, and its level changes by {np.ptp(levels):.1f} dB"
        expected = f"; at most {MOST_CHANGE_DB:g} dB is expected"
        raise ProfileError(Fault(fault.where, message + expected, "fit the calibrator tightly, and record it again"))


def _tonal(signal: Signal, sample_rate_hz: int, frequency_hz: float) -> list[tuple[int, int]]:
    """Where the tone stands 20 dB over all else: first samples, and those behind the last."""
    size = round(FRAME_S * sample_rate_hz)
    frames = signal[: signal.size // size * size].reshape(-1, size)
    power_of = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2
    frequency = np.fft.rfftfreq(size, 1 / sample_rate_hz)
    power_of[:, frequency < 2 / FRAME_S] = 0.0  # the mean, and infrasound
    # A Hann window's main lobe is two bins wide on both sides.
    near = np.abs(frequency - frequency_hz) <= TOLERANCE * frequency_hz + 2 / FRAME_S
    if not frames.size or not near.any():
        return []
    # A clipped tone has harmonics; it is found all the same, and refused for what it is.
    order = np.rint(frequency / frequency_hz)
    harmonic = (order >= 2) & (
        np.abs(frequency - order * frequency_hz) <= order * TOLERANCE * frequency_hz + 2 / FRAME_S
    )
    tone, rest = np.sum(power_of[:, near], axis=1), np.sum(power_of[:, ~near & ~harmonic], axis=1)
    peak = frequency[near][np.argmax(power_of[:, near], axis=1)]
    right = np.abs(peak - frequency_hz) <= TOLERANCE * frequency_hz + 0.5 / FRAME_S
    standing = right & (tone > rest * 10 ** (LEAST_OVER_DB / 10)) & (tone > 0)
    return [(int(begin) * size, int(end) * size) for begin, end in runs(standing)]


def _distortion(tone: Signal) -> float:
    """Amplitude of all above one and a half times the frequency of a tone, re the tone's own."""
    power_of = np.abs(np.fft.rfft(tone * np.hanning(tone.size))) ** 2
    above = round(1.5 * int(np.argmax(power_of)))
    return math.sqrt(float(np.sum(power_of[above:])) / max(float(np.sum(power_of[:above])), 1e-30))


def _frame_levels_db(signal: Signal, sample_rate_hz: int) -> NDArray[np.float64]:
    size = round(FRAME_S * sample_rate_hz)
    frames = signal[: signal.size // size * size].reshape(-1, size)
    return np.asarray(10 * np.log10(np.maximum(np.var(frames, axis=1), 1e-12)))


def _frequency_hz(signal: Signal, sample_rate_hz: int, near_hz: float) -> float:
    """Frequency of a tone, by the phase that it gains over the frequency near by."""
    time = np.arange(signal.size) / sample_rate_hz
    beat = signal * np.exp(-2j * np.pi * near_hz * time)
    size = round(TURN_S * sample_rate_hz)
    means = np.mean(beat[: signal.size // size * size].reshape(-1, size) * np.hanning(size), axis=1)
    turns = np.angle(np.sum(means[1:] * np.conj(means[:-1]))) / (2 * np.pi)
    return near_hz + float(turns) * sample_rate_hz / size
