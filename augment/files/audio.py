"""Audio files as arrays, and arrays as audio files.

Bytes are read by Python and decoded from memory: libsndfile takes a read error or a truncated file for good audio.
Encoders get integers and write to memory: libsndfile loses the tail of a FLAC on a full disk without an error.
"""

import hashlib
import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.bounds import LARGEST_FILE_BYTES
from augment.errors import AudioError, Fault
from augment.files.members import member_of, read_member
from augment.files.regular import read_record
from augment.interrupts import uninterrupted

AudioFormat = Literal["flac", "wav"]
Part = tuple[float, float | None]
"""A stretch of a file: its start and its length in s; no length for all the rest."""

LONGEST_S = 3600.0
RATES_HZ = (4000, 384_000)
MOST_CHANNELS = 64
CANCELLATION_DB = 7.0
_BLOCK_VALUES = 1 << 18


@dataclass(frozen=True)
class Audio:
    """A decoded stretch of audio, in one channel.

    Attributes:
        samples: Mean of the channels, shape (n,), full scale 1.0.
        sample_rate_hz: Samples a second.
        sha256: Of the whole file's bytes.
        channels: How many the file has.
    """

    samples: Signal
    sample_rate_hz: int
    sha256: str
    channels: int


@dataclass(frozen=True)
class Channels:
    """A decoded audio file with its channels apart.

    Attributes:
        samples: Shape (n, c), full scale 1.0.
        sample_rate_hz: Samples a second.
        sha256: Of the file's bytes.
    """

    samples: NDArray[np.float64]
    sample_rate_hz: int
    sha256: str


def read_bytes(path: Path) -> bytes:
    """Bytes of a file of at most 1 GiB, or of a member of a container (:mod:`augment.files.members`).

    Raises:
        AudioError: As for :func:`augment.files.regular.read_record`.
    """
    inside = member_of(path)
    if inside is not None:
        return read_member(*inside)
    return read_record(path, AudioError, LARGEST_FILE_BYTES)


