"""Clicks that come so fast that they are heard as a buzz: dimmers, chokes, arcs and relays, at the rate of the mains.

By their lines alone they could be told as harmonics, but harmonics of no particular phases fill the whole of a turn,
and clicks leave speech its pauses. So a turn is looked at as a whole: when in it something rises, and how deep it falls
between.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics.knock_sounds import pulse_kernel
from augment.fitting.drift import Drift, drift_of_turns
from augment.fitting.lines import Line
from augment.fitting.residue import Residue
from augment.fitting.rhythm import CLICKS, ShortTime, Train, clearest_train, short_time
from augment.fitting.spectra import PowerSpectrum, Usable, apex
from augment.fitting.strikes import Around, Reach, Strike, mean_strike

MOST_JITTER = 0.02
LEAST_FOLLOWED = 0.9
"""Share of the turns in which it clicks: what has pauses of its own is told by its slower rhythm."""
LEAST_DEPTH_DB, MOST_SPREAD_DB = 5.0, 4.0
"""How deep the level falls in a turn at least, and by how much the loudest click may differ from turn to turn: what
sputters is no buzz."""
LOUD_DB, FEWEST_BANDS, LEAST_AGREEMENT = -40.0, 5, 0.5
"""Bands so far under the loudest do not count. In what clicks all bands rise together: their profiles within a turn
correlate by 0.65 and more. Hum has some rhythm in each band, as the phases of its harmonics happen to lie there, and
in so many bands 0.2 or less."""
SOFTEST_DB = -50.0
SMOOTHED_S, TIMED_S, FEWEST_TIMED = 0.0003, 0.003, 6
MOST_SHIFT_S, WITHIN_S, OUTLYING = 0.001, 0.00015, 5.0
"""Clicks are timed by so much of an envelope that is smoothed over so long, so far about where frames have them; then
by their waveform, within a part of a turn of it."""
RISE_SHARE, LEAST_RISE_DB = 0.3, 1.5
APART_S = 0.0015
"""A turn has so many clicks as rises that have this share of the largest, and lie so far apart."""
BEFORE_S = 0.0005
QUIET_SHARE = 0.15
"""What is softest in a turn, over this share of it, is the bed."""
OFF_GRID_HZ, OFF_GRID = 0.5, 0.002
BEYOND = 4.0
"""A line at a multiple of the rate is a tone if it has so many times the power that clicks give it."""
REACH = Reach(0.4, 1000.0)
VALLEYS_DB = -12.0
"""Between resonances that die away so fast, their phases decide what is there, which nobody knows."""
BLURRED = 0.15
MOST_TURNS, OFF_TURNS = 12.0, 0.1


@dataclass(frozen=True)
class Click:
    """One of the clicks of a turn.

    Attributes:
        place: Where in the turn it comes, as a share of it; the strongest comes at 0.
        strike: What it sounds like.
        at: Where it is looked at, and where the softest part of each turn is, which tells the bed.
    """

    place: float
    strike: Strike
    at: Around


@dataclass(frozen=True, eq=False)
class Clicks:
    """Clicks that keep to one clock.

    Attributes:
        train: Its turns.
        drift: How its rate wanders; None if it stands still.
        each: The clicks of a turn.
    """

    train: Train
    drift: Drift | None
    each: tuple[Click, ...]

    @property
    def rate_hz(self) -> float:
        return self.train.rate_hz

    @property
    def jitter(self) -> float:
        """Deviation of a click from where the clock has it, as a share of a turn: an interval has two of them."""
        return self.train.jitter / math.sqrt(2)

    def is_multiple_of(self, train: Train) -> bool:
        """Whether a train is these clicks, some of them counted as one."""
        ratio = self.rate_hz * train.period_s
        return ratio < MOST_TURNS and abs(ratio - round(ratio)) < OFF_TURNS

    def line_power(self, frequency_hz: float, rate: int) -> float:
        """Power of the line that they make at a multiple of their rate.

        A train of f0 kernels k a second has lines of power 2 (f0 |K(f)|)^2, K the kernel's transform. Clicks that
        come at times of deviation s have exp(-(2 pi f s)^2) of that, the rest is noise.
        """
        coherent = math.exp(-((2 * math.pi * frequency_hz * self.jitter * self.train.period_s) ** 2))
        total = sum(_highest_near(one.strike, frequency_hz, rate) for one in self.each)
        return 2 * self.rate_hz**2 * total * coherent

    def density(self, frequency_hz: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
        """Power per Hz at frequencies of both signs together, over many lines, shape (f,)."""
        total = np.sum([_density_of(one.strike, frequency_hz, rate) for one in self.each], axis=0)
        return np.asarray(2 * self.rate_hz * total)


def find_clicks(heard: Usable, spectrum: PowerSpectrum) -> Clicks | None:
    """The buzz of a recording; None if there is none, or if it is one of tones.

    Args:
        heard: The recording.
        spectrum: That of the longest window.
    """
    above = spectrum.frequency_hz() >= CLICKS.lowest_hz
    if float(np.sum(spectrum.power[above])) < 10 ** (SOFTEST_DB / 10) * float(np.sum(spectrum.power)):
        return None
    high = _high(heard)
    seen = short_time(high.heard, CLICKS)
    train = clearest_train(seen)
    if train is None or (train := _timed(high.heard, train)).jitter > MOST_JITTER:
        return None
    if train.times_s.size < LEAST_FOLLOWED * heard.usable_s * train.rate_hz:
        return None
    folded = _folded(seen, train)
    if folded is None:
        return None
    places, quiet = _places(folded, train.period_s), _quietest(folded)
    ends = [*places[1:], 1.0]
    stretches = [
        _around(train, place, (end - place) * train.period_s, quiet) for place, end in zip(places, ends, strict=True)
    ]
    each = _each(high, train.period_s, places, stretches)
    if not each:
        return None
    return Clicks(train, drift_of_turns(train.times_s, train.period_s), each)


def _timed(heard: Usable, train: Train) -> Train:
    """A train whose clicks are timed by their envelope, which says more than the frames that they were found by."""
    rate, times = heard.sample_rate_hz, train.times_s
    window = scipy.signal.windows.hann(max(3, round(SMOOTHED_S * rate)) + 2)[1:-1]
    envelope = np.sqrt(np.maximum(scipy.signal.oaconvolve(heard.samples**2, window, "same"), 0.0))
    for signal, reach_s in 2 * [(envelope, MOST_SHIFT_S)] + 3 * [(heard.samples, WITHIN_S)]:
        times = _aligned(replace(heard, samples=signal), times, reach_s)
        if times.size < FEWEST_TIMED:
            return train
    intervals = np.diff(times)
    near = intervals[np.abs(intervals / train.period_s - 1) < 0.5]
    period_s = float(times[-1] - times[0]) / round(float(times[-1] - times[0]) / train.period_s)
    off = np.abs(near - np.median(near))
    usual = off <= OUTLYING * max(float(np.median(off)), 1 / rate)
    jitter = float(np.std(near[usual])) / period_s
    error_s = max(jitter * period_s, 1 / rate) / round(float(times[-1] - times[0]) / period_s)
    return replace(train, times_s=times, period_s=period_s, jitter=jitter, error_s=error_s)


def _aligned(heard: Usable, times_s: NDArray[np.float64], reach_s: float) -> NDArray[np.float64]:
    """Times of clicks in usable stretches, each shifted by what makes it most like the mean of all."""
    rate = heard.sample_rate_hz
    length, reach = round(TIMED_S * rate), max(1, round(reach_s * rate))
    starts = heard.usable_from(np.rint(times_s * rate).astype(np.int64) - reach, length + 2 * reach) + reach
    if starts.size == 0:
        return np.zeros(0)
    frames = heard.frames(starts - reach, length + 2 * reach)
    template = np.mean(frames[:, reach : reach + length], axis=0)
    template = template - np.mean(template)
    like = np.stack([frames[:, shift : shift + length] @ template for shift in range(2 * reach + 1)], axis=1)
    best = np.array([apex(row, int(np.argmax(row))) for row in like])
    return np.asarray((starts - reach + best) / rate)


def _high(heard: Usable) -> Residue:
    """A recording without what is low, of which the short stretches of a turn cannot tell what is hum."""
    size = scipy.fft.next_fast_len(heard.samples.size, real=True)
    spectrum = scipy.fft.rfft(heard.samples, size)
    frequency = scipy.fft.rfftfreq(size, 1 / heard.sample_rate_hz)
    edge = np.clip(2 * frequency / CLICKS.lowest_hz - 1, 0, 1)
    samples = scipy.fft.irfft(spectrum * (0.5 - 0.5 * np.cos(np.pi * edge)), size)[: heard.samples.size]
    return Residue(replace(heard, samples=np.asarray(samples)), ((0.0, CLICKS.lowest_hz),))


def heard_again(clicks: Clicks, residue: Residue) -> Clicks | None:
    """The same, in what is left of a recording without its tones: low resonances too; None if none is left."""
    each = _each(residue, clicks.train.period_s, [one.place for one in clicks.each], [one.at for one in clicks.each])
    loudest = max(each, key=lambda one: one.strike.energy, default=None)
    return None if loudest is None or loudest.strike.spread_db > MOST_SPREAD_DB else replace(clicks, each=each)


def _each(residue: Residue, period_s: float, places: Sequence[float], stretches: Sequence[Around]) -> tuple[Click, ...]:
    """Clicks, as far as something of them stands out."""
    found = []
    for place, at in zip(places, stretches, strict=True):
        strike = mean_strike(residue, at, period_s)
        if strike is not None:
            found.append(Click(place, strike, at))
    return tuple(found)


def beyond(lines: Sequence[Line], clicks: Clicks, rate: int) -> tuple[Line, ...]:
    """Lines that clicks do not make, what the others have more than these, and nothing that is lost between them."""
    found = []
    most = BEYOND * len(clicks.each)  # as much as they have together where their phases agree
    for line in lines:
        own = clicks.line_power(line.frequency_hz, rate)
        if not _is_multiple(line.frequency_hz, clicks.rate_hz):
            if line.power > own / BEYOND:
                found.append(line)
        elif line.power > most * own:
            found.append(replace(line, power=line.power - own))
    return tuple(found)


def _is_multiple(frequency_hz: float, rate_hz: float) -> bool:
    off_hz = abs(frequency_hz - rate_hz * round(frequency_hz / rate_hz))
    return off_hz < max(OFF_GRID_HZ, OFF_GRID * frequency_hz) and frequency_hz > rate_hz / 2


def _folded(seen: ShortTime, train: Train) -> NDArray[np.float64] | None:
    """Mean level of the loud bands within a turn, over their medians, in dB; None if nothing clicks.

    Returns:
        Shape (frames of a turn,), beginning at a click.
    """
    power = np.mean(seen.power, axis=1, where=seen.usable)
    loud = power > 10 ** (LOUD_DB / 10) * float(np.max(power))
    if np.count_nonzero(loud) < FEWEST_BANDS:
        return None
    level = replace(seen, power=seen.power[loud]).over_median_db()
    count = max(4, round(train.period_s / seen.hop_s))
    intervals = np.diff(train.times_s)
    whole = np.abs(intervals / train.period_s - 1) < 0.5
    times = train.times_s[:-1][whole, None] + intervals[whole, None] * np.arange(count) / count
    places = np.rint(times / seen.hop_s).astype(np.int64)
    places = places[(places[:, 0] >= 0) & (places[:, -1] < seen.usable.size)]
    places = places[seen.usable[places].all(axis=1)]
    if places.shape[0] == 0:
        return None
    bands = np.stack([np.mean(band[places], axis=0) for band in level])
    folded = np.mean(bands, axis=0)
    if np.ptp(folded) < LEAST_DEPTH_DB or _agreement(bands) < LEAST_AGREEMENT:
        return None
    return np.asarray(folded)


def _agreement(bands: NDArray[np.float64]) -> float:
    """Mean correlation of the profiles of two bands, shape (bands, frames)."""
    centred = bands - np.mean(bands, axis=1, keepdims=True)
    scaled = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
    count = bands.shape[0]
    return float((np.sum(np.sum(scaled, axis=0) ** 2) - count) / (count * (count - 1)))


def _places(folded: NDArray[np.float64], period_s: float) -> list[float]:
    """Where in a turn something rises, as shares of it; first the place of the train itself."""
    ahead = max(1, round(CLICKS.ahead_s / CLICKS.hop_s))
    rises = folded - np.roll(folded, ahead)
    apart = APART_S / period_s
    found = [0.0]
    for place in np.argsort(rises)[::-1]:
        if rises[place] < max(RISE_SHARE * float(np.max(rises)), LEAST_RISE_DB):
            break
        share = float(place) / folded.size
        if all(min(abs(share - one), 1 - abs(share - one)) > apart for one in found):
            found.append(share)
    return sorted(found)


def _quietest(folded: NDArray[np.float64]) -> float:
    """Where the softest part of a turn begins, as a share of it."""
    length = max(1, round(QUIET_SHARE * folded.size))
    sums = np.convolve(np.concatenate([folded, folded[: length - 1]]), np.ones(length), "valid")
    return float(np.argmin(sums)) / folded.size


def _around(train: Train, place: float, lasts_s: float, quiet: float) -> Around:
    """Around one of the clicks of each turn."""
    starts = train.times_s + place * train.period_s - BEFORE_S
    quiet_s, quiet_for_s = quiet * train.period_s, QUIET_SHARE * train.period_s
    return Around(starts, lasts_s, train.times_s + quiet_s, quiet_for_s, REACH, VALLEYS_DB)


def _highest_near(strike: Strike, frequency_hz: float, rate: int) -> float:
    """Energy density of a click near a frequency, as heard or as its resonances have it, whichever is more."""
    near = frequency_hz * np.linspace(1 - BLURRED, 1 + BLURRED, 7)
    modelled = float(np.max(_density_of(strike, near[near < rate / 2], rate)))
    low, high = (round(frequency_hz * (1 + side * BLURRED) / strike.step_hz) for side in (-1, 1))
    return max(modelled, float(np.mean(strike.density[low : high + 1])))


def _density_of(strike: Strike, frequency_hz: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Energy density of a click at frequencies of both signs, in squared amplitude times seconds per Hz."""
    kernel = pulse_kernel(
        rate, [(one.frequency_hz, 20 * math.log10(one.amplitude), one.decay_s) for one in strike.ringing]
    )
    # The sum of squares of the kernel is 1: as a function of time its energy is 1 / rate.
    turns = np.exp(-2j * np.pi * np.outer(frequency_hz / rate, np.arange(kernel.size)))
    return np.asarray(strike.energy * np.abs(turns @ kernel) ** 2 / rate)
