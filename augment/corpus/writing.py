"""A corpus as a manifest in this program's own format: JSON Lines with NeMo's keys."""

import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

from augment.corpus.checks import FIXED
from augment.corpus.identities import danger, is_made_of
from augment.corpus.table import Corpus, label_column
from augment.files.location import joined


def manifest_bytes(corpus: Corpus, folder: Path) -> bytes:
    """Rows of a corpus as JSON Lines, the same keys in every row.

    Args:
        corpus: What was read.
        folder: Where the manifest will be: audio paths are made relative to it.
    """
    old = corpus.folder
    # Of a corpus in an object store, paths become URLs.
    moved = _moved(old.resolve(), folder.resolve()) if isinstance(old, Path) else lambda name: str(joined(old, name))
    names = {name: name for name in FIXED} | {label: label_column(label) for label in corpus.labels}
    empty = [
        name
        for name in ("audio_channel", "offset", "duration")
        if corpus.frame[name].null_count() == corpus.frame.height
    ]
    names = {name: column for name, column in names.items() if name not in empty}
    lines = []
    for row in corpus.frame.select(*names.values()).iter_rows():
        told = dict(zip(names, row, strict=True))
        audio, offset = moved(told["audio_filepath"]), told.get("offset")
        if danger(told["id"]) and not is_made_of(told["id"], audio, told.get("audio_channel"), offset):
            audio = str(joined(folder.resolve(), audio))  # an id that leads out of a folder is read beside such a path
        told["audio_filepath"] = audio
        lines.append(json.dumps(told, ensure_ascii=False))
    return "".join(f"{line}\n" for line in lines).encode()


def _moved(old: Path, new: Path) -> Callable[[str], str]:
    """How to respell paths relative to one folder as relative to another; both are free of links.

    Only leading ``..`` are resolved against the folder: ``link/..`` further on need not lead back to where it started.

    Example:
        >>> _moved(Path("/a/b"), Path("/a/c"))("../x/y.wav"), _moved(Path("/a/b"), Path("/a/c"))("y.wav")
        ('../x/y.wav', '../b/y.wav')
    """

    @cache
    def away(steps: int) -> str:
        return os.path.relpath(Path(old, *[".."] * steps).resolve(), new)

    def moved(written: str) -> str:
        parts = Path(written).parts
        steps = next((place for place, part in enumerate(parts) if part != ".."), len(parts))
        return Path(away(steps), *parts[steps:]).as_posix()

    return moved
