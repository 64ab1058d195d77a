"""Audio files as arrays, and arrays as audio files.

Bytes are read by Python, counted (:mod:`augment.files.containers`) and decoded from memory, because libsndfile takes
read errors and truncated files for good audio. Encoders get integers and write to memory, because libsndfile loses the
tail of a FLAC file on a full disk without an error.
"""

import hashlib
import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.bounds import LARGE_FILE_BYTES, LARGEST_FILE_BYTES
from augment.errors import AudioError, Fault
from augment.files.channels import Wanted
from augment.files.containers import opened, stated
from augment.files.containers.stream import Remark
from augment.files.location import Location, Url
from augment.files.members import member_of, read_member
from augment.files.peek import Peeked
from augment.files.regular import read_record, size_bytes
from augment.files.stretch import LONGEST_S, Part, Stretch, fill, refuse_header
from augment.interrupts import uninterrupted

AudioFormat = Literal["flac", "wav"]


@dataclass(frozen=True)
class Audio:
    """A decoded stretch of audio, in one channel.

    Attributes:
        samples: Samples of the wanted channel, shape (n,), full scale 1.0.
        sample_rate_hz: Sample rate.
        sha256: Hash of the whole file.
        channels: How many channels the file has.
        remarks: What the user should know about it.
    """

    samples: Signal
    sample_rate_hz: int
    sha256: str
    channels: int
    remarks: frozenset[Remark] = frozenset()


@dataclass(frozen=True)
class Channels:
    """A decoded audio file with its channels apart.

    Attributes:
        samples: Samples, shape (n, c), full scale 1.0.
        sample_rate_hz: Sample rate.
        sha256: Hash of the file.
    """

    samples: NDArray[np.float64]
    sample_rate_hz: int
    sha256: str


def read_bytes(path: Location) -> bytes:
    """The bytes of a file of at most 1 GiB, or of a member of a container (:mod:`augment.files.members`).

    Raises:
        AudioError: As for :func:`augment.files.regular.read_record`.
    """
    inside = None if isinstance(path, Url) else member_of(path)
    if inside is not None:
        return read_member(*inside)
    return read_record(path, AudioError, LARGEST_FILE_BYTES)


def _refuse_by_head(path: Location, parts: Sequence[Part], longest_s: float, apart: bool = False) -> None:
    """Refuse a large file that could not be used by its header, so as not to read a gigabyte in vain.

    Raises:
        AudioError: As :func:`decode` would raise for all of the parts.
    """
    if isinstance(path, Url):
        return  # it comes whole, and is refused once it is here
    size = 0 if member_of(path) is not None else size_bytes(path)
    if not LARGE_FILE_BYTES <= size <= LARGEST_FILE_BYTES:
        return
    try:
        with path.open("rb") as file:
            head = stated(Peeked(file, size), str(path))
    except OSError as problem:
        raise AudioError(Fault(str(path), f"cannot be read: {problem.strerror or problem}")) from problem
    if head is not None:
        refuse_header(head, str(path))
        stretches = [Stretch(part, head, str(path), longest_s, apart) for part in parts]
        if all(stretch.too_long for stretch in stretches):
            stretches[0].whole()


