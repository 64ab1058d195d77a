"""The bed: what is left when tones and knocks are gone, as third octaves, and how its level moves."""

import math
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics.portrait import HIGHEST_BAND, LOWEST_BAND, nominal_hz
from augment.acoustics.spectrum import THIRD_OCTAVE_EDGE
from augment.fitting.envelopes import Envelope
from augment.fitting.gates import Gate, gate_of
from augment.fitting.patterns import Swing, share_of_swing, swing_of, switched_more, weighted_level
from augment.fitting.residue import Residue
from augment.fitting.spectra import PowerSpectrum

FRAME_S = 0.256
SHORT_FRAME_S = 0.032
LEAST_FREE = 0.15
"""Share of frames that must be free of knocks for their mean to be taken; else the softest fifth of all tells."""
SOFT_SHARE = 0.2
LEAST_KEPT = 0.5
MOVING_FRAME_S = 0.032
QUICK_FRAME_S = 0.008
SWINGS_HZ, QUICK_SWINGS_HZ = (0.08, 18.0), (18.0, 60.0)
LEAST_QUICK_DEPTH = 0.15
LEAST_SHARE = 0.7
"""Of what the level does, a swell explains so much: of bundled machines that swell 0.74 and more, of knocks, voices and
wind 0.62 and less."""
OUTLYING, BESIDE_FRAMES, FEW = 4.0, 6, 0.2
"""Moments so many deviations over the middle, and what is beside them, are left out of a swell if they are few."""
FEWEST_FRAMES, FEWEST_BURSTS = 4, 2
MOVING_FROM_HZ, HISS_FROM_HZ = 110.0, 1800.0
HISS_FRAMES = 5
"""The median of so many frames does not see knocks that are over within 30 ms."""
SOFTEST_BAND_DB = -40.0
"""Bands whose density is so far under the loudest do not tell how the noise moves: they may be the recorder's own."""


@dataclass(frozen=True)
class Bed:
    """Steady noise and how it moves.

    Attributes:
        density: Power per Hz while it is off or steady, at `frequency_hz`.
        frequency_hz: Frequencies, evenly spaced.
        gate: Bursts of more noise; None if there are none.
        burst_density: What is there more during bursts, per Hz; zeros if there are none.
        swing: Sinusoidal swing of all of it, or of the bursts if there are any; None if there is none.
    """

    density: NDArray[np.float64]
    frequency_hz: NDArray[np.float64]
    gate: Gate | None
    burst_density: NDArray[np.float64]
    swing: Swing | None


def third_octaves_db(
    frequency_hz: NDArray[np.float64], density: NDArray[np.float64], to_hz: float
) -> dict[float, float]:
    """Levels of third octaves with this density, by nominal centre, in dB; as far up as something is known.

    A band that is known in part gets the level that its mean density gives it as a whole.
    """
    found = {}
    for number in range(LOWEST_BAND, HIGHEST_BAND + 1):
        centre = 1000 * 10 ** (number / 10)
        low, high = centre / THIRD_OCTAVE_EDGE, centre * THIRD_OCTAVE_EDGE
        if (low + centre) / 2 > to_hz:
            break
        grid = np.linspace(low, min(high, to_hz), 64)
        power = float(np.mean(np.interp(grid, frequency_hz, density))) * (high - low)
        found[nominal_hz(centre)] = 10 * math.log10(max(power, 1e-16))
    return found


@dataclass(frozen=True)
class Moves:
    """How the noise of a recording without tones moves, whatever knocks on it.

    Attributes:
        gate: Bursts over all bands; None if there are none.
        swing: A sinusoidal swing, of the bursts if there are any; None if there is none.
        frequency_hz: Frequencies, evenly spaced.
        burst_density: What is there more during bursts, per Hz; zeros if there are none.
    """

    gate: Gate | None
    swing: Swing | None
    frequency_hz: NDArray[np.float64]
    burst_density: NDArray[np.float64]


