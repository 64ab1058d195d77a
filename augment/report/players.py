"""Sound inside a page: an audio file as a data URI, so that a page can be passed on by itself."""

from base64 import b64encode

import numpy as np
from numpy.typing import NDArray

from augment.files.audio import encode


def audio_uri(pcm: NDArray[np.int16], sample_rate_hz: int) -> str:
    """Sound as a data URI for an ``<audio>`` element.

    Args:
        pcm: Samples, shape (n,).
        sample_rate_hz: Their rate.

    Example:
        >>> audio_uri(np.zeros(800, np.int16), 16000).partition(";")[0]
        'data:audio/flac'
    """
    return f"data:audio/flac;base64,{b64encode(encode(pcm, sample_rate_hz, 'flac')).decode()}"
