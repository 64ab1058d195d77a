"""AIFF, AIFF-C and CAF.

Reference: Apple, "Audio Interchange File Format 1.3", "AIFF-C (draft, 1991)" and "Core Audio Format Specification 1.0".
"""

import struct

from augment.errors import AudioError, Fault
from augment.files.containers.stream import Remark, Stream, refuse_cut, refuse_lie
from augment.files.containers.wave import UNACCOUNTED

WIDTHS = {b"NONE": 0, b"sowt": 0, b"twos": 0, b"raw ": 0, b"in24": 3, b"in32": 4, b"fl32": 4, b"FL32": 4, b"fl64": 8,
          b"FL64": 8, b"ulaw": 1, b"alaw": 1, b"ULAW": 1, b"ALAW": 1}  # fmt: skip
"""Bytes per sample by name of the coding; 0 if its number of bits decides."""


def is_aiff(data: bytes) -> bool:
    """Whether these are the first bytes of an AIFF file."""
    return data[:4] == b"FORM" and data[8:12] in (b"AIFF", b"AIFC")


def aiff_streams(data: bytes, where: str) -> list[Stream]:
    """The streams of an AIFF file.

    Raises:
        AudioError: It is cut off, or its header contradicts it.
    """
    found: list[Stream] = []
    start = 0
    while is_aiff(data[start : start + 12]):
        frames, end = _aiff(data, start, where)
        joined = is_aiff(data[end : end + 12])
        if len(data) - end > UNACCOUNTED and not joined:
            refuse_lie(where, "where its sound ends", f"{len(data) - end:,} bytes more")
        found.append(Stream(data[start:end] if joined or start else data, frames))
        start = end
    if len(found) > 1:
        return [Stream(stream.data, stream.frames, remarks=frozenset({Remark.JOINED})) for stream in found]
    return found


def _aiff(data: bytes, start: int, where: str) -> tuple[int | None, int]:
    """Frames of the AIFF file that begins at a given byte (None for a packed coding), and where it ends."""
    place, declared, width, sound = start + 12, None, 0, None
    while place + 8 <= len(data) and not is_aiff(data[place : place + 12]):
        name, (size,) = data[place : place + 4], struct.unpack_from(">I", data, place + 4)
        body, held = place + 8, len(data) - place - 8
        if name == b"COMM" and 18 <= size <= held:
            channels, declared, bits = struct.unpack_from(">hIh", data, body)
            coding = data[body + 18 : body + 22] if data[start + 8 : start + 12] == b"AIFC" else b"NONE"
            width = channels * (WIDTHS[coding] or (bits + 7) // 8) if coding in WIDTHS else 0
        elif name == b"SSND":
            if sound is not None:
                raise AudioError(Fault(where, "the file has two chunks of sound, of which decoders read one"))
            if size > held + 1:
                refuse_cut(where, size, held)
            sound = max(0, min(size, held) - 8 - struct.unpack_from(">I", data.ljust(body + 8, b"\0"), body)[0])
        elif size > held or not name.isascii():
            break
        place = body + size + size % 2
    if declared is None or sound is None:
        raise AudioError(Fault(where, "cannot be decoded as audio: a chunk of its format or its sound is missing"))
    if width and abs(sound - declared * width) >= max(2, width):
        refuse_lie(where, f"{declared:,} frames ({declared * width:,} bytes)", f"{sound:,} bytes of sound")
    return declared if width else None, min(place, len(data))


def is_caf(data: bytes) -> bool:
    """Whether these are the first bytes of a CAF file."""
    return data[:4] == b"caff"


def caf_streams(data: bytes, where: str) -> list[Stream]:
    """The stream of a CAF file.

    Raises:
        AudioError: It is cut off, or its header contradicts it.
    """
    place, form, counted, sound = 8, (0, 0), None, None
    while place + 12 <= len(data):
        name, size = struct.unpack_from(">4sq", data, place)
        body, held = place + 12, len(data) - place - 12
        if name == b"desc" and held >= 32:
            form = struct.unpack_from(">II", data, body + 16)
        elif name == b"pakt" and held >= 24:
            (counted,) = struct.unpack_from(">q", data, body + 8)
        elif name == b"data":
            sound = _caf_sound(size, held, where, again=sound is not None)
        if not 0 <= size <= held:
            break
        place = body + size
    if sound is None:
        raise AudioError(Fault(where, "cannot be decoded as audio: it has no chunk of sound"))
    end = len(data) if size == -1 else place
    if len(data) - end > UNACCOUNTED or data.find(b"caff\0\x01", 8) >= 0:
        refuse_lie(where, "where its sound ends", f"another file, or {len(data) - end:,} bytes more")
    packet_bytes, packet_frames = form
    frames = sound // packet_bytes * packet_frames if packet_bytes and packet_frames else counted
    return [Stream(data, frames, remarks=frozenset({Remark.OPEN_LENGTH} if size == -1 else ()))]


def _caf_sound(size: int, held: int, where: str, again: bool) -> int:
    """Bytes of sound in a chunk, after the edit count at its start."""
    if again:
        raise AudioError(Fault(where, "the file has two chunks of sound, of which decoders read one"))
    if size > held:
        refuse_cut(where, size, held)
    return (held if size == -1 else size) - 4
