"""WAV and its descendants: RIFF, RIFX, RF64, BW64, and Sony Wave64.

Reference: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0"; EBU Tech 3306 (RF64); Sony Wave64.
"""

import itertools
import re
import struct
from dataclasses import dataclass, replace

from augment.errors import AudioError, Fault, counted
from augment.files.containers import mpeg
from augment.files.containers.stream import Remark, Stated, Stream, refuse_cut, refuse_lie
from augment.files.peek import Bytes

HEADS = (b"RIFF", b"RIFX", b"RF64", b"BW64")
GUID_END = bytes.fromhex("f3acd3118cd100c04f8edb8a")
WAVE64 = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")
JOINED = re.compile(rb"(?:RIF[FX]|RF64|BW64).{4}WAVE(?:fmt |JUNK|ds64|bext|LIST)", re.DOTALL)
OPEN_BYTES = 0x7FFFF000
"""Sizes that mean "unknown": a program that writes to a pipe cannot go back to fill in the real one."""
UNACCOUNTED = 4096
"""Most bytes after the sound that may belong to no chunk and are ignored: remains of editors and tags."""
MOST_CHUNKS = 10_000
PCM, FLOAT, A_LAW, MU_LAW, MPEG_TAGS, EXTENSIBLE = 1, 3, 6, 7, (0x50, 0x55), 0xFFFE
PACKED = (0x02, 0x11, 0x31, 0x38, 0x40)
"""Codecs that pack several frames into a block and are read: MS ADPCM, IMA ADPCM, GSM 06.10, NMS ADPCM, G.721."""


