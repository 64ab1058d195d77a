"""What an audio file may be taken for."""

from enum import StrEnum


class TakenFor(StrEnum):
    """What an audio file may be taken for where profiles are looked at."""

    RECORDING = "recording"
    MICROPHONE = "microphone"
    ROOM = "room"
