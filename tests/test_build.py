"""Promises 2 and 3: the same item is the same bytes, and nothing is silent."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

import augment
from augment.acoustics.pcm import duration_s
from augment.columns import ROW
from augment.errors import AcoustigridError, CorpusError, TestSetError
from augment.execute import MOST_TRIES, Lost
from conftest import RATE, ran, tree
from watching import Watching

RECIPE = "recipe.yaml"


@pytest.fixture
def reference(finished):
    """The stocked test set, built with one worker."""
    return tree(finished)


def rows_of(folder):
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def test_rows_are_complete_and_alike(stocked):
    result = augment.build(stocked.folder / RECIPE, stocked.folder / "set")
    rows = rows_of(result.folder)
    assert result.made == len(rows) == 2 * 4 * 8
    assert len({tuple(row) for row in rows}) == 1
    cells = Counter((row["accent"], row["condition"]) for row in rows)
    assert set(cells.values()) == {4}
    assert len(cells) == 16
    for row in rows:
        samples, rate = soundfile.read(result.folder / row["audio_filepath"], dtype="int16")
        assert (rate, len(samples), duration_s(len(samples), rate)) == (
            row["sample_rate"],
            row["samples"],
            row["duration"],
        )
        assert row["text"].startswith("sentence")
        assert (row["noise"], row["device"]) == tuple(row["condition"].split("__"))
    assert (result.folder / "manifest.csv").read_text().splitlines()[0] == ",".join(rows[0])
    assert not (result.folder / "failures.jsonl").exists()
    assert "street_20db__handset" in (result.folder / "coverage.txt").read_text()


def test_reserved_columns_are_those_of_the_manifest(finished):
    columns = set(rows_of(finished)[0])
    assert {column.name for column in ROW} <= columns
    own = {"accent", "noise", "device"}
    assert all(name.startswith("noise_") for name in columns - {column.name for column in ROW} - own)


def test_workers_do_not_matter(stocked, reference):
    augment.build(stocked.folder / RECIPE, stocked.folder / "many", workers=3)
    assert tree(stocked.folder / "many") == reference


def test_order_place_and_locale_do_not_matter(copied, reference):
    path = copied.folder / "corpus.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    random.Random(1).shuffle(lines)
    path.write_text("".join(lines))
    code = f"import augment; augment.build({str(copied.folder / RECIPE)!r}, 'set')"
    environment = {**os.environ, "PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    subprocess.run([sys.executable, "-c", code], cwd=copied.folder, env=environment, check=True)
    assert tree(copied.folder / "set") == reference


def test_killed_and_resumed(stocked, reference, monkeypatch):
    """Killed without warning while files are being written; what was committed is kept, the rest is made."""
    monkeypatch.setattr("augment.testset.portions.LARGEST", 8)
    folder = stocked.folder / "killed"
    code = (
        "import augment, augment.testset.portions as work, os, signal; work.SMALLEST = work.LARGEST = 8\n"
        "from watching import Watching\n"
        "def tell(step):\n"
        "    if (step.name, len(step.told)) == ('rendering', 3): os.kill(os.getpid(), signal.SIGKILL)\n"
        f"augment.build({str(stocked.folder / RECIPE)!r}, {str(folder)!r}, workers=2, progress=Watching(tell))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parent)
    assert done.returncode == -signal.SIGKILL
    assert not (folder / "manifest.jsonl").exists()
    with pytest.raises(TestSetError, match="a build was stopped here: the same `build` command goes on with it"):
        augment.open(folder)
    result = augment.build(stocked.folder / RECIPE, folder, workers=2)
    assert 0 < result.reused < result.made
    assert tree(folder) == reference


def test_workers_die_with_their_parent_in_the_middle_of_a_task(tmp_path):
    """The parent writes down its workers, gives them tasks that last, and kills itself without warning."""
    code = (
        "import augment.execute.processes as processes, os, signal, threading, time\n"
        "start = processes._Pool.start\n"
        "def noted(pool):\n"
        "    worker = start(pool)\n"
        f"    with open({str(tmp_path / 'pids')!r}, 'a') as file: print(worker.process.pid, file=file)\n"
        f"    if len(open({str(tmp_path / 'pids')!r}).readlines()) == 2:\n"
        "        threading.Timer(1, os.kill, [os.getpid(), signal.SIGKILL]).start()\n"
        "    return worker\n"
        "processes._Pool.start = noted\n"
        "list(processes.Processes(2).run(time.sleep, [300, 300]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parent)
    assert done.returncode == -signal.SIGKILL
    workers = [int(p) for p in (tmp_path / "pids").read_text().split()]
    assert len(workers) == 2

    def alive(pid):
        try:
            os.kill(pid, 0)
            with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
                return file.read().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            return False

    deadline = time.monotonic() + 20
    while any(alive(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = [pid for pid in workers if alive(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left


def test_a_dead_worker_costs_its_task_another_try(tmp_path):
    results = ran(DieOnce(str(tmp_path)), range(6), 2)
    assert sorted(results) == [0, 1, 2, 3, 4, 5]
    lost = ran(DieAlways(), range(4), 2)
    assert sorted(r for r in lost if not isinstance(r, Lost)) == [0, 1, 2]
    assert [r for r in lost if isinstance(r, Lost)] == [Lost(3, MOST_TRIES)]


class DieOnce:
    def __init__(self, folder):
        self.folder = folder

    def __call__(self, task):
        marker = os.path.join(self.folder, "died")  # noqa: PTH118
        if task == 3 and not os.path.exists(marker):  # noqa: PTH110
            open(marker, "w").close()  # noqa: PTH123
            os._exit(9)
        return task


class DieAlways:
    def __call__(self, task):
        if task == 3:
            os.abort()
        return task


def test_adding_conditions_and_accents_changes_no_other_file(stocked, reference):
    path = stocked.folder / RECIPE
    text = path.read_text().replace("snr_db: [20, 0]", "snr_db: [20, 10, 0]")
    text = text.replace(
        "    quiet: []\n", "    quiet: []\n    fan: [{kind: equipment_noise, profile: ventilation_fan, snr_db: 3}]\n"
    )
    path.write_text(text)
    rows = rows_of_corpus = [json.loads(line) for line in (stocked.folder / "corpus.jsonl").read_text().splitlines()]
    rows_of_corpus = stocked.corpus({"East": 6}, name="east.jsonl")
    stocked.manifest([*rows_of_corpus, *rows])
    result = augment.build(path, stocked.folder / "finished")
    assert result.reused == len([name for name in reference if name.startswith("audio/")])
    after = tree(stocked.folder / "finished")
    assert len([n for n in after if n.startswith("audio/")]) == 3 * 4 * 12
    for name, data in reference.items():
        if name.startswith("audio/"):
            assert after[name] == data
    before = {row["id"]: row for row in map(json.loads, reference["manifest.jsonl"].decode().splitlines())}
    assert all(row == before[row["id"]] for row in rows_of(stocked.folder / "finished") if row["id"] in before)


def test_a_folder_with_something_else_is_refused(stocked, reference):
    path = stocked.folder / RECIPE
    folder = stocked.folder / "finished"
    (stocked.folder / "mine").mkdir()
    (stocked.folder / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(TestSetError, match="holds something that is no test set"):
        augment.build(path, stocked.folder / "mine")
    with pytest.raises(TestSetError, match="this is a file"):
        augment.build(path, stocked.folder / "corpus.jsonl")
    text = path.read_text()
    path.write_text(text.replace("name: stocked", "name: other"))
    with pytest.raises(TestSetError, match="another test set, 'stocked'"):
        augment.build(path, folder)
    path.write_text(text.replace("[20, 0]", "[20]").replace("snr_db: 5", "snr_db: 6"))
    with pytest.raises(TestSetError, match="16 files would change and 16 would go"):
        augment.build(path, folder)
    assert tree(folder) == reference
    result = augment.build(path, folder, replace=True)
    assert augment.verify(folder).sound
    assert result.made == 2 * 4 * 6


def test_damaged_files_are_made_again(stocked, reference):
    folder = stocked.folder / "finished"
    names = [name for name in reference if name.startswith("audio/")]
    (folder / names[0]).write_bytes(b"damaged")
    (folder / names[1]).unlink()
    result = augment.build(stocked.folder / RECIPE, folder)
    assert result.made - result.reused == 2
    assert tree(folder) == reference


def test_a_fault_while_rendering_is_recorded_and_the_rest_is_made(stocked, monkeypatch):
    plan = augment.plan(stocked.folder / RECIPE)
    victim = plan.items["source_audio"][0]
    speech, rate = soundfile.read(stocked.folder / victim)
    soundfile.write(stocked.folder / victim, speech * 0.5, rate)
    result = augment.build(plan, stocked.folder / "set")
    assert len(result.failures) == 8
    assert result.made == 2 * 4 * 8 - 8
    assert "3/4" in str(result.overview.coverage)
    failed = [json.loads(line) for line in (stocked.folder / "set" / "failures.jsonl").read_text().splitlines()]
    assert {f["utterance"] for f in failed} == {plan.items["utterance"][0]}
    assert all("has changed since it was planned" in f["reason"] for f in failed)
    verdict = augment.verify(stocked.folder / "set", sample=0)
    assert sum("could not be made" in str(fault) for fault in verdict.deviations) == 8
    again = augment.build(stocked.folder / RECIPE, stocked.folder / "set")
    assert (again.made, again.failures) == (64, ())
    assert augment.verify(stocked.folder / "set", sample=64).sound


def test_bad_input_leaves_nothing_behind(stocked):
    soundfile.write(stocked.folder / "audio" / "north_0.wav", np.zeros(RATE), RATE)
    with pytest.raises(CorpusError, match=r"corpus\.jsonl:1: utterance 'north_0'.*is silent"):
        augment.build(stocked.folder / RECIPE, stocked.folder / "set")
    assert not (stocked.folder / "set").exists()


def test_a_full_disk_is_told_and_leaves_no_half_files(stocked, reference):
    code = (
        "import resource, signal, augment\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n"
        "try:\n"
        f"    augment.build({str(stocked.folder / RECIPE)!r}, {str(stocked.folder / 'full')!r})\n"
        "except augment.errors.TestSetError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "cannot be written: File too large - make room" in done.stdout
    present = tree(stocked.folder / "full")
    assert all(reference[name] == data for name, data in present.items())
    augment.build(stocked.folder / RECIPE, stocked.folder / "full")
    assert tree(stocked.folder / "full") == reference


@pytest.mark.parametrize(("workers", "executor"), [(0, None), (1, "threads")])
def test_impossible_ways_to_run(stocked, workers, executor):
    with pytest.raises(AcoustigridError, match=r"expected 1 or more|no executor 'threads'"):
        augment.build(stocked.folder / RECIPE, stocked.folder / "set", workers=workers, executor=executor)


def test_wav_and_flac_hold_the_same_samples(stocked, reference):
    path = stocked.folder / RECIPE
    path.write_text(path.read_text() + "output: {format: wav}\n")
    result = augment.build(path, stocked.folder / "wav")
    before = {
        row["id"]: row["pcm_sha256"] for row in map(json.loads, reference["manifest.jsonl"].decode().splitlines())
    }
    assert {row["id"]: row["pcm_sha256"] for row in rows_of(result.folder)} == before


def test_segments_of_long_recordings(stocked):
    """`offset` and `duration` are honoured, and the transcript's part is what is rendered."""
    rows = [json.loads(line) for line in (stocked.folder / "corpus.jsonl").read_text().splitlines()]
    parts, manifest = [], []
    place = 0.0
    for row in rows:
        samples, _ = soundfile.read(stocked.folder / row["audio_filepath"])
        parts.append(samples)
        manifest.append({**row, "audio_filepath": "long.wav", "offset": place, "duration": len(samples) / RATE})
        place += len(samples) / RATE
    soundfile.write(stocked.folder / "long.wav", np.concatenate(parts), RATE, subtype="PCM_16")
    whole = augment.build(stocked.folder / RECIPE, stocked.folder / "whole")
    stocked.manifest(manifest)
    cut = augment.build(stocked.folder / RECIPE, stocked.folder / "cut")
    samples = {row["id"]: row["pcm_sha256"] for row in rows_of(whole.folder)}
    assert {row["id"]: row["pcm_sha256"] for row in rows_of(cut.folder)} == samples


