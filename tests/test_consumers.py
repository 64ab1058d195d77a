"""Exports read by the tools they are for: ``pytest -m consumers`` where the extra ``consumers`` is installed."""

import io
import json

import numpy as np
import pytest
import soundfile

import augment
from augment.files.audio import pcm_sha256
from augment.plain_text import from_spreadsheet_cell
from conftest import PACK, RATE, Workshop

pytestmark = pytest.mark.consumers

TEXTS = ['say "hi", he said; ok', "two\nlines\tand a tab", "=SUM(A1)", "naïve 日本語 🎧", "short", "plain"]
OWN = ("audio", "file_name", "sampling_rate", "spk", "wav", "words")  # labels that formats have fields for
SAID = ("id", "text", "speaker", "accent", "condition")
FORMATS = (
    "kaldi",
    "espnet",
    "lhotse",
    "lhotse_shar",
    "huggingface",
    "audiofolder",
    "webdataset",
    "nemo",
    "csv",
    "speechbrain",
)


def odd_corpus(shop):
    """Six utterances whose texts and labels are what formats trip over."""
    rows = shop.corpus({"North": 3, "South East": 3}, seconds=0.6)
    for row in rows:  # an odd number of samples lasts no whole number of microseconds: 9601 / 16000 s
        path = shop.folder / row["audio_filepath"]
        samples, _ = soundfile.read(path, dtype="int16")
        soundfile.write(path, np.append(samples, samples[:1]), RATE)
    for row, text in zip(rows, TEXTS, strict=True):
        row |= {"text": text, "speaker": f"Ann {row['id'][0]}", "age": None if text == "plain" else "30"}
        row |= {"id": row["id"] + "x" * 90, "lang": None if text == "plain" else "en", **{name: name for name in OWN}}
    shop.manifest(rows)
    return shop.recipe(output="{labels: all}")


def real_corpus(shop):
    """Real speech, where it lies beside the project."""
    (shop.folder / "pack").symlink_to(PACK)
    corpus = "{path: pack/manifest.jsonl, columns: {audio_filepath: audio}, keep: {accent: [Scottish, German]}}"
    return shop.recipe(corpus=corpus, output="{labels: all}")


CORPORA = {"odd": odd_corpus, **({"real": real_corpus} if PACK.is_dir() else {})}


@pytest.fixture(scope="module", params=CORPORA)
def built(tmp_path_factory, request):
    shop = Workshop(tmp_path_factory.mktemp("consumers"))
    return augment.build(CORPORA[request.param](shop), shop.folder / "set", formats=FORMATS).folder


@pytest.fixture
def manifest(built, monkeypatch):
    """Rows by id, from the folder of the test set, where paths start."""
    monkeypatch.chdir(built)
    return {row["id"]: row for row in map(json.loads, (built / "manifest.jsonl").read_text().splitlines())}


def same(samples, row):
    """Samples of full scale 1.0, to the bit."""
    return pcm_sha256(np.round(np.asarray(samples).squeeze() * 32768).astype(np.int16)) == row["pcm_sha256"]


def decoded(data):
    return soundfile.read(io.BytesIO(data))[0]


def test_lhotse_validates_and_reads_manifests_and_cuts(built, manifest):
    import lhotse

    recordings = lhotse.load_manifest("lhotse/recordings.jsonl.gz")
    supervisions = lhotse.load_manifest("lhotse/supervisions.jsonl.gz")
    lhotse.validate_recordings_and_supervisions(recordings, supervisions)
    cuts = lhotse.load_manifest("lhotse/cuts.jsonl.gz")
    lhotse.validate(cuts)
    assert [cut.id for cut in cuts] == list(manifest)
    for cut in cuts:
        row, said = manifest[cut.id], cut.supervisions[0]
        assert (said.text, said.speaker) == (row["text"], row["speaker"])
        assert (said.custom["accent"], said.custom.get("age")) == (row["accent"], row.get("age"))
        assert said.custom["condition"] == row["condition"]
        assert same(cut.load_audio(), row)


def test_lhotse_reads_shar(built, manifest):
    import lhotse

    cuts = list(lhotse.CutSet.from_shar(in_dir="lhotse_shar"))
    assert [cut.id for cut in cuts] == list(manifest)
    for cut in cuts:
        assert same(cut.load_audio(), manifest[cut.id])
        assert cut.supervisions[0].custom["noise"] == manifest[cut.id]["noise"]


def identities(folder):
    return dict(line.split(" ", 1) for line in (folder / "utt2id").read_text().splitlines())


@pytest.mark.parametrize("folder", ["kaldi", "espnet"])
def test_lhotse_reads_the_kaldi_directory(built, manifest, folder):
    from lhotse.kaldi import load_kaldi_data_dir

    recordings, supervisions, _ = load_kaldi_data_dir(folder, sampling_rate=RATE)
    assert len(recordings) == len(supervisions) == len(manifest)
    ids = identities(built / folder)
    for said in supervisions:
        row = manifest[ids[said.id]]
        assert (said.text or "") == " ".join(row["text"].split())
        assert same(recordings[said.recording_id].load_audio(), row)


def test_kaldiio_reads_the_kaldi_directory(built, manifest):
    import kaldiio

    ids, heard = identities(built / "kaldi"), kaldiio.load_scp("kaldi/wav.scp")
    assert {ids[key] for key in heard} == set(manifest)
    for key in heard:
        rate, samples = heard[key]
        assert rate == RATE
        assert same(samples, manifest[ids[key]])


