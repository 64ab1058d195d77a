"""No file of anybody else is read, written, renamed or removed through a link below a test set's folder."""

import json
import os
import pickle
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import augment
from augment.design.plan import Plan
from augment.errors import AcoustigridError, TestSetError
from augment.files.sealed import SealedFolder
from augment.files.store import Kind, is_below
from conftest import Workshop, command, tree
from watching import Watching

FORMATS = ["csv", "audiofolder"]
LINKED = "this is a link; expected a f"

TRACE = """
import json, os, sys
folder, recipe, fewer, told = sys.argv[1:]
paths, by_path, busy, watched = set(), set(), [], []

def look(event, args):
    "All that exists whenever a name comes or goes, in the numbers of our parent, and all that is reached by its path."
    if busy or not watched or not event.startswith(("open", "os.", "shutil.")):
        return
    busy.append(event)
    for place in (a for a in args[:2] if isinstance(a, str)):
        below = os.path.relpath(os.path.abspath(place), folder)
        if os.path.dirname(place) and not below.startswith(".") or below.startswith(".acoustigrid"):
            by_path.add(f"{event} {below}")
    if event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir"):
        for top, folders, files in os.walk(folder):
            found = (os.path.relpath(os.path.join(top, name), folder) for name in folders + files)
            paths.update(name.replace(f".{os.getpid()}.drawn.tmp", f".{os.getppid()}.drawn.tmp") for name in found)
    busy.pop()

sys.addaudithook(look)
import augment, augment.files.sealed as sealed, augment.testset.portions as work
sealed.OWN = "drawn"
from augment.export import exporters
exporters()
work.LARGEST = 1
plans = [augment.plan(recipe), augment.plan(fewer)]
watched.append(True)
augment.build(plans[0], folder, formats=FORMATS)
augment.build(plans[1], folder, replace=True)
for _ in range(2):
    augment.write_formats(folder, FORMATS)
augment.build(plans[0], folder, replace=True, formats=FORMATS)
watched.clear()
with open(told, "w") as file:
    json.dump([sorted(paths), sorted(by_path)], file)
""".replace("FORMATS", repr(FORMATS))


@pytest.fixture(autouse=True)
def known_names(monkeypatch):
    """Of temporary files: nobody could plant anything at a name that is drawn."""
    monkeypatch.setattr("augment.files.sealed.OWN", "drawn")


class Traced(NamedTuple):
    """A finished test set, two plans for it, and what was touched while it was built, changed and exported."""

    folder: Path
    plan: Plan
    fewer: Plan
    paths: list[str]
    by_path: list[str]


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    shop = Workshop(tmp_path_factory.mktemp("traced"))
    shop.corpus({"North": 2, "South": 2}, seconds=0.6)
    recipe = shop.recipe()
    fewer = shop.recipe(name="fewer.yaml", balance="{by: [accent], utterances: 1}")
    arguments = [shop.folder / "set", recipe, fewer, shop.folder / "told.json"]
    subprocess.run([sys.executable, "-c", TRACE, *map(str, arguments)], check=True, env={**os.environ})
    paths, by_path = json.loads(arguments[3].read_text())
    return Traced(arguments[0], augment.plan(recipe), augment.plan(fewer), paths, by_path)


def everything(folder):
    """Every name below a folder, with what it is: bytes, the place that a link leads to, or neither."""

    def of(path):
        return path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None

    return {path.relative_to(folder).as_posix(): of(path) for path in folder.rglob("*")}


class Planted:
    """A link at one place of a test set; what was there is where the link leads to."""

    def __init__(self, place: Path, name: str) -> None:
        self.folder, self.outside, self.name = place / "set", place / "outside", name
        self.outside.mkdir(parents=True)
        self.before: dict[str, object] = {}

    def of(self, whole: Path) -> "Planted":
        """In a copy of a set."""
        shutil.copytree(whole, self.folder)
        self.plant()
        return self

    def plant(self) -> None:
        link, target = self.folder / self.name, self.outside / "target"
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            (link.write_text("mine") if link.suffix else link.mkdir())
        if link.is_dir():
            (link / "thesis.txt").write_text("mine")
        link.rename(target)
        while not link.is_symlink():  # a worker may have made it again
            with suppress(FileExistsError):
                link.symlink_to(target)
                break
            shutil.rmtree(link, ignore_errors=True)
        self.before = everything(self.outside)

    def is_untouched(self) -> bool:
        return everything(self.outside) == self.before and (self.folder / self.name).is_symlink()


