"""Containers that FFmpeg reads and libsndfile does not: MP4 and its kin, Matroska (WebM), Windows Media and bare AAC.

They need PyAV, the extra ``codecs``. The first bytes of a file decide what it is, not FFmpeg's guess: some of the
formats that FFmpeg knows open other files. Encoder delay and padding are cut off as the container says.
"""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.bounds import MOST_CHANNELS
from augment.errors import AudioError, Fault
from augment.files.containers.boxes import stated_length, states_delay
from augment.files.containers.stream import Remark, refuse_lie

ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
SLACK_S = 0.1
"""By how much sound may differ from the stated length: some files count in ms, or include the encoder delay."""
PACKAGE = "pip install 'acoustigrid[codecs]'"


def demuxer_of(data: bytes) -> str | None:
    r"""FFmpeg's name for the container of a file; None for one that is not read here.

    Example:
        >>> demuxer_of(b"\x00\x00\x00\x18ftypM4A "), demuxer_of(b"RIFF")
        ('mov', None)
    """
    if data[4:8] in (b"ftyp", b"moov", b"mdat", b"wide"):
        return "mov"
    if data[:4] == b"\x1aE\xdf\xa3":
        return "matroska"
    if data[:16] == ASF:
        return "asf"
    return "aac" if len(data) > 7 and data[0] == 0xFF and data[1] & 0xF6 == 0xF0 else None


class Foreign:
    """The sound of a file, decoded by FFmpeg.

    Args:
        data: The whole file.
        where: What to call it in errors.

    Raises:
        AudioError: PyAV is not installed, or the file does not hold exactly one stream of sound.

    Attributes:
        sample_rate_hz: Sample rate.
        channels: Number of channels.
        frames: Number of frames that the file states; None if it states none.
        slack: Frames by which that may differ from the sound.
        floating: Whether the file stores floating-point samples: never here.
        remarks: What the user should know.
    """

    floating = False

    def __init__(self, data: bytes, where: str) -> None:
        try:
            import av
        except ImportError:
            message = "it is an MP4, WebM or other file that libsndfile cannot read"
            raise AudioError(Fault(where, message, f"{PACKAGE}, or convert it to WAV or FLAC")) from None
        self._av, self._where = av, where
        demuxer = demuxer_of(data)
        assert demuxer is not None
        ends = stated_length(data, demuxer, where)
        try:
            self._container: Any = av.open(io.BytesIO(data), format=demuxer, metadata_errors="ignore")
        except av.error.FFmpegError as error:
            raise self._refusal(error) from None
        sounding = list(self._container.streams.audio)
        if len(sounding) != 1:
            count = f"{len(sounding)} streams of sound" if sounding else "no sound"
            raise AudioError(Fault(where, f"the file holds {count}", "save the one that is meant as WAV or FLAC"))
        self._stream = sounding[0]
        self.sample_rate_hz, self.channels = int(self._stream.rate or 0), int(self._stream.channels or 0)
        if not self.sample_rate_hz or not 0 < self.channels <= MOST_CHANNELS:
            raise AudioError(Fault(where, "does not say its sample rate and channels"))
        self.slack = round(SLACK_S * self.sample_rate_hz)
        length_s = None if demuxer == "aac" else self._length_s()
        self.frames = round(length_s * self.sample_rate_hz) if length_s else None
        found = {
            Remark.OPEN_LENGTH: not ends,
            Remark.DELAY_UNSTATED: self._stream.codec_context.name == "aac" and not states_delay(data, demuxer),
            Remark.VIDEO: bool(self._container.streams.video),
        }
        self.remarks = frozenset(remark for remark, there in found.items() if there)

    def _length_s(self) -> float | None:
        if self._stream.duration and self._stream.time_base is not None:
            return float(self._stream.duration * self._stream.time_base)
        return self._container.duration and float(self._container.duration / 1e6)

    def _refusal(self, error: Exception) -> AudioError:
        reason = str(getattr(error, "strerror", None) or error).strip(" .")
        return AudioError(Fault(self._where, f"cannot be decoded as audio ({reason})", "it is damaged or cut off"))

    def blocks(self) -> Iterator[NDArray[np.float64]]:
        """All frames in order, each block of shape (n, c), full scale 1.0.

        The last packet of a codec is padded: what comes within 0.1 s after the stated end is not sound.

        Raises:
            AudioError: Something in it cannot be decoded.
        """
        decoded = 0
        for block in self._decoded():
            wanted = len(block) if self.frames is None else max(0, self.frames - decoded)
            decoded += len(block)
            if wanted:
                yield block[:wanted]
        if self.frames is not None and abs(decoded - self.frames) > self.slack:
            refuse_lie(self._where, f"{self.frames:,} samples", f"{decoded:,}")

    def _decoded(self) -> Iterator[NDArray[np.float64]]:
        planar = self._av.AudioResampler(format="dblp")
        try:
            for packet in self._container.demux(self._stream):
                if packet.is_corrupt:
                    raise AudioError(Fault(self._where, "the file is damaged: one of its packets", "fetch it again"))
                for frame in packet.decode():
                    yield from (
                        np.asarray(out.to_ndarray().T, dtype=np.float64, order="C") for out in planar.resample(frame)
                    )
            yield from (np.asarray(out.to_ndarray().T, dtype=np.float64, order="C") for out in planar.resample(None))
        except (self._av.error.FFmpegError, ValueError) as error:
            raise self._refusal(error) from None

    def close(self) -> None:
        """Release FFmpeg's memory."""
        self._container.close()
