"""Workers that hang, and everything that tells a build to end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import augment
from augment.api.building import render_shards
from augment.execute import MOST_TRIES, Lost, processes, serial
from augment.files.sealed import SealedFolder
from augment.interrupts import stoppable, uninterrupted
from augment.testset.portions import Work, job_of, shards
from augment.testset.shard import ShardWriter
from conftest import command, ran, tree
from sleeping import Sleeps

WATCHDOG_S = 100
"""Ends a test that would never end; none of them takes a tenth of it."""


@pytest.fixture(autouse=True)
def watchdog():
    """What hangs after all fails."""

    def end(number, frame):
        raise TimeoutError("the watchdog ended it")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(WATCHDOG_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def test_a_worker_that_hangs_is_stopped_and_its_task_tried_again(tmp_path):
    found = ran(Sleeps(tmp_path), ["a", "once", "b", "ever", "c"], 2, lambda task: 5.0)
    assert sorted(one for one in found if isinstance(one, str)) == ["a", "b", "c", "once"]
    assert [one for one in found if isinstance(one, Lost)] == [Lost("ever", MOST_TRIES, 5.0)]


def test_a_worker_that_never_listens_is_stopped_too(tmp_path):
    """Its job and task are larger than a pipe holds, and it is held from the first moment on."""
    start = processes._Pool.start

    def held(pool):
        worker = start(pool)
        os.kill(worker.process.pid, signal.SIGSTOP)
        return worker

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes._Pool, "start", held)
        (lost,) = ran(len, [bytes(10_000_000)], 1, lambda task: 1.0)
    assert (lost.tries, lost.limit_s) == (MOST_TRIES, 1.0)


def test_time_in_which_nobody_looked_is_not_a_worker_s():
    """A machine that slept, or a caller that takes long between two results."""
    found = []
    with processes.opened(2) as way:
        for result in way.run(time.sleep, [0.01, 1.5, 0.01, 0.01], lambda task: 4.0):
            time.sleep(2.5)
            found.append(result)
    assert found == [None] * 4


def test_what_hangs_is_told_as_what_died_is(stocked):
    planned = augment.plan(stocked.folder / "recipe.yaml")
    job = ShardWriter(SealedFolder.made(stocked.folder / "set"), job_of(planned.loaded, planned.conditions))
    work = list(shards(Work.of(planned)))
    audio_s = sum(planned.items["samples"]) / 16000
    assert sum(map(job.limit_s, work)) == pytest.approx(600 * len(work) + 10 * audio_s)
    asked = []

    class Hangs:
        workers = 2

        def run(self, job, tasks, limit_s):
            asked.extend(map(limit_s, tasks))
            return (Lost(task, 3, limit_s(task)) for task in tasks)

    failures = [failure for done in render_shards(Hangs(), job, work) for failure in done.failures]
    assert len(failures) == planned.items.height
    assert all("hung" in failure["reason"] for failure in failures)
    assert len(asked) == len(work) + len({f["utterance"] for f in failures})


def sleepy() -> None:
    time.sleep(1.0)


def damaged() -> None:
    raise ImportError("not installed")


@pytest.mark.parametrize("prepare", [sleepy, damaged])
def test_workers_prepare_at_once_and_then_work(prepare):
    """What fails there is left to the task that needs it."""
    with processes.opened(2, prepare) as way:
        assert len(way._pool.workers) == 2
        assert sorted(way.run(abs, [-1, 2, -3])) == [1, 2, 3]
        assert len(way._pool.workers) == 2


def test_workers_that_still_prepare_end_with_the_others():
    with processes.opened(2, sleepy) as way:
        running = [worker.process for worker in way._pool.workers]
    assert all(process.poll() is not None for process in running)


def test_one_after_the_other_has_no_limit():
    with serial.opened() as way:
        assert list(way.run(abs, [-1], lambda task: 0.0)) == [1]


BUILD = """
import sys, augment.testset.portions as work, augment.testset.shard as shard
work.SMALLEST = work.LARGEST = 8
from augment.cli import main
sys.argv = ["acoustigrid", "build", "recipe.yaml", "--out", "set", "--workers", "2"]
main()
"""


def children(pid):
    found = subprocess.run(["ps", "-o", "pid=,stat=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    lines = (line.split() for line in found.stdout.splitlines())
    return {int(child) for child, state in lines if not state.startswith("Z")}


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def reference(finished):
    return tree(finished)


def begun(folder, **options):
    """A build in a group of its own, as a terminal starts it, that has committed its first part; and its workers."""
    build = subprocess.Popen(
        [sys.executable, "-c", BUILD], cwd=folder, stderr=subprocess.PIPE, text=True, start_new_session=True, **options
    )
    while not list((folder / "set" / ".acoustigrid" / "parts").glob("*.jsonl")):
        assert build.poll() is None
        time.sleep(0.01)
    return build, children(build.pid)


@pytest.mark.parametrize(
    ("name", "code", "times"), [("SIGHUP", 129, 1), ("SIGTERM", 143, 1), ("SIGINT", 130, 1), ("SIGINT", 130, 3)]
)
def test_a_build_that_is_told_to_end_ends_clean_and_goes_on(stocked, reference, name, code, times):
    build, workers = begun(stocked.folder)
    for _ in range(times):
        os.killpg(build.pid, getattr(signal, name))
    said = build.communicate(timeout=WATCHDOG_S)[1]
    assert build.returncode == code
    assert said.startswith("stopped: ")
    assert said.count("\n") == 1
    deadline = time.monotonic() + 20
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, workers))
    assert not (stocked.folder / "set" / "testset.json").exists()
    result = augment.build(stocked.folder / "recipe.yaml", stocked.folder / "set")
    assert 0 < result.reused < result.made
    assert tree(stocked.folder / "set") == reference


@pytest.mark.parametrize("verb", ["plan", "build"])
def test_a_command_that_is_stopped_while_it_looks_says_so_in_a_line(stocked, monkeypatch, verb):
    """Whether it catches the interrupt, as ``build`` does, or leaves that to its framework."""

    def interrupted(*ignored):
        raise KeyboardInterrupt

    monkeypatch.setattr("augment.api.planning.usable", interrupted)
    out = ("--out", "set") if verb == "build" else ()
    said = command(verb, "recipe.yaml", *out, cwd=stocked.folder, code=130).stderr
    assert said.startswith("stopped")
    assert said.count("\n") == 1
    assert not (stocked.folder / "set").exists()


def test_what_is_started_with_nohup_goes_on(stocked, reference):
    build, _ = begun(stocked.folder, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    os.killpg(build.pid, signal.SIGHUP)
    build.communicate(timeout=WATCHDOG_S)
    assert build.returncode == 0
    assert tree(stocked.folder / "set") == reference


def _tidy(number, done):
    with uninterrupted():
        signal.raise_signal(number)
        signal.raise_signal(number)
        done.append("all of it")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_tidying_up_is_whole(number):
    done = []
    with stoppable() as stop:
        with pytest.raises(KeyboardInterrupt):
            _tidy(number, done)
        assert stop.number == number
    assert done == ["all of it"]
    assert signal.getsignal(number) == signal.SIG_DFL
    signal.signal(signal.SIGINT, signal.default_int_handler)
