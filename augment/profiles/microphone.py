"""Microphones, as tables of their frequency response."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import scipy
from numpy.typing import NDArray
from pydantic import Field

from augment.acoustics.filters import DEEPEST_DB, response_db
from augment.errors import AudioError, Fault, ProfileError
from augment.files.audio import read_audio
from augment.files.location import Location
from augment.profiles.noise import Figures

REFERENCE_HZ = 1000.0
POINTS_PER_OCTAVE = 12
LONGEST_S = 5.0
QUIETEST_PEAK = 1e-5
HELD_DB = 3.0
UNHEARD_DB = -50.0
"""Re 1 kHz: what a device passes at such a level is inaudible beside the rest, whether its response is held or not."""


class MicrophoneProfile(Figures):
    """A microphone, handset or whole sending device, as a magnitude response.

    Attributes:
        title: What it is, in one line.
        about: What it models, and what not.
        source: Where the figures come from, or ``estimate: ...``.
        response_db: Level in dB by frequency in Hz; only differences count, since 1 kHz is set to 0 dB.
        ein_dba: A-weighted equivalent input noise level in dB SPL, 94 less the signal-to-noise ratio of a data sheet:
            information for the user, who may add a step ``self_noise``.
        aop_dbspl: Acoustic overload point in dB SPL, at which the total harmonic distortion of a 1 kHz sine is 10 %:
            information for the user, who may add a step ``overload``.
    """

    title: Annotated[str, Field(min_length=3)]
    about: Annotated[str, Field(min_length=3)]
    source: Annotated[str, Field(min_length=3)]
    response_db: Annotated[
        dict[Annotated[float, Field(ge=1, le=200_000)], Annotated[float, Field(ge=-150, le=60)]], Field(min_length=2)
    ]
    ein_dba: Annotated[
        float | None, Field(ge=0, le=80, description="A-weighted equivalent input noise level in dB SPL")
    ] = None
    aop_dbspl: Annotated[float | None, Field(ge=80, le=160, description="dB SPL at which THD at 1 kHz is 10 %")] = None

    def table(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Frequencies in Hz and levels in dB re 1 kHz, both of shape (b,), rising in frequency.

        Example:
            >>> m = MicrophoneProfile(title="one", about="two", source="three", response_db={100: -3, 1000: 2})
            >>> [a.tolist() for a in m.table()]
            [[100.0, 1000.0], [-5.0, 0.0]]
        """
        frequency = np.array(sorted(self.response_db), dtype=np.float64)
        level = np.array([self.response_db[f] for f in sorted(self.response_db)], dtype=np.float64)
        return frequency, level - response_db(frequency, level, np.array([REFERENCE_HZ]))

    def portrait(self, sample_rate_hz: int) -> "DevicePortrait":
        """The response as it is drawn: the table, up to half a sample rate.

        Example:
            >>> table = {100: -3, 1000: 0, 10000: 4}
            >>> m = MicrophoneProfile(title="one", about="two", source="three", response_db=table)
            >>> m.portrait(8000).points
            ((100.0, -3.0), (1000.0, 0.0), (4000.0, 2.41))
        """
        frequency, level = self.table()
        inside = frequency < sample_rate_hz / 2
        points = [(float(f), round(float(v), 2) + 0.0) for f, v in zip(frequency[inside], level[inside], strict=True)]
        if not inside.all():  # the table goes on: the curve ends where the test set does
            last = np.array([sample_rate_hz / 2])
            points.append((float(last[0]), round(float(response_db(frequency, level, last)[0]), 2) + 0.0))
        return DevicePortrait(self.title, sample_rate_hz, tuple(points))

    def held(self, sample_rate_hz: int) -> "Held | None":
        """Where the response falls deeper than it is followed; None if nowhere, or if that is inaudible anyway.

        Example:
            >>> deep = {100: -80, 300: 20, 1000: 0, 4000: -5}
            >>> MicrophoneProfile(title="one", about="two", source="three", response_db=deep).held(16000)
            Held(floor_db=-40.0, deepest_db=-80.0, low_hz=100.0, high_hz=100.0)
        """
        frequency, level = self.table()
        floor = float(level.max()) - DEEPEST_DB
        below = (level < floor - HELD_DB) & (frequency < sample_rate_hz / 2)
        if floor < UNHEARD_DB or not below.any():
            return None
        where = frequency[below]
        return Held(round(floor, 1), round(float(level[below].min()), 1), float(where[0]), float(where[-1]))


