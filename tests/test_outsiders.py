"""Another distribution adds one of each kind, a file and an entry point each, and nothing of ours is changed for it."""

import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import polars
import pytest
import soundfile

from augment.columns import Column
from augment.perturb import Perturbation, _odd_records
from augment.testset.completion import step_columns

TILT = '''
"""A talker without bass."""

from typing import ClassVar, Literal

import numpy as np

from augment.acoustics.convolution import ImpulseResponse
from augment.perturb import Perturbation
from augment.scene import Stage


class Tilt(Perturbation):
    """The voice alone, 6 dB brighter with every octave."""

    kind: Literal["tilt"]
    stage: ClassVar = Stage.SOURCE
    draws: ClassVar = False

    def apply(self, scene, draw):
        return scene.filtered(ImpulseResponse(np.array([1.0, -1.0])))
'''
COARSE = '''
"""A codec of few bits."""

from typing import Literal

import numpy as np

from augment.perturb.codec_step import CodecStep, Concealed, PacketLoss


class Coarse(Concealed, PacketLoss, CodecStep):
    """256 steps of one size, half a packet late."""

    kind: Literal["coarse"]

    def run(self, pcm, lost, sample_rate_hz):
        return (np.concatenate([np.zeros(80, np.int16), pcm]) // 256 * 256).astype(np.int16)
'''
CRACKLE = '''
from typing import ClassVar, Literal
from augment.columns import Column
from augment.perturb import Perturbation
from augment.scene import Stage

class Crackle(Perturbation):
    """A loose contact."""
    kind: Literal["crackle"]
    stage: ClassVar = Stage.ELECTRICAL
    linear: ClassVar = False
    records: ClassVar = (
        Column("crackle_gap_ms", float, "longest gap", "ms"),
        Column("crackle_from", str, "recording of the contact", private="withheld"),
    )
    gap_ms: float | None = None
    note: Literal["crackle_gap_ms", "crackle_other"] = "crackle_gap_ms"
    said: Literal["gap", "word"] = "gap"

    def apply(self, scene, draw):
        gap = "long" if self.said == "word" else self.gap_ms
        return scene.noted(**{self.note: gap, "crackle_from": "secret.wav"})
'''
BARRED = '''
"""Lines of an id, an accent, an audio file and a text, with bars between them."""

SUFFIXES, FOLDER, SIGNS = (".barred",), False, ()


def rows(source):
    for place, line in enumerate(source.path.read_text().splitlines(), start=1):
        identity, accent, audio, text = line.split("|")
        yield place, {"id": identity, "speaker": identity, "accent": accent, "audio_filepath": audio, "text": text}
'''
LISTING = '''
"""Names and texts."""

ABOUT, EXTRA = "names and texts", None


def files(finished):
    yield "list.txt", "".join(f"{row['id']}: {row['text']}\\n" for row in finished.rows).encode()
'''
BACKWARDS = '''
"""The last task first."""

from contextlib import contextmanager


class Backwards:
    workers = 1

    def run(self, job, tasks, limit_s=None):
        print("backwards")
        return map(job, reversed(list(tasks)))


@contextmanager
def opened(workers, prepare=None):
    yield Backwards()
'''
DISTRIBUTION = {
    "source": ("tilt", TILT),
    "channel": ("coarse", COARSE),
    "electrical": ("crackle", CRACKLE),
    "readers": ("barred", BARRED),
    "export": ("listing", LISTING),
    "execute": ("backwards", BACKWARDS),
}
BUILT = """
import sys, augment
made = augment.build(sys.argv[1], "set", executor="backwards", formats=["listing", "huggingface"])
print(augment.verify(made.folder, sample="all").deviations)
"""


@pytest.fixture
def built(workshop):
    """Build and verify a set in a process that finds the other distribution."""
    installed = workshop.folder / "packages" / "other-1.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    points = [f"[acoustigrid.{group}]\n{name} = {name}\n" for group, (name, _) in DISTRIBUTION.items()]
    (installed / "entry_points.txt").write_text("".join(points))
    for name, code in DISTRIBUTION.values():
        (installed.parent / f"{name}.py").write_text(code)

    def build(**fields):
        command = [sys.executable, "-c", BUILT, str(workshop.recipe(**fields))]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(installed.parent), *filter(None, sys.path)])}
        return subprocess.run(command, cwd=workshop.folder, env=environment, capture_output=True, text=True)

    return build


