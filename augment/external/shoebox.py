"""Impulse responses of rectangular rooms, simulated with pyroomacoustics (the extra ``rooms``).

Image sources up to the third order, followed by noise with the energy of traced rays. Image sources alone decay too
slowly in a rectangular room whose walls do not scatter: a car of 0.07 s would need walls that absorb 94 %, and its
direct-to-reverberant ratio would be 20 dB above what theory predicts. Walls absorb alike at all frequencies; furniture,
diffraction and the directivity of talker and microphone are not modelled.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.acoustics.response_edges import on_grid, shifted_to_start
from augment.acoustics.room import reverberation_time, whole_decay
from augment.streams import generator

Point = tuple[float, float, float]

SOUND_M_PER_S = 343.0  # at 20 degrees C
EARLY_ORDER = 3
SCATTERING = 0.1
RAYS = (5_000, 100_000)
HITS_A_BIN = 10
BIN_S = 0.004
GRID = 2.0**-20
"""Re the direct sound, -120 dB."""
MARGIN_M = 0.3
MARGIN_SHARE = 0.15
HEAD_HEIGHT_M = (0.7, 1.8)
TRIES = 1 << 14
CALIBRATED = 0.03
CALIBRATIONS = 8


def installed() -> bool:
    """Whether rooms can be simulated here."""
    try:
        import pyroomacoustics  # noqa: F401 - being found is not enough: it may fail to load
    except ImportError:
        return False
    return True


@lru_cache(maxsize=64)
def absorption_for(size_m: Point, t60_s: float, start: float, sample_rate_hz: int) -> float:
    """Absorption coefficient that gives a simulated room its reverberation time.

    Sabine's and Eyring's formulas are off by up to 20 % in rooms whose field is not diffuse. So the coefficient is
    adjusted until the T30 measured in one simulated response, at a fixed placement, is within 3 % of the target.

    Args:
        size_m: Length, width, height.
        t60_s: Wanted reverberation time.
        start: First guess.
        sample_rate_hz: Samples a second.

    Returns:
        The coefficient whose T30 is nearest, 0.005 to 0.99, in steps of 0.0001.

    Reference: Eyring, JASA 1 (1930), 217-241.
    """
    talker: Point = (0.68 * size_m[0], 0.58 * size_m[1], 0.52 * size_m[2])
    microphone: Point = (0.31 * size_m[0], 0.37 * size_m[1], 0.45 * size_m[2])
    absorption = best = _possible(start)
    nearest = math.inf
    seeds = seeds_of(generator("calibration of a room"))
    for _ in range(CALIBRATIONS):
        response = shoebox_response(size_m, absorption, talker, microphone, sample_rate_hz, seeds)
        time = reverberation_time(response, sample_rate_hz, whole_decay(response))
        if time is None:
            break
        off = abs(time[0] / t60_s - 1)
        if off < nearest:
            best, nearest = absorption, off
        if off < CALIBRATED:
            break
        # By Eyring's formula -ln(1 - a) is proportional to 1/T, so ln(1 - a) must be multiplied by T over the target.
        absorption = _possible(1 - (1 - absorption) ** (time[0] / t60_s))
    return best


def _possible(absorption: float) -> float:
    return round(min(max(absorption, 0.005), 0.99), 4)


def seeds_of(rng: np.random.Generator) -> tuple[int, int]:
    """Seeds for the two random generators of pyroomacoustics."""
    first, second = rng.integers(2**63, size=2)
    return int(first), int(second)


@lru_cache(maxsize=16)  # a plan's responses are needed again for rendering and for verification
def shoebox_response(
    size_m: Point, absorption: float, talker: Point, microphone: Point, sample_rate_hz: int, seeds: tuple[int, int]
) -> NDArray[np.float64]:
    """Impulse response of a rectangular room between two points.

    Args:
        size_m: Length, width, height.
        absorption: Absorption coefficient of all walls, 0 to 1.
        talker: Place of the source, in m from a corner.
        microphone: Place of the microphone, likewise.
        sample_rate_hz: Samples a second.
        seeds: For the rays, and for the noise of the late part.

    Returns:
        Shape (k,); the direct sound is on sample 0, and 1.0 at a distance of 1 m. Rounded to 2^-20 of the direct sound,
        so that differences in the last bits between machines mostly vanish.

    Reference: Allen and Berkley, JASA 65 (1979), 943-950; Vorländer, Auralization (2008), chapter 11.
    """
    import pyroomacoustics as pra

    with _repeatable(pra, seeds):
        room = _room(pra, size_m, absorption, talker, microphone, sample_rate_hz, EARLY_ORDER)
        radius = min(0.5, 0.2 * min(size_m))
        room.set_ray_tracing(n_rays=_rays(size_m, radius), receiver_radius=radius, hist_bin_size=BIN_S)
        room.ray_tracing()
        energy = np.sum(np.atleast_2d(room.rt_histograms[0][0][0]), axis=0)
        room.unset_ray_tracing()
        alone = _room(pra, size_m, absorption, talker, microphone, sample_rate_hz, 0)
        reflections = _computed(room)
        direct = _computed(alone)
        filter_delay = pra.constants.get("frac_delay_length") // 2
    distance = math.dist(talker, microphone)
    delay = distance / SOUND_M_PER_S * sample_rate_hz
    # The simulator's direct sound rings to both sides if it arrives between two samples. It is replaced by one that is
    # on sample 0: 1/r is the law of a point source.
    reflections[: direct.size] -= direct[: reflections.size]
    early = shifted_to_start(reflections, filter_delay + delay)
    early[0] += 1 / distance
    late = _late(energy, sample_rate_hz, seeds[1])
    # The energy of a bin is spread over its length, and would begin before the first reflection does.
    late[: math.ceil(_first_reflection_m(size_m, talker, microphone) / SOUND_M_PER_S * sample_rate_hz)] = 0.0
    late = late[round(delay) :]
    size = max(early.size, late.size)
    response = np.pad(early, (0, size - early.size)) + np.pad(late, (0, size - late.size))
    # The direct sound is 1/r: the nearest power of two to it, times the grid, is exact in binary.
    found = on_grid(response, GRID * 2.0 ** round(-math.log2(distance)))
    found.flags.writeable = False  # it is cached
    return found


def _room(
    pra: Any, size_m: Point, absorption: float, talker: Point, microphone: Point, sample_rate_hz: int, order: int
) -> Any:
    material = pra.Material(absorption, SCATTERING)
    room = pra.ShoeBox(size_m, fs=sample_rate_hz, materials=material, max_order=order, ray_tracing=order > 0)
    room.add_source(talker)
    room.add_microphone(microphone)
    return room


def _computed(room: Any) -> NDArray[np.float64]:
    room.compute_rir()
    return np.array(room.rir[0][0], dtype=np.float64)


def _first_reflection_m(size_m: Point, talker: Point, microphone: Point) -> float:
    """Length of the shortest path with one reflection: its square is d^2 + 4 t m, least over all walls.

    Here t and m are the distances of talker and microphone from that wall, and d is the direct path. Seen from the
    microphone the talker's image is t + m away along the normal of the wall, the talker itself t - m, and
    (t + m)^2 = (t - m)^2 + 4 t m.
    """
    both = zip(size_m, talker, microphone, strict=True)
    products = [min(t * m, (side - t) * (side - m)) for side, t, m in both]
    return math.sqrt(math.dist(talker, microphone) ** 2 + 4 * min(products))


def _late(energy: NDArray[np.float64], sample_rate_hz: int, seed: int) -> NDArray[np.float64]:
    """Noise with the energy of the rays in each bin.

    The pulse sequence of pyroomacoustics is not used: its first pulse comes only after a time of one over the initial
    density of reflections, which leaves up to 0.3 s empty if the talker is near.
    """
    bin_samples = math.floor(BIN_S * sample_rate_hz)
    centres = (np.arange(energy.size) + 0.5) * bin_samples
    # Energy per sample, between the middles of bins on a straight line; noise of variance 1 times its root has it.
    each = np.interp(np.arange(energy.size * bin_samples), centres, energy / bin_samples)
    noise = np.random.Generator(np.random.Philox(seed)).standard_normal(each.size)
    return np.asarray(noise * np.sqrt(np.maximum(each, 0.0)))


def _rays(size_m: Point, radius_m: float) -> int:
    """Number of rays for about ten hits in each bin on a microphone of this radius.

    In a time t a ray sweeps the volume pi r^2 c t within reach of the microphone, so it hits with the probability of
    this over the volume of the room.

    Reference: Vorländer, Auralization (2008), equation (11.12).
    """
    least, most = RAYS
    hits = math.prod(size_m) / (math.pi * radius_m**2 * SOUND_M_PER_S * BIN_S)
    return max(least, min(most, int(HITS_A_BIN * hits)))


@contextmanager
def _repeatable(pra: Any, seeds: tuple[int, int]) -> Iterator[None]:
    """One thread and known seeds: the number of threads affects both the last bits and the order of the rays."""
    threads = pra.constants.get("num_threads")
    pra.constants.set("num_threads", 1)
    pra.random.seed(numpy=seeds[0], libroom=seeds[1])
    try:
        yield
    finally:
        pra.constants.set("num_threads", threads)
        pra.random.seed()


def _corners(size_m: Point, heads: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest coordinates of a place."""
    size = np.array(size_m)
    margin = np.minimum(MARGIN_M, MARGIN_SHARE * size)
    low, high = margin, size - margin
    if heads and high[2] > HEAD_HEIGHT_M[1]:
        low[2], high[2] = max(low[2], HEAD_HEIGHT_M[0]), HEAD_HEIGHT_M[1]
    return low, high


