"""Inputs that are almost right: each file that the program reads, changed in a place or a few, by a seed."""

import gzip
import hashlib
import json
import random
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars
import soundfile

import augment
from augment.api import write_formats
from augment.corpus.spec import CorpusSpec
from augment.corpus.table import read_corpus
from augment.errors import AcoustigridError
from augment.profiles.library import Library
from augment.recipe.loader import load_recipe
from augment.report.changes import changes_text
from conftest import ROOT, Workshop, speech_like

ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**70, 1.5, float("nan"), float("inf"), "", " ", "a", "\0", "é\n", "../x", "x" * 5000, [], {},
    [[]], {"a": 1}, ["a"], [None], {"": {}},
)  # fmt: skip
TOKENS = (
    "null", "true", "[]", "{}", "[", "]", "{", "}", ":", ",", "-", "'", '"', "#", "|", ">", "%", "@", "`", "~",
    ".nan", "-.inf", "1e999", "0x1F", "1_000", "99999999999999999999", "2001-01-01", "!!bool", "!!set", "!x",
    "&a", "*a", "<<:", "?", "---", "...", "\\uD800", "\\0", "NaN", "-0.0",
)  # fmt: skip


def bytes_mutant(data: bytes, draw: random.Random) -> bytes:
    """One to four changes of bytes or words."""
    for _ in range(draw.randint(1, 4)):
        data = _changed(data, draw)
    return data


def _changed(data: bytes, draw: random.Random) -> bytes:
    place, length = draw.randrange(len(data) + 1), draw.choice((1, 1, 2, 8, 64))
    token, behind = draw.choice(TOKENS).encode(), place + length
    changes: list[Callable[[], bytes]] = [
        lambda: data[:place] + data[behind:],
        lambda: data[:place] + data[place:behind] * 2 + data[behind:],
        lambda: data[:place] + token + data[place:],
        lambda: data[:place] + token + data[place + len(token) :],
        lambda: data[:place] + bytes([draw.randrange(256)]) + data[place + 1 :],
        lambda: data[:place],
        lambda: _word_replaced(data, token, draw),
    ]
    return draw.choice(changes)()


def _word_replaced(data: bytes, token: bytes, draw: random.Random) -> bytes:
    words = list(re.finditer(rb"[\w.]+", data))
    word = draw.choice(words).span() if words else (0, 0)
    return data[: word[0]] + token + data[word[1] :]


def value_mutant(value: Any, draw: random.Random) -> Any:
    """A value of JSON with a part of it replaced, removed or doubled."""
    parts = (
        list(value.items() if isinstance(value, dict) else enumerate(value)) if isinstance(value, dict | list) else []
    )
    if not parts or draw.random() < 0.25:
        return draw.choice(ODD)
    key, part = draw.choice(parts)
    changed = dict(parts) if isinstance(value, dict) else list(value)
    if draw.random() < 0.2:
        del changed[key]
    else:
        changed[key] = value_mutant(part, draw)
    return changed


def json_mutant(data: bytes, draw: random.Random) -> bytes:
    """A file of JSON, or of lines of JSON, with another value in it."""
    if draw.random() < 0.3:
        return bytes_mutant(data, draw)
    try:
        return json.dumps(value_mutant(json.loads(data), draw)).encode()
    except ValueError:
        lines = data.splitlines()
        place = draw.randrange(len(lines))
        lines[place] = json.dumps(value_mutant(json.loads(lines[place]), draw)).encode()
        return b"\n".join(lines) + b"\n"


@dataclass(frozen=True)
class Target:
    """A file that is changed, and what is then done with it.

    Attributes:
        path: The file.
        read: What reads it.
        change: How it is changed.
    """

    path: Path
    read: Callable[[], object]
    change: Callable[[bytes, random.Random], bytes] = bytes_mutant


