"""What the manifest says of a scene: levels, ratios, noises."""

import math
from collections.abc import Sequence
from typing import Any

from augment.acoustics.levels import db
from augment.scene import Scene, Stem

NOISE_FIELDS = (
    "step", "source", "start_s", "segment", "continued", "talkers", "talker_ids", "level_by", "snr_requested_db",
    "snr_db", "level_dba", "distance_m", "active_share", "crest_db",
)  # fmt: skip
"""What the manifest says of each noise, behind its prefix."""


def noise_prefix(number: int) -> str:
    """Prefix of the columns of the first, second ... noise of a scene.

    Example:
        >>> noise_prefix(1), noise_prefix(2)
        ('noise', 'noise2')
    """
    return "noise" if number == 1 else f"noise{number}"


def noise_columns(noises: Sequence[Stem]) -> dict[str, Any]:
    """Columns of all noises of a scene, in the order in which they came in."""
    columns: dict[str, Any] = {}
    for number, noise in enumerate(noises, start=1):
        columns |= {f"{noise_prefix(number)}_{name}": value for name, value in _noise(noise).items()}
    return columns


def _noise(noise: Stem) -> dict[str, Any]:
    request, measured = noise.request, noise.measured
    assert request is not None, "noise stems are made by Scene.with_noise()"
    share = measured["active_share"]
    values = (
        request.step,
        request.source,
        rounded(request.start_s),
        request.segment,
        request.continued,
        request.talkers,
        request.talker_ids,
        request.level_by,
        request.snr_db,
        rounded(measured["snr_db"]),
        rounded(measured["level_dba"]),
        request.distance_m,
        None if share is None else round(share, 4),
        rounded(measured["crest_db"]),
    )
    return dict(zip(NOISE_FIELDS, values, strict=True))


def requested_snr_db(at_microphone: Scene) -> float | None:
    """SNR that was asked for, against all noises together; None without noise, or where a level was asked for."""
    asked = [noise.request.snr_db for noise in at_microphone.noises if noise.request is not None]
    wanted = [snr_db for snr_db in asked if snr_db is not None]
    if not wanted or len(wanted) < len(asked):
        return None
    return -db(sum(10 ** (-snr_db / 10) for snr_db in wanted))


def rounded(value: float | None) -> float | None:
    """To a thousandth; None stays None, and what is not finite becomes None. Adding zero turns -0.0 into 0.0.

    Example:
        >>> rounded(1.23456), rounded(-0.0), rounded(float("inf"))
        (1.235, 0.0, None)
    """
    return None if value is None or not math.isfinite(value) else round(value, 3) + 0.0
