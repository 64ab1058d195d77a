"""How the fundamental of a series wanders."""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.fitting.envelopes import Demodulator
from augment.fitting.tones import Tone

STEP_S = 0.1
"""Frequency is taken from the turn of the phase over so long."""
LAGS_S = (0.3, 2.5)
LEAST_SHARE = 2e-5
"""A drift of less than this share of the fundamental is told as none."""


@dataclass(frozen=True)
class Drift:
    """An Ornstein-Uhlenbeck process.

    Attributes:
        deviation_hz: Standard deviation of the fundamental.
        time_s: Time after which it has forgotten where it was.
    """

    deviation_hz: float
    time_s: float


def drift_of(demodulator: Demodulator, tones: dict[int, Tone]) -> Drift | None:
    """Drift of the fundamental of a series, from the harmonic that shows it best; None if it stands still.

    The turn of the phase over a tenth of a second has noise of its own. What neighbours in time do not share is that
    noise: covariances over 0.3 s and more are those of the drift, exp(-t/T) times its variance.
    """
    number, tone = max(tones.items(), key=lambda pair: pair[0] ** 2 * min(pair[1].line.above_floor, 1e4))
    reach_hz = max(4.0, min(tone.reach_hz or 6.0, 8.0 + 2 * tone.line.reach_hz))
    seen = demodulator.envelope(tone.line.frequency_hz, reach_hz)
    step = max(1, round(STEP_S * seen.rate_hz))
    turned = seen.amplitude[step:] * np.conj(seen.amplitude[:-step])
    usable = seen.usable[step:] & seen.usable[:-step]
    loud = np.abs(turned)
    usable &= loud > 0.15 * float(np.quantile(loud[usable], 0.9)) if usable.any() else usable
    # Averaged over a step: as many values as are independent.
    count = turned.size // step
    if count < 30:
        return None
    sums = np.sum(np.where(usable, turned, 0)[: count * step].reshape(count, step), axis=1)
    weight = np.mean(usable[: count * step].reshape(count, step), axis=1) > 0.4
    track = np.angle(sums) / (2 * math.pi * step / seen.rate_hz) / number
    return _process(track, weight, step / seen.rate_hz, tone.line.frequency_hz / number)


def drift_of_turns(times_s: NDArray[np.float64], period_s: float) -> Drift | None:
    """Drift of the rate of a clock, from the times of its turns; None if it stands still.

    Args:
        times_s: When they were seen, shape (n,); some may lack.
        period_s: Their mean distance.
    """
    turns = np.cumsum(np.concatenate([[0.0], np.rint(np.diff(times_s) / period_s)]))
    places = np.floor((times_s - times_s[0]) / STEP_S).astype(np.int64)
    track, good = np.zeros(places[-1]), np.zeros(places[-1], dtype=np.bool_)
    for step in range(places[-1]):
        own = places == step
        if np.count_nonzero(own) > 2 and np.ptp(turns[own]) > 0.5 * STEP_S / period_s:
            slope, _ = np.polyfit(times_s[own], turns[own], 1)
            track[step], good[step] = slope - 1 / period_s, True
    return _process(track, good, STEP_S, 1 / period_s)


def _process(track: NDArray[np.float64], good: NDArray[np.bool_], step_s: float, fundamental_hz: float) -> Drift | None:
    if np.count_nonzero(good) < 20:
        return None
    centred = track - float(np.median(track[good]))
    lags = np.arange(max(1, round(LAGS_S[0] / step_s)), round(LAGS_S[1] / step_s) + 1)
    lags = lags[lags < track.size // 3]
    covariance = autocovariances(centred, good)[lags]
    positive = covariance > 0.2 * float(np.max(covariance, initial=0.0))
    end = int(np.argmin(positive)) if not positive.all() else positive.size
    if end < 2 or covariance[0] <= 0:
        return None
    slope, start = np.polyfit(lags[:end] * step_s, np.log(covariance[:end]), 1)
    time_s = float(np.clip(-1 / slope if slope < 0 else 20.0, 0.1, 20.0))
    deviation_hz = math.sqrt(math.exp(min(start, math.log(2 * float(np.var(centred[good])) + 1e-30))))
    return None if deviation_hz < LEAST_SHARE * fundamental_hz else Drift(deviation_hz, time_s)


def autocovariances(values: NDArray[np.float64], good: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Autocovariance at lags of 0, 1, 2 ... up to a third of all, each from the pairs of which both count.

    Args:
        values: Shape (n,), of mean 0 where they count.
        good: Which of them count, shape (n,).
    """
    size = scipy.fft.next_fast_len(2 * values.size, real=True)
    sums, pairs = (
        scipy.fft.irfft(np.abs(scipy.fft.rfft(one, size)) ** 2, size)[: max(2, values.size // 3)]
        for one in (np.where(good, values, 0.0), good.astype(np.float64))
    )
    return np.asarray(np.where(pairs > 0.5, sums / np.maximum(pairs, 1.0), 0.0))


def spread_over(drift: Drift | None, seconds: float) -> float:
    """Standard deviation of the mean of a drift over a time: so far may a fundamental be from its own long mean.

    The mean of an Ornstein-Uhlenbeck process over t has the variance 2 s^2 (T/t) (1 - (T/t) (1 - exp(-t/T))).
    """
    if drift is None or seconds <= 0:
        return 0.0
    share = drift.time_s / seconds
    return drift.deviation_hz * math.sqrt(2 * share * (1 - share * (1 - math.exp(-1 / share))))
