"""What was measured of recordings is kept: a second plan decodes nothing, and nothing hangs on it but time."""

import sqlite3

import numpy as np
import pytest

import augment
from augment.corpus.kept import key_of_facts, read_facts, said_of
from augment.corpus.measuring import Measuring, Recording
from augment.errors import AcoustigridError, DesignError
from augment.execute import processes
from augment.files.stretch import Part
from augment.kept import keep, kept_file
from augment.notes import texts
from augment.profiles.inspection import Inspected, Inspecting, NoiseFile
from augment.profiles.library import bundled_names
from augment.profiles.noise import NoiseProfile
from conftest import RATE, tree


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    return kept_file()


@pytest.fixture
def decoded(monkeypatch) -> list:
    """Files that are decoded to be measured."""
    found = []
    decode = augment.corpus.measuring.decode_parts

    def noted(data, where, parts, longest_s):
        found.append(where)
        return decode(data, where, parts, longest_s)

    monkeypatch.setattr("augment.corpus.measuring.decode_parts", noted)
    return found


def same(one, two) -> bool:
    return one.items.equals(two.items) and texts(one.notes) == texts(two.notes)


def test_a_second_plan_decodes_nothing_and_is_the_same(stocked, cache, decoded):
    first = augment.plan(stocked.folder / "recipe.yaml")
    assert len(decoded) == first.items["utterance"].n_unique()
    decoded.clear()
    assert same(augment.plan(stocked.folder / "recipe.yaml"), first)
    assert decoded == []
    assert same(augment.plan(stocked.folder / "recipe.yaml", cache=False), first)
    assert len(decoded) == first.items["utterance"].n_unique()


def test_an_audit_and_a_plan_share_what_they_measure(stocked, cache, decoded):
    alone = augment.audit(stocked.folder / "recipe.yaml", sample=None, cache=False)
    assert len(decoded) == alone.inspected > 0
    assert not cache.exists()
    assert augment.audit(stocked.folder / "recipe.yaml", sample=None, workers=2) == alone
    decoded.clear()
    augment.plan(stocked.folder / "recipe.yaml")
    assert augment.audit(stocked.folder / "recipe.yaml", sample=None) == alone
    assert decoded == []


def test_another_file_under_the_same_name_is_measured(stocked, cache, decoded):
    augment.plan(stocked.folder / "recipe.yaml")
    decoded.clear()
    one, other = stocked.folder / "audio" / "north_0.wav", stocked.folder / "audio" / "north_1.wav"
    one.write_bytes(other.read_bytes())
    augment.plan(stocked.folder / "recipe.yaml")
    assert decoded == []  # its bytes are known: from the other one
    one.write_bytes(other.read_bytes()[:-2])
    with pytest.raises(AcoustigridError, match="cut off"):
        augment.plan(stocked.folder / "recipe.yaml")


def flipped(file) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE facts SET said = replace(said, '\"samples\": 1', '\"samples\": 2')")
    connection.close()


def swapped(file) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(
            "UPDATE facts SET said = (SELECT max(said) FROM facts), hash = (SELECT max(hash) FROM facts)"
        )
    connection.close()


