"""Codecs of FFmpeg through PyAV, as bare packets."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from augment.acoustics.pcm import FULL_SCALE, quantise
from augment.codecs import Lost, Pcm

SampleFormat = Literal["s16", "fltp"]


def refusal(codecs: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """Why FFmpeg's codecs cannot be used here and what to do; None if they can.

    Args:
        codecs: Names and modes: "w" for a coder, "r" for a decoder.

    Example:
        >>> refusal([("no_such_codec", "w")])[0]
        "this build of PyAV has no coder 'no_such_codec'"
    """
    wanted = list(codecs)
    if not wanted:
        return None
    try:
        import av
    except ImportError:
        return "this codec needs PyAV, the extra 'codecs', which is not installed", "pip install 'acoustigrid[codecs]'"
    for name, mode in wanted:
        try:
            av.Codec(name, "w" if mode == "w" else "r")
        except ValueError:
            part = "coder" if mode == "w" else "decoder"
            remedy = "pip install --force-reinstall --only-binary av 'acoustigrid[codecs]'"
            return f"this build of PyAV has no {part} '{name}'", remedy
    return None


def encode(
    name: str,
    pcm: Pcm,
    rate_hz: int,
    packet_samples: int,
    options: Mapping[str, str],
    sample_format: SampleFormat = "s16",
) -> tuple[list[bytes], bytes | None]:
    """Bare packets of one signal, in order, and the codec's header if it has one.

    Args:
        name: Of FFmpeg's coder.
        pcm: Whole packets, shape (packets * packet_samples,).
        rate_hz: Samples a second.
        packet_samples: For a coder that leaves the choice; others insist on their own frame.
        options: Of FFmpeg's coder.
        sample_format: What the coder takes.
    """
    import av

    coder: Any = av.CodecContext.create(name, "w")
    coder.sample_rate, coder.layout, coder.format = rate_hz, "mono", sample_format
    coder.time_base = Fraction(1, rate_hz)
    coder.thread_count = 1
    coder.options = {"flags": "+bitexact", **options}
    coder.open()
    size = int(coder.frame_size) or packet_samples
    samples: NDArray[Any] = pcm if sample_format == "s16" else pcm.astype(np.float32) / np.float32(FULL_SCALE)
    out: list[bytes] = []
    for start in range(0, pcm.size, size):
        block = np.pad(samples[start : start + size], (0, max(0, start + size - pcm.size)))
        frame = av.AudioFrame.from_ndarray(block[np.newaxis], format=sample_format, layout="mono")
        frame.sample_rate, frame.pts = rate_hz, start
        out += [bytes(packet) for packet in coder.encode(frame)]
    out += [bytes(packet) for packet in coder.encode(None)]
    return out, coder.extradata


def decode(
    name: str, packets: Iterable[bytes], rate_hz: int, options: Mapping[str, str], header: bytes | None = None
) -> Pcm:
    """Samples of bare packets, shape (n,).

    Args:
        name: Of FFmpeg's decoder.
        packets: In order.
        rate_hz: Samples a second.
        options: Of FFmpeg's decoder.
        header: What the coder gave, for codecs that have one.
    """
    import av

    decoder: Any = av.CodecContext.create(name, "r")
    decoder.sample_rate, decoder.layout = rate_hz, "mono"
    decoder.thread_count = 1
    decoder.options = {"flags": "+bitexact", **options}
    if header is not None:
        decoder.extradata = header
    decoder.open()
    out: list[NDArray[Any]] = [np.zeros(0, dtype=np.int16)]
    for data in packets:
        out += [frame.to_ndarray().reshape(-1) for frame in decoder.decode(av.Packet(data))]
    out += [frame.to_ndarray().reshape(-1) for frame in decoder.decode(None)]
    return np.concatenate([_as_pcm(block) for block in out])


def _as_pcm(block: NDArray[Any]) -> Pcm:
    if block.dtype == np.int16:
        return np.asarray(block, dtype=np.int16)
    return quantise(block.astype(np.float64))[0]


def with_lost(packets: list[bytes], lost: Lost, stand_in: Any) -> list[bytes]:
    """Packets as a receiver hands them to its decoder.

    Args:
        packets: As sent.
        lost: Which of them do not arrive; those behind its end do.
        stand_in: Function of the packet that was sent to what tells the decoder that it is missing.

    Example:
        >>> with_lost([b"ab", b"cd", b"ef"], np.array([False, True]), lambda sent: sent[:1])
        [b'ab', b'c', b'ef']
    """
    missing = set(np.flatnonzero(lost).tolist())
    return [stand_in(sent) if number in missing else sent for number, sent in enumerate(packets)]