def test_the_trace_sees_the_places_that_are_known(traced):
    state = (".gitignore", "name", "lock", "where.json", "parts", "temp", "export-csv", "export-csv-before")
    known = {"audio", "audio/quiet", "csv", "csv/manifest.csv", "exports.json", "testset.json", "manifest.jsonl"}
    known |= {f".acoustigrid/{name}" for name in state}
    assert known <= set(traced.paths)
    assert len([name for name in traced.paths if name.startswith("audio/hum/")]) == 4
    assert any(name.startswith(".acoustigrid/temp/") and name.endswith("/000000") for name in traced.paths)


def test_nothing_below_the_folder_is_reached_by_its_path(traced):
    assert traced.by_path == []


def test_a_link_at_any_place_that_is_touched_is_refused_by_name(traced, tmp_path):
    """All verbs at all places: what the links lead to stays as it is, and so does the set."""
    verbs = {
        "build": lambda folder: augment.build(traced.plan, folder),
        "build --replace": lambda folder: augment.build(traced.fewer, folder, replace=True, formats=FORMATS),
        "export": lambda folder: augment.write_formats(folder, FORMATS),
    }
    for number, name in enumerate(traced.paths):
        planted = Planted(tmp_path / str(number), name).of(traced.folder)
        whole = everything(planted.folder)
        for verb, run in verbs.items():
            with pytest.raises(TestSetError, match=LINKED) as caught:
                run(planted.folder)
            assert any(fault.where == str(planted.folder / name) for fault in caught.value.faults), (verb, name)
            assert planted.is_untouched(), (verb, name)
            assert everything(planted.folder) == whole, (verb, name)
        try:
            told = augment.verify(planted.folder, sample=2).deviations
        except TestSetError as error:
            told = error.faults
        assert any(name in fault.where and "link" in fault.message for fault in told), name
        assert planted.is_untouched()
        shutil.rmtree(planted.folder)


def of_exports(name):
    return name.startswith((".acoustigrid/export-", *FORMATS))


def raised_by(verb):
    try:
        verb()
    except TestSetError as error:
        return str(error)
    return ""


def planted_after_two(traced, planted, **how):
    """A build in which the link is planted when two of its four shards are done; what it raises, if anything."""

    def tell(step):
        if step.name == "rendering" and len(step.told) == 2:
            planted.plant()

    return raised_by(lambda: augment.build(traced.plan, planted.folder, progress=Watching(tell), **how))


def test_a_link_that_is_planted_while_a_build_runs_is_not_followed(traced, tmp_path, monkeypatch):
    """Every place again. What comes after it fails by name, or had no business there any more."""
    monkeypatch.setattr("augment.testset.portions.LARGEST", 1)
    refused = set()
    for number, name in enumerate(name for name in traced.paths if not of_exports(name)):
        planted = Planted(tmp_path / str(number), name)
        told = planted_after_two(traced, planted)
        assert everything(planted.outside) == planted.before, name
        assert told == "" or LINKED in told, name
        refused |= {name} if told else set()
    late = {"audio", "audio/quiet", "audio/hum", ".acoustigrid", ".acoustigrid/parts", ".acoustigrid/temp"}
    late |= {"manifest.jsonl", "testset.json", "datasheet.html"}
    late |= {f".acoustigrid/temp/.testset.json.{os.getpid()}.drawn.tmp"}
    assert late | {name for name in traced.paths if name.startswith("audio/")} <= refused


def test_a_link_that_is_planted_while_an_export_runs_is_not_followed(traced, tmp_path):
    """When the first of two formats is written."""
    refused = set()
    for number, name in enumerate(filter(of_exports, traced.paths)):
        planted = Planted(tmp_path / str(number), name)
        shutil.copytree(traced.folder, planted.folder)

        def tell(step, planted=planted):
            if step.ended and step.name == f"exporting to {FORMATS[0]}":
                planted.plant()

        told = raised_by(
            lambda planted=planted, tell=tell: augment.write_formats(planted.folder, FORMATS, Watching(tell))
        )
        assert told == "" or any(said in told for said in ("is a link", "in the way", "no part of the export")), name
        refused |= {name} if told else set()
        assert everything(planted.outside) == planted.before, name
    assert {"audiofolder", "audiofolder/data/hum", "audiofolder/metadata.jsonl"} <= refused