def test_new_labels_reach_the_manifest_of_kept_files(stocked, reference):
    """No byte of audio depends on a label; every row does."""
    path = stocked.folder / RECIPE
    path.write_text(path.read_text().replace("corpus.jsonl}", "corpus.jsonl, labels: {accent: {South: Sunny}}}"))
    rows = [json.loads(line) for line in (stocked.folder / "corpus.jsonl").read_text().splitlines()]
    stocked.manifest([{**row, "text": row["text"].replace("sentence", "SENTENCE")} for row in rows])
    result = augment.build(path, stocked.folder / "finished", replace=True)
    after = rows_of(result.folder)
    assert {row["accent"] for row in after} == {row["group"] for row in after} == {"North", "Sunny"}
    assert all(row["text"].startswith("SENTENCE") for row in after)
    assert augment.verify(result.folder, sample=64).sound


def test_a_folder_of_others_is_refused_before_anything_is_planned(workshop, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("keep me")
    for place, said in ((tmp_path / "mine", "no test set"), (tmp_path / "mine" / "a.txt", "this is a file")):
        with pytest.raises(TestSetError, match=said):  # and not that there is no such recipe
            augment.build(workshop.folder / "no-recipe.yaml", place)
    assert (tmp_path / "mine" / "a.txt").read_text() == "keep me"


def test_recordings_that_are_swept_have_their_own_segments(stocked):
    factors = (
        "{noise: {street: {steps: [{kind: background_noise, snr_db: 5}],"
        " sweep: {source: [noise/street/a.wav, noise/street/b.wav]}}}}"
    )
    recipe = stocked.recipe(factors=factors, noise="{segment_s: 1}")
    result = augment.build(recipe, stocked.folder / "swept")
    assert {row["noise"]: row["noise_source"] for row in rows_of(result.folder)} == {
        "street_a": "a.wav",
        "street_b": "b.wav",
    }
    assert result.failures == ()
    assert augment.verify(result.folder, sample=64).sound


def test_a_path_spelled_otherwise_is_the_same_noise(stocked):
    factors = "{{noise: {{street: [{{kind: background_noise, source: '{}', snr_db: 5}}]}}}}"
    keys = []
    for spelled in ("noise/street", "./noise//street/", str(stocked.folder / "noise" / "street")):
        plan = augment.plan(stocked.recipe(factors=factors.format(spelled), noise="{segment_s: 1}"))
        keys.append(plan.items["key"].to_list())
    assert keys[0] == keys[1] == keys[2]


def test_a_device_alone_depends_on_no_seed(stocked):
    path = stocked.folder / RECIPE
    before = dict(augment.plan(path).items.select("id", "key").rows())
    path.write_text(path.read_text() + "snr: {weighting: A}\n")
    after = dict(augment.plan(path).items.select("id", "key").rows())
    same = {identity.split("__")[1] for identity, key in before.items() if after[identity] == key}
    assert same == {"quiet"}
    assert all(before[i] == after[i] for i in before if "__quiet__" in i)


def test_a_set_under_change_does_not_say_that_it_is_complete(stocked, reference):
    path = stocked.folder / RECIPE
    path.write_text(path.read_text().replace("snr_db: 5", "snr_db: 6"))
    folder = stocked.folder / "finished"

    def stop(step):
        if step.name == "rendering":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        augment.build(path, folder, replace=True, progress=Watching(stop))
    with pytest.raises(TestSetError, match="no finished test set"):
        augment.verify(folder)
    augment.build(path, folder, replace=True)
    assert augment.verify(folder, sample=64).sound


def test_files_that_this_set_never_made_stay(stocked, reference):
    """Whoever put them there has not asked for their removal with --replace, which is for items of this set."""
    folder = stocked.folder / "finished"
    stranger = folder / "audio" / "old__condition" / "x.flac"
    stranger.parent.mkdir()
    stranger.write_bytes(b"x")
    for replace in (False, True):
        with pytest.raises(TestSetError, match=r"x\.flac: the file is no part of this test set - move it away"):
            augment.build(stocked.folder / RECIPE, folder, replace=replace)
        assert stranger.read_bytes() == b"x"
    shutil.rmtree(stranger.parent)
    augment.build(stocked.folder / RECIPE, folder, replace=True)
    assert tree(folder) == reference


def test_noise_and_profiles_that_change_after_the_plan_are_noticed_or_not_used(stocked):
    (stocked.folder / "mine.yaml").write_text(
        "title: mine\nabout: mine\ncomponents:\n"
        "  - {kind: harmonics, source: test, fundamental_hz: 700, levels_db: {1: 0}}\n"
    )
    factors = (
        "{noise: {mine: [{kind: equipment_noise, profile: mine.yaml, snr_db: 5}],"
        " street: [{kind: background_noise, source: noise/street/a.wav, snr_db: 5}]}}"
    )
    recipe = stocked.recipe(factors=factors, noise="{segment_s: 1}")
    plan = augment.plan(recipe)
    first = augment.build(plan, stocked.folder / "first", workers=2)
    changed = (stocked.folder / "mine.yaml").read_text().replace("700", "900")
    (stocked.folder / "mine.yaml").write_text(changed)
    again = augment.build(plan, stocked.folder / "again", workers=2)
    assert rows_of(first.folder) == rows_of(again.folder)  # workers are given the profile that was planned with
    told = "\n".join(map(str, augment.verify(first.folder).deviations))
    assert "the profile 'mine.yaml' has changed since the test set was built" in told
    stocked.noise("street/a.wav", 0.1 * np.random.default_rng(9).standard_normal(3 * RATE))
    third = augment.build(augment.api.load_recipe(recipe), stocked.folder / "third")
    assert third.failures == ()
    plan.loaded.library._samples.clear()
    fourth = augment.build(plan, stocked.folder / "fourth", workers=2)
    assert {f["condition"] for f in fourth.failures} == {"street"}
    assert all("the noise has changed since it was planned" in f["reason"] for f in fourth.failures)


def test_a_module_in_the_current_folder_is_not_run(stocked, tmp_path):
    (tmp_path / "augment.py").write_text("raise SystemExit('this must not run')\n")
    code = (
        "import sys; sys.path.pop(0); import augment, os; "
        f"os.chdir({str(tmp_path)!r}); augment.build({str(stocked.folder / RECIPE)!r}, 'set', workers=2)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=stocked.folder, check=True)
    assert (tmp_path / "set" / "testset.json").exists()


def test_kept_files_are_called_by_the_names_of_today(stocked):
    """A key ignores how a thing is called; the manifest must not."""
    (stocked.folder / "own.yaml").write_text(
        "title: own\nabout: own\ncomponents:\n"
        "  - {kind: harmonics, source: test, fundamental_hz: 700, levels_db: {1: 0}}\n"
    )
    factors = (
        "{{noise: {{own: [{{kind: equipment_noise, profile: {}, snr_db: 5}}],"
        " street: [{{kind: background_noise, source: noise/street, snr_db: 5}}]}}}}"
    )
    settings = {"noise": "{segment_s: 1}"}
    augment.build(stocked.recipe(factors=factors.format("own.yaml"), **settings), stocked.folder / "set")
    (stocked.folder / "noise/street/a.wav").rename(stocked.folder / "noise/street/aa.wav")
    result = augment.build(stocked.recipe(factors=factors.format("./own.yaml"), **settings), stocked.folder / "set")
    assert result.reused == result.made
    assert {row["noise_source"] for row in rows_of(result.folder)} == {"./own.yaml", "aa.wav", "b.wav"}
    assert augment.verify(result.folder, sample=99).sound
