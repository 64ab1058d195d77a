"""Looking through recorded noise before it is dealt: in this process, or wherever measurements are made."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from augment.acoustics.channels import ChannelChoice
from augment.acoustics.edge_line import FineSpectrum, fine_spectrum
from augment.acoustics.levels import rms_level_dbov
from augment.acoustics.source import band_edge_hz
from augment.errors import AudioError, Fault, ProfileError
from augment.files.audio import Audio, audio_bytes, decode_parts
from augment.files.containers.stream import Remark
from augment.files.location import Location, below
from augment.files.stretch import Part
from augment.kept import key_of, read_kept
from augment.profiles.recording import (
    PLAIN_USE,
    QUIETEST_BELOW_DB,
    QUIETEST_DBOV,
    SHORTEST_S,
    STRETCH_S,
    Inventory,
    Recording,
    Use,
    audible,
    audio_files,
    heard_channel,
)

INSPECTED_WITH = ("acoustics", "bounds.py", "files", "profiles/inspection.py", "profiles/recording.py")
"""Code of this package that decides what is found."""


@dataclass(frozen=True)
class NoiseFile:
    """A task: a noise file.

    Attributes:
        path: Path of the file.
        name: Its path below the folder that the recipe names, or its file name.
    """

    path: Location
    name: str


@dataclass(frozen=True)
class Inspected:
    """What was found out about a noise file.

    Attributes:
        found: What is known about it, or why it cannot be used.
        new: What is to be kept of it, by key, if it was not known before.
    """

    found: Recording | AudioError
    new: Mapping[str, str] = field(default_factory=dict)


Inspects = Callable[[ChannelChoice, Sequence[NoiseFile]], Iterable[Recording | AudioError]]
"""Inspects a channel of noise files: gives what is found in their order."""


@dataclass(frozen=True)
class Inspecting:
    """The job.

    Attributes:
        channel: The channel that is used; the first if none is chosen.
        kept: File with what is known already; None to inspect everything.
    """

    channel: ChannelChoice
    kept: Path | None = None

    def __call__(self, file: NoiseFile) -> Inspected:
        """Inspect a file, unless what is found in the same bytes is known."""
        part = Part(channel=heard_channel(self.channel))
        try:
            data = audio_bytes(file.path, [part])
            sha256 = hashlib.sha256(data).hexdigest()
            key = key_of(INSPECTED_WITH, sha256, repr(self.channel))
            with suppress(ValueError, TypeError, KeyError):
                known = {} if self.kept is None else read_kept(self.kept, [key])
                return Inspected(_recording(file.name, sha256, json.loads(known[key])))
            (audio,) = decode_parts(data, str(file.path), [part])
            if isinstance(audio, AudioError):
                return Inspected(audio)
            found = _inspect(audio, file)
        except AudioError as error:
            return Inspected(error)
        except MemoryError:
            message = "needs more memory than there is to be looked through"
            return Inspected(AudioError(Fault(str(file.path), message, "cut it into shorter files")))
        return Inspected(found, {key: _said(found)})

    def lost(self, file: NoiseFile, fate: str) -> Inspected:
        """The result for a file whose workers died or hung."""
        return Inspected(
            AudioError(Fault(str(file.path), f"the worker {fate} while it read this file", "leave it out"))
        )


def inspected_here(channel: ChannelChoice, files: Sequence[NoiseFile]) -> Iterable[Recording | AudioError]:
    """Inspect them in this process, whatever was found before."""
    return (done.found for done in map(Inspecting(channel), files))


def inspect_recordings(source: Location, use: Use = PLAIN_USE, inspects: Inspects = inspected_here) -> Inventory:
    """Inspect a noise file, or all noise files in a folder and its subfolders.

    Args:
        source: The file or folder.
        use: How they are to be used.
        inspects: Inspects the files.

    Raises:
        ProfileError: No audio file is there, or files are damaged, silent or shorter than 0.25 s, and more of them than
            may be left out; all of them are named.
    """
    paths = audio_files(source)
    if not paths:
        raise ProfileError(Fault(str(source), "no audio file is in this folder"))
    files = [NoiseFile(path, path.name if path == source else below(path, source)) for path in paths]
    named = [file for file in files if _is_unicode(file.path)]
    inspected = dict(zip(named, inspects(use.channel, named), strict=True))
    recordings: list[Recording] = []
    faults: list[Fault] = []
    unusable: list[Fault] = []  # by name: a plan must not reveal paths of this machine
    for file in files:
        found = inspected.get(file)
        if found is None:
            faults.append(Fault(ascii(str(file.path)), "the file's name is not valid Unicode", "rename the file"))
            unusable.append(Fault(ascii(file.path.name), "the file's name is not valid Unicode"))
        elif isinstance(found, AudioError):
            faults += found.faults
            unusable += [Fault(file.name, fault.message, fault.remedy) for fault in found.faults]
        else:
            recordings.append(found)
    if faults and (not recordings or use.tolerance.exceeded({"": len(paths) - len(recordings)}, {"": len(paths)})):
        ways = "repair or remove them, or leave them out: {unusable: leave_out, at_most: ...}"
        raise ProfileError(
            [*faults, Fault(str(source), f"{len(faults)} of {len(paths)} noise files cannot be used", ways)]
        )
    return Inventory(tuple(recordings), tuple(unusable))


def _is_unicode(path: Location) -> bool:
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _inspect(audio: Audio, file: NoiseFile) -> Recording:
    samples, rate, path = audible(audio, file.path), audio.sample_rate_hz, file.path
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
    return Recording(file.name, audio.sha256, rate, samples.size, silent, *seen)


def _said(recording: Recording) -> str:
    """All that its bytes decide, as JSON."""
    spectrum = None if recording.spectrum is None else recording.spectrum.powers
    remarks = sorted(remark.name for remark in recording.remarks)
    place = recording.sample_rate_hz, recording.frames, recording.silent, recording.band_hz
    return json.dumps([*place, remarks, spectrum])


def _recording(name: str, sha256: str, said: Any) -> Recording:
    rate, frames, silent, band_hz, remarks, powers = said
    spectrum = None if powers is None else FineSpectrum(tuple(powers))
    known = frozenset(Remark[remark] for remark in remarks)
    return Recording(name, sha256, rate, frames, tuple(silent), band_hz, known, spectrum)
