"""What kind of values columns of a manifest hold, in every test set alike."""

import re
from collections.abc import Iterable
from typing import Any

from augment.recipe.model import ROW_FIELDS, measured

FRACTIONS = re.compile(r".*_(db|dba|dbov|dbspl|dbfs|lufs|s|m|share|activity|offset)")
WHOLE = {
    "adc_clipped_samples", "codec_delay_samples", "codec_packets", "codec_packets_lost", "codec_rate_hz",
    "noise_talkers", "room_direct_index",
}  # fmt: skip
YES_OR_NO = {"noise_continued", "room_t60_missed"}


def kind_of(column: str, values: Iterable[Any]) -> type:
    """``bool``, ``int``, ``float`` or ``str``: that of the values; of an empty column, what others sets have there.

    Args:
        column: Its name.
        values: What is in it; None for nothing.

    Example:
        >>> kind_of("noise2_level_dba", [None]), kind_of("codec2_packets", [None]), kind_of("age", [None])
        (<class 'float'>, <class 'int'>, <class 'str'>)
        >>> kind_of("block", [1, None]), kind_of("x", [1, 2.5]), kind_of("x", [1, "a"])
        (<class 'int'>, <class 'float'>, <class 'str'>)
    """
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {int, float}:
        return float
    if kinds:
        kind = kinds.pop()
        return kind if not kinds and kind in (bool, int, float) else str
    own = measured(column) or column in ROW_FIELDS
    name = re.sub(r"\d+_", "_", column, count=1)
    if own and name in WHOLE:
        return int
    if own and name in YES_OR_NO:
        return bool
    return float if own and FRACTIONS.fullmatch(name) else str
