"""What is left of a recording without its tones."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.fitting.envelopes import Demodulator
from augment.fitting.gates import gate_gain
from augment.fitting.spectra import Usable
from augment.fitting.tones import Tone

STEADY_HZ = 2.5
"""To both sides of a steady tone, so much is taken out at least."""
QUICK_HZ = 5.0
TRACE_HZ, TRACE_SHARE = 45.0, 0.12
SLOW_S = 0.8
"""Over so long the amplitude of a switched tone is taken for constant."""
BURST_SKIRT = 2.0


@dataclass(frozen=True)
class Residue:
    """A recording without its tones.

    Attributes:
        heard: Its samples.
        notches_hz: Stretches of the spectrum that were taken out, or hold what is left of tones, as pairs of lower and
            upper end, in order.
    """

    heard: Usable
    notches_hz: tuple[tuple[float, float], ...]

    def kept(self, frequency_hz: NDArray[np.float64], margin_hz: float = 0.0) -> NDArray[np.bool_]:
        """Which frequencies are not within or beside a notch."""
        kept = np.ones(frequency_hz.size, dtype=np.bool_)
        for low, high in self.notches_hz:
            kept &= (frequency_hz < low - margin_hz) | (frequency_hz > high + margin_hz)
        return kept

    def kept_bins(self, frequency_hz: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which bins of a short frame lie outside of the notches for the most part.

        Args:
            frequency_hz: Their middles, evenly spaced.
        """
        half = float(frequency_hz[1] - frequency_hz[0]) / 2
        lost = np.zeros(frequency_hz.size)
        for low, high in self.notches_hz:
            lost += np.clip(np.minimum(high, frequency_hz + half) - np.maximum(low, frequency_hz - half), 0, None)
        return np.asarray(lost < half)

    def share_kept(self, low_hz: float, high_hz: float) -> float:
        """Share of a band that lies outside of the notches."""
        lost = sum(max(0.0, min(high, high_hz) - max(low, low_hz)) for low, high in self.notches_hz)
        return max(0.0, 1 - lost / (high_hz - low_hz))


def without_tones(heard: Usable, tones: Sequence[Tone]) -> Residue:
    """A recording whose tones have been taken out, with the sidebands that switching and swelling make.

    A steady tone is a narrow stretch of the spectrum, as wide as its line. One that is switched quickly has sidebands
    all over its neighbourhood, where knocks have their resonances: it is subtracted as what it is, a slowly moving
    amplitude that is switched.
    """
    quick = [tone for tone in tones if _is_quick(tone)]
    samples = heard.samples - _switched(heard, quick) if quick else heard.samples
    notches = _merged([notch for tone in tones if not _is_quick(tone) for notch in _notches(tone)])
    doubtful = _merged([*notches, *_traces(quick)])
    size = scipy.fft.next_fast_len(samples.size, real=True)
    spectrum = scipy.fft.rfft(samples, size)
    step = heard.sample_rate_hz / size
    for low, high in notches:
        spectrum[max(0, math.ceil(low / step)) : math.floor(high / step) + 1] = 0
    samples = scipy.fft.irfft(spectrum, size)[: heard.samples.size]
    return Residue(replace(heard, samples=np.asarray(samples)), tuple(doubtful))


def _traces(tones: Sequence[Tone]) -> list[tuple[float, float]]:
    """Neighbourhoods of tones that were subtracted: what is left of them is not to be taken for something else."""
    middles = sorted(tone.line.frequency_hz for tone in tones)
    apart = min(np.diff(middles), default=math.inf)
    reach = min(TRACE_HZ, TRACE_SHARE * float(apart))
    return [(middle - reach, middle + reach) for middle in middles]


def _is_quick(tone: Tone) -> bool:
    """Whether a tone is switched so quickly that its sidebands are lines of their own."""
    return tone.gate is not None and tone.gate.rate_hz > QUICK_HZ


def _switched(heard: Usable, tones: Sequence[Tone]) -> Signal:
    """The sum of tones that are switched: for each the slow amplitude that fits best, times its gate.

    With g the gain of the gate and a the tone's envelope, the amplitude c that minimises |a - c g|^2 over some time is
    the mean of a g over that of g^2.
    """
    total = np.zeros(heard.samples.size)
    time_s = np.arange(heard.samples.size) / heard.sample_rate_hz
    demodulator = Demodulator(heard)
    for tone in tones:
        gate = tone.gate
        assert gate is not None  # quick ones have one
        seen = demodulator.envelope(tone.line.frequency_hz, max(tone.reach_hz, 2.5 * gate.rate_hz))
        own_s = np.arange(seen.amplitude.size) / seen.rate_hz
        gain = gate_gain(gate, own_s)
        length = max(3, round(SLOW_S * seen.rate_hz))
        weight = scipy.signal.windows.hann(length + 2)[1:-1]
        above = scipy.signal.fftconvolve(seen.amplitude * gain, weight, "same")
        below = scipy.signal.fftconvolve(gain**2, weight, "same")
        slow = above / np.maximum(below, 0.02 * float(np.max(below)))
        amplitude = np.interp(time_s, own_s, slow.real) + 1j * np.interp(time_s, own_s, slow.imag)
        carrier = np.exp(2j * np.pi * tone.line.frequency_hz * time_s)
        total += (amplitude * carrier).real * gate_gain(gate, time_s)
    return total


def _notches(tone: Tone) -> list[tuple[float, float]]:
    line = tone.line
    own = max(STEADY_HZ, line.reach_hz)
    around = [0.0]
    if tone.gate is not None:
        own = max(own, BURST_SKIRT / max(tone.gate.ramp_s, 0.01), 4 / tone.gate.on_s)
    elif tone.swing is not None and tone.swing.rate_hz > own:
        around = [number * tone.swing.rate_hz for number in (-2, -1, 0, 1, 2)]
    return [(line.frequency_hz + off - own, line.frequency_hz + off + own) for off in around]


def _merged(notches: list[tuple[float, float]]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for low, high in sorted(notches):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found