STILL = Moves(None, None, np.arange(2.0), np.zeros(2))
"""It does not."""


def find_bed(
    residue: Residue, spectrum: PowerSpectrum, moves: Moves, busy_s: NDArray[np.float64], busy_for_s: float
) -> Bed:
    """The bed of a recording without tones.

    Args:
        residue: The recording without its tones.
        spectrum: That of the recording with them: its floor tells the bed where tones and their sidebands fill a band.
        moves: How it moves.
        busy_s: When knocks begin; what follows them is no bed.
        busy_for_s: For how long.
    """
    frequency, density = _density(residue, busy_s, busy_for_s, moves.gate)
    density = _under_tones(residue, spectrum, frequency, density)
    more = np.interp(frequency, moves.frequency_hz, moves.burst_density)
    return Bed(density, frequency, moves.gate, more, moves.swing)


def _frames(residue: Residue, frame_s: float) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Starts of usable frames in samples, frequencies, and densities per Hz, shape (frames, bins)."""
    heard, rate = residue.heard, residue.heard.sample_rate_hz
    length = scipy.fft.next_fast_len(round(frame_s * rate), real=True)
    starts = heard.starts(length, length // 2)
    window = scipy.signal.windows.hann(length, sym=False)
    spectrum = scipy.fft.rfft(heard.frames(starts, length) * window)
    density = (spectrum.real**2 + spectrum.imag**2) * (2 / (rate * float(np.sum(window**2))))
    return starts, scipy.fft.rfftfreq(length, 1 / rate), density


def filled(residue: Residue, frequency: NDArray[np.float64], density: NDArray[np.float64]) -> NDArray[np.float64]:
    """A density with the notches bridged, in a straight line of decibels from one side to the other."""
    kept = residue.kept(frequency, 2 * float(frequency[1])) & (frequency > 0)
    if kept.sum() < 2:
        return density
    logs = np.log(np.maximum(density, 1e-30))
    return np.asarray(np.where(kept, density, np.exp(np.interp(frequency, frequency[kept], logs[kept]))))


def _density(
    residue: Residue, busy_s: NDArray[np.float64], busy_for_s: float, gate: Gate | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Density of the bed where it is neither knocked on nor in a burst."""
    frame_s = FRAME_S if residue.heard.usable_s > 8 * FRAME_S else SHORT_FRAME_S
    for length_s in (frame_s, SHORT_FRAME_S):
        starts, frequency, density = _frames(residue, length_s)
        begin_s = starts / residue.heard.sample_rate_hz
        free = _free(begin_s, begin_s + length_s, busy_s, busy_for_s)
        if gate is not None:
            free &= _free(begin_s, begin_s + length_s, gate.starts_s - gate.ramp_s, gate.on_s + gate.ramp_s)
        if np.count_nonzero(free) >= max(8, LEAST_FREE * free.size):
            return frequency, filled(residue, frequency, np.mean(density[free], axis=0))
    # Powers of Gaussian noise in a bin are exponential: a fifth of them lies below -ln 0.8 = 0.223 of their mean.
    soft = np.quantile(density, SOFT_SHARE, axis=0) / -math.log(1 - SOFT_SHARE)
    return frequency, filled(residue, frequency, soft)


