"""Recorded noise: audio files, and folders of them."""

import math
from dataclasses import dataclass
from pathlib import Path

from augment.acoustics import Signal
from augment.acoustics.levels import rms_level_dbov
from augment.acoustics.resample import resample
from augment.errors import AudioError, Fault, ProfileError
from augment.files.audio import mono, read_audio

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".aif", ".au", ".caf", ".w64", ".sph"})
SHORTEST_S = 0.25
QUIETEST_DBOV = -90.0


@dataclass(frozen=True)
class Recording:
    """One noise file, decoded.

    Attributes:
        name: Its path below the folder that the recipe names, or its file name.
        sha256: Of the file's bytes.
        sample_rate_hz: Of the file.
        samples: At the file's own rate, shape (n,).
    """

    name: str
    sha256: str
    sample_rate_hz: int
    samples: Signal

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples.size / self.sample_rate_hz

    def at(self, sample_rate_hz: int) -> Signal:
        """The samples at another rate."""
        return resample(self.samples, self.sample_rate_hz, sample_rate_hz)


def audio_files(source: Path) -> list[Path]:
    """The files that a noise source stands for, sorted by name; hidden files and other types are passed over."""
    if source.is_file():
        return [source]
    found = [p for p in source.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file()]
    visible = [p for p in found if not any(part.startswith(".") for part in p.relative_to(source).parts)]
    return sorted(visible, key=lambda p: p.relative_to(source).as_posix())


def load_recordings(source: Path) -> tuple[Recording, ...]:
    """Decode a noise file, or all noise files in a folder and its subfolders.

    Raises:
        ProfileError: No audio file is there, or files are damaged, silent or shorter than 0.25 s; all of them are
            named.
    """
    files = audio_files(source)
    if not files:
        raise ProfileError(Fault(str(source), "no audio file is in this folder"))
    recordings: list[Recording] = []
    faults: list[Fault] = []
    for path in files:
        try:
            audio = read_audio(path)
            samples = mono(audio, str(path))
        except AudioError as error:
            faults += error.faults
            continue
        level = rms_level_dbov(samples - samples.mean())
        if level < QUIETEST_DBOV:
            shown = "silent" if level == -math.inf else f"silent ({level:.0f} dBov)"
            faults.append(Fault(str(path), f"the noise is {shown}", "use another recording"))
        elif samples.size < SHORTEST_S * audio.sample_rate_hz:
            length = samples.size / audio.sample_rate_hz
            faults.append(Fault(str(path), f"the noise lasts {length:.3f} s; at least {SHORTEST_S} s are needed"))
        name = path.name if source.is_file() else path.relative_to(source).as_posix()
        recordings.append(Recording(name, audio.sha256, audio.sample_rate_hz, samples))
    if faults:
        raise ProfileError(faults)
    return tuple(recordings)
