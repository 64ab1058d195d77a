"""Recorded noise: audio files, and folders of them."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.channels import ChannelChoice
from augment.acoustics.edge_line import FineSpectrum, fine_spectrum
from augment.acoustics.filters import without_infrasound
from augment.acoustics.levels import power, rms_level_dbov
from augment.acoustics.source import band_edge_hz
from augment.errors import AudioError, Fault, ProfileError
from augment.files.audio import Audio, read_audio
from augment.files.containers.stream import Remark
from augment.files.location import Location, below
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
    """The files below a folder: audio, and others."""
    return walked(folder, lambda name: Path(name).suffix.lower() in SUFFIXES)


def read_samples(path: Location, channel: ChannelChoice = None) -> tuple[Signal, Audio]:
    """Samples of one channel of a noise file, without infrasound, and the file as it was read.

    Args:
        path: The file.
        channel: Which channel; the first if none is chosen, since the mean of two microphones is a comb filter.

    Raises:
        AudioError: The file cannot be used as audio, or less than a thousandth of its power is audible.
    """
    audio = read_audio(path, channel="first" if channel is None else channel)
    heard = without_infrasound(audio.samples, audio.sample_rate_hz)
    if power(heard) < LEAST_AUDIBLE * power(audio.samples - np.mean(audio.samples)):
        message = f"less than {100 * LEAST_AUDIBLE:g} % of its power lies above 20 Hz: nobody hears it"
        raise AudioError(Fault(str(path), message, "use a recording of something that can be heard"))
    return heard, audio


def inspect_recordings(source: Location, use: Use = PLAIN_USE) -> Inventory:
    """Inspect a noise file, or all noise files in a folder and its subfolders.

    Args:
        source: The file or folder.
        use: How they are to be used.

    Raises:
        ProfileError: No audio file is there, or files are damaged, silent or shorter than 0.25 s, and more of them than
            may be left out; all of them are named.
    """
    files = audio_files(source)
    if not files:
        raise ProfileError(Fault(str(source), "no audio file is in this folder"))
    recordings: list[Recording] = []
    faults: list[Fault] = []
    unusable: list[Fault] = []  # by name: a plan must not reveal paths of this machine
    for path in files:
        try:
            str(path).encode("utf-8")
        except UnicodeEncodeError:
            faults.append(Fault(ascii(str(path)), "the file's name is not valid Unicode", "rename the file"))
            unusable.append(Fault(ascii(path.name), "the file's name is not valid Unicode"))
            continue
        name = path.name if path == source else below(path, source)
        try:
            recordings.append(_inspect(path, name, use.channel))
        except AudioError as error:
            faults += error.faults
            unusable += [Fault(name, fault.message, fault.remedy) for fault in error.faults]
    if faults and (not recordings or use.tolerance.exceeded({"": len(files) - len(recordings)}, {"": len(files)})):
        ways = "repair or remove them, or leave them out: {unusable: leave_out, at_most: ...}"
        raise ProfileError(
            [*faults, Fault(str(source), f"{len(faults)} of {len(files)} noise files cannot be used", ways)]
        )
    return Inventory(tuple(recordings), tuple(unusable))


def _inspect(path: Location, name: str, channel: ChannelChoice) -> Recording:
    samples, audio = read_samples(path, channel)
    rate = audio.sample_rate_hz
    level = rms_level_dbov(samples)
    if level < QUIETEST_DBOV:
        shown = "silent" if level == -math.inf else f"silent ({level:.0f} dBov)"
        raise AudioError(Fault(str(path), f"the noise is {shown}", "use another recording"))
    if samples.size < SHORTEST_S * rate:
        message = f"the noise lasts {samples.size / rate:.3f} s; at least {SHORTEST_S} s are needed"
        raise AudioError(Fault(str(path), message, "use a longer recording"))
    step = round(STRETCH_S * rate)
    stretches = (samples[place : place + step] for place in range(0, samples.size, step))
    # Hiss far below the noise counts as silence too: brought to the wanted SNR, it would be another noise.
    least = max(QUIETEST_DBOV, level - QUIETEST_BELOW_DB)
    silent = tuple(rms_level_dbov(stretch) < least for stretch in stretches)
    seen = band_edge_hz(samples, rate), audio.remarks, fine_spectrum(samples, rate)
    return Recording(name, audio.sha256, rate, samples.size, silent, *seen)
