"""Codecs of libsndfile, through a file in memory."""

import io

import numpy as np

from augment.codecs import Pcm
from augment.interrupts import uninterrupted


def write(pcm: Pcm, rate_hz: int, container: str, subtype: str, **settings: object) -> bytes:
    """Write a coded file to memory.

    Args:
        pcm: Shape (n,).
        rate_hz: Samples a second.
        container: libsndfile's name of the format, such as ``"RAW"``.
        subtype: Its name of the coding, such as ``"ULAW"``.
        settings: ``bitrate_mode`` and ``compression_level`` for formats that have them.

    Example:
        >>> len(write(np.zeros(160, dtype=np.int16), 8000, "RAW", "GSM610"))
        33
    """
    import soundfile

    memory = io.BytesIO()
    with uninterrupted():
        soundfile.write(memory, pcm, rate_hz, format=container, subtype=subtype, **settings)
    return memory.getvalue()


def read(data: bytes, rate_hz: int, container: str, subtype: str) -> Pcm:
    """The samples of a coded mono file, shape (n,)."""
    import soundfile

    raw = {"samplerate": rate_hz, "channels": 1, "format": container, "subtype": subtype} if container == "RAW" else {}
    with uninterrupted():
        samples, _ = soundfile.read(io.BytesIO(data), dtype="int16", **raw)
    return np.asarray(samples, dtype=np.int16)
