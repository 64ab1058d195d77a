"""Codecs of FFmpeg through PyAV, as raw packets without a container."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from augment.acoustics.pcm import FULL_SCALE, quantise
from augment.codecs import Lost, Pcm

SampleFormat = Literal["s16", "fltp"]
AT_ONCE = 256
"""Frames per call: one at a time would cost as much as some coders do, and all at once a second copy of the signal."""


def refusal(codecs: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """Why FFmpeg's codecs cannot be used here, and the remedy; None if they can.

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
    options: Mapping[str, str],
    sample_format: SampleFormat = "s16",
) -> tuple[list[bytes], bytes | None]:
    """Raw packets of one signal, in order, and the codec's header if it has one.

    Args:
        name: FFmpeg's name of the coder.
        pcm: Shape (n,). The last frame is filled up with silence.
        rate_hz: Samples a second.
        options: Options of FFmpeg's coder.
        sample_format: The format of samples that the coder takes.
    """
    import av

    coder: Any = av.CodecContext.create(name, "w")
    coder.sample_rate, coder.layout, coder.format = rate_hz, "mono", sample_format
    coder.time_base = Fraction(1, rate_hz)
    coder.thread_count = 1
    coder.options = {"flags": "+bitexact", **options}
    coder.open()
    size = int(coder.frame_size)
    assert size, "coders that take frames of any size are not among these"
    whole = np.pad(pcm, (0, -pcm.size % size))
    samples: NDArray[Any] = whole if sample_format == "s16" else whole.astype(np.float32) / np.float32(FULL_SCALE)
    out: list[bytes] = []
    for start in range(0, pcm.size, AT_ONCE * size):  # PyAV cuts blocks into the coder's frames
        block = samples[np.newaxis, start : start + AT_ONCE * size]
        frame = av.AudioFrame.from_ndarray(block, format=sample_format, layout="mono")
        frame.sample_rate, frame.pts = rate_hz, start
        out += [bytes(packet) for packet in coder.encode(frame)]
    out += [bytes(packet) for packet in coder.encode(None)]
    return out, coder.extradata


def decode(
    name: str, packets: Iterable[bytes], rate_hz: int, options: Mapping[str, str], header: bytes | None = None
) -> Pcm:
    """Decode raw packets to samples, shape (n,).

    Args:
        name: FFmpeg's name of the decoder.
        packets: In order.
        rate_hz: Samples a second.
        options: Options of FFmpeg's decoder.
        header: The coder's header, for codecs that have one.
    """
    import av

    decoder: Any = av.CodecContext.create(name, "r")
    decoder.sample_rate, decoder.layout = rate_hz, "mono"
    decoder.thread_count = 1
    decoder.options = {"flags": "+bitexact", **options}
    if header is not None:
        decoder.extradata = header
    decoder.open()
    frames = [frame for data in packets for frame in decoder.decode(av.Packet(data))]
    frames += decoder.decode(None)
    # A plane may be longer than its frame. Frames of one decoder have one type: 16 bits, or floating point.
    kind = np.int16 if not frames or frames[0].format.bytes == 2 else np.float32
    heard = [np.frombuffer(frame.planes[0], kind, frame.samples) for frame in frames]
    samples = np.concatenate([np.zeros(0, kind), *heard])
    return samples if kind is np.int16 else quantise(samples.astype(np.float64))[0]


def with_lost(packets: list[bytes], lost: Lost, stand_in: Any) -> list[bytes]:
    """Packets as a receiver passes them to its decoder.

    Args:
        packets: As sent.
        lost: Which of them are lost; packets beyond its end arrive.
        stand_in: Takes a lost packet as it was sent, and gives what tells the decoder that it is missing.

    Example:
        >>> with_lost([b"ab", b"cd", b"ef"], np.array([False, True]), lambda sent: sent[:1])
        [b'ab', b'c', b'ef']
    """
    missing = set(np.flatnonzero(lost).tolist())
    return [stand_in(sent) if number in missing else sent for number, sent in enumerate(packets)]
