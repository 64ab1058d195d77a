"""Whether a recording is music: many notes of one scale, each held for a while.

Machines and alarms have few pitches, or some that glide. Voices have many that glide, on no scale.
"""

import math
from dataclasses import dataclass

import numpy as np

from augment.fitting.pitch import RATE_HZ, TRANSFORM, Pitched, bin_of

LOW_HZ, HIGH_HZ = 110.0, 1100.0
ASIDE = 6
"""Bins to each side, 47 Hz, over which a note stands out."""
OUT_DB = 8.0
EXCESS_DB = 10.0
HELD = 7
"""Frames for which a note is held: 0.11 s."""
FEWEST_NOTES = 9
LEAST_SHARE = 0.02
CONCERT_HZ = 440.0
ENOUGH = ((0.2, 0.7), (1.5, 0.25))
"""Notes at a time, and how closely they keep to a scale (0 to 1), of which one pair is enough: of many notes at once
the overtones are no notes of the scale, and blur it."""


@dataclass(frozen=True)
class Notes:
    """Held notes in a recording.

    Attributes:
        different: How many different semitones are held for long enough.
        at_a_time: How many sound at a time, on average.
        in_tune: How closely they keep to semitones, whatever the tuning: 0 (not at all) to 1.
    """

    different: int
    at_a_time: float
    in_tune: float

    @property
    def musical(self) -> bool:
        """Whether this is clearly music."""
        keeps = any(self.at_a_time >= least and self.in_tune >= tune for least, tune in ENOUGH)
        return self.different >= FEWEST_NOTES and keeps


def notes_in(found: Pitched) -> Notes:
    """Find held notes.

    Args:
        found: What rises above the typical sound of a recording.

    Example:
        >>> from augment.fitting.pitch import pitched
        >>> time = np.arange(2000) / 8000
        >>> scale = [440 * 2 ** (step / 12) for step in (-9, -7, -5, -4, -2, 0, 2, 3, 5, 7, 8, 10)]
        >>> tune = np.concatenate([np.sin(2 * np.pi * hertz * time) for hertz in scale])
        >>> room = 0.3 * np.random.default_rng(1).standard_normal(tune.size)
        >>> notes_in(pitched(tune + room, 8000)).musical
        True
    """
    low, high = bin_of(LOW_HZ), bin_of(HIGH_HZ)
    level = found.excess_db
    here = level[:, low:high]
    beside = np.maximum(level[:, low - ASIDE : high - ASIDE], level[:, low + ASIDE : high + ASIDE])
    crest = (here >= level[:, low - 1 : high - 1]) & (here > level[:, low + 1 : high + 1])
    out = crest & (here > EXCESS_DB) & (here - beside > OUT_DB)
    near = out.copy()  # a note may be heard in either of two bins
    near[:, 1:] |= out[:, :-1]
    near[:, :-1] |= out[:, 1:]
    if len(near) < HELD:
        return Notes(0, 0.0, 0.0)
    held = np.asarray(np.all(np.lib.stride_tricks.sliding_window_view(near, HELD, axis=0), axis=-1))
    middle = slice(HELD // 2, HELD // 2 + len(held))
    frame, place = np.nonzero(out[middle] & held)
    if not frame.size:
        return Notes(0, 0.0, 0.0)
    rows, bins = frame + HELD // 2, place + low
    before, at, behind = (level[rows, bins + shift] for shift in (-1, 0, 1))
    # The apex of the parabola through three points.
    apex = np.clip(0.5 * (before - behind) / np.minimum(before - 2 * at + behind, -1e-9), -0.5, 0.5)
    semitones = 12 * np.log2((bins + apex) * RATE_HZ / TRANSFORM / CONCERT_HZ)
    mean = np.mean(np.exp(2j * np.pi * semitones))
    steps = np.rint(semitones - np.angle(mean) / (2 * math.pi)).astype(np.intp)
    counts = np.bincount(steps - np.min(steps))
    different = int(np.count_nonzero(counts > max(HELD, LEAST_SHARE * frame.size)))
    return Notes(different, frame.size / len(held), float(np.abs(mean)))
