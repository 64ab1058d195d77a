"""What other machines see, and what the command line says of ways to run; nodes of Ray are in ``test_ray.py``."""

import dataclasses
import pickle
import platform
import sys
from types import SimpleNamespace

import pytest

import augment
from augment.corpus.measuring import Measurements
from augment.errors import AcoustigridError, AudioError, CorpusError, TestSetError
from augment.execute import opened_way
from augment.execute.ray.joining import joined
from augment.execute.ray.nodes import differences
from augment.execute.serial import Serial
from augment.files.sealed import SealedFolder
from augment.files.which import Which
from augment.packages import everything_here
from conftest import command


class Elsewhere(Serial):
    """Another machine, which has moved some folders away."""

    def __init__(self, hidden, only_after=0):
        self.hidden, self.only_after, self.asked = hidden, only_after, 0

    def everywhere(self, job):
        self.asked += 1
        away = self.hidden.with_name("away")
        if self.asked <= self.only_after:
            return [("node b", job())]
        self.hidden.rename(away)
        try:
            return [("node a", ()), ("node b", job())]
        finally:
            away.rename(self.hidden)


@pytest.mark.parametrize(("hidden", "asked"), [("audio", 0), ("noise", 1)])
def test_a_machine_without_the_corpus_or_the_noise_is_refused(stocked, hidden, asked):
    """The corpus before any of it is measured; noise, which a plan measures here, before anything is rendered."""
    there = Elsewhere(stocked.folder / hidden, asked)
    with pytest.raises(AcoustigridError, match=rf"^node b: does not see, as this machine does: .*/{hidden}/") as told:
        augment.build(stocked.folder / "recipe.yaml", stocked.folder / "out", there, cache=False)
    assert len(told.value.faults) == 1
    assert not list((stocked.folder / "out").rglob("audio/*/*"))


def test_a_machine_with_another_folder_of_the_same_name_is_refused(stocked, finished):
    there = Elsewhere(stocked.folder / "out", 1)
    with pytest.raises(AcoustigridError, match=r"^node b: .*: \S+/out/.acoustigrid/token - all machines need the same"):
        augment.build(stocked.folder / "recipe.yaml", stocked.folder / "out", there, cache=False)
    assert not (stocked.folder / "out" / ".acoustigrid" / "token").exists()
    with pytest.raises(AcoustigridError, match=r"^node b: .*/finished/testset.json"):
        augment.verify(finished, workers=Elsewhere(finished))


def test_a_machine_that_sees_all_of_it_is_not(stocked, finished):
    there = Elsewhere(stocked.folder / "nothing", only_after=9)
    assert augment.build(stocked.folder / "recipe.yaml", stocked.folder / "out", there, cache=False).failures == ()
    assert there.asked == 2


def test_what_only_another_machine_cannot_read_stops_the_plan(stocked):
    class Deaf(Elsewhere):
        def run(self, job, tasks, limit_s=None):
            for task in tasks:
                yield Measurements(dict.fromkeys(task.places, AudioError("no decoder for this")))

    recipe = stocked.folder / "recipe.yaml"
    with pytest.raises(AcoustigridError, match="this machine reads it, another does not: no decoder for this"):
        augment.plan(recipe, workers=Deaf(stocked.folder, 9), cache=False)
    for path in (stocked.folder / "audio").iterdir():
        path.write_bytes(b"nobody reads this")
    with pytest.raises((CorpusError, AcoustigridError)) as told:
        augment.plan(recipe, workers=Deaf(stocked.folder, 9), cache=False)
    assert "another does not" not in str(told.value)


def sent(folder: SealedFolder, **other: object) -> SealedFolder:
    """A folder as another process gets it, where something about it is otherwise."""
    kind, (path, scratch, which) = folder.__reduce__()
    same = pickle.loads(pickle.dumps(which))
    return kind(path, scratch, dataclasses.replace(same, **other))


def test_a_folder_that_is_sent_is_the_same_or_refused(tmp_path):
    """By device and inode on one machine; another gives a network file system another number, but no other inode."""
    with SealedFolder(tmp_path) as folder:
        device, inode = tmp_path.stat().st_dev, tmp_path.stat().st_ino
        assert pickle.loads(pickle.dumps(folder))._which == folder._which == Which(device, inode, folder._which.boot)
        sent(folder, device=device + 1, boot="another machine").close()
        for other in ({"device": device + 1}, {"inode": inode + 1}):
            with pytest.raises(TestSetError, match="another folder stands here than before"):
                sent(folder, **other)
        with pytest.raises(TestSetError, match="this machine sees another folder here"):
            sent(folder, inode=inode + 1, boot="another machine")


@pytest.mark.parametrize("verb", ["plan", "build", "verify"])
def test_an_address_is_for_those_who_reach_other_machines(verb, stocked):
    what = [str(stocked.folder / "recipe.yaml"), *(["--out", str(stocked.folder / "o")] if verb == "build" else [])]
    for how in ([], ["--executor", "processes"], ["--workers", "2"]):
        said = command(verb, *what, *how, "--address", "auto", code=2).stderr
        assert said == "error: address: this executor works on this machine only - --executor ray\n"
    assert "there is no executor 'rya'" in command(verb, *what, "--executor", "rya", code=2).stderr


def test_without_the_extra_ray_is_refused(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        AcoustigridError, match=r"extra 'ray', which is not installed - pip install 'acoustigrid\[ray\]'"
    ):
        opened_way("ray", 2).__enter__()


def test_ray_is_not_started_where_it_would_let_everybody_in(monkeypatch):
    """Whoever has imported it before us has settled whether it asks for a token."""
    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_worker_niceness", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"):
        monkeypatch.setenv(name, "0")
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: False))
    with pytest.raises(AcoustigridError, match="Ray was imported before, and would let everybody in"), joined(1, None):
        pytest.fail("it was started")


def test_machines_of_other_processors_are_told_apart(monkeypatch):
    here = everything_here()
    monkeypatch.setattr(platform, "machine", lambda: "other")
    (fault,) = differences("node b", everything_here(), here)
    assert f"processor other there, {here['processor']} here" in fault.message
