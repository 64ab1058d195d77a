"""Gaussian noise with a given long-term spectrum: colours, speech-shaped noise, rooms by noise criterion, wind.

Each is white noise from a named stream through one linear-phase filter; a longer noise begins with the shorter one.
"""

import itertools
import math
from collections.abc import Mapping
from typing import Literal

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.levels import db
from augment.acoustics.shaping import Density, band_density, bins, shaped_noise
from augment.acoustics.spectrum import OCTAVE_EDGE, THIRD_OCTAVE_EDGE, a_weighting_db
from augment.acoustics.synthesis import Streams, drift

Colour = Literal["white", "pink", "brown"]

LOWEST_HZ = 20.0
DENSITY_EXPONENT = {"white": 0, "pink": 1, "brown": 2}

BYRNE_LTASS_DB = {
    63: 38.6, 80: 43.5, 100: 54.4, 125: 57.7, 160: 56.8, 200: 60.2, 250: 60.3, 315: 59.0, 400: 62.1, 500: 62.1,
    630: 60.5, 800: 56.8, 1000: 53.7, 1250: 53.0, 1600: 52.0, 2000: 48.7, 2500: 48.1, 3150: 46.8, 4000: 45.6,
    5000: 44.5, 6300: 44.3, 8000: 43.7, 10000: 43.4, 12500: 41.3, 16000: 40.7,
}  # fmt: skip
"""Long-term average speech spectrum by nominal third-octave centre in Hz: dB SPL for speech of 70 dB SPL.

Source: Byrne et al. 1994, An international comparison of long-term average speech spectra, JASA 96:2108, both sexes.
"""

NC_CENTRES_HZ = (63, 125, 250, 500, 1000, 2000, 4000, 8000)
NC_LEVELS_DB = {
    15: (47, 36, 29, 22, 17, 14, 12, 11),
    20: (51, 40, 33, 26, 22, 19, 17, 16),
    25: (54, 44, 37, 31, 27, 24, 22, 21),
    30: (57, 48, 41, 35, 31, 29, 28, 27),
    35: (60, 52, 45, 40, 36, 34, 33, 32),
    40: (64, 56, 50, 45, 41, 39, 38, 37),
    45: (67, 60, 54, 49, 46, 44, 43, 42),
    50: (71, 64, 58, 54, 51, 49, 48, 47),
    55: (74, 67, 62, 58, 56, 54, 53, 52),
    60: (77, 71, 67, 63, 61, 59, 58, 57),
}
"""Noise criterion curves: dB SPL in the octaves of ``NC_CENTRES_HZ``."""

WIND_SLOPE_DB = -7.0
"""Per octave: power as f^(-7/3) falls by 7/3 x 3.01 = 7.02 dB."""


def colour_density(colour: Colour, sample_rate_hz: int) -> Density:
    """Density of coloured noise: 0, -3.01 or -6.02 dB per octave from 20 Hz to the Nyquist frequency.

    Below 20 Hz it falls by 12 dB per octave more, to nothing at 0 Hz: down to 0 Hz pink and brown noise would have
    infinite power, and no microphone passes a constant pressure.

    Args:
        colour: White, pink (power falls as 1/f) or brown (as 1/f^2).
        sample_rate_hz: Samples a second.

    Returns:
        Density with the sum 1.

    Example:
        >>> f, p = bins(16000), colour_density("pink", 16000)
        >>> octave = lambda low: p[(f >= low) & (f < 2 * low)].sum()
        >>> round(float(octave(500) / octave(1000)), 2), round(float(p.sum()), 9)
        (1.0, 1.0)
    """
    frequency = bins(sample_rate_hz)
    # Held at its value at 20 Hz below that, and weighted by (f / 20 Hz)^4 in power: 4 x 3.01 dB an octave.
    above = np.maximum(frequency, LOWEST_HZ) ** -float(DENSITY_EXPONENT[colour])
    density = above * np.minimum(frequency / LOWEST_HZ, 1) ** 4
    return np.asarray(density / np.sum(density))


def third_octave_density(levels_db: Mapping[int, float], sample_rate_hz: int) -> Density:
    """Density whose third-octave bands have given levels.

    In dB it is a straight line over log frequency between points at the band centres, which are moved until every band
    has its level. It is zero below the lowest band and above the highest.

    Args:
        levels_db: Level by nominal band centre in Hz, neighbouring bands, at least two. Bands are those of IEC 61260
            with base 10: exact centres 1000 * 10^(n/10), edges a twentieth of a decade to both sides.
        sample_rate_hz: Samples a second.

    Returns:
        Density; it sums to 10^(level/10) over a band, as far as the band lies below the Nyquist frequency.

    Raises:
        ValueError: There is a gap between the bands, or fewer than two.

    Example:
        >>> f, p = bins(16000), third_octave_density({800: -3, 1000: 0, 1250: -9}, 16000)
        >>> inside = (f >= 1000 / 10**0.05) & (f < 1000 * 10**0.05)
        >>> bool(abs(10 * np.log10(p[inside].sum())) < 0.05)
        True
    """
    number = [round(10 * math.log10(nominal / 1000)) for nominal in sorted(levels_db)]
    if len(number) < 2 or any(high - low != 1 for low, high in itertools.pairwise(number)):
        raise ValueError(f"expected two or more third-octave bands without a gap, found {sorted(levels_db)}")
    exact = {1000 * 10 ** (n / 10): levels_db[nominal] for n, nominal in zip(number, sorted(levels_db), strict=True)}
    return band_density(exact, sample_rate_hz, THIRD_OCTAVE_EDGE)