def _refuse_short_riff(data: bytes, where: str) -> None:
    """A WAV file that declares more sound than it holds has lost its end; libsndfile does not say so."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return
    place = 12
    while place + 8 <= len(data):
        name, size = data[place : place + 4], struct.unpack("<I", data[place + 4 : place + 8])[0]
        held = len(data) - place - 8
        # Programs that write to a pipe cannot go back to fill in the size and leave the largest or a round one.
        unknown = size >= 0x7FFFF000
        if name == b"data" and size > held + 1 and not unknown:
            message = f"the file is cut off: it declares {size:,} bytes of sound and holds {held:,}"
            raise AudioError(Fault(where, message, "fetch or copy it again"))
        if name == b"data" and size == 0 and held > 0:
            message = f"its header declares no sound although {held:,} bytes follow"
            raise AudioError(Fault(where, message, "repair the header or leave the file out"))
        if name == b"data":
            return
        place += 8 + size + size % 2


def _refuse_short_ogg(data: bytes, where: str) -> None:
    """The last page of a whole Ogg stream is marked as the last; libsndfile does not look."""
    last = data.rfind(b"OggS") if data[:4] == b"OggS" else -1
    if last >= 0 and (last + 6 > len(data) or not data[last + 5] & 4):
        raise AudioError(Fault(where, "the file is cut off: its last page is missing", "fetch or copy it again"))


def _guess(data: bytes) -> str:
    """What a file that is no audio may be."""
    start = data[:256].lstrip()
    if start.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer; run `git lfs pull`"
    if start[:1] == b"<":
        return "it holds HTML or XML, perhaps an error page in place of a download"
    if data[:2] == b"\x1f\x8b":
        return "it is gzip-compressed; unpack it first"
    if data[4:8] == b"ftyp" or data[:4] == b"\x1aE\xdf\xa3":
        return "it is an MP4 or WebM container, which libsndfile cannot read; convert it to WAV or FLAC"
    return "WAV, FLAC, Ogg, Opus, MP3, AIFF and the other formats of libsndfile are read"


def decode(
    data: bytes, where: str, offset_s: float = 0.0, duration_s: float | None = None, longest_s: float = LONGEST_S
) -> Audio:
    """Decode a stretch of an audio file that is in memory.

    Args:
        data: The whole file.
        where: What to call it in errors.
        offset_s: Start of the stretch.
        duration_s: Its length; None for all the rest.
        longest_s: Longest stretch that is accepted.

    Raises:
        AudioError: Not audio, damaged, no samples, too long, an impossible rate, samples that are no numbers, channels
            that cancel, or a stretch that reaches past the end.
    """
    (found,) = decode_parts(data, where, [(offset_s, duration_s)], longest_s)
    if isinstance(found, AudioError):
        raise found
    return found


def decode_parts(
    data: bytes, where: str, parts: Sequence[Part], longest_s: float = LONGEST_S
) -> list[Audio | AudioError]:
    """Decode several stretches of an audio file that is in memory, in one pass over it.

    Args:
        data: The whole file.
        where: What to call it in errors.
        parts: Stretches, as in :func:`decode`.
        longest_s: Longest stretch that is accepted.

    Returns:
        For each stretch what :func:`decode` returns or raises for it alone.

    Example:
        >>> wav = encode(np.arange(8000, dtype=np.int16), 8000, "wav")
        >>> first, beyond = decode_parts(wav, "a.wav", [(0.25, 0.5), (2.0, None)])
        >>> first.samples.size, str(beyond)
        (4000, 'a.wav: asked for 2 s, but the file is 1.000 s long')
    """
    try:
        stretches, rate, channels = _decoded(data, where, parts, longest_s)
    except AudioError as error:
        return [error for _ in parts]
    sha256 = hashlib.sha256(data).hexdigest()
    found: list[Audio | AudioError] = []
    for stretch in stretches:
        try:
            found.append(Audio(stretch.mono(where), rate, sha256, channels))
        except AudioError as error:
            found.append(error)
    return found


def _decoded(
    data: bytes, where: str, parts: Sequence[Part], longest_s: float, apart: bool = False
) -> tuple[list["_Stretch"], int, int]:
    """Stretches of a file, its sample rate, and how many channels the file has."""
    import soundfile

    _refuse_short_riff(data, where)
    _refuse_short_ogg(data, where)
    try:
        with uninterrupted(), soundfile.SoundFile(io.BytesIO(data)) as file:
            rate, channels = int(file.samplerate), int(file.channels)
            _refuse_header(rate, channels, where)
            stretches = [_Stretch(part, rate, channels, longest_s, apart) for part in parts]
            total = _decode_blocks(file, where, stretches)
    except (soundfile.LibsndfileError, RuntimeError, TypeError, AssertionError) as error:
        reason = getattr(error, "error_string", str(error)).strip(" .")  # str() of it names a memory address
        if "does not exist" in reason:  # libsndfile's words for bytes that it does not recognise at all
            reason = "format not recognised"
        raise AudioError(Fault(where, f"cannot be decoded as audio ({reason})", _guess(data))) from error
    if total == 0:
        raise AudioError(Fault(where, "the file holds no samples"))
    for stretch in stretches:
        stretch.total = total
    return stretches, rate, channels


def _refuse_header(rate: int, channels: int, where: str) -> None:
    if not RATES_HZ[0] <= rate <= RATES_HZ[1]:
        raise AudioError(Fault(where, f"declares {rate:,} Hz; {RATES_HZ[0]:,} to {RATES_HZ[1]:,} Hz are read"))
    if channels > MOST_CHANNELS:
        raise AudioError(Fault(where, f"has {channels} channels; at most {MOST_CHANNELS} are read"))


class _Stretch:
    """The wanted frames of a file, mixed to one channel block by block: a long file with many channels is large."""

    def __init__(self, part: Part, rate: int, channels: int, longest_s: float, apart: bool) -> None:
        self.offset_s, duration_s = part
        self.rate, self.longest_s, self.apart = rate, longest_s, apart
        self.start = round(self.offset_s * rate)
        self.end = None if duration_s is None else self.start + round(duration_s * rate)
        self.kept: list[NDArray[np.float64]] = []
        self.frames = self.total = 0
        self.energies = np.zeros(channels)

    @property
    def too_long(self) -> bool:
        """Whether it holds more than is accepted; no more is kept then."""
        return self.frames > self.longest_s * self.rate

    def take(self, block: NDArray[np.float64], position: int) -> None:
        """The part of a block, shape (frames, channels), that lies in the stretch."""
        stop = position + len(block)
        low, high = max(self.start, position), stop if self.end is None else min(self.end, stop)
        if low < high and not self.too_long:
            part = block[low - position : high - position]
            self.kept.append(part.copy() if self.apart else part.mean(axis=1))
            self.frames += high - low
            self.energies += np.sum(part * part, axis=0)

    def whole(self, where: str) -> NDArray[np.float64]:
        """All that was kept."""
        if self.too_long:
            longest = f"{self.longest_s:g} s" if self.longest_s < 60 else f"{self.longest_s / 60:g} minutes"
            raise AudioError(Fault(where, f"is longer than {longest}", "cut it into parts, or cut off its end"))
        if self.start >= self.total or (self.end is not None and self.end > self.total + self.rate // 100):
            asked = f"{self.offset_s:g} s" if self.end is None else f"{self.offset_s:g}-{self.end / self.rate:g} s"
            raise AudioError(Fault(where, f"asked for {asked}, but the file is {self.total / self.rate:.3f} s long"))
        if not np.isfinite(self.energies).all():
            raise AudioError(Fault(where, "holds samples that are no numbers (NaN or infinity)"))
        return np.concatenate(self.kept) if self.kept else np.zeros(0)

    def mono(self, where: str) -> Signal:
        """The mean of the channels, unless that loses the sound."""
        samples = self.whole(where)
        loss = 10 ** (-CANCELLATION_DB / 10)
        if self.energies.size > 1 and float(np.sum(samples * samples)) < float(self.energies.max()) * loss:
            message = f"the mean of its {self.energies.size} channels is far weaker than the strongest one"
            raise AudioError(Fault(where, message, "the channels cancel or are mostly empty: keep one of them"))
        return samples


def _decode_blocks(file: Any, where: str, stretches: Sequence[_Stretch]) -> int:
    """Decode to the real end, whatever the header says; returns the frames that the file really has.

    Where every stretch is too long already, the rest does not matter.
    """
    position = 0
    while len(block := file.read(max(1, _BLOCK_VALUES // file.channels), dtype="float64", always_2d=True)):
        for stretch in stretches:
            stretch.take(block, position)
        position += len(block)
        if all(stretch.too_long for stretch in stretches):
            return position
    if file.frames < 2**62 and position < file.frames:  # a streamed FLAC declares 2^63 - 1 frames
        message = f"the file is cut off: it declares {file.frames:,} frames and holds {position:,}"
        raise AudioError(Fault(where, message, "fetch or copy it again"))
    return position


def read_audio(
    path: Path, offset_s: float = 0.0, duration_s: float | None = None, longest_s: float = LONGEST_S
) -> Audio:
    """Read and decode a stretch of an audio file.

    Raises:
        AudioError: As in :func:`read_bytes` and :func:`decode`.
    """
    return decode(read_bytes(path), str(path), offset_s, duration_s, longest_s)


def read_parts(path: Path, parts: Sequence[Part], longest_s: float = LONGEST_S) -> list[Audio | AudioError]:
    """Read several stretches of an audio file, and decode it once; an error in place of a stretch that has one.

    Example:
        >>> [str(error) for error in read_parts(Path("none.wav"), [(0.0, None)])]
        ['none.wav: there is no such file']
    """
    try:
        data = read_bytes(path)
    except AudioError as error:
        return [error for _ in parts]
    return decode_parts(data, str(path), parts, longest_s)


def read_channels(path: Path, longest_s: float = LONGEST_S) -> Channels:
    """Read and decode an audio file, its channels apart.

    Raises:
        AudioError: As in :func:`read_bytes` and :func:`decode`.
    """
    data = read_bytes(path)
    (stretch,), rate, _ = _decoded(data, str(path), [(0.0, None)], longest_s, apart=True)
    return Channels(stretch.whole(str(path)), rate, hashlib.sha256(data).hexdigest())


def encode(samples: NDArray[np.int16], sample_rate_hz: int, audio_format: AudioFormat) -> bytes:
    """A whole mono 16-bit audio file in memory.

    Args:
        samples: Shape (n,).
        sample_rate_hz: Samples a second.
        audio_format: ``"flac"`` or ``"wav"``.

    Example:
        >>> len(encode(np.zeros(4, dtype=np.int16), 16000, "wav"))
        52
    """
    if audio_format == "wav":
        pcm = samples.astype("<i2").tobytes()
        form = struct.pack("<HHIIHH", 1, 1, sample_rate_hz, 2 * sample_rate_hz, 2, 16)
        chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(pcm)) + pcm
        return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks
    import soundfile

    memory = io.BytesIO()
    with uninterrupted():
        soundfile.write(memory, samples, sample_rate_hz, format="FLAC", subtype="PCM_16")
    return memory.getvalue()


def pcm_sha256(samples: NDArray[np.int16]) -> str:
    """Hash of the samples as little-endian 16-bit integers: equal for every lossless file format.

    Example:
        >>> pcm_sha256(np.zeros(0, dtype=np.int16))[:8]
        'e3b0c442'
    """
    return hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()
