"""What the bytes of an audio file hold, counted by this program before a decoder is asked.

Decoders believe a header that lies, guess a length that is not stated, and stop after the first of several files that
were joined. So every container is walked here: its streams are found, each is handed to the decoder by itself, and what
the decoder makes of it is compared with the count. What cannot be counted is not read.
"""

from collections.abc import Callable

from augment.errors import AudioError, Fault
from augment.files.containers import chunks, flac, mpeg, ogg, sun, wave
from augment.files.containers.foreign import Foreign, demuxer_of
from augment.files.containers.native import Native
from augment.files.containers.stream import Stated, Stream
from augment.files.peek import Bytes

HEAD_BYTES = 2**16
"""Enough to recognise a file by."""
Reader = Callable[[bytes, str], list[Stream]]
READERS: tuple[tuple[Callable[[bytes], bool], Reader], ...] = (
    (wave.recognised, wave.streams),
    (chunks.is_aiff, chunks.aiff_streams),
    (chunks.is_caf, chunks.caf_streams),
    (sun.is_au, sun.au_streams),
    (sun.is_sphere, sun.sphere_streams),
    (flac.recognised, flac.streams),
    (ogg.recognised, ogg.streams),
    (mpeg.recognised, mpeg.streams),
)


def streams_of(data: bytes, where: str) -> list[Stream] | None:
    """The streams of an audio file, in order; None for bytes that no reader here recognises.

    Args:
        data: The whole file.
        where: What to call it in errors.

    Raises:
        AudioError: It is cut off, its header lies about its length, or its length cannot be known.

    Example:
        >>> streams_of(b"no audio", "a.wav") is None
        True
    """
    body = data[mpeg.tag_bytes(data, 0) :] if data[:3] == b"ID3" else data
    for recognised, reader in READERS:
        if recognised(body):
            found = reader(body, where)
            if not found:
                raise AudioError(Fault(where, "the file holds no sound"))
            return found
    return None


def stated(data: Bytes, where: str) -> Stated | None:
    """What the header of a file says about its sound; None if it takes the whole file to know.

    Args:
        data: The whole file, of which little is looked at.
        where: What to call it in errors.

    Raises:
        AudioError: It is not a kind of audio that is read here, or its header contradicts its contents.
    """
    head = data[:HEAD_BYTES]
    if head[:4] in wave.HEADS and wave.recognised(head):
        return wave.stated(data, where)
    known = head[:3] == b"ID3" or demuxer_of(head) is not None or any(recognised(head) for recognised, _ in READERS)
    if not known:
        raise _unrecognised(head, where)
    return None


def opened(data: bytes, where: str) -> Native | Foreign:
    """A decoder for a file, its header already read.

    Args:
        data: The whole file.
        where: What to call it in errors.

    Raises:
        AudioError: It is not a kind of audio that is read here, its end is missing, its header is wrong, or its decoder
            is not installed.
    """
    if demuxer_of(data) is not None:
        return Foreign(data, where)
    streams = streams_of(data, where)
    if streams is None:
        raise _unrecognised(data, where)
    return Native(streams, where)


def _unrecognised(data: bytes, where: str) -> AudioError:
    return AudioError(Fault(where, "cannot be decoded as audio (format not recognised)", _guess(data)))


def _guess(data: bytes) -> str:
    """What a file that is not audio may be."""
    start = data[:256].lstrip()
    if start.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer; run `git lfs pull`"
    if start[:1] == b"<":
        return "it holds HTML or XML, perhaps an error page in place of a download"
    if data[:2] == b"\x1f\x8b":
        return "it is gzip-compressed; unpack it first"
    return "WAV, FLAC, Ogg (Vorbis, Opus), MP3, AIFF, CAF, AU, W64 and SPHERE are read, and others with PyAV"
