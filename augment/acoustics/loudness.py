"""Programme loudness by ITU-R BS.1770, by which broadcasters and podcast platforms set levels."""

import cmath
import math
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.compiled import Loop
from augment.acoustics.levels import db

Coefficients = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Numerator and denominator of a recursive filter."""

BLOCK_S = 0.4
STEPS_PER_BLOCK = 4
OFFSET_DB = -0.691
"""Undoes the gain of the K-weighting at 997 Hz: there a full-scale sine reads -3.01 LUFS."""
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_DB = -10.0

FILTER_RATE_HZ = 48000
SHELF = (
    np.array([1.53512485958697, -2.69169618940638, 1.19839281085285]),
    np.array([1.0, -1.69065929318241, 0.73248077421585]),
)
HIGH_PASS = np.array([1.0, -2.0, 1.0]), np.array([1.0, -1.99004745483398, 0.99007225036621])
"""Numerator and denominator of the two filters of the K-weighting at 48 kHz."""
ORDER, HIGH_ORDER, HIGH_RATE_HZ = 3, 2, 20_000
"""Of the filter that is fitted, below and from a rate on: where two poles are enough, a third one is anywhere."""
DIGITS = 10
"""Of its coefficients, so that they do not hang on how a library solves equations."""
FITTED_AT = 512
ROUNDS = 5
RESTING = 1e-200
"""A smaller state of a filter is taken for none."""


def k_filters(sample_rate_hz: int) -> tuple[Coefficients, Coefficients]:
    """The high-pass and the shelf of the K-weighting as recursive filters for a sample rate.

    The recommendation gives filters for 48 kHz, and asks for the same frequency response at other rates. The poles of
    the high-pass are moved so that they turn and decay as fast in time. What is then missing of the power response R of
    both filters, the shelf and all that differs towards half the sample rate, is a smooth curve R / |high-pass|^2, to
    which a filter of second or third order is fitted: by 0.005 dB at 8 kHz, and by 0.001 dB from 12 kHz on.

    Args:
        sample_rate_hz: Samples a second. Above 24 kHz the response is held at its value there.

    Returns:
        Numerator and denominator of each.

    Reference: ITU-R BS.1770-4, Annex 1, tables 1 and 2; Sanathanan and Koerner (1963), IEEE Trans. Automatic Control
    8:56, for the fit.
    """
    if sample_rate_hz == FILTER_RATE_HZ:
        return HIGH_PASS, SHELF
    # Up to half the sample rate, in steps that are finer at low frequencies; at 0 Hz both responses are zero.
    turn = np.pi * (np.arange(1, FITTED_AT + 1) / FITTED_AT) ** 2
    turn_at_48 = np.minimum(turn * sample_rate_hz / FILTER_RATE_HZ, np.pi)
    _, half, square = HIGH_PASS[1]
    pole = (-half / 2 + cmath.sqrt(half * half / 4 - square)) ** (FILTER_RATE_HZ / sample_rate_hz)
    high_pass = HIGH_PASS[0], np.array([1.0, -2 * pole.real, abs(pole) ** 2])
    wanted = _power_response(HIGH_PASS, turn_at_48) * _power_response(SHELF, turn_at_48)
    order = ORDER if sample_rate_hz < HIGH_RATE_HZ else HIGH_ORDER
    shelf = _fitted(turn, wanted / _power_response(high_pass, turn), order)
    return high_pass, shelf


def _power_response(filters: Coefficients, turn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared magnitude of a recursive filter at angular frequencies in radians a sample."""
    delay = np.exp(-1j * turn)
    polyval = np.polynomial.polynomial.polyval
    return np.asarray(np.abs(polyval(delay, filters[0]) / polyval(delay, filters[1])) ** 2)