@pytest.mark.parametrize("name", ["audio", "audio/hum", ".acoustigrid/temp", ".acoustigrid/parts"])
def test_workers_follow_no_link_either(traced, tmp_path, monkeypatch, name):
    """Two of them, who work on while it is planted: a file that one has open may still arrive where it was.

    Or nothing is at that place for the moment between two calls of the system, in which the folder gives way to the
    link; then the build that is started again meets the link.
    """
    monkeypatch.setattr("augment.testset.portions.LARGEST", 1)
    planted = Planted(tmp_path, name)
    told = planted_after_two(traced, planted, workers=2)
    assert LINKED in told or "removed or renamed while it was written" in told
    assert LINKED in raised_by(lambda: augment.build(traced.plan, planted.folder, workers=2))
    assert (planted.folder / name).is_symlink()
    assert not (planted.folder / "testset.json").exists()


def test_a_folder_that_is_removed_while_a_build_runs_is_told(traced, tmp_path, monkeypatch):
    monkeypatch.setattr("augment.testset.portions.LARGEST", 1)
    folder = tmp_path / "set"

    def tell(step):
        if step.name == "rendering" and len(step.told) == 2:
            shutil.rmtree(folder)

    told = raised_by(lambda: augment.build(traced.plan, folder, progress=Watching(tell)))
    assert told == (
        f"{folder}: something in it was removed or renamed while it was written"
        " - let no other program change it, then run the same command again"
    )


@pytest.mark.parametrize("name", ["audio", "audio/hum"])
def test_replace_leaves_the_files_of_a_linked_folder_alone(traced, tmp_path, name):
    """As a user does it: the folder behind the link holds their own files, and the recipe wants fewer than the set."""
    planted = Planted(tmp_path, name).of(traced.folder)
    recipe = traced.folder.parent / "fewer.yaml"
    told = command("build", recipe, "--out", planted.folder, "--replace", code=2).stderr
    assert f"error: {planted.folder / name}: {LINKED}" in told
    assert planted.is_untouched()


def test_all_that_is_no_file_is_told_at_once_and_nothing_waits_for_a_pipe(traced, tmp_path):
    folder = tmp_path / "set"
    shutil.copytree(traced.folder, folder)
    strange = {
        ".acoustigrid/lock": "a pipe", ".acoustigrid/name": "a folder", "audio/hum/extra": "a link",
        "audio/quiet/pipe": "a pipe", "audiofolder/data": "a pipe", "datasheet.md": "a folder", "csv": "a pipe",
    }  # fmt: skip
    for name, kind in strange.items():
        with suppress(FileNotFoundError):
            shutil.rmtree(folder / name) if (folder / name).is_dir() else (folder / name).unlink()
        make = {"a pipe": os.mkfifo, "a folder": Path.mkdir, "a link": lambda place: place.symlink_to(tmp_path)}
        make[kind](folder / name)
    for verb in (
        lambda: augment.build(traced.plan, folder, replace=True),
        lambda: augment.write_formats(folder, ["nemo"]),
        lambda: (_ for _ in ()).throw(TestSetError(augment.verify(folder).deviations)),
    ):
        with pytest.raises(TestSetError) as caught:
            verb()
        found = {fault.where.removeprefix(f"{folder}/"): fault.message for fault in caught.value.faults}
        assert set(found) == set(strange)
        assert all(found[name].startswith(f"this is {kind}") for name, kind in strange.items())


def test_the_folder_itself_may_be_named_through_a_link(traced, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "set").symlink_to(tmp_path / "disk")
    augment.build(traced.plan, tmp_path / "set", workers=2, formats=["csv"])
    assert augment.verify(tmp_path / "set").sound
    built, reference = tree(tmp_path / "disk"), tree(traced.folder)
    assert {name: built[name] for name in built if name.startswith("audio/")} == {
        name: reference[name] for name in reference if name.startswith("audio/")
    }


