"""FLAC: single files, several joined into one, and files written to a pipe, which state no length.

The number of a stream's last frame says where that frame lies, so that a stream is counted without decoding it.

Reference: RFC 9639, sections 8.2 (STREAMINFO) and 9.1 (frame header).
"""

import re

from augment.errors import AudioError, Fault
from augment.files.containers.stream import Remark, Stream, refuse_cut, refuse_lie

STREAM = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")
BLOCK_SIZES = {1: 192, **{n: 144 << n for n in range(2, 6)}, **{n: 1 << n for n in range(8, 16)}}
MOST_TAIL = 1 << 20
"""Bytes before the end within which the last frame must begin: the size of 65,535 samples of 8 channels at 16 bits."""
MOST_TRIED = 64
"""Most places in these bytes that may look like a frame header: by chance, one in a million does."""


def recognised(data: bytes) -> bool:
    """Whether these are the first bytes of a FLAC file."""
    return data[:4] == b"fLaC"


def streams(data: bytes, where: str) -> list[Stream]:
    """The streams of a file.

    Raises:
        AudioError: It is cut off, or its header contradicts it.
    """
    starts = [found.start() for found in STREAM.finditer(data)]
    if not starts or starts[0]:
        raise AudioError(Fault(where, "cannot be decoded as audio: its header is damaged"))
    ends = [*starts[1:], len(data)]
    alone = len(starts) == 1
    return [_stream(data if alone else data[a:b], where, alone) for a, b in zip(starts, ends, strict=True)]


def _stream(data: bytes, where: str, alone: bool) -> Stream:
    if len(data) < 42:
        raise AudioError(Fault(where, "cannot be decoded as audio: its header is cut off"))
    declared = int.from_bytes(data[21:26], "big") & (1 << 36) - 1
    held, whole = _held(data, int.from_bytes(data[10:12], "big"), declared)
    remarks = set() if alone else {Remark.JOINED}
    if declared > held:
        refuse_cut(where, declared, held, "frames")
    if not whole:
        raise AudioError(Fault(where, "the file is cut off in its last frame, or damaged", "fetch or copy it again"))
    if declared == 0 and held:
        data = data[:21] + ((data[21] & 0xF0) << 32 | held).to_bytes(5, "big") + data[26:]
        return Stream(data, held, remarks=frozenset(remarks | {Remark.OPEN_LENGTH}))
    if declared < held:
        refuse_lie(where, f"{declared:,} frames", f"{held:,}")
    return Stream(data, held, remarks=frozenset(remarks))


def _held(data: bytes, largest: int, declared: int) -> tuple[int, bool]:
    """Number of samples up to the end of the last FLAC frame, and whether that frame is whole.

    Args:
        data: One stream.
        largest: Samples in its largest FLAC frame.
        declared: Samples that its header states.
    """
    first, end = _behind_metadata(data), len(data) - (128 if data[-128:-125] == b"TAG" else 0)
    if first >= end:
        return 0, first == end
    fixed = data[first + 1 : first + 2] == b"\xf8"
    place, guess = end, 0
    for _ in range(MOST_TRIED):
        place = data.rfind(b"\xff\xf8" if fixed else b"\xff\xf9", max(first, end - MOST_TAIL), place + 1)
        if place < 0:
            break
        header = _header(data[place : place + 16], largest)
        if header is not None:
            number, size = header
            # A fixed block size applies to all frames but the last, which may be shorter.
            held = number * largest + size if fixed else number + size
            # Bytes that only look like a header do not have exactly the expected number.
            if held == declared or _crc16(data[place : end - 2]) == int.from_bytes(data[end - 2 : end], "big"):
                return held, True
            guess = guess or min(held, declared)
        place -= 1
    return guess, False


def _behind_metadata(data: bytes) -> int:
    """Where the first frame begins; beyond the end of the data if it is not in there."""
    place = 4
    while place + 4 <= len(data):
        last, size = data[place] & 0x80, int.from_bytes(data[place + 1 : place + 4], "big")
        place += 4 + size
        if last:
            return place
    return len(data) + 1


def _header(head: bytes, largest: int) -> tuple[int, int] | None:
    """Number and size of a frame, if these bytes are a frame header with a correct checksum."""
    code, rate = (head[2] >> 4, head[2] & 15) if len(head) > 4 else (0, 15)
    if code == 0 or rate == 15:
        return None
    lead = head[4]
    more = 0 if lead < 0x80 else 7 - (lead ^ 0xFF).bit_length() if lead != 0xFF else 9
    if more > 6 or (lead >= 0x80 and more < 1) or len(head) < 6 + more:
        return None
    number = lead if lead < 0x80 else lead & (0x3F >> more)
    for byte in head[5 : 5 + more]:
        if byte & 0xC0 != 0x80:
            return None
        number = number << 6 | byte & 0x3F
    place = 5 + more
    wide = {6: 1, 7: 2}.get(code, 0)
    size = int.from_bytes(head[place : place + wide], "big") + 1 if wide else BLOCK_SIZES.get(code, 0)
    place += wide + {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if place >= len(head) or _crc8(head[:place]) != head[place] or not 0 < size <= largest:
        return None
    return number, size


def _table(polynomial: int, bits: int) -> tuple[int, ...]:
    """What each byte contributes to a checksum."""
    found = []
    for byte in range(256):
        crc = byte << bits - 8
        for _ in range(8):
            crc = crc << 1 ^ (polynomial if crc >> bits - 1 else 0)
        found.append(crc)
    return tuple(found)


CRC8, CRC16 = _table(0x107, 8), _table(0x18005, 16)


def _crc8(data: bytes) -> int:
    """Checksum of a frame header: x^8 + x^2 + x + 1."""
    crc = 0
    for byte in data:
        crc = CRC8[crc ^ byte]
    return crc


def _crc16(data: bytes) -> int:
    """Checksum of a frame: x^16 + x^15 + x^2 + 1."""
    crc = 0
    for byte in data:
        crc = (crc << 8 & 0xFFFF) ^ CRC16[crc >> 8 ^ byte]
    return crc
