"""Rhythms: events that come again and again at even intervals, found by what all bands do at once.

Each band of a short-time spectrum is taken against its own median over time: a steady tone or a bed is 0 dB there,
however loud, and what begins in many bands at once stands out. That is the idea of DEMON, by which propellers are
counted under water.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.fitting.spectra import Usable, apex

BANDS_AN_OCTAVE = 3
SOFTEST_DB, LOUDEST_DB = -4.0, 20.0
"""What a band may be under and over its median, before bands are averaged."""
SILENT = 1e-5
"""What has less than this share of a band's mean power is as good as silent."""
CLEAR_DEVIATIONS = 7.0
FIRST_SHARE = 0.8
"""The shortest lag counts whose autocorrelation reaches this share of the highest: multiples of a period are as
high."""
MOST_TRAINS = 3
FEWEST_EVENTS = 5
STRAY = 0.12
"""An event is looked for so far from where it is due, as a share of the period."""
TIGHTNESS = 100.0
EVENT_SHARE = 0.3
"""An event rises by this share of what they do in the middle; what rises less is a gap in the chain."""
LEAST_RISE = 2.2
SAME_PERIOD = 0.06


@dataclass(frozen=True)
class Pace:
    """How fast the events are that are looked for, and what they are looked at with.

    Attributes:
        periods_s: Shortest and longest time from one to the next.
        frame_s: Length of the frames.
        hop_s: From one to the next.
        lowest_hz: What lies lower is not looked at.
        ahead_s: A rise is seen against so long before.
        widened_s: So far to both sides correlations are summed, since a drop of jitter widens their peaks.
        alike_s: Rises that lie nearer are related by the frames themselves.
        around_s: What rises so long before and after an event is its own.
    """

    periods_s: tuple[float, float]
    frame_s: float
    hop_s: float
    lowest_hz: float
    ahead_s: float
    widened_s: float
    alike_s: float
    around_s: tuple[float, float]


KNOCKS = Pace((0.045, 4.0), 0.008, 0.002, 90.0, 0.008, 0.004, 0.012, (0.02, 0.05))
CLICKS = Pace((0.004, 0.045), 0.0015, 0.0005, 600.0, 0.001, 0.0005, 0.002, (0.001, 0.002))
"""Events that are heard one by one, and such as are heard as a buzz."""


@dataclass(frozen=True)
class ShortTime:
    """Powers of bands over time.

    Attributes:
        centres_hz: Middles of the bands, shape (b,).
        power: Power in each band, shape (b, t).
        hop_s: Time from frame to frame.
        usable: Which frames may be looked at, shape (t,).
        pace: What was looked for.
    """

    centres_hz: NDArray[np.float64]
    power: NDArray[np.float64]
    hop_s: float
    usable: NDArray[np.bool_]
    pace: Pace = KNOCKS

    def over_median_db(self, loudest_db: float = LOUDEST_DB) -> NDArray[np.float64]:
        """Levels over the medians of the bands, limited to what matters for a beginning, shape (b, t)."""
        mean = np.mean(self.power[:, self.usable], axis=1, keepdims=True)
        heard = mean[:, 0] > 1e-9 * float(np.max(mean))  # in other bands nothing is but rounding
        # What is silent for half of the time has a median that tells nothing of what is heard in it.
        median = np.maximum(np.median(self.power[:, self.usable], axis=1, keepdims=True), SILENT * mean)
        ratio = np.maximum(self.power[heard], 1e-30) / np.maximum(median[heard], 1e-30)
        return np.asarray(np.clip(10 * np.log10(ratio), SOFTEST_DB, loudest_db))