def _fitted(turn: NDArray[np.float64], wanted: NDArray[np.float64], order: int) -> Coefficients:
    """Recursive filter of minimum phase with a power response.

    |B|^2 and |A|^2 of a filter B / A are sums of cosines. Least squares of |B|^2 - R |A|^2 are linear in both; divided
    by the |A|^2 of the round before, and by R, they are relative errors of the response.
    """
    cosines = np.cos(np.outer(turn, np.arange(order + 1)))
    weight = 1 / wanted
    for _ in range(ROUNDS):
        equations = np.hstack([cosines, -wanted[:, None] * cosines[:, 1:]]) * weight[:, None]
        solved = np.linalg.lstsq(equations, wanted * weight, rcond=None)[0]
        above, below = np.split(np.insert(solved, order + 1, 1.0), 2)
        weight = 1 / (wanted * (cosines @ below))
    numerator, denominator = _of_minimum_phase(above), _of_minimum_phase(below)
    return _short(numerator / denominator[0]), _short(denominator / denominator[0])


def _short(coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coefficients of so many digits."""
    return np.array([float(f"{value:.{DIGITS}g}") for value in coefficients])


def _of_minimum_phase(cosines: NDArray[np.float64]) -> NDArray[np.float64]:
    """Polynomial in 1/z with |P|^2 = c0 + c1 cos(w) + c2 cos(2w) + ..., and all its roots inside the unit circle."""
    # With cos(kw) = (z^k + z^-k) / 2 the sum is a polynomial whose roots come in pairs r, 1/r: one of each is taken.
    roots = np.roots(np.concatenate([cosines[:0:-1] / 2, cosines[:1], cosines[1:] / 2]))
    found = np.real(np.poly(sorted(roots, key=abs)[: cosines.size - 1]))
    # At 0 Hz all cosines are 1.
    return np.asarray(found * math.sqrt(np.sum(cosines) / np.sum(found) ** 2))


@cache
def _k_coefficients(sample_rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The two filters as the loop takes them: four coefficients of the numerator, then four of the denominator."""
    high_pass, shelf = (
        np.concatenate([np.pad(half, (0, ORDER + 1 - half.size)) for half in filters])
        for filters in k_filters(sample_rate_hz)
    )
    return high_pass, shelf


def block_powers(one: Signal, other: Signal, sample_rate_hz: int) -> NDArray[np.float64]:
    """Mean products of two K-weighted signals in blocks of 400 ms, every 100 ms.

    The blocks of a sum of signals follow from those of its parts: (a x + b y)^2 = a^2 x^2 + 2 a b x y + b^2 y^2.

    Args:
        one: Shape (n,).
        other: Shape (n,).
        sample_rate_hz: Samples a second.

    Returns:
        Powers of the one, products of both, and powers of the other, shape (3, blocks); a block that the end cuts off
        does not count.

    Raises:
        ValueError: The signals differ in length.

    Reference: ITU-R BS.1770-4, Annex 1.

    Example:
        >>> tone = np.sin(2 * np.pi * 997 * np.arange(16000) / 16000)
        >>> (10 * np.log10(block_powers(tone, 2 * tone, 16000)[:, 3])).round(2).tolist()  # -3.01 dB, and 0.69 dB more
        [-2.32, 0.69, 3.7]
    """
    if one.size != other.size:
        raise ValueError(f"signals of {one.size} and {other.size} samples have no product")
    edges, first, last = _blocks(one.size, sample_rate_hz)
    if not first.size:
        return np.zeros((3, 0))
    # Products are summed once between all edges of blocks; the sum over a block is the difference of two running sums.
    heard = (np.ascontiguousarray(signal, dtype=np.float64) for signal in (one, other))
    between = np.empty((3, edges.size - 1))
    _PRODUCTS(edges.size - 1, *_k_coefficients(sample_rate_hz), *heard, edges, between.ravel())
    upto = np.pad(np.cumsum(between, axis=1), ((0, 0), (1, 0)))
    return np.asarray((upto[:, last] - upto[:, first]) / round(BLOCK_S * sample_rate_hz))


def _products(
    blocks: int, high_pass: Signal, shelf: Signal, one: Signal, other: Signal, edges: NDArray[np.int64], out: Signal
) -> None:
    """Sums of the three products of two K-weighted signals between edges, shape (3, blocks): all in one pass.

    Two filters in direct form II transposed, one after the other, for each of the signals: while one waits for its own
    last sample, a processor is at the others.
    """
    b0, b1, b2, a1, a2 = high_pass[0], high_pass[1], high_pass[2], high_pass[5], high_pass[6]
    d0, d1, d2, d3, c1, c2, c3 = shelf[0], shelf[1], shelf[2], shelf[3], shelf[5], shelf[6], shelf[7]
    s1 = s2 = t1 = t2 = t3 = 0.0
    u1 = u2 = v1 = v2 = v3 = 0.0
    for k in range(blocks):
        square = product = other_square = 0.0
        for n in range(edges[k], edges[k + 1]):
            x = one[n]
            y = s1 + b0 * x
            s1 = s2 + b1 * x - a1 * y
            s2 = b2 * x - a2 * y
            heard = t1 + d0 * y
            t1 = t2 + d1 * y - c1 * heard
            t2 = t3 + d2 * y - c2 * heard
            t3 = d3 * y - c3 * heard
            x = other[n]
            y = u1 + b0 * x
            u1 = u2 + b1 * x - a1 * y
            u2 = b2 * x - a2 * y
            beside = v1 + d0 * y
            v1 = v2 + d1 * y - c1 * beside
            v2 = v3 + d2 * y - c2 * beside
            v3 = d3 * y - c3 * beside
            square += heard * heard
            product += heard * beside
            other_square += beside * beside
        out[k], out[blocks + k], out[2 * blocks + k] = square, product, other_square
        # In digital silence states decay to numbers so small that a processor takes a hundred times as long over them.
        if abs(s1) + abs(s2) + abs(t1) + abs(t2) + abs(t3) < RESTING:
            s1 = s2 = t1 = t2 = t3 = 0.0
        if abs(u1) + abs(u2) + abs(v1) + abs(v2) + abs(v3) < RESTING:
            u1 = u2 = v1 = v2 = v3 = 0.0


_PRODUCTS = Loop(_products)


@lru_cache(maxsize=64)
def _blocks(samples: int, sample_rate_hz: int) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.intp]]:
    """All edges of blocks, which overlap by three quarters; and which of the edges are the ends of each block."""
    step, length = BLOCK_S / STEPS_PER_BLOCK * sample_rate_hz, round(BLOCK_S * sample_rate_hz)
    starts = np.rint(step * np.arange(math.floor(samples / step) + 1)).astype(np.int64)
    starts = starts[starts + length <= samples]
    edges = np.unique(np.concatenate([starts, starts + length]))
    return edges, np.searchsorted(edges, starts), np.searchsorted(edges, starts + length)


