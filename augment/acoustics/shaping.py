"""Gaussian noise with a given power density, of which all shaped noise is made."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.convolution import Gain, ImpulseResponse, mixed_in_chunks, whole_chunks
from augment.acoustics.levels import db, power
from augment.acoustics.spectrum import a_weighting_db, density_of_octaves

Density = NDArray[np.float64]
"""Power in each bin of :func:`bins`."""


def bins(sample_rate_hz: int) -> NDArray[np.float64]:
    """Frequencies in Hz at which a density is given: evenly from 0 to the Nyquist frequency, at most 1 Hz apart."""
    return scipy.fft.rfftfreq(1 << math.ceil(math.log2(sample_rate_hz)), 1 / sample_rate_hz)


def band_density(levels_db: Mapping[float, float], sample_rate_hz: int, edge: float) -> Density:
    """Density whose bands have given levels: see :func:`~augment.acoustics.spectrum.density_of_octaves`.

    Args:
        levels_db: Level by band centre in Hz, without gaps between bands.
        sample_rate_hz: Samples a second.
        edge: Ratio of a band's upper edge to its centre: that of octaves or of third octaves.

    Returns:
        Density; it sums to 10^(level/10) over a band, as far as the band lies below the Nyquist frequency.
    """
    return _band_density(tuple(sorted(levels_db.items())), sample_rate_hz, edge)


@lru_cache(maxsize=64)
def _band_density(levels_db: tuple[tuple[float, float], ...], sample_rate_hz: int, edge: float) -> Density:
    centre, level = np.array(levels_db, dtype=np.float64).T
    density = density_of_octaves(bins(sample_rate_hz), centre, level, edge)
    density.setflags(write=False)
    return density


def shaped_noise(
    samples: int,
    density: Density,
    rng: np.random.Generator,
    lead: int = 0,
    rng_before: np.random.Generator | None = None,
) -> Signal:
    """Gaussian noise with a given density.

    Args:
        samples: Wanted length n.
        density: Power in each bin of :func:`bins`, shape (2^k + 1,).
        rng: Draws the noise.
        lead: Samples wanted before the first one.
        rng_before: Draws the lead.

    Returns:
        Shape (lead + n,), of mean power ``sum(density)``. The n samples do not depend on the lead, up to rounding, and
        begin alike for any n, bit for bit.

    Raises:
        ValueError: A lead is wanted without its generator.

    Example:
        >>> white = shaped_noise(160000, np.full(8193, 1 / 8193), np.random.default_rng(1))
        >>> bool(abs(10 * np.log10(np.mean(white**2))) < 0.1)
        True
    """
    before = None if rng_before is None else rng_before.standard_normal
    return noise_of_bands(samples, [(density, None)], rng.standard_normal, lead, before)


White = Callable[[int], Signal]
"""Draws independent normal numbers, as many as it is asked for, and the same first ones however many these are."""


def noise_of_bands(
    samples: int,
    bands: Sequence[tuple[Density, Gain | None]],
    white: White,
    lead: int = 0,
    white_before: White | None = None,
) -> Signal:
    """The sum of bands of one noise, each with a gain of its own; see :func:`shaped_noise`.

    Args:
        samples: Wanted length n.
        bands: Densities of one shape, that do not overlap, and amplitudes over time, if it changes.
        white: Draws the noise.
        lead: Samples wanted before the first one.
        white_before: Draws the lead.

    Returns:
        Shape (lead + n,). Amplitudes are asked for from 0 to lead + n.

    Raises:
        ValueError: A lead is wanted without its generator.
    """
    shapers = [(_shaper(density.tobytes()), gain) for density, gain in bands]
    ways = [(response, gain) for response, gain in shapers if response is not None]
    if not ways:
        return np.zeros(lead + samples)  # all of it lies above the Nyquist frequency
    warming = ways[0][0].taps.size  # what comes out before all taps are filled is too soft, and thrown away
    drawn = white(whole_chunks(samples + warming, ways[0][0]))
    if lead:
        if white_before is None:
            raise ValueError("a lead needs rng_before, a generator of its own")
        drawn = np.concatenate([white_before(lead)[::-1], drawn])
    return mixed_in_chunks(drawn, ways, lead, range(warming, warming + lead + samples))


@lru_cache(maxsize=64)
def _shaper(density: bytes) -> ImpulseResponse | None:
    """The filter that gives white noise of power 1 this density; None for a density of zero."""
    power_in_bins = np.frombuffer(density)
    size = 2 * (power_in_bins.size - 1)
    wanted = float(np.sum(power_in_bins))
    if wanted == 0:
        return None
    # A filter multiplies a power density by its squared magnitude, so the magnitude is the root. With no phase the
    # response is symmetric about sample 0: it is moved to the middle, and the window brings its ends down to zero.
    taps = np.roll(scipy.fft.irfft(np.sqrt(power_in_bins), size), size // 2) * np.hanning(size + 1)[:-1]
    # White noise of power 1 has the power sum(taps^2) after the filter, which must be the sum of the density.
    taps *= math.sqrt(wanted / (power(taps) * size))
    return ImpulseResponse(taps)


def density_of_noise(density: Density) -> Density:
    """The density that :func:`shaped_noise` really has: its filter is as long as bins are fine, and rounds their edges.

    Example:
        >>> step = np.where(np.arange(8193) < 1000, 1.0, 1e-4)
        >>> density_of_noise(step)[997:1003].round(3).tolist()
        [1.001, 1.001, 0.567, 0.066, 0.0, 0.0]
    """
    shaper = _shaper(density.tobytes())
    if shaper is None:
        return np.zeros_like(density)
    # By Parseval, of both signs of frequency.
    found = 2 * np.abs(scipy.fft.rfft(shaper.taps)) ** 2 / shaper.taps.size
    found[[0, -1]] /= 2
    return np.asarray(found)


def a_level_of_density_db(density: Density, sample_rate_hz: int) -> float:
    """A-weighted level of noise with a density, in dB on the density's own scale.

    Example:
        >>> round(a_level_of_density_db(np.full(8193, 1 / 8193), 16000), 1)
        0.2
    """
    return db(float(np.sum(density * 10 ** (a_weighting_db(bins(sample_rate_hz)) / 10))))
