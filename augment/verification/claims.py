"""What a row claims to have measured, compared with what its condition asks for and checked for consistency."""

import math
from collections.abc import Iterator

from augment.recipe.model import Recipe
from augment.scene import Stage
from augment.verification.heard import Heard
from augment.verification.meter import decibel, together

TOLERANCE_DB = 0.1
SOFTER_TOLERANCE_DB = 1.5
"""Speech that was made softer as a whole may read up to 1 dB off: the P.56 meter's thresholds do not move with it."""
CEILING_DBFS = decibel(0.99**2)
"""Peak of a file that was made softer to avoid clipping, as documented in the recipe language."""


def claim_faults(item: Heard, recipe: Recipe) -> Iterator[str]:
    """What in a row is inconsistent; no audio is needed.

    Args:
        item: An item.
        recipe: The set's recipe.
    """
    wanted, softer = recipe.speech.level_dbov, item.number("headroom_gain_db") or 0.0
    if item.number("speech_level_requested_dbov") != wanted:
        yield f"speech_level_requested_dbov: the recipe says {wanted}"
    level, peak = item.number("speech_level_dbov"), item.number("peak_dbfs")
    moved = softer if item.linear else 0.0  # the level is that before the first step that is not linear
    within = TOLERANCE_DB if moved == 0 else SOFTER_TOLERANCE_DB
    if level is not None and abs(level - wanted - moved) > within:
        beside = f", with headroom_gain_db {softer}" if moved else ""
        yield f"speech_level_dbov: {wanted} were asked for{beside}; the manifest says {level}"
    if softer > 0 or (softer < 0 and (peak is None or abs(peak - CEILING_DBFS) > TOLERANCE_DB)):
        yield f"headroom_gain_db: {softer}, with a peak of {peak} dBFS; what is made softer has {CEILING_DBFS:.2f}"
    yield from snr_faults(item)


def snr_faults(item: Heard) -> Iterator[str]:
    """What in a row is inconsistent about its SNRs."""
    noises = [step.perturbation for step in item.condition.chain if step.perturbation.is_noise()]
    asked = [getattr(noise, "snr_db", None) for noise in noises if noise.stage <= Stage.NOISE]
    told, requested = item.number("snr_db"), item.number("snr_requested_db")
    known = [float(snr_db) for snr_db in asked if snr_db is not None]
    expected = -decibel(sum(10 ** (-snr_db / 10) for snr_db in known)) if known and len(known) == len(asked) else None
    if not _close(requested, expected):
        yield f"snr_requested_db: the recipe asks for {_shown(expected)}, the manifest says {_shown(requested)}"
    if expected is not None and not _between(told, expected, *together(known)):
        yield f"snr_db: {_shown(expected)} were asked for, the manifest says {_shown(told)}"
    later = [step for step in item.condition.chain if step.perturbation.stage > Stage.NOISE]
    # A meter of active speech moves by other steps than the gain of a file that was made softer, and by up to as much.
    within_db = SOFTER_TOLERANCE_DB if item.number("headroom_gain_db") else TOLERANCE_DB
    if not later and not _close(item.number("snr_delivered_db"), told, within_db):
        delivered = _shown(item.number("snr_delivered_db"))
        yield f"snr_delivered_db: nothing follows the noise, snr_db is {_shown(told)}, the manifest says {delivered}"


def _between(told: float | None, expected: float, least: float, most: float) -> bool:
    """Whether an SNR can be that of noises whose powers are so many times the expected one."""
    return told is not None and -decibel(most) - TOLERANCE_DB <= told - expected <= -decibel(least) + TOLERANCE_DB


def _close(one: float | None, other: float | None, within_db: float = TOLERANCE_DB) -> bool:
    """Whether two levels are the same, or both missing.

    Example:
        >>> _close(10.0, 10.05), _close(10.0, None), _close(None, None)
        (True, False, True)
    """
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=0, abs_tol=within_db)


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{value + 0.0:.2f}"
