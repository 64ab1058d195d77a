"""What measured and simulated rooms have in common: the columns of the manifest that they fill."""

from typing import Any

from augment.acoustics.convolution import ImpulseResponse
from augment.acoustics.room import RoomMeasures
from augment.scene import Scene

RECORDS = (
    "room_name",
    "room_position",
    "room_channel",
    "room_distance_m",
    "room_t60_target_s",
    "room_t60_missed",
    "room_t30_s",
    "room_t30_range",
    "room_c50_db",
    "room_drr_db",
    "room_direct_index",
    "room_response_s",
    "room_tail_cut_db",
)
"""Columns of a step at the stage of the room; what does not apply is None."""


def response_columns(scene: Scene, response: ImpulseResponse, measures: RoomMeasures, direct: int) -> dict[str, Any]:
    """What is recorded of a response and of the speech that goes through it.

    Args:
        scene: Before the room.
        response: From the talker to the microphone.
        measures: Of the response.
        direct: Delay of the direct sound that was taken out, in samples.
    """
    return {
        "room_t30_s": _rounded(measures.t30_s, 3),
        "room_t30_range": measures.t30_range,
        "room_c50_db": _rounded(measures.c50_db, 2),
        "room_drr_db": _rounded(measures.drr_db, 2),
        "room_direct_index": direct,
        "room_response_s": round((response.taps.size - response.advance_samples) / scene.sample_rate_hz, 3),
        "room_tail_cut_db": _rounded(scene.speech.track.tail_behind_db(response), 2),
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits) + 0.0
