"""What was found out before, kept in the user's cache folder by the hash of all that decides it, our code included.

Only time depends on it: a cache that is damaged, somebody else's or not writable is treated as if it were not there.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from augment.packages import code_digest, version_of
from augment.user_cache import user_cache

EVERYTHING = ("",)
LIBRARIES = ("numpy", "scipy", "numba", "soxr", "soundfile", "av")
LARGEST_BYTES = 2**30
PATIENCE_S = 1.0
_BUSY = set[Path]()
"""Files that other processes held for longer than that: they are not waited for again."""


def key_of(code: tuple[str, ...], *said: Any) -> str:
    """Key of what some of this package's code finds out.

    Args:
        code: Files and folders of the package that decide it: if a byte of them changes, it is found out anew.
        said: What else decides it, as JSON takes it.

    Example:
        >>> key_of(("acoustics",), "e3", 16000) == key_of(("acoustics",), "e3", 8000)
        False
    """
    return hashlib.sha256(json.dumps([found_with(code), *said]).encode()).hexdigest()


@cache
def found_with(code: tuple[str, ...]) -> str:
    """Hash of some of this package's code and of the libraries: if it is the same, so is what they find out."""
    import soundfile

    versions = [*map(version_of, LIBRARIES), soundfile.__libsndfile_version__]
    return hashlib.sha256(f"{versions} {code_digest(code)}".encode()).hexdigest()


def kept_file() -> Path | None:
    """Where measurements are kept: in the user's cache folder; None where there is none."""
    folder = user_cache()
    return None if folder is None else folder / "measured.sqlite"


def read_kept(file: Path, keys: Sequence[str]) -> dict[str, str]:
    """What was said under some keys; nothing if the file is damaged or somebody else's."""
    try:
        return _read(file, keys) if file.is_file() else {}
    except sqlite3.OperationalError:
        _BUSY.add(file)
    except (sqlite3.Error, OSError):
        pass
    return {}


def _read(file: Path, keys: Sequence[str]) -> dict[str, str]:
    found = {}
    connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=0 if file in _BUSY else PATIENCE_S)
    try:
        for key in keys:
            row = connection.execute("SELECT said, hash FROM facts WHERE key = ?", (key,)).fetchone()
            if row is not None and row[1] == _hash(key, row[0]):
                found[key] = str(row[0])
    finally:
        connection.close()
    return found


def keep(file: Path, new: Mapping[str, str]) -> None:
    """Keep what is said under new keys; do nothing where it cannot be written."""
    if not new:
        return
    rows = [(key, said, _hash(key, said)) for key, said in new.items()]
    with suppress(sqlite3.Error, OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists() and file.stat().st_size > LARGEST_BYTES:
            file.unlink()
        try:
            _write(file, rows)
        except sqlite3.OperationalError:  # another process is writing, or the file is read-only
            return
        except sqlite3.DatabaseError:  # it is damaged: nothing but time is lost
            file.unlink()
            _write(file, rows)


@contextmanager
def keeping(file: Path | None) -> Iterator[dict[str, str]]:
    """Keep, at the end, what is put into a mapping by key, however it ends; nothing without a file."""
    new: dict[str, str] = {}
    try:
        yield new
    finally:
        if file is not None:
            keep(file, new)


def _write(file: Path, rows: Sequence[tuple[str, str, str]]) -> None:
    connection = sqlite3.connect(file, timeout=PATIENCE_S)
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, said TEXT, hash TEXT)")
        connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", rows)
        connection.commit()
    finally:
        connection.close()


def _hash(key: str, said: str) -> str:
    """Hash by which a flipped bit is noticed, and so are measurements that ended up under another key."""
    return hashlib.sha256(f"{key} {said}".encode()).hexdigest()
