"""The library finds the data behind the names of a recipe. Read-only; data are loaded on demand and kept."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from augment.acoustics import Signal
from augment.acoustics.channels import ChannelChoice
from augment.acoustics.filters import without_infrasound
from augment.acoustics.resample import resample
from augment.acoustics.synthesis import Streams
from augment.bundled import bundled
from augment.errors import AudioError, Fault, ProfileError, nearest
from augment.files.audio import read_audio, read_bytes
from augment.files.location import Location, joined
from augment.files.yaml import load_yaml, validate
from augment.profiles.components import Sound
from augment.profiles.inspection import Inspects, inspect_recordings, inspected_here
from augment.profiles.microphone import MicrophoneProfile, from_impulse_response
from augment.profiles.noise import Figures, NoiseProfile
from augment.profiles.recording import (
    LEAST_AUDIBLE,
    PLAIN_USE,
    Inventory,
    Use,
    audio_below,
    audio_files,
    read_samples,
)
from augment.profiles.refigured import AS_IT_IS, NewFigures, Refigured, refigured
from augment.profiles.room import MeasuredResponse, Position, RoomProfile, inspect_positions, prepare_positions

SourceKind = Literal["noise_profile", "microphone", "room", "impulse_response", "recording"]
FOLDERS: dict[SourceKind, tuple[str, ...]] = {
    "noise_profile": ("equipment", "ambience"),
    "microphone": ("microphones",),
    "room": ("rooms",),
}
CARRIED = (*FOLDERS, "impulse_response", "absorption")
"""What a worker is given; it reads recordings and impulse responses itself, and checks their hashes."""
T = TypeVar("T")
MOST_BYTES = 2**28
TABLES = (".yaml", ".yml")


def _table(model: type[Figures], path: Location) -> Figures:
    return validate(model, load_yaml(path, ProfileError), ProfileError)


def _microphone(path: Location) -> Figures:
    return _table(MicrophoneProfile, path) if path.suffix.lower() in TABLES else from_impulse_response(path)


READ: dict[SourceKind, Callable[[Location], Figures]] = {
    "noise_profile": partial(_table, NoiseProfile),
    "microphone": _microphone,
    "room": partial(_table, RoomProfile),
}
"""How profiles of each kind are read."""


@dataclass(frozen=True)
class Need:
    """Data that a step of a recipe refers to by name.

    Attributes:
        field: The field of the step that names it.
        kind: What kind of data it is.
        name: A bundled name, or a path relative to the recipe.
    """

    field: str
    kind: SourceKind
    name: str

    def check(self, library: "Library") -> None:
        """Check that the data are there.

        Raises:
            ProfileError: They are not, or they are faulty.
        """
        library.digest(self)


@dataclass(frozen=True)
class Library:
    """Profiles and recordings by name.

    Attributes:
        base: Folder of the recipe, from which relative paths start.
        voices: Folder from which the audio paths of the corpus start.
    """

    base: Location
    voices: Location | None = None
    _kept: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    _samples: dict[Any, Signal] = field(default_factory=dict, repr=False, compare=False)

    def profile(self, kind: SourceKind, name: str) -> Any:
        """A profile of any kind by its name.

        Raises:
            ProfileError: There is no such profile, or it is faulty.
        """
        return self.once((kind, name), lambda: READ[kind](self.find(kind, name)))

    def noise_profile(self, name: str, figures: NewFigures = AS_IT_IS) -> NoiseProfile:
        """A bundled noise profile by its name, or a user's by the path of its YAML file.

        Args:
            name: Its name or path.
            figures: What is to stand in place of its own figures.

        Raises:
            ProfileError: There is no such profile, it is faulty, or does not go with other figures.
        """
        found: NoiseProfile = self.profile("noise_profile", name)
        return self.refigured(name, figures).profile if figures.given() else found

    def refigured(self, name: str, figures: NewFigures) -> Refigured:
        """A noise profile with other figures, and which of its figures it kept.

        Raises:
            ProfileError: There is no such profile, it is faulty, or does not go with these figures.
        """
        return self.once(("refigured", name, figures), lambda: refigured(self.noise_profile(name), name, figures))

    def noise(
        self,
        name: str,
        samples: int,
        sample_rate_hz: int,
        streams: Streams,
        lead: int = 0,
        figures: NewFigures = AS_IT_IS,
    ) -> Sound:
        """A stretch of a noise profile: see :meth:`augment.profiles.noise.NoiseProfile.render`.

        Raises:
            ProfileError: There is no such profile, it is faulty, or less than a thousandth of its power is audible.
        """
        profile = self.noise_profile(name, figures)

        def judged() -> tuple[bool, ...]:
            share = profile.audible_share(sample_rate_hz)
            message = f"less than {100 * LEAST_AUDIBLE:g} % of its power lies above 20 Hz: nobody hears it"
            if share is None:
                message = f"all of it lies above {sample_rate_hz / 2:g} Hz, half the sample rate of the set"
            if share is None or share < LEAST_AUDIBLE:
                raise ProfileError(Fault(name, message, "choose a noise that can be heard"))
            return profile.prominent(sample_rate_hz)

        counted = self.once(("prominent", name, sample_rate_hz, figures), judged)
        return profile.render(samples, sample_rate_hz, streams, counted, lead)

    def microphone(self, name: str) -> MicrophoneProfile:
        """A bundled microphone by its name, or a user's by the path of a YAML table or an impulse response.

        Raises:
            ProfileError: There is no such microphone, or it is faulty.
        """
        found: MicrophoneProfile = self.profile("microphone", name)
        return found

    def room(self, name: str) -> RoomProfile:
        """A bundled room by its name, or a user's by the path of its YAML file.

        Raises:
            ProfileError: There is no such room, or it is faulty.
        """
        found: RoomProfile = self.profile("room", name)
        return found

    def positions(self, source: str) -> tuple[Position, ...]:
        """What is known of an impulse response, or of those in a folder.

        Raises:
            ProfileError: It is not there, or a file of it cannot be used.
        """
        return self.once(("impulse_response", source), lambda: inspect_positions(self.find("impulse_response", source)))

    def responses(
        self, source: str, channel: int | None, keep_gain: bool, sample_rate_hz: int
    ) -> tuple[MeasuredResponse, ...]:
        """Impulse responses ready for a test set: see :func:`augment.profiles.room.prepare_positions`.

        Raises:
            ProfileError: A file has changed since it was planned, or cannot be used with this channel and rate.
        """

        def prepare() -> tuple[MeasuredResponse, ...]:
            place = self.find("impulse_response", source)
            return prepare_positions(place, self.positions(source), channel, keep_gain, sample_rate_hz)

        return self.once(("responses", source, channel, keep_gain, sample_rate_hz), prepare)

    def recordings(self, source: str, use: Use = PLAIN_USE, inspects: Inspects = inspected_here) -> Inventory:
        """What is known of the recordings of a noise file or folder, and which of them cannot be used.

        Args:
            source: As the recipe names it.
            use: How they are to be used.
            inspects: Inspects them, unless that was done before.

        Raises:
            ProfileError: It is not there, or a file of it cannot be used.
        """
        place = self.find("recording", source)
        return self.once(("recordings", source, use), lambda: inspect_recordings(place, use, inspects))

    def passed_over(self, kind: SourceKind, name: str) -> Mapping[str, int]:
        """Number of files in a folder of recordings or impulse responses that are not audio, by file name extension."""
        place = self.find(kind, name)
        return {} if place.is_file() else self.once(("others", place), lambda: audio_below(place).endings())

    def samples(
        self, source: str, name: str, sha256: str, sample_rate_hz: int, channel: ChannelChoice = None
    ) -> Signal:
        """Samples of one recording at a sample rate, shape (n,); a few recordings are kept.

        Args:
            source: As the recipe names it.
            name: Name of the recording.
            sha256: Hash of its file, when it was planned.
            sample_rate_hz: Wanted rate.
            channel: Channel of the file; the first if none is chosen.

        Raises:
            ProfileError: The file has changed since it was planned, or cannot be used any more.
        """
        place = self.find("recording", source)
        path = place if place.is_file() else place / name

        def load() -> Signal:
            try:
                samples, audio = read_samples(path, channel)
            except AudioError as error:
                raise ProfileError(error.faults) from None
            if audio.sha256 != sha256:
                raise ProfileError(Fault(str(path), "the noise has changed since it was planned", "build again"))
            return resample(samples, audio.sample_rate_hz, sample_rate_hz)

        return self.few((source, name, sample_rate_hz, channel), load)

    def voice(
        self,
        audio: str,
        offset_s: float | None,
        duration_s: float | None,
        sha256: str,
        sample_rate_hz: int,
        channel: ChannelChoice = None,
    ) -> Signal:
        """Samples of an utterance used for babble, shape (n,), without infrasound.

        Args:
            audio: Path of its file, as the manifest of the corpus has it.
            offset_s: Start in the file; None for the whole file.
            duration_s: Length, if it has a start.
            sha256: Hash of its file, when it was planned.
            sample_rate_hz: Wanted rate.
            channel: Channel of the file.

        Raises:
            ProfileError: The file has changed since it was planned, or cannot be used any more.
        """
        path = joined(self.voices or self.base, audio)
        part = (0.0, None) if offset_s is None else (offset_s, duration_s)
        try:
            voice = read_audio(path, *part, channel=channel)
        except AudioError as error:
            raise ProfileError(error.faults) from None
        if voice.sha256 != sha256:
            raise ProfileError(Fault(str(path), "the voice has changed since it was planned", "build again"))
        return without_infrasound(resample(voice.samples, voice.sample_rate_hz, sample_rate_hz), sample_rate_hz)

    def read_by_workers(self) -> Iterator[Location]:
        """Files of recordings and impulse responses that were looked at here: workers are not given them."""
        for kind, name, *_ in list(self._kept):
            if kind in ("recordings", "impulse_response"):
                yield from audio_files(self.find("recording" if kind == "recordings" else kind, name))

    def few(self, key: Any, load: Callable[[], Signal]) -> Signal:
        """Samples, loaded unless they are still in the cache; when it is full, the oldest go first."""
        if key not in self._samples:
            found = load()
            while self._samples and sum(kept.nbytes for kept in self._samples.values()) > MOST_BYTES:
                self._samples.pop(next(iter(self._samples)))
            self._samples[key] = found
        return self._samples[key]

    @staticmethod
    @cache
    def is_bundled(kind: SourceKind, name: str) -> bool:
        """Whether a name stands for a bundled profile and not for a path."""
        return kind in FOLDERS and "/" not in name and Path(name).suffix == ""

    def find(self, kind: SourceKind, name: str) -> Location:
        """The file or folder behind a name.

        Raises:
            ProfileError: There is none; the message suggests the most similar name.
        """
        if self.is_bundled(kind, name):
            known = bundled_names(kind)
            if name in known:
                return known[name]
            raise ProfileError(Fault("", f"there is no {kind.replace('_', ' ')} '{name}'", nearest(name, list(known))))
        path = joined(self.base, name)
        try:
            present = path.exists()
        except (OSError, ValueError):
            raise ProfileError(Fault("", f"'{name[:80]}' cannot be the name of a file")) from None
        if not present:
            raise ProfileError(Fault("", f"there is no file or folder '{name}'", self._nearby(path)))
        if path.is_dir() and kind not in ("recording", "impulse_response"):
            raise ProfileError(Fault("", f"'{name}' is a folder; expected a file"))
        return path

    def _nearby(self, path: Location) -> str:
        """Where a file was looked for, and the one there whose name is most like its."""
        there = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        close = nearest(path.name, there) if get_close_matches(path.name, there, n=1, cutoff=0.6) else ""
        return ", ".join(filter(None, [f"looked in {self.base.absolute()}", close]))

    def digest(self, need: Need) -> str:
        """Hash of the data behind a name: equal data, equal hash, whatever a profile says about them.

        Raises:
            ProfileError: The data are not there, or faulty.
        """
        if need.kind == "microphone":
            profile = self.microphone(need.name)
            path = self.find("microphone", need.name)
            if path.suffix.lower() not in TABLES:  # a response computed from a file may differ in its last digits
                key = ("microphone", need.name, "sha256")
                return self.once(key, lambda: hashlib.sha256(read_bytes(path)).hexdigest())
            content: Any = sorted(profile.response_db.items())
        elif need.kind == "room":
            content = self.room(need.name).model_dump(mode="json", include={"size_m", "t60_s"})
        elif need.kind == "impulse_response":
            content = [[position.name, position.sha256] for position in self.positions(need.name)]
        else:
            said: Any = {"title": True, "about": True, "level": True, "components": {"__all__": {"source"}}}
            content = self.noise_profile(need.name).model_dump(mode="json", exclude=said)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def __getstate__(self) -> dict[str, Any]:
        # A worker gets the very profiles that were planned with; it reads recordings itself, and checks their hashes.
        profiles = {key: value for key, value in self._kept.items() if key[0] in CARRIED}
        return {"base": self.base, "voices": self.voices, "_kept": profiles, "_samples": {}}

    def once(self, key: Any, load: Callable[[], T]) -> T:
        """Something computed from the library's data, once."""
        if key not in self._kept:
            self._kept[key] = load()
        kept: T = self._kept[key]
        return kept


def bundled_names(kind: SourceKind) -> dict[str, Path]:
    """The bundled profiles of a kind, by name.

    Example:
        >>> "mri_epi" in bundled_names("noise_profile")
        True
    """
    root = bundled("noise_profiles")
    return {path.stem: path for folder in FOLDERS[kind] for path in sorted((root / folder).glob("*.yaml"))}
