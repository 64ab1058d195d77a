"""Real speech in other tools' formats, with the licences of its sources. Run with ``pytest -m real``."""

import json

import pytest

import augment
from augment.corpus.spec import CorpusSpec
from augment.corpus.table import read_corpus
from augment.errors import DesignError
from augment.export import exporters
from augment.files.audio import decode, pcm_sha256, read_bytes
from augment.formats.kaldi_tables import utterance_key
from conftest import PACK

pytestmark = pytest.mark.real

RECIPE = """\
name: dev-pack-exports
corpus: {path: manifest.jsonl, columns: {audio_filepath: audio},
  labels: {accent: {'American (neutral)': American}}, keep: {accent: [American, German, Mandarin (L1), English]}}
balance: {by: [accent], utterances: 4}
noise: {segment_s: 5}
licences: {sources: {noise/domestic: {licence: LICENCE, credit: Google Speech Commands},
  ir/microphone: {licence: CC-BY-SA-4.0, credit: 'Stewart Tavener, Xaudia.com'}}}
factors:
  noise:
    quiet: []
    kitchen: [{kind: background_noise, source: noise/domestic, snr_db: 5}]
  device:
    studio: []
    vintage: [{kind: microphone, profile: ir/microphone/mic_Reslo_RB250.wav}]
"""
READ = {
    "nemo": ("jsonl", "nemo/manifest.jsonl"), "kaldi": ("kaldi", "kaldi"), "lhotse": ("lhotse", "lhotse"),
    "webdataset": ("webdataset", "webdataset"), "huggingface": ("huggingface", "huggingface"),
    "audiofolder": ("audiofolder", "audiofolder"),
}  # fmt: skip


@pytest.fixture
def pack(tmp_path):
    assert PACK.is_dir(), "the recordings are expected in ../shared/dev_pack"
    for path in PACK.iterdir():
        (tmp_path / path.name).symlink_to(path)
    return tmp_path


def test_every_format_at_once_gives_every_row_and_sample_back(pack):
    (pack / "recipe.yaml").write_text(RECIPE.replace("LICENCE", "CC-BY-4.0"))
    folder = augment.build(pack / "recipe.yaml", pack / "set", workers=2, formats=list(exporters())).folder
    told = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    assert len(told) == 64
    assert augment.verify(folder, sample=4).sound
    for name, (layout, path) in READ.items():
        corpus = read_corpus(CorpusSpec(path=str(folder / path), layout=layout), folder)
        found = {row["id"]: row for row in corpus.frame.rows(named=True)}
        assert len(found) == len(told), name
        for row in told:
            read = found[utterance_key(row) if name == "kaldi" else row["id"]]
            labels = ("accent", "condition", "noise", "device")
            assert [read[f"label:{label}"] for label in labels] == [row[label] for label in labels]
            assert read["licence"] == row["licence"]
            samples = decode(read_bytes(corpus.audio_path(read["audio_filepath"])), name).samples
            assert pcm_sha256((samples * 32768).round().astype("int16")) == row["pcm_sha256"]


def test_licences_of_real_sources(pack):
    """Digits and old microphones are share-alike, the other corpora and the kitchen ask for credit."""
    (pack / "recipe.yaml").write_text(RECIPE.replace("LICENCE", "CC-BY-4.0"))
    planned = augment.plan(pack / "recipe.yaml")
    found = dict(
        planned.items.select("group", "licence").filter(planned.items["condition"] == "kitchen__studio").rows()
    )
    assert found == {
        "American": "CC-BY-SA-4.0", "German": "CC-BY-SA-4.0", "English": "CC-BY-4.0", "Mandarin (L1)": "CC-BY-4.0"
    }  # fmt: skip
    vintage = planned.items.filter(planned.items["condition"] == "quiet__vintage")
    assert set(vintage["licence"]) == {"CC-BY-SA-4.0"}
    assert planned.provenance.identity()["licence"] == "CC-BY-SA-4.0"
    for licence in ("GPL-2.0", "CC-BY-NC-4.0"):
        (pack / "recipe.yaml").write_text(RECIPE.replace("LICENCE", licence))
        with pytest.raises(DesignError, match=r"CC-BY-SA-4.0 asks that the mixture be under the same licence"):
            augment.plan(pack / "recipe.yaml")
    (pack / "recipe.yaml").write_text(RECIPE.replace("LICENCE", "GPL-2.0").replace(
        "licences: {", "licences: {allow: 'J. Doe, 2026-11-24: stays in the house', "))  # fmt: skip
    told = augment.plan(pack / "recipe.yaml").provenance.identity()
    assert told["forbidden_mixtures_allowed_by"].startswith("J. Doe")
