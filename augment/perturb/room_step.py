"""What measured and simulated rooms have in common: the columns of the manifest that they fill."""

from typing import Any

from augment.acoustics.convolution import ImpulseResponse
from augment.acoustics.room import RoomMeasures
from augment.columns import Column
from augment.scene import Scene

RECORDS = (
    Column("room_name", str, "the room: its profile, or the recording of its response"),
    Column("room_position", str, "place in the room: a cluster for your statistics"),
    Column("room_channel", int, "channel of the recorded response, from 0"),
    Column("room_distance_m", float, "from talker to microphone", "m"),
    Column("room_t60_target_s", float, "reverberation time that the room's profile asks for", "s"),
    Column("room_t60_missed", bool, "whether the room's measured time is more than 20 % beside that of its profile"),
    Column("room_t30_s", float, "reverberation time, measured on the response that was used (ISO 3382)", "s"),
    Column("room_t30_range", str, "range of the decay that was measured: T30, or T20 where there is no more"),
    Column("room_c50_db", float, "clarity of the room: energy before 50 ms to energy behind", "dB"),
    Column("room_drr_db", float, "direct to reverberant energy of the room", "dB"),
    Column("room_direct_index", int, "delay of the direct sound that was taken out", "samples"),
    Column("room_response_s", float, "length of the room's response", "s"),
    Column("room_tail_cut_db", float, "energy of the reverberation that fell behind the end of the file, re all", "dB"),
)
"""Columns that a room step fills; what does not apply is None."""


def response_columns(scene: Scene, response: ImpulseResponse, measures: RoomMeasures, direct: int) -> dict[str, Any]:
    """What the manifest says of a response and of the speech that passes through it.

    Args:
        scene: The scene before the room.
        response: From the talker to the microphone.
        measures: Measures of the response.
        direct: Delay of the direct sound that was removed, in samples.
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