def test_datasets_reads_parquet(built, manifest, tmp_path):
    import datasets

    read = datasets.load_dataset("parquet", data_dir="huggingface/data", split="test", cache_dir=str(tmp_path))
    assert read.features["audio"].sampling_rate == RATE
    read = read.cast_column("audio", datasets.Audio(decode=False))
    assert [row["id"] for row in read] == list(manifest)
    for row in read:
        told = manifest[row["id"]]
        del told["audio_filepath"]
        assert {name: row["label_audio" if name == "audio" else name] for name in told} == told
        assert same(decoded(row["audio"]["bytes"]), told)


def test_datasets_and_the_hub_read_the_card(built, manifest, tmp_path):
    import datasets
    from huggingface_hub import DatasetCard

    read = datasets.load_dataset("huggingface", split="test", cache_dir=str(tmp_path))
    assert read.with_format("arrow")["id"].to_pylist() == list(manifest)
    card = DatasetCard.load(built / "huggingface" / "README.md")
    assert (card.data.pretty_name, card.data.task_categories) == ("test", ["automatic-speech-recognition"])
    assert card.text.strip() == (built / "datasheet.md").read_text().strip()


def test_datasets_reads_the_nemo_manifest(manifest, tmp_path):
    import datasets

    read = datasets.load_dataset("json", data_files="nemo/manifest.jsonl", split="train", cache_dir=str(tmp_path))
    for row, told in zip(read, manifest.values(), strict=True):
        assert {name: row[name] for name in SAID} == {name: told[name] for name in SAID}
        assert (row.get("lang"), row.get("label_sampling_rate")) == (told.get("lang"), told.get("sampling_rate"))


def test_nemo_reads_its_manifest(manifest):
    from nemo.collections.asr.data.audio_to_text import AudioToCharDataset

    letters = sorted({letter for row in manifest.values() for letter in row["text"]})
    read = AudioToCharDataset("nemo/manifest.jsonl", labels=letters, normalize=False, sample_rate=RATE)
    said = [entity.text_raw for entity in read.manifest_processor.collection]
    assert said == [row["text"] for row in manifest.values()]
    for (samples, *_), row in zip(read, manifest.values(), strict=True):
        assert same(samples.numpy(), row)


def test_nemo_reads_its_manifest_as_cuts(manifest):
    from nemo.collections.common.data.lhotse.cutset import read_cutset_from_config
    from omegaconf import OmegaConf

    config = {"manifest_filepath": "nemo/manifest.jsonl", "sample_rate": RATE}
    cuts = list(read_cutset_from_config(OmegaConf.create(config))[0])
    for cut, row in zip(cuts, manifest.values(), strict=True):
        assert (cut.supervisions[0].text, cut.custom["condition"]) == (row["text"], row["condition"])
        assert cut.custom["accent"] == row["accent"]
        assert same(cut.load_audio(), row)


def test_webdataset_reads_its_shards(built, manifest):
    import webdataset

    shards = sorted(str(path) for path in (built / "webdataset").glob("*.tar"))
    read = list(webdataset.WebDataset(shards, shardshuffle=False))
    assert [sample["__key__"] for sample in read] == list(manifest)
    for sample in read:
        row = manifest[sample["__key__"]]
        assert json.loads(sample["json"]) == row
        assert sample["txt"].decode() == row["text"]
        assert same(decoded(sample["flac"]), row)


@pytest.mark.parametrize("name", ["csv", "json"])
def test_speechbrain_reads_its_file(manifest, name):
    from speechbrain.dataio.dataio import read_audio
    from speechbrain.dataio.dataset import DynamicItemDataset

    load = {"csv": DynamicItemDataset.from_csv, "json": DynamicItemDataset.from_json}[name]
    read = load(f"speechbrain/test.{name}", replacements={"data_root": "."})
    read.add_dynamic_item(read_audio, takes="wav", provides="signal")
    own = {"words": "text", "label_wav": "wav", **{name: name for name in SAID if name != "text"}}
    kept = {name: column for name, column in own.items() if column in next(iter(manifest.values()))}
    read.set_output_keys([*kept, "signal"])
    assert [row["id"] for row in read] == list(manifest)
    for row in read:
        told = manifest[row["id"]]
        assert {column: row[name] for name, column in kept.items()} == {c: told[c] for c in kept.values()}
        assert same(row["signal"].numpy(), told)


def test_mlcroissant_validates_the_description_and_reads_its_records(built, manifest):
    import mlcroissant

    said = mlcroissant.Dataset(jsonld=built / "croissant.json")
    assert not said.metadata.ctx.issues.errors
    records = list(said.records("items"))
    assert len(records) == len(manifest)
    assert {one["conditions/name"] for one in said.records("conditions")} == {r["condition"] for r in manifest.values()}
    for record in records:
        row = manifest[record["items/id"].decode()]
        # It reads the CSV, in which an apostrophe stands before what spreadsheets take for a formula.
        assert from_spreadsheet_cell(record["items/text"].decode()) == row["text"]
        assert from_spreadsheet_cell(record["items/accent"].decode()) == row["accent"]
        assert record["items/block"] == row["block"]
