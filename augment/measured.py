"""What the manifest says about a scene: its levels, ratios and noises."""

import math
from collections.abc import Sequence
from typing import Any

from augment.acoustics.levels import db
from augment.columns import NOISE, numbered
from augment.scene import Scene, Stem


def noise_columns(noises: Sequence[Stem]) -> dict[str, Any]:
    """Columns of all noises of a scene, in the order in which they came in."""
    said = [(number, _noise(noise)) for number, noise in enumerate(noises, start=1)]
    return {numbered(c.name, number): values[c.name.removeprefix("noise_")] for number, values in said for c in NOISE}


def _noise(noise: Stem) -> dict[str, Any]:
    """What is known of a noise: what was asked for, and what was measured."""
    request, measured = noise.request, noise.measured
    assert request is not None, "noise stems are made by Scene.with_noise()"
    share = measured["active_share"]
    return {
        **vars(request),
        "start_s": rounded(request.start_s),
        "snr_requested_db": request.snr_db,
        **{name: rounded(value) for name, value in measured.items()},
        "active_share": None if share is None else round(share, 4),
    }


def requested_snr_db(at_microphone: Scene) -> float | None:
    """SNR asked for, against all noises together; None without noise, or where a sound level was asked for instead."""
    asked = [noise.request.snr_db for noise in at_microphone.noises if noise.request is not None]
    wanted = [snr_db for snr_db in asked if snr_db is not None]
    if not wanted or len(wanted) < len(asked):
        return None
    return -db(sum(10 ** (-snr_db / 10) for snr_db in wanted))


def rounded(value: float | None) -> float | None:
    """Round to a thousandth; None and what is not finite become None. Adding zero turns -0.0 into 0.0.

    Example:
        >>> rounded(1.23456), rounded(-0.0), rounded(float("inf"))
        (1.235, 0.0, None)
    """
    return None if value is None or not math.isfinite(value) else round(value, 3) + 0.0