def test_another_folder_in_the_place_of_an_open_one_is_refused(tmp_path):
    (tmp_path / "set").mkdir()
    with SealedFolder(tmp_path / "set", "temp") as folder:
        travelling = pickle.dumps(folder)
    with pickle.loads(travelling) as again:
        again.replace("a", b"a")
    (tmp_path / "set").rename(tmp_path / "other")
    (tmp_path / "set").mkdir()
    with pytest.raises(TestSetError, match="another folder stands here than before"):
        pickle.loads(travelling)


def test_files_with_another_name_elsewhere_are_not_written_in_place(traced, tmp_path):
    """A snapshot of hard links (``cp -al``) keeps what it has through builds, a change and exports."""
    folder, snapshot = tmp_path / "set", tmp_path / "snapshot"
    augment.build(traced.plan, folder, formats=FORMATS)
    leftover = folder / ".acoustigrid" / "temp" / f".manifest.jsonl.{os.getpid()}.drawn.tmp"
    leftover.parent.mkdir(exist_ok=True)
    leftover.write_text("left by a process of this number")
    shutil.copytree(folder, snapshot, copy_function=os.link)
    before = everything(snapshot)
    augment.build(traced.fewer, folder, replace=True, formats=FORMATS)
    augment.build(traced.plan, folder, replace=True)
    augment.write_formats(folder, FORMATS)
    assert everything(snapshot) == before
    assert augment.verify(folder, sample=8).sound


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "audio/../../outside", "audio", "", ".hidden"])
def test_lists_of_a_set_name_no_file_elsewhere(traced, tmp_path, name):
    folder = tmp_path / "set"
    shutil.copytree(traced.folder, folder)
    (tmp_path / "outside").write_text("mine")
    if name != "audio":  # for `checksums`, that is a name like any other
        text = json.loads((folder / "testset.json").read_text())
        text["checksums"][name] = "0"
        (folder / "testset.json").write_text(json.dumps(text))
        for verb in (augment.verify, lambda f: augment.build(traced.fewer, f, replace=True)):
            with pytest.raises(TestSetError, match=r"testset\.json: is damaged: 'checksums' names"):
                verb(folder)
        shutil.copy(traced.folder / "testset.json", folder / "testset.json")
    listed = json.loads((folder / "exports.json").read_text())
    for damaged in ({**listed, name: listed["csv"]}, {"csv": {**listed["csv"], "files": {f"{name}/..": "0"}}}):
        (folder / "exports.json").write_text(json.dumps(damaged))
        assert "exports.json: is damaged" in "\n".join(map(str, augment.verify(folder, sample=0).deviations))
        with pytest.raises(TestSetError, match=r"exports\.json: is damaged"):
            augment.build(traced.fewer, folder, replace=True)
    assert (tmp_path / "outside").read_text() == "mine"


def test_audio_is_counted_on_the_disk_before_a_set_is_called_finished(traced, tmp_path, monkeypatch):
    monkeypatch.setattr("augment.testset.portions.LARGEST", 1)
    folder, seen = tmp_path / "set", []

    def tell(step):
        made = sorted((folder / "audio").rglob("*.flac"))
        if made and not seen:
            seen.append(made[0])
            made[0].unlink()
            made[0].with_name("stranger.flac").write_bytes(b"mine")
            (folder / "audio" / ".DS_Store").write_bytes(b"of the system")

    with pytest.raises(TestSetError) as caught:
        augment.build(traced.plan, folder, progress=Watching(tell))
    assert [(fault.where, fault.message) for fault in caught.value.faults] == [
        (str(seen[0]), "the file was made, and is not there"),
        (str(seen[0].with_name("stranger.flac")), "the file was not made by this build"),
        (str(folder), "8 audio files are on the disk where 8 were planned and did not fail"),
    ]
    assert not (folder / "testset.json").exists()
    seen[0].with_name("stranger.flac").unlink()
    assert augment.build(traced.plan, folder).reused == 7
    assert (folder / "audio" / ".DS_Store").read_bytes() == b"of the system"


