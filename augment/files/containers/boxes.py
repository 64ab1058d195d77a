"""Whether a file that FFmpeg decodes is whole: the sizes of its outermost parts, compared with what is there.

Reference: ISO/IEC 14496-12 (boxes), RFC 8794 (EBML), "Advanced Systems Format Specification 1.2" (objects), ISO/IEC
13818-7 (ADTS frames).
"""

import re
import struct

from augment.errors import AudioError, Fault
from augment.files.containers.stream import refuse_cut

CODEC_DELAY = b"\x56\xaa"
"""The element that says how much of a Matroska track is not sound."""
HEAD_BYTES = 4096


def stated_length(data: bytes, demuxer: str, where: str) -> bool:
    """Whether a file states where it ends, and ends there; False for one that states no end.

    Args:
        data: The whole file.
        demuxer: FFmpeg's name for its container.
        where: What to call it in errors.

    Raises:
        AudioError: Its end is missing, or it is several files joined into one.
    """
    return {"mov": _boxes, "asf": _objects, "matroska": _segment, "aac": _frames}[demuxer](data, where)


def states_delay(data: bytes, demuxer: str) -> bool:
    """Whether a container says how much of its beginning is encoder delay, which FFmpeg then cuts off.

    Args:
        data: The whole file.
        demuxer: FFmpeg's name for its container.
    """
    if demuxer == "matroska":
        return CODEC_DELAY in data[:HEAD_BYTES]
    if demuxer != "mov":
        return False
    return b"iTunSMPB" in data or any(_edit_starts(data, found.end()) for found in re.finditer(b"elst", data))


def _edit_starts(data: bytes, place: int) -> bool:
    """Whether an edit list begins after the first sample of its track."""
    long = data[place : place + 1] == b"\1"
    head = data[place : place + (24 if long else 16)]
    if len(head) < (24 if long else 16):
        return False
    return int(struct.unpack_from(">q" if long else ">i", head, 16 if long else 12)[0]) > 0


def _boxes(data: bytes, where: str) -> bool:
    place = descriptions = 0
    while place + 8 <= len(data):
        size = int(struct.unpack_from(">I", data, place)[0])
        descriptions += data[place + 4 : place + 8] == b"moov"
        if descriptions > 1:
            message = "several files are joined here, and a decoder would read the first of them only"
            raise AudioError(Fault(where, message, "take them apart, or convert the recording to WAV or FLAC"))
        if size == 1 and place + 16 <= len(data):
            size = int(struct.unpack_from(">Q", data, place + 8)[0])
        if size == 0:
            return False
        if size < 8 or not data[place + 4 : place + 8].isascii():
            break
        if place + size > len(data):
            refuse_cut(where, place + size, len(data), "bytes")
        place += size
    return True


def _objects(data: bytes, where: str) -> bool:
    place = 0
    while place + 24 <= len(data):
        size = int(struct.unpack_from("<Q", data, place + 16)[0])
        if size < 24:
            return False
        if place + size > len(data):
            refuse_cut(where, place + size, len(data), "bytes")
        place += size
    return True


def _segment(data: bytes, where: str) -> bool:
    place = 0
    while place + 12 <= len(data):
        lead = 9 - data[place].bit_length()
        width = 9 - data[place + lead].bit_length() if lead < 9 and place + lead < len(data) else 9
        if width > 8:
            break
        place += lead
        size = int.from_bytes(data[place : place + width], "big") & (1 << 7 * width) - 1
        if size == (1 << 7 * width) - 1:
            return False
        place += width + size
        if place > len(data):
            refuse_cut(where, place, len(data), "bytes")
    return True


def _frames(data: bytes, where: str) -> bool:
    place = 0
    while place + 7 <= len(data):
        if data[place] != 0xFF or data[place + 1] & 0xF6 != 0xF0:
            if data[place : place + 3] == b"TAG":
                break
            message = f"the file is damaged: no frame of AAC begins at byte {place:,}"
            raise AudioError(Fault(where, message, "fetch or copy it again"))
        size = (data[place + 3] & 3) << 11 | data[place + 4] << 3 | data[place + 5] >> 5
        if size < 7 or place + size > len(data):
            refuse_cut(where, place + size, len(data), "bytes")
        place += size
    return True
