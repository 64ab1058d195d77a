"""A stream of sound in a file, and faults that every container may have."""

from dataclasses import dataclass
from enum import StrEnum

from augment.errors import AudioError, Fault


class Remark(StrEnum):
    """What a user should know about a file that is used all the same."""

    OPEN_LENGTH = "state no length, as a program leaves it that writes to a pipe: everything behind the header is read"
    JOINED = "are several files joined into one: all of it is read"
    HALF_SAMPLE = "end in half of a sample, which is left out"
    UNPADDED = "have a chunk of odd size without the byte that should follow it: they are read as they were meant"
    ODD_BITS = "have samples of another number of bits than whole bytes hold: the lower bits count as empty"
    ABOVE_FULL_SCALE = "have floating-point samples above full scale: they are used as they are"
    INTEGER_SCALE = "have floating-point samples on the scale of integers: they are scaled to 1.0"
    DELAY_UNSTATED = "are AAC that does not state its encoder's delay: their sound may begin 20 to 130 ms late"
    VIDEO = "are videos, of which the sound is used"
    LOW_RATE = "have less than 8000 samples a second: they reach less far up than a telephone"
    CLICK = "have a peak 30 dB above their speech, perhaps a click: it decides how loud the file can be made"
    CLIPPED = "are clipped: more than 0.1 % of their samples stand on flat tops"
    DC = "have a DC offset of more than 1 % of full scale: it is taken out"
    INFRASOUND = (
        "hold infrasound (below 20 Hz, or not far above) that would make them 1 dB louder or more: it is taken out"
    )
    HUM = (
        "would be 3 dB softer or more, by the level meter, without what lies below 100 Hz (hum, rumble, wind): it "
        "counts as the talker's, whose level is that much too high; filter it out before, or leave them out"
    )
    CUT_AT_END = "are asked for up to 50 ms beyond their end: the utterance ends with the file"
    ONE_SOUNDS = "have one channel with sound beside silent ones: that one is used"
    SAME_CHANNELS = "have more than one channel, the same but for their level: one of them is used"
    CHOSEN = "have more than one channel: the one that is named is used"
    MIXED = "have more than one channel: the mean of the channels is used, as it is asked for"
    MIXED_DELAYED = "have channels with a delay between them: the mean that is asked for is a comb filter"
    FIRST_OF_DIFFERENT = "have channels that differ: the first is used; say channel: N, or channel: mix"
    FIRST_OF_INVERTED = "have channels of opposite polarity: the first is used"


@dataclass(frozen=True)
class Stream:
    """One run of sound that a decoder reads from its first frame to its last.

    Attributes:
        data: What the decoder is handed.
        frames: How many frames the bytes hold; None where only the decoder can count, and the size is checked.
        slack: Frames by which the decoder may differ, since it leaves out parts of the first or last packet.
        remarks: What the user should know.
        rate_hz: Rate at which ``frames`` are counted, where the decoder may choose another.
    """

    data: bytes
    frames: int | None
    slack: int = 0
    remarks: frozenset[Remark] = frozenset()
    rate_hz: int | None = None


@dataclass(frozen=True)
class Stated:
    """What the header of a file says about its sound, before anything is decoded.

    Attributes:
        sample_rate_hz: Sample rate.
        channels: Number of channels.
        frames: Least number of frames, if the file is whole.
        slack: Frames by which a decoder may differ: none.
    """

    sample_rate_hz: int
    channels: int
    frames: int | None
    slack: int = 0


def refuse_cut(where: str, declared: int, held: int, unit: str = "bytes of sound") -> None:
    """Refuse a file that has lost its end.

    Raises:
        AudioError: Always.
    """
    message = f"the file is cut off: it declares {declared:,} {unit} and holds {held:,}"
    raise AudioError(Fault(where, message, "fetch or copy it again"))


def refuse_lie(where: str, declared: str, held: str) -> None:
    """Refuse a file whose header contradicts what it holds.

    Raises:
        AudioError: Always.
    """
    raise AudioError(Fault(where, f"its header says {declared}, and it holds {held}", "mend or convert the file"))
