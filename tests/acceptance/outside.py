"""Meters that share no code with the product: P.56 by its definition, A-weighting by the table of IEC 61672."""

import math

import numpy as np
import scipy.signal

IEC_A_DB = {
    25: -44.7, 31.5: -39.4, 40: -34.6, 50: -30.2, 63: -26.2, 80: -22.5, 100: -19.1, 125: -16.1, 160: -13.4, 200: -10.9,
    250: -8.6, 315: -6.6, 400: -4.8, 500: -3.2, 630: -1.9, 800: -0.8, 1000: 0.0, 1250: 0.6, 1600: 1.0, 2000: 1.2,
    2500: 1.3, 3150: 1.2, 4000: 1.0, 5000: 0.5, 6300: -0.1, 8000: -1.1, 10000: -2.5, 12500: -4.3, 16000: -6.6,
}  # fmt: skip


def p56_dbov(signal: np.ndarray, rate: int) -> float:
    """Active speech level, sample by sample as the standard tells it."""
    g = math.exp(-1 / (rate * 0.03))
    p = q = 0.0
    hang = math.floor(0.2 * rate + 0.5)
    thresholds = [2.0**-j for j in range(15, 0, -1)]
    counts, waits = [0] * 15, [hang] * 15
    for x in np.abs(signal).tolist():
        p = g * p + (1 - g) * x
        q = g * q + (1 - g) * p
        for j, c in enumerate(thresholds):
            if q >= c:
                counts[j] += 1
                waits[j] = 0
            elif waits[j] < hang:
                counts[j] += 1
                waits[j] += 1
    energy = float((signal**2).sum())
    above = None
    for c, n in zip(thresholds, counts, strict=True):
        if n == 0:
            break
        level = 10 * math.log10(energy / n)
        excess = level - 20 * math.log10(c) - 15.9
        if excess <= 0:
            assert above is not None, "too quiet"
            return above[0] + (level - above[0]) * above[1] / (above[1] - excess)
        above = (level, excess)
    raise AssertionError("no speech")


def edges(frequency: np.ndarray, low: float, high: float) -> np.ndarray:
    """Amplitude in a band: a quarter of a sine from half the lower corner to its double, and from a sixth of an octave
    above the upper corner down to a sixth below."""
    octaves = np.log2(np.maximum(frequency, 1e-9))
    rise = np.clip((octaves - math.log2(low / 2)) / 2, 0, 1) if low else 1.0
    fall = np.clip((math.log2(high) + 1 / 6 - octaves) * 3, 0, 1)
    return np.sin(np.pi / 2 * rise) * np.sin(np.pi / 2 * fall)


def weighted(signal: np.ndarray, rate: int, low: float = 0, high: float = 1e9, a_weighting: bool = False) -> np.ndarray:
    """A signal in a band, mirrored behind its end, A-weighted by interpolation in the printed table."""
    spectrum = np.fft.rfft(np.concatenate([signal, signal[::-1]]))
    frequency = np.fft.rfftfreq(2 * signal.size, 1 / rate)
    if a_weighting:
        table = np.log(list(IEC_A_DB)), list(IEC_A_DB.values())
        below = np.minimum(np.log(np.maximum(frequency, 1) / 25), 0) / math.log(2) * 18  # the table's lower end goes on
        spectrum *= 10 ** ((np.interp(np.log(np.maximum(frequency, 1)), *table) + below) / 20)
    spectrum *= edges(frequency, low, high)
    return np.fft.irfft(spectrum, 2 * signal.size)[: signal.size]


def fir_in_band(signal: np.ndarray, rate: int, low: float, high: float) -> np.ndarray:
    """A recording in a band by a linear-phase filter in the time domain, a second long; valid but at its ends."""
    at = np.linspace(0, rate / 2, 4 * rate + 1)
    taps = scipy.signal.firwin2(rate + 1, at, edges(at, low, high), nfreqs=8 * rate + 1, fs=rate)
    return scipy.signal.oaconvolve(signal, taps, mode="same")


def rms_dbov(signal: np.ndarray) -> float:
    return 10 * math.log10(float(np.mean(signal**2)))