def test_one_of_each_is_one_file_each_and_a_column_one_entry(workshop, built):
    rows = workshop.corpus({"North": 1, "South": 1})
    lines = ["|".join((row["id"], row["accent"], row["audio_filepath"], row["text"])) for row in rows]
    (workshop.folder / "corpus.barred").write_text("\n".join(lines))
    grid = {
        "voice": {"plain": [], "bright": [{"kind": "tilt"}]},
        "contact": {"firm": [], "loose": [{"kind": "crackle", "gap_ms": 2.5}, {"kind": "crackle"}]},
        "line": {"direct": [], "coarse": [{"kind": "coarse", "loss_percent": 20}]},
    }
    told = built(corpus="{path: corpus.barred}", factors=json.dumps(grid))
    assert "backwards" in told.stdout
    assert told.stdout.endswith("()\n")

    rows = [json.loads(line) for line in (workshop.folder / "set" / "manifest.jsonl").read_text().splitlines()]
    listed = (workshop.folder / "set" / "listing" / "list.txt").read_text()
    assert listed == "".join(f"{row['id']}: {row['text']}\n" for row in rows)
    assert len(rows) == 16
    for row in rows:
        late, lost = row["codec_delay_samples"], row["codec_packets_lost"]
        assert (late, bool(lost)) == ((80, True) if row["line"] == "coarse" else (None, False))
        assert row["line"] == "coarse" or row["speech_level_dbov"] == -26.0  # brighter, and as loud as the others
        gaps = (row["crackle_gap_ms"], row["crackle2_gap_ms"])
        assert gaps == ((2.5, None) if row["contact"] == "loose" else (None, None))
    _brighter_by_6_db_an_octave(workshop.folder / "set", rows)
    _described(workshop.folder / "set")


def _brighter_by_6_db_an_octave(folder, rows):
    heard = {(r["utterance"], r["voice"]): r["audio_filepath"] for r in rows if r["condition"].endswith("firm__direct")}
    for utterance in {row["utterance"] for row in rows}:
        plain, bright = (
            np.abs(np.fft.rfft(soundfile.read(folder / heard[utterance, voice])[0])) for voice in ("plain", "bright")
        )
        octaves = [np.sum(bright[f : 2 * f] ** 2) / np.sum(plain[f : 2 * f] ** 2) for f in (200, 400, 800)]
        assert 10 * np.log10(octaves[1:]) - 10 * np.log10(octaves[:-1]) == pytest.approx([6, 6], abs=1.5)


def _described(folder):
    records, _ = json.loads((folder / "croissant.json").read_text())["recordSet"]
    fields = {field["name"]: field for field in records["field"]}
    (part,) = (folder / "huggingface" / "data").iterdir()
    for name in ("crackle_gap_ms", "crackle2_gap_ms"):  # nothing in the second one tells its kind
        assert (fields[name]["dataType"], fields[name]["description"]) == ("sc:Float", "longest gap, in ms")
        assert polars.read_parquet_schema(part)[name] == polars.Float64


def test_what_is_filled_otherwise_than_declared_is_told_before_anything_is_written(workshop, built):
    workshop.corpus({"North": 1, "South": 1})
    steps = [{"kind": "crackle", "note": "crackle_other"}, {"kind": "crackle", "said": "word"}]
    told = built(factors=json.dumps({"contact": {"firm": [], "loose": steps}})).stderr
    assert "condition loose: column 'crackle2_gap_ms' of kind float has 'no value, not even None'" in told
    assert "column 'crackle_gap_ms' of kind float has 'long'" in told
    assert "column 'crackle_other' stands in no step's 'records'" in told
    assert not (workshop.folder / "set").exists()


def test_what_a_step_withholds_does_not_leave_under_pseudonyms(workshop, built):
    workshop.corpus({"North": 2, "South": 2})
    (workshop.folder / "key").write_text("0123456789abcdef" * 4)
    grid = json.dumps({"contact": {"firm": [], "loose": [{"kind": "crackle"}, {"kind": "crackle"}]}})
    for more, secrets in ((", pseudonyms: key", {None}), ("", {None, "secret.wav"})):
        told = built(corpus=f"{{path: corpus.jsonl{more}}}", factors=grid)
        assert told.stdout.endswith("()\n"), told.stderr
        rows = [json.loads(line) for line in (workshop.folder / "set" / "manifest.jsonl").read_text().splitlines()]
        assert {row[name] for row in rows for name in ("crackle_from", "crackle2_from")} == secrets
        shutil.rmtree(workshop.folder / "set")


@pytest.mark.parametrize(
    ("records", "told"),
    [
        (("call_path",), "expected columns, found 'call_path' - declare augment.columns.Column"),
        ((Column("call_path", str, "who", private="hashed"),), "nothing hashes the column of a step"),
        ((Column("call_s", int, "length"),), "column 'call_s' is declared otherwise in test_outsiders.Call.records"),
        ((Column("call_s", float, "time", private="withheld"),), "in test_outsiders.Call.records: kind or private"),
        ((Column("noise_step", int, "number"),), "column 'noise_step' is declared otherwise in every noise"),
    ],
)
def test_columns_that_cannot_be_kept_apart_or_hidden_are_refused(records, told):
    class Call(Perturbation):
        records: ClassVar = (Column("call_s", float, "length", "s"),)

    class Other(Perturbation):
        pass

    Other.records = records
    (fault,) = _odd_records([Call, Other])
    assert (fault.where, told in str(fault)) == ("test_outsiders.Other.records", True)
    Other.records = (Column("call_s", float, "time", "ms"),)
    assert not list(_odd_records([Call, Other]))
    chain = [
        SimpleNamespace(perturbation=SimpleNamespace(columns=lambda kind=kind: kind.records)) for kind in (Call, Other)
    ]
    conditions = [SimpleNamespace(chain=[step]) for step in chain]
    assert [column.name for column in step_columns(conditions)] == ["call_s"]
