"""Which profiles there are, and what kind of thing is behind a name."""

from pathlib import Path

from augment.errors import Fault, ProfileError, nearest
from augment.files.yaml import load_yaml
from augment.profiles.library import FOLDERS, TABLES, Library, SourceKind, bundled_names

TELLING: dict[SourceKind, str] = {"noise_profile": "components", "microphone": "response_db", "room": "size_m"}
"""The field by which the kind of a user's own profile is recognised."""


def listing(word: str | None = None) -> str:
    """Bundled profiles by what uses them, with name and title.

    Example:
        >>> "alarm" in listing() or "mri_epi" in listing()
        True
    """
    library, parts = Library(Path()), []
    for kind in FOLDERS:
        rows = [[name, library.profile(kind, name).title] for name in bundled_names(kind)]
        rows = [row for row in rows if word is None or word.casefold() in " ".join(row).casefold()]
        if rows:
            width = max(len(name) for name, _ in rows)
            lines = "\n".join(f"  {name.ljust(width)}  {title}" for name, title in rows)
            parts.append(f"{kind.replace('_', ' ')}s\n{lines}")
    return "\n\n".join(parts) or f"no bundled profile has '{word}' in its name or title"


def kind_of(library: Library, name: str) -> SourceKind:
    """What kind of profile a name stands for.

    Raises:
        ProfileError: There is no profile of that name; the message names the nearest.
    """
    for kind in FOLDERS:
        if name in bundled_names(kind):
            return kind
    path = library.base / name
    if not path.is_file():
        known = [known for kind in FOLDERS for known in bundled_names(kind)]
        hint = f"{nearest(name, known)}; see: acoustigrid profile list"
        raise ProfileError(Fault("", f"there is no profile '{name}'", hint))
    if path.suffix.lower() not in TABLES:
        return "microphone"
    data = load_yaml(path, ProfileError).data
    return next((kind for kind, key in TELLING.items() if key in data), "noise_profile")
