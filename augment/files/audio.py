"""Audio files as arrays, and arrays as audio files.

Bytes are read by Python and decoded from memory: libsndfile takes a read error or a truncated file for good audio.
Encoders get integers and write to memory: libsndfile loses the tail of a FLAC on a full disk without an error.
"""

import hashlib
import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.errors import AudioError, Fault

AudioFormat = Literal["flac", "wav"]

LARGEST_FILE_BYTES = 2**30
LONGEST_S = 3600.0
RATES_HZ = (4000, 384_000)
MOST_CHANNELS = 64
CANCELLATION_DB = 7.0
_BLOCK_FRAMES = 1 << 18


@dataclass(frozen=True)
class Audio:
    """A decoded stretch of audio.

    Attributes:
        samples: Shape (frames, channels), float64, full scale 1.0.
        sample_rate_hz: Frames a second.
        sha256: Of the whole file's bytes.
        file_frames: Frames in the whole file.
    """

    samples: NDArray[np.float64]
    sample_rate_hz: int
    sha256: str
    file_frames: int


def read_bytes(path: Path) -> bytes:
    """Bytes of a file of at most 1 GiB.

    Raises:
        AudioError: There is no such file, it is no regular file, it is empty, too large or cannot be read.
    """
    try:
        if not path.exists():
            raise AudioError(Fault(str(path), "there is no such file"))
        if not path.is_file():
            raise AudioError(Fault(str(path), "this is not a file"))
        size = path.stat().st_size
        if size == 0:
            raise AudioError(Fault(str(path), "the file is empty (0 bytes)"))
        if size > LARGEST_FILE_BYTES:
            raise AudioError(Fault(str(path), f"the file has {size:,} bytes; at most {LARGEST_FILE_BYTES:,} are read"))
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise AudioError(Fault(str(path), f"cannot be read: {error}")) from error


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


def decode(data: bytes, where: str, offset_s: float = 0.0, duration_s: float | None = None) -> Audio:
    """Decode a stretch of an audio file that is in memory.

    Args:
        data: The whole file.
        where: What to call it in errors.
        offset_s: Start of the stretch.
        duration_s: Its length; None for all the rest.

    Raises:
        AudioError: Not audio, damaged, no samples, too long, an impossible rate, samples that are no numbers, or a
            stretch that reaches past the end.
    """
    import soundfile

    _refuse_short_riff(data, where)
    _refuse_short_ogg(data, where)
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            _refuse_header(file.samplerate, file.channels, where)
            start = round(offset_s * file.samplerate)
            want = None if duration_s is None else round(duration_s * file.samplerate)
            samples, total = _decode_blocks(file, where, start, want)
            rate = int(file.samplerate)
    except (soundfile.LibsndfileError, RuntimeError, TypeError, AssertionError) as error:
        reason = getattr(error, "error_string", str(error)).strip(" .")  # str() of it names a memory address
        raise AudioError(Fault(where, f"cannot be decoded as audio ({reason})", _guess(data))) from error
    if total == 0:
        raise AudioError(Fault(where, "the file holds no samples"))
    if start >= total or (want is not None and start + want > total + rate // 100):
        asked = f"{offset_s:g} s" if want is None else f"{offset_s:g}-{offset_s + want / rate:g} s"
        raise AudioError(Fault(where, f"asked for {asked}, but the file is {total / rate:.3f} s long"))
    if not np.isfinite(samples).all():
        raise AudioError(Fault(where, "holds samples that are no numbers (NaN or infinity)"))
    return Audio(samples, rate, hashlib.sha256(data).hexdigest(), total)


def _refuse_header(rate: int, channels: int, where: str) -> None:
    if not RATES_HZ[0] <= rate <= RATES_HZ[1]:
        raise AudioError(Fault(where, f"declares {rate:,} Hz; {RATES_HZ[0]:,} to {RATES_HZ[1]:,} Hz are read"))
    if channels > MOST_CHANNELS:
        raise AudioError(Fault(where, f"has {channels} channels; at most {MOST_CHANNELS} are read"))


def _decode_blocks(file: Any, where: str, start: int, want: int | None) -> tuple[NDArray[np.float64], int]:
    """Decode to the real end, whatever the header says, and keep the wanted frames."""
    kept = [np.zeros((0, file.channels))]
    position = 0
    while len(block := file.read(_BLOCK_FRAMES, dtype="float64", always_2d=True)):
        end = position + len(block)
        low, high = max(start, position), end if want is None else min(start + want, end)
        if low < high:
            kept.append(block[low - position : high - position])
        position = end
        if position > LONGEST_S * file.samplerate:
            raise AudioError(Fault(where, f"is longer than {LONGEST_S / 60:g} minutes", "cut it into parts"))
    if file.frames < 2**62 and position < file.frames:  # a streamed FLAC declares 2^63 - 1 frames
        message = f"the file is cut off: it declares {file.frames:,} frames and holds {position:,}"
        raise AudioError(Fault(where, message, "fetch or copy it again"))
    return np.concatenate(kept), position


def read_audio(path: Path, offset_s: float = 0.0, duration_s: float | None = None) -> Audio:
    """Read and decode a stretch of an audio file.

    Raises:
        AudioError: As in :func:`read_bytes` and :func:`decode`.
    """
    return decode(read_bytes(path), str(path), offset_s, duration_s)


def mono(audio: Audio, where: str) -> Signal:
    """One channel out of many: their mean, unless that loses the sound.

    Args:
        audio: Decoded audio.
        where: What to call it in errors.

    Returns:
        Shape (frames,).

    Raises:
        AudioError: The mean is more than 7 dB weaker than the strongest channel: the channels cancel, or the sound
            is in one of many.
    """
    samples = audio.samples
    if samples.shape[1] == 1:
        return samples[:, 0]
    mean = samples.mean(axis=1)
    strongest = float(np.max(np.mean(samples * samples, axis=0)))
    if float(np.mean(mean * mean)) < strongest * 10 ** (-CANCELLATION_DB / 10):
        message = f"the mean of its {samples.shape[1]} channels is far weaker than the strongest one"
        raise AudioError(Fault(where, message, "the channels cancel or are mostly empty: keep one of them"))
    return np.ascontiguousarray(mean)


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
    soundfile.write(memory, samples, sample_rate_hz, format="FLAC", subtype="PCM_16")
    return memory.getvalue()


def pcm_sha256(samples: NDArray[np.int16]) -> str:
    """Hash of the samples as little-endian 16-bit integers: equal for every lossless file format.

    Example:
        >>> pcm_sha256(np.zeros(0, dtype=np.int16))[:8]
        'e3b0c442'
    """
    return hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()