DAMAGES = {
    "cut": lambda file: file.write_bytes(file.read_bytes()[:5000]),
    "zeros": lambda file: file.write_bytes(bytes(20_000)),
    "no table": lambda file: file.write_bytes(b""),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
    "a flipped figure": flipped,
    "figures under other keys": swapped,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_costs_time_and_no_more(stocked, cache, decoded, damage):
    first = augment.plan(stocked.folder / "recipe.yaml")
    DAMAGES[damage](cache)
    decoded.clear()
    assert same(augment.plan(stocked.folder / "recipe.yaml"), first)
    assert decoded
    if cache.is_file():  # it is mended on the way
        decoded.clear()
        assert same(augment.plan(stocked.folder / "recipe.yaml"), first)
        assert decoded == []


def test_a_folder_in_which_nobody_may_write(stocked, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert augment.plan(stocked.folder / "recipe.yaml").items.height
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    assert kept_file() is None
    assert augment.plan(stocked.folder / "recipe.yaml").items.height


def test_faults_are_found_anew_and_infinite_figures_come_back(stocked, cache):
    path = stocked.folder / "audio" / "north_0.wav"
    found = Measuring(16000, cache)(Recording(path, (Part(), Part(100.0, 1.0)), (0, 1)))
    assert set(found.new) == {key_of_facts(found.facts[0].sha256, Part(), 16000)}
    quiet = {"k": augment.corpus.speech.replace(found.facts[0], floor_dbov=float("-inf"))}
    keep(cache, said_of(quiet))
    assert read_facts(cache, ["k", "unknown"]) == quiet


def test_workers_measure_the_same(stocked, tmp_path):
    """And the build after the plan; a recording that ends its workers is a fault like any other."""
    one = augment.plan(stocked.folder / "recipe.yaml", cache=False)
    two = augment.plan(stocked.folder / "recipe.yaml", workers=2, cache=False)
    assert same(one, two)
    augment.build(one, tmp_path / "one")
    augment.build(stocked.folder / "recipe.yaml", tmp_path / "two", workers=2)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


@pytest.fixture
def rehearsed(monkeypatch) -> list:
    """Utterances that are rendered to try conditions."""
    found = []
    render = augment.testset.rehearsal.render_utterance

    def noted(job, utterance):
        found.append(utterance.identity)
        return render(job, utterance)

    monkeypatch.setattr("augment.testset.rehearsal.render_utterance", noted)
    return found


def test_what_went_well_once_is_not_tried_again(stocked, cache, rehearsed, monkeypatch):
    recipe = stocked.folder / "recipe.yaml"
    first = augment.plan(recipe)
    assert rehearsed
    rehearsed.clear()
    assert same(augment.plan(recipe), first)
    assert rehearsed == []
    recipe.write_text(recipe.read_text().replace("snr_db: 5", "snr_db: 6"))
    augment.plan(recipe)
    assert rehearsed
    rehearsed.clear()
    assert same(augment.plan(recipe, cache=False), augment.plan(recipe))
    assert rehearsed
    rehearsed.clear()
    monkeypatch.setattr("augment.kept.found_with", lambda code: "another release")
    augment.plan(recipe)
    assert rehearsed


def test_a_step_of_another_package_is_tried_each_time(stocked, cache, rehearsed, monkeypatch):
    """Its code may have changed under the same name."""
    monkeypatch.setattr("augment.perturb.microphone.microphone.Microphone.__module__", "other.microphone")
    for _ in range(2):
        augment.plan(stocked.folder / "recipe.yaml")
        assert rehearsed
        rehearsed.clear()


def test_machines_are_listened_to_once_and_told_by_the_name_that_they_have(stocked, cache, monkeypatch):
    listened = []
    spectrum = NoiseProfile.spectrum
    monkeypatch.setattr(
        NoiseProfile, "spectrum", lambda self, rate: listened.append(self.title) or spectrum(self, rate)
    )
    (stocked.folder / "mine.yaml").write_bytes((bundled_names("noise_profile")["mains_hum_50"]).read_bytes())
    noises = "{noise: {hum: [{kind: equipment_noise, profile: %s, snr_db: 5}]}}"

    def told(name):
        planned = augment.plan(stocked.recipe(factors=noises % name))
        return [text.split(":")[0] for text in texts(planned.notes) if "a line near" in text]

    assert told("mains_hum_50") == ["noise mains_hum_50"]
    assert listened
    listened.clear()
    assert told("mains_hum_50") == ["noise mains_hum_50"]
    assert listened == []
    assert told("mine.yaml") == ["noise mine.yaml"]


def test_a_device_is_told_by_the_name_that_it_has(stocked, cache):
    """Whatever was kept of the same response under another name."""
    told = []
    for name in ("one.yaml", "other.yaml"):
        (stocked.folder / name).write_text(
            "title: one\nabout: a hole\nsource: made up\nresponse_db: {100: -80, 300: 20, 1000: 0, 8000: -5}\n"
        )
        planned = augment.plan(stocked.recipe(factors=f"{{device: {{it: [{{kind: microphone, profile: {name}}}]}}}}"))
        told += [text.split(":")[0] for text in texts(planned.notes) if text.startswith("microphone")]
    assert told == ["microphone one.yaml", "microphone other.yaml"]


def test_workers_try_conditions_as_one_process_does(stocked):
    stocked.noise("low.wav", 0.3 * np.sin(2 * np.pi * 42 * np.arange(32000) / RATE))
    sweep = (
        "{steps: [{kind: background_noise, source: noise/low.wav}], sweep: {snr_db: [20, 15, 10, 9, 8, 5, 4, 3, 0]}}"
    )
    recipe = stocked.recipe(factors=f"{{noise: {{quiet: [], low: {sweep}}}}}")
    said = []
    for workers in (1, 2):
        with pytest.raises(DesignError) as refused:
            augment.plan(recipe, workers=workers, cache=False)
        said.append([str(fault) for fault in refused.value.faults])
    assert said[0] == said[1]
    assert [fault.split(":")[0] for fault in said[0][:2]] == ["condition low_20db", "condition low_15db"]
    assert len(said[0]) == 10


def test_what_went_wrong_is_tried_each_time(stocked, cache, rehearsed, monkeypatch):
    monkeypatch.setattr("augment.testset.rehearsal.odd_cells", lambda chain, row: "is odd")
    for _ in range(2):
        with pytest.raises(AcoustigridError, match="is odd"):
            augment.plan(stocked.folder / "recipe.yaml")
        assert rehearsed
        rehearsed.clear()


class Ends:
    """Workers of which one file is the end."""

    workers = 2

    def run(self, job, tasks, limit_s=None):
        from augment.execute import Lost

        return (Lost(task, 3) if task.path.name == "north_0.wav" else job(task) for task in tasks)


def test_a_recording_that_ends_its_workers_is_named(stocked):
    with pytest.raises(AcoustigridError, match=r"north_0\.wav: the worker died 3 times while it read this file"):
        augment.plan(stocked.folder / "recipe.yaml", workers=Ends(), cache=False)


def test_workers_live_on_from_measuring_to_rendering(stocked, tmp_path, monkeypatch):
    """What they have imported and read serves the next job too."""
    started = []
    start = processes._Pool.start
    monkeypatch.setattr(processes._Pool, "start", lambda pool, *given: started.append(1) or start(pool, *given))
    result = augment.build(stocked.folder / "recipe.yaml", tmp_path / "set", workers=2, cache=False)
    assert result.made
    assert len(started) == 2


@pytest.fixture
def looked_through(monkeypatch) -> list:
    """Noise files that are decoded to be looked through."""
    found = []
    decode = augment.profiles.inspection.decode_parts

    def noted(data, where, parts):
        found.append(where.rpartition("/")[2])
        return decode(data, where, parts)

    monkeypatch.setattr("augment.profiles.inspection.decode_parts", noted)
    return found


def test_recorded_noise_is_looked_through_once(stocked, cache, looked_through):
    """Whatever it is called; another channel of it is another noise, and faults are found anew."""
    rng = np.random.default_rng(3)
    both = rng.standard_normal((3 * RATE, 2)) * [0.05, 0.02]
    both[: RATE // 2] = 0
    stocked.noise("one.wav", both)
    stocked.noise("two.wav", 0.05 * rng.standard_normal(3 * RATE))
    step = "{kind: background_noise, source: noise, snr_db: 5%s}"
    recipe = stocked.recipe(factors=f"{{noise: {{quiet: [], street: [{step % ''}]}}}}")
    first = augment.plan(recipe)
    assert sorted(looked_through) == ["a.wav", "b.wav", "one.wav", "two.wav"]
    looked_through.clear()
    (stocked.folder / "noise" / "two.wav").rename(stocked.folder / "noise" / "last.wav")
    augment.plan(recipe)
    assert looked_through == []
    (stocked.folder / "noise" / "last.wav").rename(stocked.folder / "noise" / "two.wav")
    assert same(augment.plan(recipe, workers=2), first)
    assert same(augment.plan(recipe, cache=False), first)
    assert "one.wav" in looked_through
    looked_through.clear()
    augment.plan(stocked.recipe(factors=f"{{noise: {{quiet: [], street: [{step % ', channel: 0'}]}}}}"))
    assert "one.wav" in looked_through
    (stocked.folder / "noise" / "two.wav").write_bytes(b"RIFF")
    for _ in range(2):
        with pytest.raises(AcoustigridError, match=r"two\.wav"):
            augment.plan(recipe)


def test_what_is_kept_of_a_noise_is_all_that_was_found(stocked, cache):
    """Its silences, its band without end and its spectrum; figures that are no recording's are found anew."""
    signal = 0.1 * np.random.default_rng(4).standard_normal(2 * RATE)
    signal[:RATE] *= 1e-4
    stocked.noise("half.wav", signal)
    file = NoiseFile(stocked.folder / "noise" / "half.wav", "half.wav")
    found = Inspecting(None, cache)(file)
    keep(cache, found.new)
    assert Inspecting(None, cache)(file) == Inspected(found.found)
    assert found.found.silent == (True, True, False, False)
    assert found.found.spectrum.powers
    (key,) = found.new
    for strange in ("[]", "{}", "nothing"):
        keep(cache, {key: strange})
        assert Inspecting(None, cache)(file) == found


def test_a_noise_that_kills_its_workers_is_one_that_cannot_be_read(stocked, tmp_path, monkeypatch):
    """And may be left out as such."""
    stocked.noise("fatal.wav", 0.1 * np.random.default_rng(2).standard_normal(RATE))
    (tmp_path / "sitecustomize.py").write_text(
        "import os\n"
        "import augment.profiles.inspection as inspection\n"
        "read = inspection.audio_bytes\n"
        "inspection.audio_bytes = lambda path, parts: os._exit(9) if path.name == 'fatal.wav' else read(path, parts)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    step = "{kind: background_noise, source: noise, snr_db: 5%s}"
    recipe = stocked.recipe(factors=f"{{noise: {{street: [{step % ''}]}}}}")
    with pytest.raises(AcoustigridError, match=r"fatal\.wav: the worker died 3 times while it read this file"):
        augment.plan(recipe, workers=2, cache=False)
    tolerant = stocked.recipe(factors=f"{{noise: {{street: [{step % ', unusable: leave_out, at_most: 50 %'}]}}}}")
    told = texts(augment.plan(tolerant, workers=2, cache=False).notes)
    assert any("fatal.wav" in text for text in told)


def test_a_design_that_cannot_be_is_refused_before_noise_is_listened_to(stocked, looked_through):
    recipe = stocked.recipe(
        factors="{noise: {street: [{kind: background_noise, source: noise, snr_db: 5}]}}",
        budget="{hours: 0.0001}",
    )
    with pytest.raises(DesignError, match="budget"):
        augment.plan(recipe, cache=False)
    assert looked_through == []


def test_a_cache_that_another_process_holds_is_waited_for_once(stocked, cache, monkeypatch):
    first = augment.plan(stocked.folder / "recipe.yaml")
    waits, connect = [], sqlite3.connect

    def noted(place, timeout, **more):
        waits.extend([timeout] if "mode=ro" in str(place) else [])
        return connect(place, timeout=0, **more)

    holder = connect(cache, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr(sqlite3, "connect", noted)
    assert same(augment.plan(stocked.folder / "recipe.yaml"), first)
    holder.close()
    assert waits[0] == 1.0
    assert len(waits) > 3
    assert set(waits[1:]) == {0}


def test_a_noise_too_large_for_the_memory_is_told_as_such(stocked, monkeypatch):
    def full(audio, file):
        raise MemoryError

    monkeypatch.setattr("augment.profiles.inspection._inspect", full)
    stocked.noise("a.wav", 0.1 * np.random.default_rng(2).standard_normal(RATE))
    recipe = stocked.recipe(factors="{noise: {street: [{kind: background_noise, source: noise/a.wav, snr_db: 5}]}}")
    with pytest.raises(AcoustigridError, match=r"a\.wav: needs more memory than there is"):
        augment.plan(recipe, cache=False)
