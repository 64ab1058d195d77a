"""MPEG audio (MP3): its frames counted one by one.

The length of such a file is stated nowhere, or else in a tag in its first frame; decoders believe that tag even if a
second file joined to the first contradicts it, and without a tag they guess from the size of the file. So every frame
is found here; if a tag does not describe exactly what is there, the decoder gets the same frames with a tag that does.

Reference: ISO/IEC 11172-3, 2.4.2.3; ISO/IEC 13818-3; Xing, LAME and Fraunhofer (VBRI) tags as their makers describe
them; id3.org, "ID3v2.4.0 structure"; "APEv2 specification".
"""

import struct
from dataclasses import dataclass

from augment.errors import AudioError, Fault
from augment.files.containers.stream import Remark, Stream, refuse_cut

RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Sample rates by the two version bits: MPEG-1, 2 and 2.5."""
KBITS = {
    (3, 3): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (3, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (3, 1): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 3): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 1): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""By version (2.5 counts as 2) and the two layer bits: 3 is layer I, 1 is layer III."""
FEWEST = 2
"""Frames in a row that make a beginning: a single header may occur by chance."""


@dataclass(frozen=True)
class Frame:
    """One frame.

    Attributes:
        place: Position of its first byte.
        size: Size in bytes.
        samples: Number of samples that it decodes to.
        rate_hz: Their sample rate.
        kind: What must not change within a stream: version, layer and rate.
        channels: One or two.
        side: Bytes between its header and its sound.
    """

    place: int
    size: int
    samples: int
    rate_hz: int
    kind: tuple[int, int, int]
    channels: int
    side: int


@dataclass(frozen=True)
class Tag:
    """What the first frame of a stream says about it.

    Attributes:
        frames: How many frames follow; None if it does not say.
        cut: Samples of delay and padding at the beginning and at the end; None if it does not say.
        decoded: Whether decoders know this kind of tag.
    """

    frames: int | None
    cut: tuple[int, int] | None = None
    decoded: bool = True


@dataclass
class _Run:
    """Frames that one encoder wrote: from one tag up to the next."""

    first: Frame
    tag: Tag | None
    frames: list[Frame]


def recognised(data: bytes) -> bool:
    """Whether several frames in a row begin here."""
    return _begins(data, _behind_junk(data, 0))


def streams(data: bytes, where: str) -> list[Stream]:
    """The streams of a file.

    Raises:
        AudioError: It is cut off or damaged, or joins files that do not go together.
    """
    runs = _runs(data, where)
    kinds = {frame.kind for run in runs for frame in (run.first, *run.frames[:1])}
    if len({kind[2] for kind in kinds}) > 1 or len({run.first.channels for run in runs}) > 1:
        told = ", ".join(sorted({f"{run.first.rate_hz:,} Hz with {run.first.channels} channel(s)" for run in runs}))
        raise AudioError(Fault(where, f"several files are joined in it that do not go together: {told}", "split it"))
    remarks = frozenset({Remark.JOINED} if len(runs) > 1 else ())
    return [_stream(data, run, where, remarks, len(runs) == 1) for run in runs]


def tag_bytes(data: bytes, place: int) -> int:
    r"""Size of a metadata tag (ID3, APE) that begins at a given byte; 0 if there is none.

    Example:
        >>> tag_bytes(b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128), 0)
        138
    """
    head = data[place : place + 32]
    if head[:3] == b"ID3" and len(head) >= 10 and max(head[6:10]) < 0x80:
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        return 10 + size + (10 if head[5] & 0x10 else 0)
    if head[:3] == b"TAG" and (len(data) - place == 128 or _begins(data, place + 128) or _tail(data, place + 128)):
        return 128
    if head[:8] == b"APETAGEX" and len(head) == 32:
        size, header = struct.unpack_from("<I", head, 12)[0], struct.unpack_from("<I", head, 20)[0] & 0x20000000
        return 32 + int(size) if header else 32
    if head[:11] == b"LYRICSBEGIN":
        end = data.find(b"LYRICS200", place)
        return end + 9 - place if end >= 0 else 0
    return 0


def _tail(data: bytes, place: int) -> bool:
    return data[place : place + 3] in (b"ID3", b"TAG") or data[place : place + 8] == b"APETAGEX"


def _behind_junk(data: bytes, place: int) -> int:
    """The position after any tags and zeros."""
    while True:
        size = tag_bytes(data, place)
        if size == 0 and data[place : place + 1] == b"\0":
            size = len(data) - place - len(data[place:].lstrip(b"\0"))
        if size == 0:
            return place
        place += size