def _under_tones(
    residue: Residue, spectrum: PowerSpectrum, frequency: NDArray[np.float64], density: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A density with the floor of the long window where little is left of a third octave between its tones."""
    floor = np.interp(frequency, spectrum.frequency_hz(), spectrum.floor / spectrum.step_hz)
    middles = 25 * 10 ** (np.arange(0, 31) / 10)
    shares = [residue.share_kept(middle / THIRD_OCTAVE_EDGE, middle * THIRD_OCTAVE_EDGE) for middle in middles]
    share = np.interp(np.log(np.maximum(frequency, 1.0)), np.log(middles), shares)
    return np.asarray(np.where(share < LEAST_KEPT, floor, density))


def _free(
    begin_s: NDArray[np.float64], end_s: NDArray[np.float64], busy_s: NDArray[np.float64], busy_for_s: float
) -> NDArray[np.bool_]:
    """Which stretches have nothing in them of what begins at some times and lasts for a while."""
    if busy_s.size == 0:
        return np.ones(begin_s.size, dtype=np.bool_)
    ordered = np.sort(busy_s)
    before_end = np.searchsorted(ordered, end_s + 0.01)
    over = np.searchsorted(ordered, begin_s - busy_for_s)
    return np.asarray(before_end == over)


def find_moves(residue: Residue) -> Moves:
    """How the noise of a recording without tones moves, seen in all bands at once.

    Where knocks cover that, bursts may still be seen in the high bands, in which knocks are over soon.
    """
    rate = residue.heard.sample_rate_hz
    length = scipy.fft.next_fast_len(round(MOVING_FRAME_S * rate), real=True)
    hop = length // 2
    starts, frequency, density = _frames(residue, MOVING_FRAME_S)
    if starts.size == 0:
        return STILL
    usable = np.zeros(max(1, (residue.heard.samples.size - length) // hop + 1), dtype=np.bool_)
    usable[starts // hop] = True
    ratio = np.ones((2, usable.size))
    ratio[0, usable] = _movement(residue, frequency, density, MOVING_FROM_HZ)
    ratio[1, usable] = _movement(residue, frequency, density, HISS_FROM_HZ)
    gate, swing = _gate_and_swing(ratio[0], usable, rate / hop)
    if gate is None and swing is None:
        hiss = scipy.ndimage.median_filter(ratio[1], HISS_FRAMES)
        gate, _ = _gate_and_swing(hiss, usable, rate / hop)
    if gate is None:
        return Moves(None, swing, frequency, np.zeros(frequency.size))
    more = _more_in_bursts(gate, starts / rate, length / rate, density)
    return Moves(gate, _quick_swing(residue, gate), frequency, filled(residue, frequency, more))


def _quick_swing(residue: Residue, gate: Gate) -> Swing | None:
    """A swing within bursts, which are too short for long frames."""
    rate = residue.heard.sample_rate_hz
    starts, frequency, density = _frames(residue, QUICK_FRAME_S)
    inside = _inside(gate, starts / rate, QUICK_FRAME_S)
    if np.count_nonzero(inside) < FEWEST_FRAMES:
        return None
    hop = int(np.min(np.diff(starts)))
    usable = np.zeros(starts[-1] // hop + 1, dtype=np.bool_)
    usable[starts[inside] // hop] = True
    ratio = np.ones(usable.size)
    ratio[usable] = _movement(residue, frequency, density[inside], HISS_FROM_HZ)
    seen = _moving(ratio / float(np.median(ratio[usable])), rate / hop, usable, QUICK_FRAME_S)
    swing = swing_of(seen, QUICK_SWINGS_HZ)
    return swing if swing is not None and swing.depth > LEAST_QUICK_DEPTH else None


def _moving(ratio: NDArray[np.float64], rate_hz: float, usable: NDArray[np.bool_], frame_s: float) -> Envelope:
    """A level in frames as an envelope, whose rise is 0.6 of their length: see :meth:`Envelope.rise_s`."""
    return Envelope(np.sqrt(2 * ratio).astype(np.complex128), rate_hz, usable, 0.0, 0.44 / 0.75 / (0.6 * frame_s))


def _inside(gate: Gate, begin_s: NDArray[np.float64], lasts_s: float) -> NDArray[np.bool_]:
    """Which frames lie within bursts."""
    inside = np.zeros(begin_s.size, dtype=np.bool_)
    for start_s, length_s in zip(gate.starts_s + gate.ramp_s / 2, gate.lengths_s - gate.ramp_s, strict=True):
        inside |= (begin_s > start_s) & (begin_s + lasts_s < start_s + length_s)
    return inside


def _gate_and_swing(
    ratio: NDArray[np.float64], usable: NDArray[np.bool_], rate_hz: float
) -> tuple[Gate | None, Swing | None]:
    """Bursts of a level, or a swell of it; neither if it does something else. Of a power ratio, shape (frames,)."""
    floor = float(np.quantile(ratio[usable], 0.1))
    bursts = _moving(np.maximum(ratio - 1.25 * floor, 0.0), rate_hz, usable, MOVING_FRAME_S)
    level = weighted_level(bursts.power[usable])
    gate = gate_of(bursts, level) if level > 0.8 * floor else None
    whole = _moving(ratio / float(np.median(ratio[usable])), rate_hz, usable, MOVING_FRAME_S)
    calm = replace(whole, usable=usable & ~_loud(ratio, usable))
    swing = swing_of(calm, SWINGS_HZ)
    if gate is not None and gate.starts_s.size < FEWEST_BURSTS:
        gate = None  # a burst that came once is no rhythm
    if gate is not None and swing is not None and switched_more(whole, gate, swing) < 1:
        gate = None  # half of a swell looks like a burst to whoever asks for bursts only
    if gate is not None:
        return gate, None
    return None, swing if swing is not None and share_of_swing(calm, swing) > LEAST_SHARE else None


def _loud(ratio: NDArray[np.float64], usable: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Moments that stand far out of all the others: words that were not left out, say; none if they are many."""
    level = np.log(ratio)
    middle = float(np.median(level[usable]))
    deviation = 1.4826 * float(np.median(np.abs(level[usable] - middle)))
    found = scipy.ndimage.binary_dilation(usable & (level > middle + OUTLYING * deviation), iterations=BESIDE_FRAMES)
    return found if np.mean(found[usable]) < FEW else np.zeros(ratio.size, dtype=np.bool_)


def _more_in_bursts(
    gate: Gate, begin_s: NDArray[np.float64], lasts_s: float, density: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Density in frames within bursts less that in frames outside of them; zeros if either are too few."""
    inside = _inside(gate, begin_s, lasts_s)
    outside = _free(begin_s, begin_s + lasts_s, gate.starts_s - gate.ramp_s, gate.on_s + gate.ramp_s)
    if min(inside.sum(), outside.sum()) < FEWEST_FRAMES:
        return np.zeros(density.shape[1])
    return np.asarray(np.maximum(np.mean(density[inside], axis=0) - np.mean(density[outside], axis=0), 0.0))


def _movement(
    residue: Residue, frequency: NDArray[np.float64], density: NDArray[np.float64], from_hz: float
) -> NDArray[np.float64]:
    """Level of each frame over the soft ones, as a power ratio, shape (frames,).

    Powers of n bins of Gaussian noise scatter by 1 / sqrt(n): the logarithms of third octaves, weighted by their bins,
    are the estimate of a common gain that scatters least, and what knocks in a few bands moves it little.
    """
    kept = residue.kept(frequency, float(frequency[1]))
    numbers = np.floor(10 * np.log10(np.maximum(frequency, 1.0) / from_hz)).astype(int)
    inside = kept & (frequency >= from_hz) & (frequency < residue.heard.to_hz)
    if not inside.any():
        inside = frequency >= 0
    places = [inside & (numbers == band) for band in np.unique(numbers[inside])]
    bands = np.stack([np.mean(density[:, place], axis=1) for place in places], axis=1)
    typical = np.median(bands, axis=0)
    weight = np.array([np.count_nonzero(place) for place in places], dtype=np.float64)
    weight *= typical >= np.max(typical) * 10 ** (SOFTEST_BAND_DB / 10)
    soft = np.maximum(np.quantile(bands, SOFT_SHARE, axis=0), 1e-30)
    over = np.log(np.clip(bands / soft, 1e-3, 300.0))
    return np.asarray(np.exp(over @ (weight / np.sum(weight))))