def decode(
    data: bytes,
    where: str,
    offset_s: float = 0.0,
    duration_s: float | None = None,
    longest_s: float = LONGEST_S,
    channel: Wanted = None,
) -> Audio:
    """Decode a stretch of an audio file that is in memory.

    Args:
        data: The whole file.
        where: What to call it in errors.
        offset_s: Start of the stretch.
        duration_s: Its length; None for the rest of the file.
        longest_s: Longest stretch that is accepted.
        channel: Which channel, as for :class:`augment.files.channels.Picked`.

    Raises:
        AudioError: It is not audio, damaged, empty, too long or of unknown length; its rate is out of bounds, samples
            are not numbers, it is not said which of its channels is meant, or the stretch reaches past its end.
    """
    (found,) = decode_parts(data, where, [Part(offset_s, duration_s, channel)], longest_s)
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
        parts: The stretches, as in :func:`decode`.
        longest_s: Longest stretch that is accepted.

    Returns:
        For each stretch, what :func:`decode` would return or raise for it alone.

    Example:
        >>> wav = encode(np.arange(8000, dtype=np.int16), 8000, "wav")
        >>> first, beyond = decode_parts(wav, "a.wav", [Part(0.25, 0.5), Part(2.0)])
        >>> first.samples.size, str(beyond)
        (4000, 'a.wav: asked for 2 s, but the file is 1.000 s long')
    """
    try:
        stretches, rate, channels, remarks = _filled(data, where, parts, longest_s)
    except AudioError as error:
        return [error for _ in parts]
    sha256 = hashlib.sha256(data).hexdigest()
    found: list[Audio | AudioError] = []
    for stretch in stretches:
        try:
            samples, own = stretch.heard()
            found.append(Audio(samples, rate, sha256, channels, remarks | own))
        except AudioError as error:
            found.append(error)
    return found


def _filled(
    data: bytes, where: str, parts: Sequence[Part], longest_s: float, apart: bool = False
) -> tuple[list[Stretch], int, int, frozenset[Remark]]:
    """Stretches of a file, its sample rate, its number of channels, and remarks about it."""
    decoder = opened(data, where)
    try:
        rate, channels = decoder.sample_rate_hz, decoder.channels
        stretches = [Stretch(part, decoder, where, longest_s, apart) for part in parts]
        remarks = fill(stretches, decoder, where)
    finally:
        decoder.close()
    return stretches, rate, channels, remarks


def read_audio(
    path: Location,
    offset_s: float = 0.0,
    duration_s: float | None = None,
    longest_s: float = LONGEST_S,
    channel: Wanted = None,
) -> Audio:
    """Read and decode a stretch of an audio file.

    Raises:
        AudioError: As in :func:`read_bytes` and :func:`decode`.
    """
    (found,) = read_parts(path, [Part(offset_s, duration_s, channel)], longest_s)
    if isinstance(found, AudioError):
        raise found
    return found


def read_parts(path: Location, parts: Sequence[Part], longest_s: float = LONGEST_S) -> list[Audio | AudioError]:
    """Read several stretches of an audio file, decoding it once; a stretch that cannot be used becomes an error.

    Example:
        >>> from pathlib import Path
        >>> [str(error) for error in read_parts(Path("none.wav"), [Part()])]
        ['none.wav: there is no such file']
    """
    try:
        data = audio_bytes(path, parts, longest_s)
    except AudioError as error:
        return [error for _ in parts]
    return decode_parts(data, str(path), parts, longest_s)


def audio_bytes(path: Location, parts: Sequence[Part], longest_s: float = LONGEST_S) -> bytes:
    """The bytes of an audio file.

    Raises:
        AudioError: It cannot be read, or its header says that none of the stretches could be used.
    """
    _refuse_by_head(path, parts, longest_s)
    return read_bytes(path)


def read_channels(path: Location, longest_s: float = LONGEST_S) -> Channels:
    """Read and decode an audio file, its channels apart.

    Raises:
        AudioError: As in :func:`read_bytes` and :func:`decode`.
    """
    _refuse_by_head(path, [Part()], longest_s, apart=True)
    data = read_bytes(path)
    (stretch,), rate, channels, _ = _filled(data, str(path), [Part()], longest_s, apart=True)
    return Channels(stretch.whole().reshape(-1, channels), rate, hashlib.sha256(data).hexdigest())


def encode(samples: NDArray[np.int16], sample_rate_hz: int, audio_format: AudioFormat) -> bytes:
    """A whole mono 16-bit audio file in memory.

    Args:
        samples: Samples, shape (n,).
        sample_rate_hz: Sample rate.
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
    """Hash of the samples as little-endian 16-bit integers: the same for every lossless file format.

    Example:
        >>> pcm_sha256(np.zeros(0, dtype=np.int16))[:8]
        'e3b0c442'
    """
    return hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()