def draw_pair(size_m: Point, distance_m: float, rng: np.random.Generator) -> tuple[Point, Point] | None:
    """Draw places for a talker and a microphone in a room, at a given distance from each other.

    Both are at least 0.3 m from the walls (15 % of a side, if that is less), and in a room that is high enough between
    0.7 and 1.8 m above the floor: sitting or standing people, tables and hands. Pairs are drawn until one fits; the
    draws are the same for every distance.

    Args:
        size_m: Length, width, height.
        distance_m: From the talker to the microphone.
        rng: Draws the places.

    Returns:
        Talker and microphone; None if no pair at this distance was found.

    Example:
        >>> talker, microphone = draw_pair((4.0, 3.0, 2.5), 1.5, np.random.default_rng(1))
        >>> round(math.dist(talker, microphone), 6), draw_pair((4.0, 3.0, 2.5), 9.0, np.random.default_rng(1))
        (1.5, None)
    """
    low, high = _corners(size_m, heads=True)
    microphones = low + rng.random((TRIES, 3)) * (high - low)
    talkers = microphones + distance_m * _directions(rng)
    return _first(talkers, microphones, np.all((talkers >= low) & (talkers <= high), axis=1))


def draw_source(
    size_m: Point, microphone: Point, talker: Point, distance_m: float | None, rng: np.random.Generator
) -> Point | None:
    """Draw a place for a noise in a room with a microphone and a talker, at least 0.3 m from the talker.

    Args:
        size_m: Length, width, height.
        microphone: Place of the microphone.
        talker: Place of the talker.
        distance_m: From the microphone; None for any place at least 0.3 m away.
        rng: Draws the place.

    Returns:
        The place; None if none was found.
    """
    low, high = _corners(size_m, heads=False)
    microphones = np.broadcast_to(np.array(microphone), (TRIES, 3))
    anywhere, directions = low + rng.random((TRIES, 3)) * (high - low), _directions(rng)
    places = anywhere if distance_m is None else microphones + distance_m * directions
    fits = np.all((places >= low) & (places <= high), axis=1)
    fits &= np.sqrt(np.sum((places - np.array(talker)) ** 2, axis=1)) >= min(MARGIN_M, min(size_m) / 4)
    if distance_m is None:
        fits &= np.sqrt(np.sum((places - microphones) ** 2, axis=1)) >= min(MARGIN_M, min(size_m) / 4)
    found = _first(places, microphones, fits)
    return None if found is None else found[0]


def _directions(rng: np.random.Generator) -> NDArray[np.float64]:
    """Unit vectors, uniform over all directions, shape (TRIES, 3)."""
    # A Gaussian density depends on the distance from the origin only, and so prefers no direction.
    vectors = rng.standard_normal((TRIES, 3))
    return np.asarray(vectors / np.sqrt(np.sum(vectors * vectors, axis=1, keepdims=True)))


def _first(one: NDArray[np.float64], other: NDArray[np.float64], fits: NDArray[np.bool_]) -> tuple[Point, Point] | None:
    chosen = np.flatnonzero(fits)
    if not chosen.size:
        return None
    first = int(chosen[0])
    return _point(one[first]), _point(other[first])


def _point(values: NDArray[np.float64]) -> Point:
    x, y, z = (float(value) for value in values)
    return x, y, z