@dataclass(frozen=True)
class _Form:
    tag: int
    channels: int
    rate_hz: int
    align: int
    bits: int

    @property
    def frame_bytes(self) -> int | None:
        """Bytes of a frame; None for a codec that packs several into a block."""
        if self.tag not in (PCM, FLOAT, A_LAW, MU_LAW):
            return None
        return self.channels * ((self.bits + 7) // 8)

    def refuse_unreadable(self, where: str) -> None:
        """Refuse a form that no decoder used here can turn into sound.

        Raises:
            AudioError: It has no rate, no channels, or a codec that is not read here.
        """
        if not self.rate_hz or not self.channels:
            message = f"its header declares {counted(self.channels, 'channel')} at {self.rate_hz:,} Hz"
            raise AudioError(Fault(where, message, "mend or convert the file"))
        if self.tag not in (PCM, FLOAT, A_LAW, MU_LAW, *MPEG_TAGS, *PACKED):
            message = f"its sound has a codec that is not read here, of the format tag 0x{self.tag:04X}"
            raise AudioError(Fault(where, message, "convert it to PCM with the program that made it"))


def recognised(data: bytes) -> bool:
    """Whether these are the first bytes of a WAV file."""
    return (data[:4] in HEADS and data[8:12] == b"WAVE") or data[:16] == WAVE64


def streams(data: bytes, where: str) -> list[Stream]:
    """The streams of a file.

    Raises:
        AudioError: It is cut off, or its header contradicts it.
    """
    found: list[Stream] = []
    place = 0
    while place < len(data):
        held, end = (_wave64 if data[place : place + 4] == b"riff" else _riff)(data, place, where)
        found += held
        following = JOINED.match(data, end) or data[end : end + 16] == WAVE64
        if not following:
            break
        place = end
    if len(found) > 1:
        found = [replace(stream, remarks=stream.remarks | {Remark.JOINED}) for stream in found]
    return found


class _Walk:
    """Chunks of one RIFF file that begins at a place."""

    def __init__(self, data: Bytes, place: int, where: str) -> None:
        self.data, self.where, self.start = data, where, place
        self.order = ">" if data[place : place + 4] == b"RIFX" else "<"
        self.long = data[place : place + 4] in (b"RF64", b"BW64")
        self.form: _Form | None = None
        self.form_at = (0, 0)
        self.sound: tuple[int, int] | None = None
        self.long_bytes: int | None = None
        self.remarks: set[Remark] = set()
        self.end = place + 12

    def run(self) -> None:
        place = self.start + 12
        for number in itertools.count():
            if place + 8 > len(self.data):
                break
            if number == MOST_CHUNKS:
                message = f"the file has more than {MOST_CHUNKS:,} chunks"
                raise AudioError(Fault(self.where, message, "save it anew"))
            name = self.data[place : place + 4]
            (size,) = struct.unpack(f"{self.order}I", self.data[place + 4 : place + 8])
            if not (name.isascii() and name.decode("ascii").isprintable()) or self._joined_at(place):
                break
            if name != b"data" and size > len(self.data) - place - 8:
                break  # not a chunk, or the file ends within it: no sound is lost with it
            place = self._chunk(name, size, place + 8)
            self.end = min(place, len(self.data))
        left = len(self.data) - self.end
        if self.sound and left > UNACCOUNTED and not self._joined_at(self.end):
            more = f"{left:,} more bytes, which belong to no chunk"
            refuse_lie(self.where, f"{self.sound[1]:,} bytes of sound", more)

    def _chunk(self, name: bytes, size: int, place: int) -> int:
        """Take in a chunk; returns where the next one begins."""
        held = len(self.data) - place
        if name == b"data":
            return self._data(size, place, held)
        if name == b"ds64" and size >= 24:
            (self.long_bytes,) = struct.unpack("<Q", self.data[place + 8 : place + 16])
        if name == b"fmt " and size >= 16:
            head = self.data[place : place + 26]
            tag, channels, rate, _, align, bits = struct.unpack_from(f"{self.order}HHIIHH", head)
            if tag == EXTENSIBLE and size >= 40:
                (tag,) = struct.unpack_from(f"{self.order}H", head, 24)
            self.form, self.form_at = _Form(tag, channels, rate, align, bits), (place, size)
        return self._behind(place + size, size)

    def _behind(self, end: int, size: int) -> int:
        """Where the next chunk begins: after a byte of padding, which some recorders forget."""
        if size % 2 and self._chunk_at(end) and not self._chunk_at(end + 1):
            self.remarks.add(Remark.UNPADDED)
            return end
        return end + size % 2

    def _joined_at(self, place: int) -> bool:
        return JOINED.match(self.data[place : place + 16]) is not None

    def _chunk_at(self, place: int) -> bool:
        name = self.data[place : place + 4]
        if place + 8 > len(self.data) or not re.fullmatch(rb"[A-Za-z0-9_ ]{4}", name):
            return False
        (size,) = struct.unpack(f"{self.order}I", self.data[place + 4 : place + 8])
        return size <= len(self.data) - place - 8 or name == b"data"

    def _data(self, size: int, place: int, held: int) -> int:
        if self.sound is not None:
            message = "the file has two chunks of sound, of which decoders read one"
            raise AudioError(Fault(self.where, message, "save it again with a program that reads both"))
        if self.long and size == 0xFFFFFFFF and self.long_bytes is not None:
            size, unknown = self.long_bytes, self.long_bytes >= 2**63
        else:
            unknown = size >= OPEN_BYTES and size > held
        if unknown:
            joined = JOINED.search(self.data, place) if isinstance(self.data, bytes) else None
            size = (joined.start() if joined else len(self.data)) - place
            self.remarks.add(Remark.OPEN_LENGTH)
        if size > held + 1:
            refuse_cut(self.where, size, held)
        if size == 0 and held > 0 and not self._chunk_at(place):
            message = f"its header declares no sound although {held:,} bytes follow"
            raise AudioError(Fault(self.where, message, "repair the header or leave the file out"))
        self.sound = (place, min(size, held))
        return self._behind(place + min(size, held), size)


def stated(data: Bytes, where: str) -> Stated | None:
    """What the header of a RIFF file says about its sound; None for a codec that packs several frames into a block.

    Args:
        data: The whole file, of which little is looked at.
        where: What to call it in errors.

    Raises:
        AudioError: It is cut off, or its header contradicts it.
    """
    walk = _Walk(data, 0, where)
    walk.run()
    whole = walk.form.frame_bytes if walk.form else None
    if walk.form is None or walk.sound is None or not whole:
        return None
    return Stated(walk.form.rate_hz, walk.form.channels, walk.sound[1] // whole)


def _riff(data: bytes, start: int, where: str) -> tuple[list[Stream], int]:
    """The streams of a RIFF file, more than one if joined MP3 files were put into it; and where it ends."""
    walk = _Walk(data, start, where)
    walk.run()
    if walk.form is None or walk.sound is None:
        missing = "format" if walk.form is None else "sound"
        raise AudioError(Fault(where, f"cannot be decoded as audio: the file has no chunk of {missing}"))
    walk.form.refuse_unreadable(where)
    place, size = walk.sound
    if walk.form.tag in MPEG_TAGS:
        return mpeg.streams(data[place : place + size], where), walk.end
    frames = _frames(walk.form, size, where, walk.remarks)
    plain = start == 0 and walk.end >= len(data) - UNACCOUNTED
    if plain and not walk.remarks & {Remark.UNPADDED, Remark.OPEN_LENGTH}:
        return [Stream(data, frames, 0, frozenset(walk.remarks))], walk.end
    return [Stream(_canonical(walk), frames, 0, frozenset(walk.remarks))], walk.end


def _canonical(walk: _Walk) -> bytes:
    """The file reduced to a format chunk and a chunk of sound."""
    (form, size), (place, length) = walk.form_at, walk.sound or (0, 0)
    head = b"RIFX" if walk.order == ">" else b"RIFF"
    body = b"WAVEfmt " + struct.pack(f"{walk.order}I", size) + walk.data[form : form + size] + bytes(size % 2)
    body += b"data" + struct.pack(f"{walk.order}I", length) + walk.data[place : place + length] + bytes(length % 2)
    return head + struct.pack(f"{walk.order}I", len(body)) + body


def _frames(form: _Form, size: int, where: str, remarks: set[Remark]) -> int | None:
    """Number of frames in a chunk of sound; None for codecs that pack several into a block."""
    whole = form.frame_bytes
    if not whole:
        return None
    if form.align != whole:
        message = f"blocks of {form.align} bytes for {form.channels} channels of {form.bits} bits"
        raise AudioError(Fault(where, f"its format contradicts itself: {message}", "mend or convert the file"))
    if form.bits % 8:
        remarks.add(Remark.ODD_BITS)
    if size % whole:
        remarks.add(Remark.HALF_SAMPLE)
    return size // whole


def _wave64(data: bytes, start: int, where: str) -> tuple[list[Stream], int]:
    """The streams of a Wave64 file: chunk names have 16 bytes, and sizes of 8 bytes include the chunk's header."""
    place, form, frames = start + 40, None, None
    sound = False
    while place + 24 <= len(data) and data[place + 4 : place + 16] == GUID_END:
        (size,) = struct.unpack_from("<Q", data, place + 16)
        name, held = data[place : place + 4], len(data) - place - 24
        if name == b"fmt " and size >= 40:
            tag, channels, rate, _, align, bits = struct.unpack_from("<HHIIHH", data, place + 24)
            if tag == EXTENSIBLE and size >= 64:
                (tag,) = struct.unpack_from("<H", data, place + 48)
            form = _Form(tag, channels, rate, align, bits)
        if name == b"data":
            if sound or size < 24:
                refuse_lie(where, "where its sound ends", "two chunks of sound, or one without a size")
            if size - 24 > held:
                refuse_cut(where, size - 24, held)
            sound = True
            frames = _frames(form, size - 24, where, set()) if form else None
        if size < 24:
            break
        place += (size + 7) // 8 * 8
    if form is None or not sound:
        missing = "format" if form is None else "sound"
        raise AudioError(Fault(where, f"cannot be decoded as audio: the file has no chunk of {missing}"))
    form.refuse_unreadable(where)
    end = min(place, len(data))
    following = data[end : end + 16] == WAVE64
    if len(data) - end > UNACCOUNTED and not following:
        refuse_lie(where, "where its sound ends", f"{len(data) - end:,} bytes more")
    return [Stream(data if start == 0 and end == len(data) else data[start:end], frames)], end