def frame_at(data: bytes, place: int) -> Frame | None:
    """The frame whose header begins at a given byte; None if none does.

    Example:
        >>> frame_at(bytes.fromhex("fffb9064"), 0).size
        417
    """
    if place + 4 > len(data) or data[place] != 0xFF or data[place + 1] & 0xE0 != 0xE0:
        return None
    second, third, fourth = data[place + 1], data[place + 2], data[place + 3]
    version, layer, bits, rate = second >> 3 & 3, second >> 1 & 3, third >> 4, third >> 2 & 3
    if version == 1 or layer == 0 or rate == 3 or not 0 < bits < 15:
        return None
    rate_hz, kbit = RATES_HZ[version][rate], KBITS[3 if version == 3 else 2, layer][bits - 1]
    padding, channels = third >> 1 & 1, 1 if fourth >> 6 == 3 else 2
    samples = {3: 384, 2: 1152, 1: 1152 if version == 3 else 576}[layer]
    slot = 4 if layer == 3 else 1
    size = (samples // 8 * 1000 * kbit // rate_hz // slot + padding) * slot
    side = (17 if channels == 1 else 32) if version == 3 else (9 if channels == 1 else 17)
    return Frame(place, size, samples, rate_hz, (version, layer, rate_hz), channels, side + 4)


def _begins(data: bytes, place: int) -> bool:
    frame = frame_at(data, place)
    if frame is None:
        return False
    behind = frame_at(data, place + frame.size)
    return place + frame.size == len(data) or (behind is not None and behind.kind == frame.kind)


def _runs(data: bytes, where: str) -> list[_Run]:
    """All frames of a file, as one run for each encoder that wrote them."""
    runs: list[_Run] = []
    place = _behind_junk(data, 0)
    while place < len(data):
        frame = frame_at(data, place)
        if frame is None or (runs and frame.kind != runs[-1].first.kind and not _begins(data, place)):
            behind = _behind_junk(data, place)
            if behind == place:
                _refuse_damage(data, place, where)
                break
            place = behind
            continue
        if place + frame.size > len(data):
            refuse_cut(where, frame.size, len(data) - place, "bytes in its last frame")
        _take(data, frame, runs)
        place += frame.size
    return _merged(runs)


def _merged(runs: list[_Run]) -> list[_Run]:
    """Runs, with a frame that its encoder left uncounted joined to the run before: it is not a file of its own."""
    found: list[_Run] = []
    for run in runs:
        before = found[-1] if found else None
        if before and run.tag is None and len(run.frames) == 1 and run.first.kind == before.first.kind:
            before.frames.append(run.frames[0])
        else:
            found.append(run)
    return found


def _take(data: bytes, frame: Frame, runs: list[_Run]) -> None:
    """Add a frame to the run before it, or begin another run."""
    tag = _tag(data, frame)
    last = runs[-1] if runs else None
    if tag is not None:
        runs.append(_Run(frame, tag, []))
        return
    over = last is not None and last.tag is not None and last.tag.frames == len(last.frames)
    other = last is not None and (last.first.kind, last.first.channels) != (frame.kind, frame.channels)
    if last is None or other or over:
        runs.append(_Run(frame, None, [frame]))
    else:
        last.frames.append(frame)


def _refuse_damage(data: bytes, place: int, where: str) -> None:
    """Refuse bytes that are not a frame if they lie between two frames, where they mean missing sound."""
    found = data.find(b"\xff", place + 1)
    while found >= 0:
        frame = frame_at(data, found)
        if frame is not None and _begins(data, found) and _begins(data, found + frame.size):
            message = f"the file is damaged: {found - place:,} bytes from byte {place:,} on are not sound"
            raise AudioError(Fault(where, message, "fetch or copy it again"))
        found = data.find(b"\xff", found + 1)


def _tag(data: bytes, frame: Frame) -> Tag | None:
    """What a frame says about those that follow, if it is such a tag and not sound."""
    if frame.kind[1] != 1:
        return None
    body = data[frame.place : frame.place + frame.size]
    if body[36:40] == b"VBRI" and len(body) >= 54:
        return Tag(struct.unpack_from(">I", body, 50)[0], decoded=False)
    if body[frame.side : frame.side + 4] not in (b"Xing", b"Info") or len(body) < frame.side + 8:
        return None
    flags = struct.unpack_from(">I", body, frame.side + 4)[0]
    frames = struct.unpack_from(">I", body, frame.side + 8)[0] if flags & 1 and len(body) >= frame.side + 12 else None
    place = frame.side + 8 + 4 * (flags & 1) + 2 * (flags & 2) + 25 * (flags & 4) + (flags & 8) // 2
    cut = body[place + 21 : place + 24]
    if body[place : place + 1] in (b"", b"\0") or len(cut) < 3:
        return Tag(frames)
    return Tag(frames, (cut[0] << 4 | cut[1] >> 4, (cut[1] & 15) << 8 | cut[2]))


def _stream(data: bytes, run: _Run, where: str, remarks: frozenset[Remark], alone: bool) -> Stream:
    """A run in the form in which a decoder gets it."""
    count, declared = len(run.frames), run.tag.frames if run.tag else None
    if declared is not None and declared > count + 1:
        refuse_cut(where, declared, count, "frames of MP3")
    if not count:
        return Stream(b"", 0)
    samples = count * run.first.samples
    cut = run.tag.cut if run.tag and run.tag.cut and sum(run.tag.cut) < samples else (0, 0)
    held = samples - sum(cut)
    if alone and declared == count and run.tag and run.tag.decoded:
        return Stream(data, held, slack=run.first.samples, remarks=remarks)
    end = run.frames[-1].place + run.frames[-1].size
    head = _info(data, run.frames[0], count, cut) if run.first.kind[1] == 1 else b""
    return Stream(head + data[run.frames[0].place : end], held, slack=run.first.samples, remarks=remarks)


def _info(data: bytes, frame: Frame, count: int, cut: tuple[int, int]) -> bytes:
    """A frame in the form of sound that only says how many follow, and which of their samples are not sound."""
    header = bytearray(data[frame.place : frame.place + 4])
    header[1] |= 1  # no checksum
    size = 0
    for bits in range(1, 15):
        header[2] = header[2] & 0x0D | bits << 4
        made = frame_at(bytes(header), 0)
        size = made.size if made else 0
        if size >= frame.side + 160:
            break
    body = bytearray(size)
    begin, end = cut
    tag, lame = frame.side, frame.side + 12
    body[:4] = header
    body[tag:lame] = b"Info" + struct.pack(">II", 1, count)
    body[lame : lame + 9] = b"LAME3.100"
    body[lame + 21 : lame + 24] = bytes([begin >> 4, (begin & 15) << 4 | end >> 8, end & 0xFF])
    return bytes(body)
