"""Somebody who changes a finished test set and covers their tracks as well as the set's own files allow."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import polars
import soundfile

from augment.acoustics.loudness import integrated_loudness_lufs
from augment.api.sounds import SoundsOf
from augment.design.conditions import conditions, reference_condition
from augment.export.csv import table
from augment.files.content import sha256_of
from augment.recipe.loader import load_recipe
from augment.report.croissant import TableTally, croissant, words_in
from augment.report.datasheet_page import datasheet_page
from augment.report.frames import Coverage, Measured, counts_of
from augment.report.listening.choice import grid_of
from augment.report.listening.of_set import Painter, SetSounds
from augment.report.pictures.evenness import exposure_of
from augment.report.pictures.grid import cells_of
from augment.report.pictures.of_set import SetPictures
from augment.testset.figures import read_figures

RATE = 16000
PAINTED = {}
"""Pictures of files by what decides them: nearly all of them are the same in every forged set."""


def painted(painter: Painter, items) -> list:
    """What a painter paints, once of each sound."""
    found = []
    for name, rate in items:
        try:
            key = hashlib.sha256(painter.read.read(name)).digest(), rate, painter.axis_s
        except OSError:
            key = None, rate, painter.axis_s
        if key not in PAINTED:
            PAINTED[key] = painter((name, rate))
        found.append(PAINTED[key])
    return found


def pcm_of(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="int16")[0]


class Forger:
    """A set in memory: change `rows`, `plan`, `identity` or files, then `cover()`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
        self.plan = polars.read_parquet(folder / "plan.parquet").rows(named=True)
        kinds = polars.read_parquet(folder / "plan.parquet").schema
        self.kinds = {name: polars.String if kind == polars.Null else kind for name, kind in kinds.items()}
        self.identity = json.loads((folder / "testset.json").read_text())
        self.measured = str(Measured.of(self.ordered()))

    def ordered(self) -> list[dict]:
        names = self.identity["conditions"]
        return sorted(
            (row for row in self.rows if row["condition"] in names), key=lambda r: names.index(r["condition"])
        )

    def row(self, condition: str, utterance: str = "north_0") -> dict:
        return next(r for r in self.rows if r["condition"] == condition and r["utterance"] == utterance)

    def path(self, condition: str, utterance: str = "north_0") -> Path:
        return self.folder / self.row(condition, utterance)["audio_filepath"]

    def pcm(self, condition: str, utterance: str = "north_0") -> np.ndarray:
        return pcm_of(self.path(condition, utterance)).astype(np.float64)

    def put(self, condition: str, samples: np.ndarray, utterance: str = "north_0", **labels) -> None:
        """Other audio for an item, with every figure on its row that can be taken from a file."""
        row, whole = self.row(condition, utterance), np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
        soundfile.write(self.path(condition, utterance), whole, RATE, format="FLAC", subtype="PCM_16")
        peak = int(np.abs(whole.astype(int)).max())
        row |= {
            "pcm_sha256": hashlib.sha256(whole.astype("<i2").tobytes()).hexdigest(),
            "peak_dbfs": round(20 * math.log10(peak / 32768), 3),
            "loudness_lufs": None
            if (found := integrated_loudness_lufs(whole / 32768, RATE)) is None
            else round(found, 3),
            "samples": whole.size,
            "duration": whole.size / RATE,
            **labels,
        }
        for planned in self.plan:
            if planned["audio_filepath"] == row["audio_filepath"]:
                planned["samples"] = whole.size

    def label(self, name: str, value, utterance: str | None = "north_0", condition: str | None = None) -> None:
        """Another value in manifest and plan, as far as they have the column."""
        for table_ in (self.rows, self.plan):
            for row in table_:
                fits = utterance in (None, row["utterance"]) and condition in (None, row["condition"])
                if fits and name in row:
                    row[name] = value(row[name]) if callable(value) else value

    def drop(self, fits) -> None:
        for row in [row for row in self.rows if fits(row)]:
            (self.folder / row["audio_filepath"]).unlink()
        gone = {row["audio_filepath"] for row in self.rows if fits(row)}
        self.rows = [row for row in self.rows if row["audio_filepath"] not in gone]
        self.plan = [row for row in self.plan if row["audio_filepath"] not in gone]

    def edit(self, name: str, change) -> None:
        """Another text for a side file, behind what follows from others."""
        path = self.folder / name
        text = path.read_text()
        path.write_text(change(text))
        assert path.read_text() != text, "nothing was changed"

    def cover(self) -> None:
        """Write everything, with all that follows from it, and every checksum."""
        self.write_rows()
        sheet = (self.folder / "datasheet.md").read_text().replace(self.measured, str(Measured.of(self.ordered())))
        self.write("datasheet.md", sheet.encode())
        self.write("datasheet.html", self.page(sheet))
        self.seal()

    def page(self, sheet: str) -> bytes:
        """The page as it follows from everything else, with pictures of the sound as it is now."""
        loaded = load_recipe(self.folder / "recipe.yaml", material=False)
        known = {c.name: c for c in conditions(loaded)}
        shown = [known[name] for name in self.identity["conditions"] if name in known]
        sound = SoundsOf(lambda name: (self.folder / name).read_bytes())
        ordered, figures = self.ordered(), self.folder / "figures.json"
        words, drawn = words_in(self.identity), read_figures(figures.read_bytes(), "figures.json")
        pictures = SetPictures(cells_of(ordered), exposure_of(ordered), drawn, words, self.identity["balance"])
        grid = grid_of(ordered, shown, reference_condition(shown, loaded))
        return datasheet_page(sheet, SetSounds(grid, words, sound, painted), pictures)

    def write_rows(self) -> None:
        for row in self.rows:
            path = self.folder / row["audio_filepath"]
            row["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else row["sha256"]
        self.write("manifest.jsonl", "".join(json.dumps(row) + "\n" for row in self.rows).encode())
        self.write("manifest.csv", b"".join(table(self.rows)))
        polars.DataFrame(self.plan, schema=self.kinds).write_parquet(self.folder / "plan.parquet")
        groups = sorted({row["group"] for row in self.plan})
        per_group = {g: len({r["utterance"] for r in self.plan if r["group"] == g}) for g in groups}
        failed = (self.folder / "failures.jsonl").read_text().count("\n") if self.has("failures.jsonl") else 0
        self.identity |= {
            "items": {"planned": len(self.plan), "made": len(self.rows), "failed": failed},
            "groups": groups,
            "utterances_per_group": max(per_group.values()),
        }
        self.identity["conditions"] = [
            name for name in self.identity["conditions"] if name in {row["condition"] for row in self.plan}
        ]
        planned, made = counts_of(self.plan), counts_of(self.rows)
        grid = Coverage.of(planned, made, self.identity["conditions"], groups)
        self.write("coverage.txt", f"{grid}\n".encode())
        said = {name: value for name, value in self.identity.items() if name != "checksums"}
        columns = TableTally(self.identity["factors"])
        for row in self.rows:
            columns.take(row)
        self.write(
            "croissant.json", croissant(said, columns.found, ("manifest.csv", sha256_of(table(self.rows))), "flac")
        )

    def has(self, name: str) -> bool:
        return (self.folder / name).is_file()

    def write(self, name: str, data: bytes) -> None:
        (self.folder / name).write_bytes(data)

    def seal(self) -> None:
        """Every checksum as it must be."""
        found = {name: self.folder / name for name in self.identity["checksums"]}
        if self.has("failures.jsonl"):
            found["failures.jsonl"] = self.folder / "failures.jsonl"
        sums = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found.items()}
        self.identity["checksums"] = sums
        self.write("testset.json", (json.dumps(self.identity, indent=2) + "\n").encode())
