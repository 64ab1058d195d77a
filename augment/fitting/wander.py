"""How the common level of tones wanders."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.fitting.bed import Bed
from augment.fitting.drift import autocovariances
from augment.fitting.envelopes import Demodulator
from augment.fitting.lines import Line
from augment.fitting.tones import Tone

LOUD_DB, MOST_TONES = 20.0, 12
"""Of the tones of a voice, those are looked at that are so little softer than the loudest, and no more."""
FEWEST = 40
FORGOTTEN = 0.1
"""A level has forgotten where it was when its autocorrelation has fallen to that."""
LEAST_DB, MOST_DB = 0.3, 6.0
LEAST_SHARE = 0.3
"""Of what a level does, so much must be more than the noise beside the tones does to it."""
NEAREST, FURTHEST_HZ = 0.45, 40.0
"""A tone is looked at up to that share of the way to the next line, and no further."""
EDGE_TO_REACH = 0.75
"""An envelope has half of its amplitude there."""
SHORTEST_S, LONGEST_S, SLOWER = 0.02, 20.0, 2.0
"""What wanders forgets so much more slowly than noise beside the tones does."""
NEPER_DB = 10 / math.log(10)


@dataclass(frozen=True)
class Wander:
    """An Ornstein-Uhlenbeck process.

    Attributes:
        deviation_db: Standard deviation of the level.
        time_s: Time after which it has forgotten where it was.
    """

    deviation_db: float
    time_s: float


def wander_of(demodulator: Demodulator, tones: Sequence[Tone], lines: Sequence[Line], bed: Bed) -> Wander | None:
    """How the level of steady tones wanders, all together; None if it does not, or cannot be told.

    It is seen as far to both sides of each tone as no other line is: what makes the skirts of a tone is its own level
    that changes. They are in the bed as well, which has to give them back when all is brought to the recording.

    Args:
        demodulator: Takes envelopes of the recording.
        tones: Tones of a voice.
        lines: Those of all tones of the recording.
        bed: The noise beside them.
    """
    used = _loud_ones(tones)
    reach_hz = min(_free_hz(tone, lines) for tone in used)
    seen = [demodulator.envelope(tone.line.frequency_hz, reach_hz) for tone in used]
    size = min(one.power.size for one in seen)
    power = np.sum([one.power[:size] for one in seen], axis=0)
    usable = np.all([one.usable[:size] for one in seen], axis=0)
    if np.count_nonzero(usable) < FEWEST:
        return None
    level = 10 * np.log10(np.maximum(power, 1e-30))
    covariance = autocovariances(level - float(np.mean(level[usable])), usable)
    # Of a tone of power p and noise of power q in its band the power swings by 2 p q, and of a sum of tones by the sum.
    width_hz = 2 * EDGE_TO_REACH * reach_hz
    noise = sum(2 * tone.line.power * width_hz * _beside(tone, reach_hz, bed) for tone in used)
    own = float(covariance[0]) - NEPER_DB**2 * noise / float(np.mean(power[usable])) ** 2
    if own < LEAST_SHARE * covariance[0] or not LEAST_DB < math.sqrt(own) < MOST_DB:
        return None
    time_s = _memory(covariance) / seen[0].rate_hz
    # Noise beside a tone, in an envelope that is B wide to both sides, has forgotten itself after about 1 / 4B.
    if time_s < max(SHORTEST_S, SLOWER / (2 * width_hz)):
        return None
    return Wander(math.sqrt(own), min(time_s, LONGEST_S))


def _loud_ones(tones: Sequence[Tone]) -> list[Tone]:
    by_power = sorted(tones, key=lambda tone: tone.line.power, reverse=True)[:MOST_TONES]
    return [tone for tone in by_power if tone.line.power > by_power[0].line.power * 10 ** (-LOUD_DB / 10)]


def _memory(covariance: NDArray[np.float64]) -> float:
    """Time constant of an autocovariance, in its steps."""
    forgotten = np.flatnonzero(covariance < FORGOTTEN * covariance[0])
    end = int(forgotten[0]) if forgotten.size else covariance.size
    # The integral of exp(-t/T) is T; of the first value only the half that lies after 0 belongs to it.
    return float(np.sum(covariance[:end])) / float(covariance[0]) - 0.5


def _free_hz(tone: Tone, lines: Sequence[Line]) -> float:
    """How far a tone's band reaches without its neighbours."""
    away = [abs(line.frequency_hz - tone.line.frequency_hz) for line in lines]
    nearest_hz = min((one for one in away if one > 0), default=math.inf)
    return min(FURTHEST_HZ, NEAREST * nearest_hz)


def _beside(tone: Tone, reach_hz: float, bed: Bed) -> float:
    """Density of the noise beside a tone, midway to its neighbours: there its own skirts are lowest."""
    midway_hz = reach_hz / (2 * NEAREST)
    sides = []
    for middle_hz in (tone.line.frequency_hz - midway_hz, tone.line.frequency_hz + midway_hz):
        near = np.abs(bed.frequency_hz - middle_hz) < max(midway_hz / 5, float(bed.frequency_hz[1]))
        if near.any():
            sides.append(float(np.mean(bed.density[near])))
    return float(np.exp(np.mean(np.log(np.maximum(sides, 1e-30))))) if sides else 0.0
