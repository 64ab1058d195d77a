"""What the manifest says about a scene: its levels, ratios and noises."""

import math
from collections.abc import Mapping, Sequence
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


def snr_words(row: Mapping[str, Any]) -> str:
    """The SNR of an item in words, from its columns of the manifest: ``no noise`` only where none was added.

    Noise of a device does not pass the microphone, so it counts in the SNR as delivered alone; behind a step that is
    not linear, not even there.

    Example:
        >>> snr_words({"snr_db": 5.0, "snr_delivered_db": 6.1})
        'SNR 5.0 dB at the microphone'
        >>> snr_words({"snr_db": None, "snr_delivered_db": 10.0})
        'SNR 10.0 dB as delivered (noise of the device)'
        >>> snr_words({"snr_db": None, "snr_delivered_db": None})
        'no noise added'
        >>> snr_words({"noise_step": "device/bad/line_noise"})
        'noise of the device, its SNR as delivered not known'
    """
    at_microphone, delivered = row.get("snr_db"), row.get("snr_delivered_db")
    if at_microphone is not None:
        return f"SNR {tenths(at_microphone)} dB at the microphone"
    if delivered is not None:
        return f"SNR {tenths(delivered)} dB as delivered (noise of the device)"
    return "no noise added" if row.get("noise_step") is None else "noise of the device, its SNR as delivered not known"


def tenths(value: float) -> str:
    """A value with one digit behind the point, and no minus before a zero.

    Example:
        >>> tenths(-26.04), tenths(-0.04)
        ('-26.0', '0.0')
    """
    return f"{round(value, 1) + 0.0:.1f}"


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
