"""Ogg: pages with checksums and numbers, of one stream or of several that were chained.

Every page is checked: libsndfile silently skips damaged and missing pages, and stops after the first stream.

Reference: RFC 3533 (Ogg), RFC 7845 (Opus in Ogg); Xiph.Org, "Vorbis I specification", A.2, and "Ogg FLAC mapping".
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from augment.errors import AudioError, Fault
from augment.files.containers import flac
from augment.files.containers.stream import Remark, Stream, refuse_lie

REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
OPUS_RATE_HZ = 48_000
FLAC_HEAD_BYTES = 9
"""What precedes the FLAC file itself: a name, a version and the number of headers."""
CODECS = {b"\x01vorbis": "Vorbis", b"OpusHead": "Opus", b"\x7fFLAC": "FLAC", b"Speex   ": "Speex"}
BESIDE = (b"fishead\0", b"fisbone\0")
"""Streams that only describe others."""


@dataclass
class _Logical:
    """A stream of packets within a link."""

    codec: str
    skipped: int
    number: int = 0
    granule: int = 0
    first: int | None = None
    ended: bool = False
    bodies: list[bytes] = field(default_factory=list)
    """Contents of its pages, if these are the bytes of another container."""


@dataclass
class _Link:
    """A link of the chain: streams that begin together."""

    start: int
    end: int = 0
    streams: dict[int, _Logical] = field(default_factory=dict)
    begun: bool = False


def recognised(data: bytes) -> bool:
    """Whether these are the first bytes of such a file."""
    return data[:4] == b"OggS"


def streams(data: bytes, where: str) -> list[Stream]:
    """The streams of a file.

    Raises:
        AudioError: Pages are missing or damaged, or several streams sound at once.
    """
    links: list[_Link] = []
    for place, size in _pages(data, where):
        _take(data[place : place + size], place, links, where)
        links[-1].end = place + size
    return [stream for link in links for stream in _streams(link, data, where, len(links) > 1)]


def _pages(data: bytes, where: str) -> Iterator[tuple[int, int]]:
    """Place and size of every page."""
    place = 0
    while place < len(data):
        if data[place : place + 4] != b"OggS":
            if data.find(b"OggS", place) < 0:
                return  # what follows is not a page: a tag, or the remains of a broken download
            raise AudioError(Fault(where, f"{_damaged(place)}: no page begins there", "fetch or copy it again"))
        segments = data[place + 26] if place + 27 <= len(data) else 0
        size = 27 + segments + sum(data[place + 27 : place + 27 + segments])
        page = data[place : place + size]
        if len(page) < size or place + 27 > len(data):
            raise AudioError(Fault(where, "the file is cut off: its last page is not whole", "fetch or copy it again"))
        if _checksum(page) != struct.unpack_from("<I", page, 22)[0]:
            raise AudioError(Fault(where, f"{_damaged(place)}: the checksum of a page", "fetch or copy it again"))
        yield place, size
        place += size


def _damaged(place: int) -> str:
    return f"the file is damaged at byte {place:,}"


def _checksum(page: bytes) -> int:
    """CRC-32 with zlib's polynomial, but from the highest bit on, starting at 0 and not inverted at the end."""
    blank = page[:22] + bytes(4) + page[26:]
    crc = zlib.crc32(blank.translate(REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(crc.to_bytes(4, "little").translate(REVERSED), "big")


def _take(page: bytes, place: int, links: list[_Link], where: str) -> None:
    flags, granule, serial, number = struct.unpack_from("<BqII", page, 5)
    body = page[27 + page[26] :]
    if flags & 2:
        if not links or links[-1].begun:
            links.append(_Link(place))
        codec = next((name for head, name in CODECS.items() if body.startswith(head)), "")
        if not codec and not body.startswith(BESIDE):
            codec = "unknown"
        skipped = struct.unpack_from("<H", body, 10)[0] if codec == "Opus" and len(body) >= 12 else 0
        links[-1].streams[serial] = _Logical(codec, skipped)
    if not links or serial not in links[-1].streams:
        raise AudioError(Fault(where, "the file is cut off: the first page of a stream is missing"))
    link, stream = links[-1], links[-1].streams[serial]
    link.begun |= not flags & 2
    if number != stream.number:
        message = f"{_damaged(place)}: page {stream.number} is missing"
        raise AudioError(Fault(where, message, "fetch or copy it again"))
    stream.number += 1
    stream.ended = bool(flags & 4)
    if stream.codec == "FLAC":
        stream.bodies.append(body)
    if granule > 0:
        stream.granule = granule


def _streams(link: _Link, data: bytes, where: str, chained: bool) -> list[Stream]:
    """What sounds in a link."""
    sounding = [stream for stream in link.streams.values() if stream.codec]
    if len(sounding) != 1:
        message = f"{len(sounding)} streams sound at once in it ({', '.join(s.codec for s in sounding) or 'none'})"
        raise AudioError(Fault(where, message, "save the talker's stream as a file of its own"))
    (stream,) = sounding
    if not stream.ended:
        raise AudioError(Fault(where, "the file is cut off: its last page is missing", "fetch or copy it again"))
    held = stream.granule - stream.skipped
    remarks = frozenset({Remark.JOINED} if chained else ())
    if stream.codec == "FLAC":
        return _flac(stream, where, remarks)
    opus = OPUS_RATE_HZ if stream.codec == "Opus" else None
    own = data[link.start : link.end] if chained else data
    return [Stream(own, held if held > 0 else None, slack=1, remarks=remarks, rate_hz=opus)]


def _flac(stream: _Logical, where: str, remarks: frozenset[Remark]) -> list[Stream]:
    """The FLAC file that pages hold after 9 bytes of their own: not every decoder knows FLAC in Ogg pages."""
    found = flac.streams(b"".join(stream.bodies)[FLAC_HEAD_BYTES:], where)
    held = sum(part.frames or 0 for part in found)
    if held != stream.granule:
        refuse_lie(where, f"{stream.granule:,} frames", f"{held:,}")
    return [replace(part, remarks=part.remarks - {Remark.OPEN_LENGTH} | remarks) for part in found]