@dataclass(frozen=True)
class DevicePortrait:
    """A frequency response as it is drawn; beyond its first and last point nothing is known.

    Attributes:
        title: What the device is, in one line.
        sample_rate_hz: Rate at which it was looked at.
        points: Frequency in Hz, rising, and level in dB re 1 kHz.
    """

    title: str
    sample_rate_hz: int
    points: tuple[tuple[float, float], ...]

    def at(self, hz: float) -> float | None:
        """Level at a frequency, between points in dB over the logarithm of frequency; None where nothing is known."""
        if not self.points[0][0] <= hz <= self.points[-1][0]:
            return None
        frequency, level = np.array(self.points).T
        return float(np.interp(np.log(hz), np.log(frequency), level))


@dataclass(frozen=True)
class Held:
    """Where a response is held at a floor instead of following its table.

    Attributes:
        floor_db: Level of the floor, re 1 kHz.
        deepest_db: Lowest level of the table, re 1 kHz.
        low_hz: Lowest frequency at which it is held.
        high_hz: Highest such frequency.
    """

    floor_db: float
    deepest_db: float
    low_hz: float
    high_hz: float

    def __str__(self) -> str:
        where = (
            f"{self.low_hz:.0f} Hz" if self.low_hz == self.high_hz else f"{self.low_hz:.0f} to {self.high_hz:.0f} Hz"
        )
        return (
            f"its figures fall to {self.deepest_db:g} dB re 1 kHz at {where}, and are followed to {self.floor_db:g} dB "
            f"only, {DEEPEST_DB:g} dB below its highest point"
        )


def from_impulse_response(path: Location) -> MicrophoneProfile:
    """The magnitude response of a measured impulse response, smoothed over twelfths of an octave.

    Args:
        path: An audio file that holds the impulse response.

    Raises:
        ProfileError: It cannot be read, is silent, or is longer than 5 s.
    """
    try:
        audio = read_audio(path, longest_s=LONGEST_S, channel="first")
    except AudioError as error:
        raise ProfileError(error.faults) from None
    impulse, rate = audio.samples, audio.sample_rate_hz
    if audio.channels > 1:
        raise ProfileError(Fault(str(path), f"has {audio.channels} channels; a microphone has one", "keep one of them"))
    if float(np.max(np.abs(impulse), initial=0.0)) < QUIETEST_PEAK:
        raise ProfileError(Fault(str(path), "expected an impulse response; the file is silent"))
    # Bins at most 1 Hz apart, and running sums of power, so that the mean over any band is one difference. At least one
    # bin is in each band, which at 20 Hz is 1.2 Hz wide.
    size = scipy.fft.next_fast_len(max(impulse.size, rate), real=True)
    power = np.abs(scipy.fft.rfft(impulse, size)) ** 2
    total = np.concatenate([[0.0], np.cumsum(power)])
    octaves = np.log2(0.49 * rate / 20)
    centre = 20 * 2 ** (np.arange(int(octaves * POINTS_PER_OCTAVE) + 1) / POINTS_PER_OCTAVE)
    half = 2 ** (0.5 / POINTS_PER_OCTAVE)
    low = np.floor(centre / half * size / rate).astype(int)
    high = np.minimum(np.maximum(np.ceil(centre * half * size / rate).astype(int), low + 1), power.size)
    mean = (total[high] - total[low]) / (high - low)
    level = 10 * np.log10(np.maximum(mean / mean.max(), 1e-12))
    return MicrophoneProfile(
        title=f"impulse response {path.stem}",
        about="Magnitude of a measured impulse response; its phase is replaced by the minimum phase.",
        source=f"measured: {path.name}",
        response_db={float(f): float(v) for f, v in zip(centre, level, strict=True)},
    )
