"""The library: from a name in a recipe to the data behind it. Read-only, loaded on demand, kept."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from augment.acoustics import Signal
from augment.bundled import bundled
from augment.errors import Fault, ProfileError, nearest
from augment.files.yaml import load_yaml, validate
from augment.profiles.microphone import MicrophoneProfile, from_impulse_response
from augment.profiles.noise import NoiseProfile
from augment.profiles.recording import Recording, audio_files, load_recordings

Room = Literal["noise_profile", "microphone", "recording"]
FOLDERS: dict[str, tuple[str, ...]] = {
    "noise_profile": ("equipment", "ambience"),
    "microphone": ("microphones",),
}
T = TypeVar("T")


@dataclass(frozen=True)
class Need:
    """What a step of a recipe needs from the library.

    Attributes:
        field: The field of the step that names it.
        room: What kind of thing it is.
        name: The bundled name, or a path relative to the recipe.
    """

    field: str
    room: Room
    name: str


@dataclass(frozen=True)
class Library:
    """Profiles and recordings by name.

    Attributes:
        base: Folder that relative paths start from: the recipe's own.
    """

    base: Path
    _kept: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def noise_profile(self, name: str) -> NoiseProfile:
        """A bundled noise profile by its name, or a user's by the path of its YAML file.

        Raises:
            ProfileError: There is no such profile, or it is faulty.
        """

        def load() -> NoiseProfile:
            path = self.find("noise_profile", name)
            return validate(NoiseProfile, load_yaml(path, ProfileError), ProfileError)

        return self.once(("noise_profile", name), load)

    def microphone(self, name: str) -> MicrophoneProfile:
        """A bundled microphone by its name, or a user's by the path of a YAML table or an impulse response.

        Raises:
            ProfileError: There is no such microphone, or it is faulty.
        """

        def load() -> MicrophoneProfile:
            path = self.find("microphone", name)
            if path.suffix.lower() in (".yaml", ".yml"):
                return validate(MicrophoneProfile, load_yaml(path, ProfileError), ProfileError)
            return from_impulse_response(path)

        return self.once(("microphone", name), load)

    def recordings(self, source: str) -> tuple[Recording, ...]:
        """The recordings of a noise file or folder.

        Raises:
            ProfileError: It is not there, or a file of it cannot be used.
        """
        return self.once(("recordings", source), lambda: load_recordings(self.find("recording", source)))

    def recording_at(self, source: str, index: int, sample_rate_hz: int) -> Signal:
        """Samples of one recording at a sample rate, shape (n,)."""
        key = ("at", source, index, sample_rate_hz)
        return self.once(key, lambda: self.recordings(source)[index].at(sample_rate_hz))

    def find(self, room: Room, name: str) -> Path:
        """The file or folder behind a name.

        Raises:
            ProfileError: There is none; the message names the nearest.
        """
        if room in FOLDERS and "/" not in name and Path(name).suffix == "":
            known = bundled_names(room)
            if name in known:
                return known[name]
            raise ProfileError(Fault("", f"there is no {room.replace('_', ' ')} '{name}'", nearest(name, list(known))))
        path = self.base / name
        if not path.exists():
            raise ProfileError(Fault("", f"there is no file or folder '{name}'", f"looked in {self.base}"))
        if path.is_dir() and room != "recording":
            raise ProfileError(Fault("", f"'{name}' is a folder; expected a file"))
        return path

    def digest(self, need: Need) -> str:
        """Hash of the data behind a need: equal data, equal hash, wherever it lies.

        Raises:
            ProfileError: The data is not there or faulty.
        """
        if need.room == "recording":
            content: Any = [[r.name, r.sha256] for r in self.recordings(need.name)]
        elif need.room == "microphone":
            content = self.microphone(need.name).model_dump(mode="json", exclude={"title", "about", "source"})
        else:
            content = self.noise_profile(need.name).model_dump(mode="json", exclude={"title", "about"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def files(self, source: str) -> list[Path]:
        """The files of a noise source, in the order of its recordings."""
        return audio_files(self.find("recording", source))

    def __getstate__(self) -> dict[str, Any]:
        return {"base": self.base, "_kept": {}}  # a worker loads what it needs itself

    def once(self, key: Any, load: Callable[[], T]) -> T:
        """Compute something from the library's data once, and keep it."""
        if key not in self._kept:
            self._kept[key] = load()
        kept: T = self._kept[key]
        return kept


def bundled_names(room: Room) -> dict[str, Path]:
    """The bundled profiles of a kind, by name.

    Example:
        >>> "mri_epi" in bundled_names("noise_profile")
        True
    """
    root = bundled("noise_profiles")
    return {path.stem: path for folder in FOLDERS[room] for path in sorted((root / folder).glob("*.yaml"))}
