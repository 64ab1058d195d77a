"""Spectrograms as pictures inside a page.

They are PNG files of at most sixteen colours whose pixels are stored and not compressed. An encoder of somebody else
would write other bytes in its next version, and ``verify`` makes the page of a test set again and compares its bytes.

Reference: PNG, W3C Recommendation (third edition); stored blocks of RFC 1951; the colours run through those of J. R.
Nuñez, C. R. Anderton, R. S. Renslow, "Optimizing colormaps with consideration for color vision deficiency", PLoS ONE
13(7), 2018 (cividis), whose lightness rises evenly for all kinds of colour vision.
"""

import math
import struct
import zlib
from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.spectrogram import BANDS, spectrogram_dbov

COLUMNS = 200
LOWEST_DBOV, STEP_DB, SHADES = -85, 5, 15
"""The first shade ends where the second begins, at the lowest level; each further one is a step wide, the last open."""
ANCHORS = ((0, 32, 77), (49, 68, 107), (102, 105, 112), (149, 143, 120), (203, 186, 105), (255, 234, 70))
MOST_SECONDS = 30.0
"""Longest time that a picture shows: more would be squeezed until nothing can be seen."""
QUIET_PERCENT = 10
SILENCE = 1e-13
"""Power in a band below which there is digital silence: rounding to 16 bits alone has 1e-12 in each."""
MOST_POWER = 0.99
STORED = 65535


def _between(place: float) -> tuple[int, int, int]:
    """A colour of the scale, from 0 to 1."""
    at = place * (len(ANCHORS) - 1)
    low = min(int(at), len(ANCHORS) - 2)
    pairs = zip(ANCHORS[low], ANCHORS[low + 1], strict=True)
    red, green, blue = (round(a + (at - low) * (b - a)) for a, b in pairs)
    return red, green, blue


COLOURS = tuple(_between(number / (SHADES - 1)) for number in range(SHADES))


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """A picture of one item.

    Attributes:
        levels_dbov: Of its bands and columns, the lowest band first; NaN behind its end.
        sample_rate_hz: Of the item.
        seconds: Length of the item.
    """

    levels_dbov: NDArray[np.float64]
    sample_rate_hz: int
    seconds: float

    @classmethod
    def of(cls, signal: Signal, sample_rate_hz: int, axis_s: float) -> "Spectrogram":
        """The picture of a signal of shape (n,) on a time axis that others share.

        Example:
            >>> tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(8000) / 16000)
            >>> Spectrogram.of(tone, 16000, 1.0).told
            'Spectrogram of 0.50 s at -23 dBov, its quietest tenth at -23 dBov; 99 % of the power lie below 1.1 kHz'
        """
        levels = spectrogram_dbov(signal, sample_rate_hz, COLUMNS, axis_s)
        return cls(levels, sample_rate_hz, signal.size / sample_rate_hz)

    @cached_property
    def shades(self) -> NDArray[np.uint8]:
        """Number of the shade of each pixel, highest band first: 0 behind the end, otherwise 1 to 15."""
        steps = np.floor((np.nan_to_num(self.levels_dbov, nan=0.0) - LOWEST_DBOV) / STEP_DB)
        shades: NDArray[np.uint8] = np.clip(steps + 2, 1, SHADES).astype(np.uint8)[::-1]
        shades[np.isnan(self.levels_dbov[::-1])] = 0
        return shades

    @property
    def uri(self) -> str:
        """The picture as a data URI."""
        return f"data:image/png;base64,{b64encode(png(self.shades)).decode()}"

    @property
    def told(self) -> str:
        """What there is to be seen, in words."""
        power = 10 ** (self.levels_dbov[:, ~np.isnan(self.levels_dbov[0])] / 10)
        said = f"Spectrogram of {self.seconds:.2f} s"
        if not np.any(power > SILENCE):
            return f"{said} of digital silence"
        by_time, by_band = np.sum(power, axis=0), np.cumsum(np.sum(power, axis=1))
        whole, quiet = float(np.mean(by_time)), float(np.percentile(by_time, QUIET_PERCENT, method="lower"))
        edge = int(np.searchsorted(by_band, MOST_POWER * by_band[-1])) + 1
        edge_khz = edge * self.sample_rate_hz / (2000 * BANDS)
        softest = "silent" if quiet < BANDS * SILENCE else f"at {10 * math.log10(quiet):.0f} dBov"
        return (
            f"{said} at {10 * math.log10(whole):.0f} dBov, its quietest tenth {softest}; "
            f"{100 * MOST_POWER:g} % of the power lie below {edge_khz:.1f} kHz"
        )


def scale_html() -> str:
    """What the shades of all pictures mean."""
    ends = [LOWEST_DBOV + STEP_DB * number for number in range(SHADES - 1)]
    names = ["&lt;", *map(str, ends)]
    drawn = (
        '<svg viewBox="0 0 9 9" preserveAspectRatio="none" aria-hidden="true"><path fill="#{}" d="M0 0H9V9H0z"/></svg>'
    )
    shades = "".join(
        f"<li>{drawn.format(bytes(colour).hex())}{name}</li>" for name, colour in zip(names, COLOURS, strict=True)
    )
    return f'<ul class="shades" aria-label="Colours of all spectrograms, in dBov">{shades}</ul>\n'


def png(shades: NDArray[np.uint8]) -> bytes:
    r"""A picture of sixteen colours, the first of them transparent; the same bytes everywhere and always.

    Args:
        shades: Numbers of colours, 0 to 15, shape (height, width), the top row first.

    Example:
        >>> png(np.zeros((1, 2), np.uint8))[:8]
        b'\x89PNG\r\n\x1a\n'
    """
    height, width = shades.shape
    even = np.pad(shades, ((0, 0), (0, width % 2)))
    rows = np.pad(even[:, ::2] << 4 | even[:, 1::2], ((0, 0), (1, 0)))  # each row begins with its filter, 0
    palette = b"\0\0\0" + b"".join(map(bytes, COLOURS))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)),
        (b"PLTE", palette),
        (b"tRNS", b"\0"),
        (b"IDAT", _stored(rows.tobytes())),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _stored(data: bytes) -> bytes:
    """Bytes as a zlib stream of stored blocks (RFC 1950, RFC 1951, 3.2.4): compressors of two versions differ."""
    parts = [b"\x78\x01"]
    for start in range(0, len(data), STORED):
        block = data[start : start + STORED]
        last = start + STORED >= len(data)
        parts.append(struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF) + block)
    return b"".join(parts) + struct.pack(">I", zlib.adler32(data))