def targets(folder: Path) -> dict[str, Target]:
    """A corpus in several layouts, a recipe, profiles and a finished set, in a new folder; each with what reads it."""
    folder.mkdir(parents=True)
    shop = Workshop(folder)
    rows = shop.corpus({"North": 2, "South": 2}, seconds=0.5)
    recipe = shop.recipe()
    built = augment.build(recipe, folder / "set", formats=["kaldi", "lhotse", "csv"]).folder
    shutil.copytree(built / "kaldi", folder / "kaldi")
    shutil.copytree(built / "lhotse", folder / "lhotse")
    shutil.copytree(built / "audio", folder / "audio", dirs_exist_ok=True)
    polars.DataFrame(rows).write_csv(folder / "c.csv")
    polars.DataFrame(rows).write_csv(folder / "c.tsv", separator="\t")
    (folder / "c.jsonl.gz").write_bytes(gzip.compress((folder / "corpus.jsonl").read_bytes()))
    audio = [{"bytes": (folder / row["audio_filepath"]).read_bytes(), "path": None} for row in rows]
    polars.DataFrame(rows).drop("audio_filepath").with_columns(audio=polars.Series(audio)).write_parquet(
        folder / "c.parquet"
    )
    for name in ("equipment/mri_epi", "microphones/laptop", "rooms/classroom"):
        shutil.copy(ROOT / "noise_profiles" / f"{name}.yaml", folder)
    soundfile.write(folder / "x.wav", speech_like(1), 16000)
    return {
        "recipe": Target(recipe, lambda: load_recipe(recipe)),
        "planned recipe": Target(recipe, lambda: augment.plan(recipe)),
        **_profiles(folder),
        **{f"corpus {name}": _corpus(folder / path, layout) for name, (path, layout) in CORPORA.items()},
        **_set(folder, recipe),
    }


CORPORA = {
    "jsonl": ("corpus.jsonl", None),
    "csv": ("c.csv", None),
    "tsv": ("c.tsv", None),
    "gzip": ("c.jsonl.gz", "jsonl"),
    "parquet": ("c.parquet", None),
    "kaldi": ("kaldi/wav.scp", "kaldi"),
    "kaldi texts": ("kaldi/text", "kaldi"),
    "lhotse": ("lhotse/cuts.jsonl.gz", "lhotse"),
}


def _profiles(folder: Path) -> dict[str, Target]:
    library = {"mri_epi": "noise_profile", "laptop": "microphone", "classroom": "room"}
    return {
        f"profile {name}": Target(
            folder / f"{name}.yaml",
            lambda name=name, kind=kind: Library(folder).profile(kind, f"{name}.yaml"),  # type: ignore[misc]
        )
        for name, kind in library.items()
    }


def _corpus(path: Path, layout: str | None) -> Target:
    where = path.parent if layout in ("kaldi", "lhotse") else path
    spec = CorpusSpec(path=str(where), layout=layout)
    lines = path.name == "corpus.jsonl"
    return Target(path, lambda: read_corpus(spec, path.parent), json_mutant if lines else bytes_mutant)


def _set(folder: Path, recipe: Path) -> dict[str, Target]:
    """The files of a finished set; its checksums are put right again, so that what is in them is looked at."""
    built = folder / "set"

    def mended(read: Callable[[], object]) -> Callable[[], object]:
        def run() -> object:
            place = built / "testset.json"
            identity = json.loads(place.read_text())
            for name in identity["checksums"]:
                identity["checksums"][name] = hashlib.sha256((built / name).read_bytes()).hexdigest()
            place.write_text(json.dumps(identity))
            return read()

        return run

    def verify() -> object:
        return augment.verify(built, sample=0)

    def export() -> object:
        return write_formats(built, ["nemo", "kaldi", "csv", "lhotse"])

    def build() -> object:
        return augment.build(recipe, built)

    found = {}
    for name, change in (("testset.json", json_mutant), ("exports.json", json_mutant), ("manifest.jsonl", json_mutant),
                         ("plan.parquet", bytes_mutant)):  # fmt: skip
        for verb in (verify, export, build):
            read = mended(verb) if name in ("manifest.jsonl", "plan.parquet") else verb
            found[f"{verb.__name__} {name}"] = Target(built / name, read, change)
    found["against plan.parquet"] = Target(built / "plan.parquet", lambda: changes_text(augment.plan(recipe), built))
    return found


def escapes(target: Target, folder: Path, seeds: range) -> Iterator[tuple[int, BaseException]]:
    """Seeds of mutants for which something else is raised than an error for the user, and what it was."""
    whole = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    for seed in seeds:
        target.path.write_bytes(target.change(whole[target.path], random.Random(seed)))
        try:
            target.read()
        except AcoustigridError:
            pass
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            yield seed, error
        for path, data in whole.items():
            if not path.is_file() or path.read_bytes() != data:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