def short_time(heard: Usable, pace: Pace = KNOCKS) -> ShortTime:
    """Powers in bands of a third of an octave, or of one bin of the transform where that is wider."""
    rate = heard.sample_rate_hz
    length, hop = scipy.fft.next_fast_len(round(pace.frame_s * rate), real=True), max(1, round(pace.hop_s * rate))
    window = scipy.signal.windows.hann(length, sym=False)
    bins = np.arange(length // 2 + 1) * rate / length
    edges = [pace.lowest_hz]
    while edges[-1] < heard.to_hz:
        edges.append(max(edges[-1] * 2 ** (1 / BANDS_AN_OCTAVE), edges[-1] + rate / length))
    numbers = np.searchsorted(np.array(edges), bins, side="right") - 1
    inside = (numbers >= 0) & (numbers < len(edges) - 1)
    bands = np.unique(numbers[inside])
    starts = np.arange(0, heard.samples.size - length + 1, hop)
    powers = np.empty((bands.size, starts.size))
    done = 0
    for block in np.array_split(starts, math.ceil(starts.size * length / 2**21)):
        spectrum = scipy.fft.rfft(heard.frames(block, length) * window)
        density = (spectrum.real**2 + spectrum.imag**2) * (2 / (length * float(np.sum(window**2))))
        for place, band in enumerate(bands):
            powers[place, done : done + block.size] = np.sum(density[:, inside & (numbers == band)], axis=1)
        done += block.size
    usable = np.zeros(starts.size, dtype=np.bool_)
    usable[np.searchsorted(starts, heard.starts(length, hop))] = True
    centres = np.array([math.sqrt(edges[band] * edges[band + 1]) for band in bands])
    return ShortTime(centres, powers, hop / rate, usable, pace)


@dataclass(frozen=True)
class Train:
    """Events at even intervals.

    Attributes:
        times_s: When they begin.
        period_s: Mean interval, over all that were followed.
        error_s: Standard error of that.
        jitter: Deviation of the interval, as a share of the period.
        strength: Autocorrelation at the period, in deviations of what chance gives.
        rise: What its events rise by, over what rises in the middle, in deviations of that: a swell has few.
    """

    times_s: NDArray[np.float64]
    period_s: float
    error_s: float
    jitter: float
    strength: float
    rise: float

    @property
    def rate_hz(self) -> float:
        return 1 / self.period_s


def novelty(seen: ShortTime, loudest_db: float = LOUDEST_DB) -> NDArray[np.float64]:
    """How much begins at each frame: mean rise of the bands in dB, shape (t,)."""
    level = seen.over_median_db(loudest_db)
    ahead = max(1, round(seen.pace.ahead_s / seen.hop_s))
    rise = np.zeros(level.shape[1])
    if level.shape[0] == 0:  # silent for half of the time: no band has a median to rise above
        return rise
    rise[ahead:] = np.mean(np.maximum(level[:, ahead:] - level[:, :-ahead], 0), axis=0)
    unusable = np.convolve(~seen.usable, np.ones(2 * ahead + 1), "same") > 0
    rise[unusable] = np.median(rise)
    return np.asarray(np.convolve(rise, np.hanning(ahead + 2)[1:-1] / np.sum(np.hanning(ahead + 2)), "same"))


def trains(seen: ShortTime) -> tuple[Train, ...]:
    """Trains of events, the clearest first."""
    return tuple(_trains(seen))


def clearest_train(seen: ShortTime) -> Train | None:
    """The clearest train of events; None if there is none."""
    return next(_trains(seen), None)


def _trains(seen: ShortTime) -> Iterator[Train]:
    rises, hop_s, pace = novelty(seen), seen.hop_s, seen.pace
    left, known = rises - np.median(rises), list[Train]()
    before, after = (round(seconds / hop_s) for seconds in pace.around_s)
    for _ in range(MOST_TRAINS):
        found = _period(left, hop_s, pace)
        train = None if found is None else _followed(left, hop_s, *found)
        if train is None or any(_related(train, other) for other in known):
            return
        known.append(train)
        yield train
        for time_s in train.times_s:  # what has been explained is not looked at again
            place = round(time_s / hop_s)
            left[max(0, place - before) : place + after] = 0.0


def _related(train: Train, other: Train) -> bool:
    """Whether a train is the other one once more, or a multiple of it."""
    ratio = train.period_s / other.period_s
    return abs(ratio - max(1, round(ratio))) < SAME_PERIOD


def _period(rises: NDArray[np.float64], hop_s: float, pace: Pace) -> tuple[float, float] | None:
    """The period of what rises, and how far its autocorrelation is above chance; None if it is not."""
    centred = rises - np.mean(rises)
    size = scipy.fft.next_fast_len(2 * centred.size, real=True)
    spectrum = scipy.fft.rfft(centred, size)
    correlation = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2, size)[: centred.size]
    if correlation[0] <= 0:
        return None
    lags = np.arange(centred.size)
    correlation = correlation / correlation[0] / np.maximum(1 - lags / centred.size, 0.3)
    low, high = (round(seconds / hop_s) for seconds in pace.periods_s)
    high = min(high, centred.size // FEWEST_EVENTS)
    if high <= low + 2:
        return None
    width = max(1, round(pace.widened_s / hop_s))
    smooth = np.convolve(correlation, np.ones(2 * width + 1), "same")
    # Of n values that chance alone relates, each like its neighbours for c, correlations scatter by sqrt(c / n).
    alike = 1 + 2 * float(np.sum(correlation[1 : round(pace.alike_s / hop_s)] ** 2))
    deviation = (2 * width + 1) * math.sqrt(alike / centred.size)
    top = float(np.max(smooth[low:high]))
    if top < CLEAR_DEVIATIONS * deviation:
        return None
    peaks = low + scipy.signal.find_peaks(smooth[low:high], height=FIRST_SHARE * top)[0]
    if peaks.size == 0:
        return None
    return float(peaks[0] * hop_s), top / deviation


def _followed(rises: NDArray[np.float64], hop_s: float, period_s: float, strength: float) -> Train | None:
    """The events of a train: the chain of rises that are strong and about a period apart.

    Reference: Ellis 2007, "Beat tracking by dynamic programming".
    """
    places = _chain(rises / max(float(np.std(rises)), 1e-12), period_s / hop_s)
    least = EVENT_SHARE * float(np.median(rises[places])) if places.size else 0.0
    real = np.flatnonzero(rises[places] > max(least, 0.0))
    if real.size < FEWEST_EVENTS or real.size < 0.5 * places.size:
        return None
    numbers, tops = real, np.array([apex(rises, int(places[number])) for number in real])
    intervals = np.diff(tops)[np.diff(numbers) == 1]
    count = int(numbers[-1] - numbers[0])
    mean = float((tops[-1] - tops[0]) / count)
    jitter = 1.4826 * float(np.median(np.abs(intervals - np.median(intervals)))) / mean if intervals.size > 2 else 0.0
    # Intervals that scatter add up: the mean of n has the deviation of one over the root of n.
    error = max(jitter * mean / math.sqrt(count), 0.7 / count)
    # The rises are given less their median; their lower half is that of the bed alone.
    rise = float(np.median(rises[places[real]])) / max(-float(np.quantile(rises, 0.16)), 1e-9)
    if rise < LEAST_RISE:
        return None
    return Train(tops * hop_s, mean * hop_s, error * hop_s, jitter, strength, rise)


def _chain(rises: NDArray[np.float64], period: float) -> NDArray[np.int64]:
    """Frames of the chain with the largest sum of rises, less what its intervals are away from the period."""
    low, high = max(2, round(period * (1 - STRAY))), round(period * (1 + STRAY)) + 1
    steps = np.arange(high, low - 1, -1)
    cost = TIGHTNESS * np.log(steps / period) ** 2
    score, before = rises.copy(), np.full(rises.size, -1)
    for place in range(high, rises.size):
        chained = score[place - high : place - low + 1] - cost
        best = int(np.argmax(chained))
        if chained[best] > 0:
            score[place] += chained[best]
            before[place] = place - steps[best]
    place = rises.size - 1 - int(np.argmax(score[::-1][: max(2, round(2 * period))]))
    found = []
    while place >= 0:
        found.append(place)
        place = int(before[place])
    return np.array(found[::-1], dtype=np.int64)