def nc_octaves_db(nc: float) -> dict[float, float]:
    """Octave levels of a noise criterion curve, interpolated linearly between the tabulated curves.

    An NC curve is an upper bound, which a rated room touches in one octave: noise that follows it in every octave
    sounds fuller than most rooms of the same rating.

    Args:
        nc: 15 to 60.

    Returns:
        dB SPL by octave-band centre in Hz, 63 Hz to 8 kHz.

    Raises:
        ValueError: No such curve is tabulated.

    Reference: the NC curves of Beranek (1957) as in ANSI/ASA S12.2.

    Example:
        >>> nc_octaves_db(40)[1000], nc_octaves_db(42.5)[1000]
        (41.0, 43.5)
    """
    known = sorted(NC_LEVELS_DB)
    if not known[0] <= nc <= known[-1]:
        raise ValueError(f"expected a noise criterion of {known[0]} to {known[-1]}, found {nc}")
    table = np.array([NC_LEVELS_DB[curve] for curve in known], dtype=np.float64)
    return {float(centre): float(np.interp(nc, known, table[:, octave])) for octave, centre in enumerate(NC_CENTRES_HZ)}


def nc_density(nc: float, sample_rate_hz: int) -> Density:
    """Density of noise that lies on a noise criterion curve: the sum over an octave is 10^(level in dB SPL / 10).

    Example:
        >>> f, p = bins(16000), nc_density(40, 16000)
        >>> inside = (f >= 1000 / 2**0.5) & (f < 1000 * 2**0.5)
        >>> round(float(10 * np.log10(p[inside].sum())), 1)
        41.0
    """
    return band_density(nc_octaves_db(nc), sample_rate_hz, OCTAVE_EDGE)


def nc_level_dba(nc: float) -> float:
    """A-weighted level of noise on a noise criterion curve, in dB re 20 uPa, 45 Hz to 11 kHz.

    Example:
        >>> round(nc_level_dba(30)), round(nc_level_dba(45))
        (39, 53)
    """
    # At 48 kHz all octaves lie below the Nyquist frequency; at 0 Hz A-weighting is -inf dB.
    frequency = bins(48000)[1:]
    return db(float(np.sum(nc_density(nc, 48000)[1:] * 10 ** (a_weighting_db(frequency) / 10))))


def wind_density(corner_hz: float, sample_rate_hz: int) -> Density:
    """Density of wind at a microphone: flat from 20 Hz to a corner, then -7 dB per octave.

    The slope is that of pressure in isotropic turbulence (power as f^(-7/3)).

    Args:
        corner_hz: 20 or more; it rises with wind speed.
        sample_rate_hz: Samples a second.

    Returns:
        Density with the sum 1.

    Reference: the slope after George, Beuther and Arndt, J. Fluid Mech. 148 (1984); that one corner is enough is an
    estimate.

    Example:
        >>> f, p = bins(16000), wind_density(100.0, 16000)
        >>> round(float(10 * np.log10(p[f == 1000] / p[f == 500])[0]), 1)
        -7.0
    """
    frequency = bins(sample_rate_hz)
    # s dB an octave are the power law f^(s / (10 lg 2)).
    falling = (np.maximum(frequency, corner_hz) / corner_hz) ** (WIND_SLOPE_DB / 10 / math.log10(2))
    density = falling * np.minimum(frequency / LOWEST_HZ, 1) ** 4
    return np.asarray(density / np.sum(density))


def noise(samples: int, streams: Streams, density: Density) -> Signal:
    """Gaussian noise with a density: :func:`~augment.acoustics.shaping.shaped_noise` of the stream ``white``.

    Example:
        >>> from augment.streams import generator
        >>> rain = noise(160000, generator, colour_density("white", 16000))
        >>> bool(abs(10 * np.log10(np.mean(rain**2))) < 0.1)
        True
    """
    return shaped_noise(samples, density, streams("white"))


def gusts(samples: int, sample_rate_hz: int, streams: Streams, spread_db: float, time_s: float) -> Signal:
    """Slow gain of a gusty wind, whose level wanders around 0 dB.

    Args:
        samples: Wanted length n.
        sample_rate_hz: Samples a second.
        streams: ``gusts`` draws the walk.
        spread_db: Standard deviation of the level.
        time_s: Time constant of the walk.

    Returns:
        Factors whose mean square in the long run is 1, shape (n,).

    Example:
        >>> gusts(3, 16000, lambda name: np.random.default_rng(1), 0.0, 1.0).tolist()
        [1.0, 1.0, 1.0]
    """
    level_db = drift(samples, sample_rate_hz, streams("gusts"), spread_db, time_s)
    # In nepers the level is spread * z with z standard normal. E[exp(2 spread z)] = exp(2 spread^2), so the factor
    # exp(-spread^2) makes the mean square 1.
    spread = spread_db * math.log(10) / 20
    return np.asarray(10 ** (level_db / 20) * math.exp(-(spread**2)))
