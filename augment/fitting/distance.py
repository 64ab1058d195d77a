"""How far two noises are from each other, in the quantities that decide how they sound and what they hide."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.acoustics.portrait import nominal_hz
from augment.fitting.likeness import MODULATIONS_HZ, OCTAVES_HZ, Likeness

LOUD_DB = 30.0
"""Bands so far below the loudest one count: what is softer hides nothing at the SNRs of test sets."""


@dataclass(frozen=True)
class Distance:
    """How far one noise is from another, in that order where it has a sign.

    Attributes:
        level_db: Level of the one re the other in the band of SNR.
        third_octaves_db: Median of the differences of third octaves without their signs, both at the same level in the
            band of SNR, as they stand in a test set.
        third_octaves_p90_db: Their 90th percentile.
        furthest_band_hz: Nominal centre of the third octave that differs most.
        furthest_band_db: By how much, with its sign.
        modulation_db: Median of the differences of modulation spectra without their signs.
        modulation_p90_db: Their 90th percentile.
        furthest_swing_hz: Modulation frequency that differs most, and the centre of the band in which it does.
        skewness: Mean over bands of the difference in skewness of envelopes, without its sign.
        glimpses: Difference in the share of speech that is seen, in points, the larger of those at 0 and 10 dB SNR.
    """

    level_db: float
    third_octaves_db: float
    third_octaves_p90_db: float
    furthest_band_hz: float
    furthest_band_db: float
    modulation_db: float
    modulation_p90_db: float
    furthest_swing_hz: tuple[float, float]
    skewness: float
    glimpses: float


@dataclass(frozen=True)
class Quantity:
    """Something by which noises are held against each other.

    Attributes:
        name: What it is called.
        unit: Its unit; empty if it has none.
        negligible: A distance that is too small to matter, even where two halves are nearer than that.
        of: Its value in a distance.
        where: Where it differs most, in words; empty if it has no place.
    """

    name: str
    unit: str
    negligible: float
    of: Callable[[Distance], float]
    where: Callable[[Distance], str]

    def said(self, value: float) -> str:
        """A value of it in words.

        Example:
            >>> [quantity.said(1.26) for quantity in QUANTITIES[:2]]
            ['1.3 points', '1.3 dB']
        """
        return f"{value:.1f} {self.unit}" if self.unit else f"{value:.2f}"


def _nowhere(distance: Distance) -> str:
    return ""


def _band(distance: Distance) -> str:
    side = "louder" if distance.furthest_band_db > 0 else "softer"
    return f"{distance.furthest_band_hz:g} Hz ({abs(distance.furthest_band_db):.1f} dB {side})"


def _swing(distance: Distance) -> str:
    swing, band = distance.furthest_swing_hz
    return f"{swing:g} Hz in the octave of {band:g} Hz"


QUANTITIES = (
    Quantity("glimpses of speech", "points", 1.0, lambda found: found.glimpses, _nowhere),
    Quantity("third octaves", "dB", 0.5, lambda found: found.third_octaves_db, _band),
    Quantity("third octaves, 90th percentile", "dB", 1.5, lambda found: found.third_octaves_p90_db, _band),
    Quantity("modulation", "dB", 0.5, lambda found: found.modulation_db, _swing),
    Quantity("modulation, 90th percentile", "dB", 1.5, lambda found: found.modulation_p90_db, _swing),
    Quantity("skewness of envelopes", "", 0.1, lambda found: found.skewness, _nowhere),
    Quantity("level", "dB", 1.0, lambda found: abs(found.level_db), _nowhere),
)
"""The first foretells word error rates best."""


def distance(one: Likeness, other: Likeness) -> Distance:
    """How far a noise is from another, whose loud bands are those that count.

    Bands count that are at most 30 dB below the loudest of those in which SNR is measured. A rumble below them does not
    switch them off: it is no part of the level that a test set sets.

    Args:
        one: A noise.
        other: Another of the same sample rate, which is the reference.

    Raises:
        ValueError: Their sample rates differ.

    Example:
        >>> from augment.fitting.likeness import Stretch, likeness
        >>> from augment.fitting.glimpses import demo_voices
        >>> white = np.random.default_rng(1).standard_normal(48000)
        >>> soft, loud = (likeness(Stretch.whole(k * white, 16000), demo_voices(16000)) for k in (1, 2))
        >>> found = distance(loud, soft)
        >>> round(found.level_db, 2), round(found.third_octaves_p90_db, 6), round(found.glimpses, 6)
        (6.02, 0.0, 0.0)
    """
    if one.third_octaves_db.size != other.third_octaves_db.size:
        raise ValueError("two noises of different sample rates cannot be held against each other")
    bands = loud(other.third_octaves_db, other.centres_hz >= OCTAVES_HZ[0] / 2)
    apart = np.where(bands, one.third_octaves_db - other.third_octaves_db, 0.0)
    furthest = int(np.argmax(np.abs(apart)))
    cells = np.abs(one.modulation_db - other.modulation_db)
    counted = loud(other.octaves_db)
    cells[~counted] = np.nan
    known = cells[~np.isnan(cells)]
    octave, swing = np.unravel_index(int(np.argmax(np.nan_to_num(cells, nan=-1.0))), cells.shape)
    return Distance(
        one.level_dbov - other.level_dbov,
        float(np.median(np.abs(apart[bands]))),
        float(np.percentile(np.abs(apart[bands]), 90)),
        nominal_hz(float(other.centres_hz[furthest])),
        float(apart[furthest]),
        float(np.median(known)),
        float(np.percentile(known, 90)),
        (MODULATIONS_HZ[int(swing)], OCTAVES_HZ[int(octave)]),
        float(np.mean(np.abs(one.skewness - other.skewness)[counted])),
        100 * max(abs(a - b) for a, b in zip(one.glimpses, other.glimpses, strict=True)),
    )


def loud(levels_db: NDArray[np.float64], judged: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Which bands are at most 30 dB below the loudest of those that are judged, shape (b,).

    Args:
        levels_db: Of bands, shape (b,).
        judged: Those of which the loudest is taken, shape (b,); None for all.

    Example:
        >>> loud(np.array([40.0, 0.0, -29.0, -31.0]), np.array([False, True, True, True])).tolist()
        [True, True, True, False]
    """
    reference = levels_db if judged is None else levels_db[judged]
    return levels_db >= float(np.max(reference)) - LOUD_DB
