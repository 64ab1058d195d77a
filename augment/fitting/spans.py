"""Stretches of time in masks of samples or frames."""

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
"""For each sample or frame, whether something is so; shape (n,)."""
MOST_NAMED = 4


def runs(mask: Mask) -> NDArray[np.intp]:
    """Where a mask is true.

    Args:
        mask: Shape (n,).

    Returns:
        First place and the place behind the last of each run, shape (runs, 2).

    Example:
        >>> runs(np.array([True, False, True, True])).tolist()
        [[0, 1], [2, 4]]
    """
    change = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return change.reshape(-1, 2)


def filled(places: NDArray[np.intp], size: int) -> Mask:
    """The mask of ``size`` places that is true in given runs, shape (runs, 2); what lies outside is cut off.

    Example:
        >>> filled(np.array([[-1, 1], [2, 9]]), 4).tolist()
        [True, False, True, True]
    """
    mask = np.zeros(size, dtype=np.bool_)
    for begin, end in places:
        mask[max(0, begin) : max(0, end)] = True
    return mask


def joined(mask: Mask, gap: int) -> Mask:
    """The mask with gaps of at most ``gap`` places between two runs filled.

    Example:
        >>> joined(np.array([True, False, True, False, False, True]), 1).tolist()
        [True, True, True, False, False, True]
    """
    found = runs(mask)
    gaps = np.stack([found[:-1, 1], found[1:, 0]], axis=1)
    return mask | filled(gaps[gaps[:, 1] - gaps[:, 0] <= gap], mask.size)


def padded(mask: Mask, places: int) -> Mask:
    """The mask with every run made longer by ``places`` at both ends.

    Example:
        >>> padded(np.array([False, False, True, False]), 1).tolist()
        [False, True, True, True]
    """
    return filled(runs(mask) + np.array([-places, places]), mask.size)


def spoken(spans_s: list[tuple[float, float]]) -> str:
    """Spans of time in words; the first few if there are many.

    Args:
        spans_s: Begin and end of each, in s.

    Example:
        >>> spoken([(0.0, 1.25), (3.0, 4.0)])
        '0.0-1.2 s, 3.0-4.0 s'
    """
    listed = ", ".join(f"{begin:.1f}-{end:.1f} s" for begin, end in spans_s[:MOST_NAMED])
    more = len(spans_s) - MOST_NAMED
    return f"{listed} and {more} more" if more > 0 else listed