def test_an_item_that_fails_leaves_no_former_file(traced, tmp_path):
    """Its old file would be on the disk and in no manifest."""
    shop = tmp_path / "shop"
    shutil.copytree(traced.folder.parent, shop)
    text = (shop / "recipe.yaml").read_text()
    (shop / "recipe.yaml").write_text(text.replace("snr_db: 10", "snr_db: 11"))
    plan = augment.plan(shop / "recipe.yaml")
    victim = shop / plan.items["source_audio"][0]
    victim.write_bytes(victim.read_bytes() + b"\0\0")
    result = augment.build(plan, shop / "set", replace=True)
    assert (result.made, len(result.failures)) == (7, 1)
    assert len(list((shop / "set" / "audio").rglob("*.flac"))) == 7


@pytest.mark.parametrize("is_file", [True, False], ids=["file", "nothing"])
def test_a_file_that_the_user_names_is_no_link(stocked, monkeypatch, is_file):
    """What ``--out`` names is written there, or not at all."""
    monkeypatch.chdir(stocked.folder)
    plan = augment.plan("recipe.yaml")
    verbs = {
        "plan.parquet": lambda out: augment.api.write_plan(plan, out),
        "audit.json": lambda out: augment.api.write_audit(augment.audit("recipe.yaml", sample=0), out),
        "hum.wav": lambda out: augment.api.render_profile("mains_hum_50", out, seconds=0.5),
        "all.jsonl": lambda out: augment.import_corpus("jsonl", "corpus.jsonl", out, replace=True),
    }
    for name, write in verbs.items():
        target = stocked.folder / f"mine_{name}"
        if is_file:
            target.write_text("mine")
        Path(name).symlink_to(target)
        with pytest.raises(AcoustigridError, match=f"{name}: this is a link; expected a file"):
            write(name)
        assert (target.read_text() if is_file else target.exists()) == ("mine" if is_file else False)
        assert Path(name).is_symlink()
    Path("mine.yaml").symlink_to(stocked.folder / "theirs.yaml")
    assert "mine.yaml: " in command("copy", "demo", "--corpus", "corpus.jsonl", "--out", "mine.yaml", code=2).stderr
    assert not (stocked.folder / "theirs.yaml").exists()


def test_a_link_at_a_temporary_name_is_not_written_through(tmp_path):
    (tmp_path / "outside").write_text("mine")
    (tmp_path / f".a.{os.getpid()}.drawn.tmp").symlink_to("outside")
    with SealedFolder(tmp_path) as folder, pytest.raises(TestSetError, match=r"\.tmp: this is a link"):
        folder.replace("a", b"ours")
    assert (tmp_path / "outside").read_text() == "mine"


parts = st.sampled_from(["a", "b", "..", ".", "", "...", "a..", ".b", "\0"])


@given(st.lists(parts, max_size=4).map("/".join))
def test_paths_that_are_below_are_those_that_normalise_to_themselves(name):
    inside = os.path.normpath(name) == name and not name.startswith("/") and "\0" not in name
    assert is_below(name) == (inside and name != "." and name.split("/")[0] != "..")


def test_every_way_in_refuses_a_link(tmp_path):
    """Each operation at a link, and behind one."""
    (tmp_path / "outside" / "deep").mkdir(parents=True)
    (tmp_path / "outside" / "file").write_text("mine")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "folder").symlink_to(tmp_path / "outside")
    (tmp_path / "in" / "file").symlink_to(tmp_path / "outside" / "file")
    before = everything(tmp_path)
    with SealedFolder(tmp_path / "in") as folder:
        (tmp_path / "in" / "own").write_text("own")
        ways = [
            folder.read, folder.sha256, folder.unlink, folder.make_folder, folder.sync_folder, folder.sync_files,
            lambda name: folder.write(name, b"x"), lambda name: folder.replace(name, b"x"),
            lambda name: folder.rename("own", name), lambda name: folder.rename(name, "new"),
            lambda name: list(folder.below(name)), lambda name: folder.locked(name).__enter__(),
        ]  # fmt: skip
        for way in ways:
            for name in ("file", "folder", "folder/file", "folder/deep", "folder/new", "folder/deep/new"):
                with pytest.raises(TestSetError, match="this is a link"):
                    way(name)
        for name in ("folder", "file", "folder/deep"):
            with suppress(TestSetError):
                folder.remove_folder(name)
                folder.remove_empty_folders(name)
        (tmp_path / "in" / "own").unlink()
        assert folder.kind("folder") is folder.kind("file") is Kind.LINK
    assert everything(tmp_path) == before