def gated_loudness_lufs(power: NDArray[np.float64]) -> float | None:
    """Loudness of blocks, leaving out those below -70 LUFS and then those 10 LU or more below the mean of the rest.

    Args:
        power: K-weighted power of each block, shape (blocks,).

    Returns:
        Loudness in LUFS (LKFS); None where no block reaches -70 LUFS.
    """
    # A block of power P has -0.691 + 10 lg P LUFS.
    loud = power[power > 10 ** ((ABSOLUTE_GATE_LUFS - OFFSET_DB) / 10)]
    if not loud.size:
        return None
    kept = loud[loud > np.mean(loud) * 10 ** (RELATIVE_GATE_DB / 10)]
    return OFFSET_DB + db(float(np.mean(kept)))


def integrated_loudness_lufs(signal: Signal, sample_rate_hz: int) -> float | None:
    """Integrated loudness of one channel.

    Args:
        signal: Shape (n,), full scale 1.0.
        sample_rate_hz: Samples a second.

    Returns:
        Loudness in LUFS (LKFS); None for less than 0.4 s, or if no block of 400 ms reaches -70 LUFS.

    Reference: ITU-R BS.1770-4, Annex 1.

    Example:
        >>> tone = np.sin(2 * np.pi * 997 * np.arange(48000) / 48000)
        >>> round(integrated_loudness_lufs(tone, 48000), 2)
        -3.01
        >>> integrated_loudness_lufs(tone[:100], 48000) is None
        True
    """
    return gated_loudness_lufs(block_powers(signal, signal, sample_rate_hz)[0])
