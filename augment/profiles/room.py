"""Rooms: figures of a room to be simulated, and measured impulse responses of real ones."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from augment.acoustics.convolution import ImpulseResponse
from augment.acoustics.levels import db
from augment.acoustics.resample import resample
from augment.acoustics.response_edges import trimmed
from augment.acoustics.room import (
    DIRECT_S,
    RoomMeasures,
    decay,
    direct_index,
    onset_contrast_db,
    room_measures,
)
from augment.errors import AudioError, Fault, ProfileError
from augment.files.audio import read_channels
from augment.files.channels import refuse_absent
from augment.files.location import Location, below
from augment.profiles.noise import Figures
from augment.profiles.recording import audio_files

# A diffuse field of energy E in a volume V loses c A E / (4 V) a second to an absorption area A, so it decays as
# exp(-c A t / (4 V)), and by 60 dB, 10^-6, in T = 6 ln(10) 4 V / (c A) = 0.161 s/m V / A at c = 343 m/s.
SABINE_S_PER_M = 24 * np.log(10) / 343
LONGEST_S = 20.0
SHORTEST_S = 0.005
QUIETEST_PEAK = 1e-5
LEAST_CONTRAST_DB = 15.0
LEAST_DECAY_DB = 10.0
LEAST_DRR_DB = -25.0
KNOWN_TO = 0.9
ADVICE = "expected a file that holds one impulse response of a room and nothing else"

Metres = Annotated[float, Field(ge=0.5, le=200)]


class RoomProfile(Figures):
    """A rectangular room.

    Attributes:
        title: What it is, in one line.
        about: What it models, and what not.
        source: Where the figures come from, or ``estimate: ...``.
        size_m: Length, width and height in metres, 0.5 to 200.
        t60_s: Reverberation time in seconds, 0.05 to 5.
    """

    title: Annotated[str, Field(min_length=3)]
    about: Annotated[str, Field(min_length=3)]
    source: Annotated[str, Field(min_length=3)]
    size_m: tuple[Metres, Metres, Metres]
    t60_s: Annotated[float, Field(ge=0.05, le=5)]

    @property
    def volume_m3(self) -> float:
        length, width, height = self.size_m
        return length * width * height

    @property
    def sabine_absorption(self) -> float:
        """Mean absorption coefficient of the walls by Sabine's formula.

        Example:
            >>> room = RoomProfile(title="one", about="two", source="three", size_m=(4.0, 4.0, 4.0), t60_s=0.5)
            >>> round(room.sabine_absorption, 3)
            0.215
        """
        surface = 2 * sum(a * b for a, b in itertools.combinations(self.size_m, 2))
        return float(SABINE_S_PER_M * self.volume_m3 / (surface * self.t60_s))

    @model_validator(mode="after")
    def _possible(self) -> "RoomProfile":
        if self.sabine_absorption > 1:
            shortest = self.t60_s * self.sabine_absorption
            raise ValueError(
                f"a room of this size cannot have a reverberation time of {self.t60_s:g} s: even walls that absorb "
                f"everything leave {shortest:.2f} s by Sabine's formula"
            )
        return self


@dataclass(frozen=True)
class Position:
    """A measured impulse response: one position of talker and microphone in a room.

    Attributes:
        name: Its path below the folder that the recipe names, or its file name.
        sha256: Hash of the file's bytes.
        sample_rate_hz: Sample rate of the file.
        channels: Number of channels of the file.
    """

    name: str
    sha256: str
    sample_rate_hz: int
    channels: int


@dataclass(frozen=True)
class MeasuredResponse:
    """A measured impulse response prepared for a test set.

    Attributes:
        position: Where it comes from.
        response: Taps, and the place of the direct sound in them as their delay, at most 1 ms.
        direct_index: Place of the direct sound in the file, at the test set's rate.
        measures: What was measured of it, before its noise was cut off.
        inverted: Whether the direct sound is negative, as from a microphone with reversed polarity.
    """

    position: Position
    response: ImpulseResponse
    direct_index: int
    measures: RoomMeasures
    inverted: bool = False


def inspect_positions(source: Location) -> tuple[Position, ...]:
    """Inspect an impulse response, or all of those in a folder: several positions in one room, sorted by name.

    Raises:
        ProfileError: No audio file is there, or files are damaged, silent, shorter than 5 ms or longer than 20 s; all
            of them are named.
    """
    files = audio_files(source)
    if not files:
        raise ProfileError(Fault(str(source), "no audio file is here", "expected impulse responses of a room"))
    positions: list[Position] = []
    faults: list[Fault] = []
    for path in files:
        try:
            audio = read_channels(path, LONGEST_S)
        except AudioError as error:
            faults += error.faults
            continue
        seconds = len(audio.samples) / audio.sample_rate_hz
        if float(np.max(np.abs(audio.samples))) < QUIETEST_PEAK:
            faults.append(Fault(str(path), "expected an impulse response; the file is silent"))
        elif seconds < SHORTEST_S:
            message = f"expected the impulse response of a room; the file lasts {1000 * seconds:.3g} ms"
            faults.append(Fault(str(path), message, f"at least {1000 * SHORTEST_S:g} ms are needed"))
        name = path.name if source.is_file() else below(path, source)
        positions.append(Position(name, audio.sha256, audio.sample_rate_hz, audio.samples.shape[1]))
    if faults:
        raise ProfileError(faults)
    return tuple(positions)


def prepare_positions(
    source: Location, positions: Sequence[Position], channel: int | None, keep_gain: bool, sample_rate_hz: int
) -> tuple[MeasuredResponse, ...]:
    """Read and prepare impulse responses: one channel, the test set's rate, direct sound first, noise cut off.

    Args:
        source: The file or folder.
        positions: What :func:`inspect_positions` found there when the test set was planned.
        channel: Which channel, counting from 0; None if the files have one.
        keep_gain: Whether the gain of the files is kept; otherwise the direct sound is brought to energy 1.
        sample_rate_hz: Sample rate of the test set.

    Raises:
        ProfileError: A file has changed since, lacks the channel, has several and none is chosen, is recorded at too
            low a rate, or holds no impulse response; all of them are named.
    """
    found: list[MeasuredResponse] = []
    faults: list[Fault] = []
    for position in positions:
        path = source if source.is_file() else source / position.name
        try:
            found.append(_prepare(path, position, channel, keep_gain, sample_rate_hz))
        except (AudioError, ProfileError) as error:
            faults += error.faults
    if faults:
        raise ProfileError(faults)
    return tuple(found)


def _prepare(
    path: Location, position: Position, channel: int | None, keep_gain: bool, sample_rate_hz: int
) -> MeasuredResponse:
    audio = read_channels(path, LONGEST_S)
    if audio.sha256 != position.sha256:
        raise ProfileError(Fault(str(path), "the impulse response has changed since it was planned", "build again"))
    if channel is None and position.channels > 1:
        message = f"has {position.channels} channels, and the recipe does not say which one is the microphone"
        raise ProfileError(Fault(str(path), message, "say for example 'channel: 0' for the first"))
    refuse_absent(channel or 0, position.channels, str(path))
    if position.sample_rate_hz < KNOWN_TO * sample_rate_hz:
        known, needed = f"{position.sample_rate_hz:,} Hz", f"{sample_rate_hz:,} Hz"
        raise ProfileError(Fault(str(path), f"is recorded at {known}, and a test set at {needed} needs more"))
    samples = audio.samples[:, channel or 0]
    if float(np.max(np.abs(samples))) < QUIETEST_PEAK:
        raise ProfileError(Fault(str(path), f"channel {channel or 0} is silent"))
    # The gain of a filter at 0 Hz is the sum of its taps: at a lower rate there are fewer, and they must be larger.
    response = resample(samples, position.sample_rate_hz, sample_rate_hz) * (position.sample_rate_hz / sample_rate_hz)
    direct = direct_index(response, sample_rate_hz)
    refuse_what_is_no_response(response, direct, sample_rate_hz, str(path))
    step = float(np.min(np.abs(samples[samples != 0.0]))) * (position.sample_rate_hz / sample_rate_hz)
    found = decay(response[direct:], sample_rate_hz, step * step / 2)
    measures = room_measures(response, direct, sample_rate_hz, found)
    if measures.drr_db is not None and measures.drr_db < LEAST_DRR_DB:
        message = f"its direct sound is missing: the first 2.5 ms are {-measures.drr_db:.0f} dB below all that follows"
        raise ProfileError(Fault(str(path), message, ADVICE))
    taps, advance = trimmed(response, direct, sample_rate_hz, found)
    # The direct sound lasts a few milliseconds: its level is that of its energy and not of a single sample.
    window = taps[: advance + round(DIRECT_S * sample_rate_hz) + 1]
    strength = math.sqrt(float(np.sum(window * window)))
    inverted = bool(response[direct] < 0)
    filtered = ImpulseResponse(taps if keep_gain else taps / strength, advance)
    return MeasuredResponse(position, filtered, direct, measures, inverted)


def refuse_what_is_no_response(response: NDArray[np.float64], direct: int, sample_rate_hz: int, where: str) -> None:
    """Refuse a sound that does not start with a direct sound and then decay.

    Args:
        response: Shape (k,).
        direct: Its direct index.
        sample_rate_hz: Samples a second.
        where: Its name for the message.

    Raises:
        ProfileError: Nothing follows the direct sound, it is less than 15 dB above what precedes it, or the last tenth
            is less than 10 dB below the loudest 10 ms.
    """
    if direct + SHORTEST_S * sample_rate_hz / 2 > response.size:
        raise ProfileError(Fault(where, "ends with its first strong sample: no room follows", ADVICE))
    contrast = onset_contrast_db(response, direct, sample_rate_hz)
    if contrast < LEAST_CONTRAST_DB:
        place = f"{1000 * direct / sample_rate_hz:.0f} ms"
        message = f"has no clear beginning: the first strong sample, at {place}, is only {contrast:.0f} dB above"
        raise ProfileError(Fault(where, f"{message} what precedes it", ADVICE))
    energy = response[direct:] * response[direct:]
    block = max(1, min(round(0.01 * sample_rate_hz), energy.size // 10))
    loudest = float(np.max(np.mean(energy[: energy.size // block * block].reshape(-1, block), axis=1)))
    last = float(np.mean(energy[-max(1, energy.size // 10) :]))
    if last > 0 and db(loudest / last) < LEAST_DECAY_DB:
        message = f"does not decay: its end is only {db(loudest / last):.0f} dB below its loudest part"
        raise ProfileError(Fault(where, message, ADVICE))
