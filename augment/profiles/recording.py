"""Recorded noise: audio files, and folders of them."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.channels import ChannelChoice
from augment.acoustics.edge_line import FineSpectrum
from augment.acoustics.filters import without_infrasound
from augment.acoustics.levels import power
from augment.errors import AudioError, Fault, ProfileError
from augment.files.audio import Audio, read_audio
from augment.files.channels import Wanted
from augment.files.containers.stream import Remark
from augment.files.location import Location
from augment.files.walk import Place, Walk, walked
from augment.tolerance import Tolerance

SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".au", ".caf", ".w64", ".sph"}
    | {".m4a", ".mp4", ".mov", ".3gp", ".aac", ".webm", ".mka", ".wma"}
)
SHORTEST_S = 0.25
QUIETEST_DBOV = -90.0
"""One step of a 16-bit file, 2^-15: what is quieter is rounding."""
QUIETEST_BELOW_DB = 40.0
STRETCH_S = 0.5
LEAST_AUDIBLE = 0.001
"""Least share of a noise's power that must lie above infrasound."""


@dataclass(frozen=True)
class Use:
    """How the recordings of a source are to be used.

    Attributes:
        channel: Which of their channels is used; the first if none is chosen.
        tolerance: How many unusable recordings may be left out.
    """

    channel: ChannelChoice = None
    tolerance: Tolerance = field(default_factory=Tolerance)


PLAIN_USE = Use()


@dataclass(frozen=True)
class Recording:
    """What is known about a noise file; its samples are read when needed.

    Attributes:
        name: Its path below the folder that the recipe names, or its file name.
        sha256: Hash of the file's bytes.
        sample_rate_hz: Sample rate of the file.
        frames: Length at that rate.
        silent: For each half second, whether it is silent, or 40 dB below the whole.
        band_hz: Frequency above which there is next to nothing.
        remarks: What the user should know about the file.
        spectrum: Its spectrum; None if it was not measured.
    """

    name: str
    sha256: str
    sample_rate_hz: int
    frames: int
    silent: tuple[bool, ...] = ()
    band_hz: float = math.inf
    remarks: frozenset[Remark] = frozenset()
    spectrum: FineSpectrum | None = None

    @property
    def duration_s(self) -> float:
        return self.frames / self.sample_rate_hz

    def pauses(self, start_s: float, end_s: float) -> bool:
        """Whether any half second between two times is silent.

        Example:
            >>> r = Recording("a", "", 16000, 32000, (False, False, True, False))
            >>> r.pauses(0.0, 1.0), r.pauses(0.5, 2.0)
            (False, True)
        """
        return any(self.silent[int(start_s / STRETCH_S) : math.ceil(end_s / STRETCH_S)])


@dataclass(frozen=True)
class Inventory:
    """The recordings of a source.

    Attributes:
        recordings: The usable ones, sorted by name.
        unusable: Why others cannot be used, if the recipe allows to leave them out.
    """

    recordings: tuple[Recording, ...]
    unusable: tuple[Fault, ...] = ()


def audio_files(source: Place) -> list[Place]:
    """The audio files of a noise source, sorted by name, without hidden files and test sets."""
    return [source] if source.is_file() else audio_below(source).files


def audio_below(folder: Place) -> Walk[Place]:
    """The files below a folder: audio, and others.

    Raises:
        ProfileError: It is no folder, but a pipe or a device.
    """
    if not folder.is_dir():
        message = "this is neither a file nor a folder"
        raise ProfileError(Fault(str(folder), message, "name a recording, or a folder of recordings"))
    return walked(folder, lambda name: Path(name).suffix.lower() in SUFFIXES)


def read_samples(path: Location, channel: ChannelChoice = None) -> tuple[Signal, Audio]:
    """Samples of one channel of a noise file, without infrasound, and the file as it was read.

    Args:
        path: The file.
        channel: Which channel; the first if none is chosen, since the mean of two microphones is a comb filter.

    Raises:
        AudioError: The file cannot be used as audio, or less than a thousandth of its power is audible.
    """
    audio = read_audio(path, channel=heard_channel(channel))
    return audible(audio, path), audio


def heard_channel(channel: ChannelChoice) -> Wanted:
    """The channel of a noise file that is used: the first if none is chosen.

    Example:
        >>> heard_channel(None), heard_channel(1)
        ('first', 1)
    """
    return "first" if channel is None else channel


def audible(audio: Audio, path: Location) -> Signal:
    """Samples of a noise without infrasound.

    Raises:
        AudioError: Less than a thousandth of their power is audible.
    """
    heard = without_infrasound(audio.samples, audio.sample_rate_hz)
    if power(heard) < LEAST_AUDIBLE * power(audio.samples - np.mean(audio.samples)):
        message = f"less than {100 * LEAST_AUDIBLE:g} % of its power lies above 20 Hz: nobody hears it"
        raise AudioError(Fault(str(path), message, "use a recording of something that can be heard"))
    return heard
