"""The sound of counted streams, each decoded by libsndfile to its end and compared with the count."""

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.errors import AudioError, Fault
from augment.files.containers.stream import Remark, Stream
from augment.interrupts import uninterrupted

BLOCK_VALUES = 1 << 18


class Native:
    """The streams of a file, one after the other.

    Args:
        streams: As they were counted.
        where: What to call the file in errors.

    Raises:
        AudioError: libsndfile cannot read one, or their rates or channels differ.

    Attributes:
        sample_rate_hz: Sample rate.
        channels: Number of channels.
        frames: Number of frames, to within ``slack``.
        slack: Frames by which the decoder may differ.
        floating: Whether the file stores floating-point samples, on whatever scale.
        remarks: What the user should know.
    """

    def __init__(self, streams: Sequence[Stream], where: str) -> None:
        import soundfile

        self._where, self._streams, self._library = where, streams, soundfile
        self._errors = (soundfile.LibsndfileError, RuntimeError, TypeError, AssertionError)
        files = [self._open(stream) for stream in streams]
        forms = {(int(file.samplerate), int(file.channels)) for file in files}
        if len(forms) > 1:
            told = ", ".join(f"{rate:,} Hz with {channels} channel(s)" for rate, channels in sorted(forms))
            message = f"several files are joined in it that do not go together: {told}"
            raise AudioError(Fault(where, message, "split it"))
        ((self.sample_rate_hz, self.channels),) = forms
        self._files = files
        self._counts = [self._count(*pair) for pair in zip(streams, files, strict=True)]
        self.frames: int | None = sum(self._counts)
        self.slack = sum(stream.slack for stream in streams)
        self.floating = any(file.subtype in ("FLOAT", "DOUBLE") for file in files)
        self.remarks = frozenset[Remark]().union(*(stream.remarks for stream in streams))

    def _open(self, stream: Stream) -> Any:
        try:
            with uninterrupted():
                return self._library.SoundFile(io.BytesIO(stream.data))
        except self._errors as error:
            raise self._refusal(error) from None

    @staticmethod
    def _count(stream: Stream, file: Any) -> int:
        """Number of frames at the decoder's rate; the decoder's own count if nothing else can tell."""
        if stream.frames is None:
            return int(file.frames)
        return stream.frames if stream.rate_hz is None else round(stream.frames * file.samplerate / stream.rate_hz)

    def _refusal(self, error: Exception) -> AudioError:
        reason = str(getattr(error, "error_string", str(error))).strip(" .")  # str() of it names a memory address
        return AudioError(Fault(self._where, f"cannot be decoded as audio ({reason or 'damaged'})", "fetch it again"))

    def blocks(self) -> Iterator[NDArray[np.float64]]:
        """All frames in order, each block of shape (n, c).

        Raises:
            AudioError: A stream is damaged, or has more or fewer frames than were counted.
        """
        for stream, file, count in zip(self._streams, self._files, self._counts, strict=True):
            decoded = 0
            for block in self._decoded(file):
                decoded += len(block)
                if decoded > count + stream.slack:
                    break
                yield block
            if abs(decoded - count) > stream.slack:
                more = "at least " if decoded > count else ""
                message = f"its bytes hold {count:,} samples, and {more}{decoded:,} are decoded: it is damaged"
                raise AudioError(Fault(self._where, message, "fetch or convert it again"))

    def _decoded(self, file: Any) -> Iterator[NDArray[np.float64]]:
        size = max(1, BLOCK_VALUES // file.channels)
        while True:
            try:
                with uninterrupted():
                    block = file.read(size, dtype="float64", always_2d=True)
            except self._errors as error:
                raise self._refusal(error) from None
            if not len(block):
                return
            yield block

    def close(self) -> None:
        """Release libsndfile's memory."""
        for file in self._files:
            file.close()
