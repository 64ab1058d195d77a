"""Sound inside a page: audio as a data URI, so that a page can be passed on by itself.

FLAC holds the very samples, and every browser of the last years plays it. Where that takes too much room, MP3 takes a
third. Both last in Chromium exactly as long as the file that they stand for, to the sample; Opus of libsndfile lasts
6.5 ms longer (its lead-in is played), is slower to make, and older Safari does not play it in Ogg.
"""

import io
from base64 import b64encode
from html import escape

import numpy as np
from numpy.typing import NDArray

from augment.files.audio import encode
from augment.interrupts import uninterrupted
from augment.report.pictures.drawing import safe

MP3_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Those of MPEG-1, MPEG-2 and MPEG-2.5, layer III."""
SMALLER = 0.5
"""Setting of libsndfile, from 0 to 1, for a variable bit rate: of 16 kHz speech about 40 kbit/s."""


def audio_uri(pcm: NDArray[np.int16], sample_rate_hz: int, smaller: bool = False) -> str:
    """Sound as a data URI for an ``<audio>`` element.

    Args:
        pcm: Samples, shape (n,).
        sample_rate_hz: Their rate.
        smaller: Compress it with losses, if MP3 has this rate.

    Example:
        >>> audio_uri(np.zeros(800, np.int16), 16000).partition(";")[0]
        'data:audio/flac'
        >>> audio_uri(np.zeros(800, np.int16), 16000, smaller=True).partition(";")[0]
        'data:audio/mpeg'
    """
    if smaller and sample_rate_hz in MP3_RATES_HZ:
        return f"data:audio/mpeg;base64,{b64encode(_mp3(pcm, sample_rate_hz)).decode()}"
    return f"data:audio/flac;base64,{b64encode(encode(pcm, sample_rate_hz, 'flac')).decode()}"


def player_html(source: str, label: str, seconds: float | None = None) -> str:
    """A sound with its controls; it is loaded when it is played.

    Args:
        source: A data URI, or a path from the page with its strange characters quoted.
        label: What it is: untrusted text.
        seconds: How long it lasts, for the script that steps between players.

    Example:
        >>> player_html("a&b.flac", "<b>")
        '<audio controls preload="none" src="a&amp;b.flac" title="&lt;b&gt;" aria-label="&lt;b&gt;"></audio>'
    """
    lasting = "" if seconds is None else f' data-seconds="{seconds:.6f}"'
    said = f'title="{safe(label)}" aria-label="{safe(label)}"'
    return f'<audio controls preload="none" src="{escape(source, quote=True)}"{lasting} {said}></audio>'


def _mp3(pcm: NDArray[np.int16], sample_rate_hz: int) -> bytes:
    import soundfile

    memory = io.BytesIO()
    with uninterrupted():
        soundfile.write(
            memory, pcm, sample_rate_hz, format="MP3", subtype="MPEG_LAYER_III", compression_level=SMALLER,
            bitrate_mode="VARIABLE",
        )  # fmt: skip
    return memory.getvalue()
