"""Which files are looked at in a folder, and whether archives are whole."""

import shutil

import pytest

import augment
from augment.corpus.spec import CorpusSpec
from augment.corpus.table import read_corpus
from augment.errors import CorpusError
from augment.files.audio import encode
from augment.files.tar import tar_bytes
from augment.files.walk import walked
from conftest import RATE
from test_readers import sound


@pytest.mark.parametrize("layout", ["folder", "audiofolder", "webdataset", "huggingface"])
def test_what_was_made_of_a_corpus_is_no_part_of_it(workshop, layout):
    """A test set, with its exports, in the folder of its corpus."""
    workshop.corpus({"North": 2, "South": 2}, seconds=0.6)
    seed = augment.build(
        workshop.recipe(), workshop.folder / "seed", formats=("audiofolder", "webdataset", "huggingface")
    )
    corpus = workshop.folder / "corpus"
    shutil.copytree(workshop.folder / "audio" if layout == "folder" else seed.folder / layout, corpus)
    spec = CorpusSpec(path=str(corpus), layout=layout, pattern="{id}.wav" if layout == "folder" else None)
    before = read_corpus(spec, corpus).frame
    shutil.copytree(seed.folder, corpus / "set")
    (corpus / "set" / "audio" / "north_0.wav").write_bytes((workshop.folder / "audio" / "north_0.wav").read_bytes())
    assert read_corpus(spec, corpus).frame.equals(before)
    (corpus / "set" / "testset.json").unlink()  # it may be unfinished
    assert read_corpus(spec, corpus).frame.equals(before)


def test_links_to_folders_are_followed_and_loops_are_not(workshop):
    workshop.corpus({"North": 2, "South": 1}, seconds=0.6)
    (workshop.folder / "far").mkdir()
    (workshop.folder / "audio" / "south_0.wav").rename(workshop.folder / "far" / "south_0.wav")
    (workshop.folder / "audio" / "linked").symlink_to(workshop.folder / "far")
    (workshop.folder / "far" / "round").symlink_to(workshop.folder / "audio")
    found = walked(workshop.folder / "audio", lambda name: name.endswith(".wav")).files
    names = [path.relative_to(workshop.folder / "audio").as_posix() for path in found]
    assert names == ["linked/south_0.wav", "north_0.wav", "north_1.wav"]
    spec = CorpusSpec(path="audio", layout="folder", pattern="linked/{id}.wav")
    assert read_corpus(spec, workshop.folder).frame["id"].to_list() == ["south_0"]


def test_two_links_to_one_folder_are_two_folders(workshop):
    """Two accents that share their recordings are told as twins later, and not lost here."""
    workshop.corpus({"North": 1}, seconds=0.6)
    for name in ("gb", "us"):
        (workshop.folder / "both" / name).parent.mkdir(exist_ok=True)
        (workshop.folder / "both" / name).symlink_to(workshop.folder / "audio")
    frame = read_corpus(CorpusSpec(path="both", layout="folder", pattern="{accent}/*.wav"), workshop.folder).frame
    assert frame["label:accent"].to_list() == ["gb", "us"]


@pytest.mark.parametrize("cut", [0, 100, 511, 512, 700])
def test_a_tar_that_ends_between_its_files_is_told(tmp_path, cut):
    first, second = (encode(sound(seed), RATE, "wav") for seed in (1, 2))
    data = tar_bytes([("a.wav", first), ("a.txt", b"one"), ("b.wav", second), ("b.txt", b"two")])
    end = data.index(b"b.wav\0")
    (tmp_path / "s.tar").write_bytes(data[: end + cut])
    with pytest.raises(CorpusError, match=r"cannot be read as an archive: .*(cut off|end of data)"):
        read_corpus(CorpusSpec(path="s.tar"), tmp_path)
    (tmp_path / "s.tar").write_bytes(data)
    assert read_corpus(CorpusSpec(path="s.tar"), tmp_path).frame["text"].to_list() == ["one", "two"]
