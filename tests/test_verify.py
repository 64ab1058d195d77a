"""`verify` finds whatever is done to a test set."""

import json
import shutil

import numpy as np
import polars
import pytest
import soundfile

import augment
from augment.api.working import tried_here
from augment.errors import AcoustigridError, TestSetError
from augment.execute import Lost


def some_audio(folder, number=0):
    return sorted((folder / "audio").rglob("*.flac"))[number]


def flip(path, place=-100):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def link(folder):
    one, other = some_audio(folder), some_audio(folder, 1)
    one.unlink()
    one.symlink_to(other)


def edit_identity(folder, **changes):
    path = folder / "testset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def edit_row(folder, **changes):
    """Change a row, and every checksum with it, as somebody would who covers their tracks."""
    import hashlib

    path = folder / "manifest.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    at = next(i for i, row in enumerate(rows) if row["condition"] == "scanner__studio")
    rows[at] |= changes
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    identity = json.loads((folder / "testset.json").read_text())
    identity["checksums"]["manifest.jsonl"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "testset.json").write_text(json.dumps(identity))


def test_a_sound_set_is_sound(finished):
    verdict = augment.verify(finished, sample=64)
    assert verdict.sound, verdict.deviations
    assert (verdict.files, verdict.rendered) == (64, 64)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda f: flip(some_audio(f)), "checksum"),
        (lambda f: some_audio(f).unlink(), "the file is missing"),
        (lambda f: some_audio(f).write_bytes(b""), "checksum"),
        (lambda f: some_audio(f).write_bytes(some_audio(f, 1).read_bytes()), "checksum"),
        (lambda f: (f / "audio" / "extra.flac").write_bytes(b"x"), "not in the manifest"),
        (lambda f: flip(f / "plan.parquet", 5), "checksum differs|cannot be read"),
        (lambda f: (f / "manifest.csv").unlink(), "manifest.csv: the file is missing"),
        (lambda f: (f / "recipe.yaml").write_text((f / "recipe.yaml").read_text() + "# x\n"), "checksum differs"),
        (lambda f: edit_row(f, samples=5), "samples: found"),
        (lambda f: edit_row(f, duration=1.5), "duration: found"),
        (lambda f: edit_row(f, peak_dbfs=-1.0), "peak_dbfs: found"),
        (lambda f: edit_row(f, key="0" * 64), "key: the plan says"),
        (lambda f: edit_row(f, snr_db=7.0), "manifest says snr_db: 7.0|measured again"),
        (lambda f: edit_row(f, speech_level_dbov=-20.0), "manifest says -20.0"),
        (lambda f: edit_row(f, extra=1), "other columns than the first"),
        (lambda f: edit_row(f, text="something else"), "text: the plan says"),
        (lambda f: edit_row(f, accent="East"), "accent: the plan says"),
        (lambda f: edit_row(f, gain_db=1.0), "gain_db: measured again"),
        (lambda f: edit_row(f, noise_source="fan"), "noise_source: measured again"),
        (lambda f: edit_row(f, snr_db=None), "snr_db: measured again"),
        (lambda f: edit_row(f, samples=None), "'samples' is missing or damaged"),
        (lambda f: edit_row(f, id=5), "'id' is missing or damaged"),
        (lambda f: edit_row(f, audio_filepath=[5]), "the line is damaged"),
        (lambda f: (f / "failures.jsonl").write_text("{bad"), "failures.jsonl: is damaged"),
        (lambda f: (f / "failures.jsonl").write_text("[]"), "failures.jsonl: is damaged"),
        (lambda f: (f / "testset.json").write_text("[" * 100000), "is damaged"),
        (lambda f: edit_identity(f, items=None), "'items' is missing"),
        (lambda f: edit_identity(f, items={"planned": 1, "made": 1, "failed": 0}), "items: found"),
        (lambda f: edit_identity(f, checksums={}), "has no checksum of manifest.jsonl"),
        (lambda f: edit_identity(f, seed=2), "seed: the recipe says 1"),
        (lambda f: edit_identity(f, groups=["X"]), "groups: found ['North', 'South']"),
        (lambda f: edit_identity(f, utterances_per_group=99), "utterances_per_group: found 4"),
        (lambda f: edit_identity(f, snr={"band_hz": None}), "snr: the recipe says"),
        (lambda f: edit_identity(f, limits=[]), "limits: the recipe says"),
        (lambda f: edit_identity(f, profiles={}), "the profile 'mri_epi' has changed"),
        (lambda f: edit_row(f, snr_band_hz="full"), "snr_band_hz: measured again '100-7000'"),
        (lambda f: edit_identity(f, conditions=["quiet"]), "conditions: the recipe says"),
        (lambda f: edit_identity(f, bytes_version=99), "a version that gives other bytes (99"),
        (lambda f: polars.DataFrame({"a": [1]}).write_parquet(f / "plan.parquet"), "cannot be read"),
        (
            lambda f: (f / ".acoustigrid" / "where.json").write_text("[1]"),
            "where.json: cannot be read",
        ),  # told, unchecked
        (lambda f: link(f), "is a link"),
    ],
)
def test_tampering_is_found(finished, damage, words):
    damage(finished)
    try:
        verdict = augment.verify(finished, sample=64 if "measured again" in words else 0)
        told = "\n".join(map(str, [*verdict.deviations, *verdict.unchecked]))
    except TestSetError as error:
        told = str(error)
    assert any(word in told for word in words.split("|")), told


def test_a_later_version_with_the_same_bytes_does_not_condemn_a_set(finished):
    edit_identity(finished, made_by="acoustigrid 0.0.9", limits=["said otherwise then"])
    assert augment.verify(finished, sample=4).sound


def test_a_row_that_vanished_is_missed(finished):
    path = finished / "manifest.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    told = "\n".join(map(str, augment.verify(finished, sample=0).deviations))
    assert "neither made nor among the failures" in told
    assert "items: found {'planned': 64, 'made': 63" in told


def test_samples_of_another_noise_are_found(finished):
    """The files agree with the manifest, but not with the plan: only rendering again can tell."""
    plan = polars.read_parquet(finished / "plan.parquet")
    row = plan.with_row_index().filter(polars.col("condition") == "street_0db__studio").row(0, named=True)
    dealt = json.loads(row["dealt"])
    dealt["noise/street/background_noise noise/street"]["start"] += 160
    values = plan["dealt"].to_list()
    values[row["index"]] = json.dumps(dealt)
    plan.with_columns(polars.Series("dealt", values)).write_parquet(finished / "plan.parquet")
    told = "\n".join(map(str, augment.verify(finished, sample=64).deviations))
    assert "rendered again, it has other samples" in told


def test_a_file_that_was_changed_is_no_matter_of_versions(finished):
    path = sorted((finished / "audio").rglob("*.flac"))[0]
    samples, rate = soundfile.read(path, dtype="int16")
    samples[100:200] //= 2
    soundfile.write(path, samples, rate)
    told = "\n".join(map(str, augment.verify(finished, sample=64).deviations))
    assert "its checksum is not the manifest's" in told
    assert "libsndfile" not in told


def test_moved_sources_are_asked_for(finished, stocked, tmp_path):
    stocked.folder.rename(tmp_path / "moved")
    folder = tmp_path / "moved" / "finished"
    verdict = augment.verify(folder)
    assert verdict.sound
    assert verdict.rendered == 0
    assert "items rendered again, because" in str(verdict.unchecked[0])
    assert "--recipe-folder" in str(verdict.unchecked[0])
    assert augment.verify(folder, recipe_folder=tmp_path / "moved").sound
    assert augment.verify(folder, sample=0).sound


@pytest.mark.parametrize("name", ["nothing", "."])
def test_no_test_set_is_told(tmp_path, name):
    with pytest.raises(TestSetError, match=r"not a folder|no finished test set"):
        augment.verify(tmp_path / name)


class _Backwards:
    """Begins with the last task, and may lose every other portion of files; recordings are measured."""

    workers = 1

    def __init__(self, loses=False):
        self.loses = loses

    def run(self, job, tasks, limit_s=None):
        for number, task in reversed(list(enumerate(tasks))):
            yield Lost(task, 3) if self.loses and limit_s is not None and number % 2 else job(task)


class _Lost:
    """Loses whatever it is given."""

    workers = 1

    def run(self, job, tasks, limit_s=None):
        return (Lost(task, 3) for task in tasks)


def test_workers_hear_what_one_hears(finished, monkeypatch):
    monkeypatch.setattr("augment.verification.listening.AT_ONCE", 4)
    some_audio(finished, 3).write_bytes(b"no audio")
    some_audio(finished, 6).unlink()
    ways = (1, 2, _Backwards())
    alone, together, backwards = (augment.verify(finished, sample=0, seed=1, workers=way) for way in ways)
    assert alone == together == backwards
    assert len(alone.deviations) >= 2


def test_what_workers_try_comes_in_the_order_of_the_tasks():
    assert list(tried_here(_Backwards(), abs, [-1, 2, -3])) == [1, 2, 3]
    with pytest.raises(AcoustigridError, match="a worker died 3 times"):
        list(tried_here(_Lost(), abs, [-1]))


def test_files_that_nobody_could_hear_deviate(finished, monkeypatch):
    monkeypatch.setattr("augment.verification.listening.AT_ONCE", 4)
    found = augment.verify(finished, sample=0, seed=1, workers=_Backwards(loses=True))
    assert found.deviations
    assert all("died 3 times while it listened" in fault.message for fault in found.deviations)
    lost = 8 * len(found.deviations)  # an utterance has eight files and is not torn
    assert found.files == 64 - lost
    assert [unchecked.what for unchecked in found.unchecked if "died" in unchecked.why] == [f"{lost} files"]


def test_a_length_that_is_none_stops_no_worker(finished):
    edit_row(finished, duration=-1e6)
    flip(some_audio(finished))
    alone, together = (augment.verify(finished, sample=0, seed=1, workers=workers) for workers in (1, 2))
    assert alone.deviations == together.deviations
    assert any("checksum" in fault.message for fault in together.deviations)


def test_workers_render_again_what_one_renders(finished, stocked):
    """Rows that say something else, an utterance that has changed since, and a row that is none."""
    edit_row(finished, peak_dbfs=-1.0, snr_a_weighted_db=3.0)
    edit_row(finished, pcm_sha256="00")
    source = stocked.folder / "audio" / "north_1.wav"
    source.write_bytes(source.read_bytes()[:-2])
    ways = (1, 2, _Backwards())
    alone, together, backwards = (augment.verify(finished, sample="all", seed=1, workers=way) for way in ways)
    assert alone == together == backwards
    found = [fault.message for fault in alone.deviations]
    assert any("peak_dbfs: measured again" in message for message in found)
    assert any(message == "rendered again, it has other samples" for message in found)
    assert any("could not be rendered again" in message for message in found)


def test_an_item_that_cannot_be_compared_deviates_and_the_others_are_seen(finished, monkeypatch):
    encode = augment.verification.again.encode
    told = []

    def sometimes(*arguments):
        told.append(1)
        if len(told) == 3:
            raise ValueError("no room")
        return encode(*arguments)

    monkeypatch.setattr("augment.verification.again.encode", sometimes)
    found = augment.verify(finished, sample=6, seed=1)
    assert [fault.message for fault in found.deviations] == ["could not be rendered again: no room"]
    assert found.rendered == 6


def test_items_that_end_their_workers_deviate(finished):
    found = augment.verify(finished, sample=6, seed=1, workers=_Backwards(loses=True))
    lost = [fault for fault in found.deviations if "could not be rendered again: a worker died" in fault.message]
    assert len(lost) == 3


def test_one_recording_under_two_names_is_one_noise(stocked):
    """Items that hear the same stretch of it at the same SNR have the same samples, as they should."""
    stocked.noise("day/a.wav", 0.1 * np.random.default_rng(7).standard_normal(48000))
    (stocked.folder / "noise" / "evening").mkdir()
    shutil.copy(stocked.folder / "noise" / "day" / "a.wav", stocked.folder / "noise" / "evening" / "b.wav")
    step = "[{{kind: background_noise, source: noise/{}, snr_db: 5}}]"
    factors = f"{{noise: {{quiet: [], day: {step.format('day')}, evening: {step.format('evening')}}}}}"
    folder = augment.build(stocked.recipe(factors=factors), stocked.folder / "twice").folder
    day, evening = (sorted((folder / "audio" / name).iterdir()) for name in ("day", "evening"))
    same = [one.read_bytes() == other.read_bytes() for one, other in zip(day, evening, strict=True)]
    assert any(same)
    verdict = augment.verify(folder, "all")
    assert verdict.sound, verdict.deviations


def test_what_the_files_alone_cannot_tell_is_named_and_told_by_rendering_all_of_it_again(stocked):
    """Two microphones and no way without one: what a microphone does is in every file."""
    recipe = stocked.folder / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("studio: []", "laptop: [{kind: microphone, profile: laptop}]"))
    built = augment.build(recipe, stocked.folder / "set").folder
    quiet = sum("quiet__" in row for row in (built / "manifest.csv").read_text().splitlines())
    some = augment.verify(built, sample=3)
    assert some.sound, some.deviations
    (told,) = map(str, some.unchecked)
    assert f"effect of {quiet} items from the files alone, because no file has their speech without any step" in told
    assert augment.verify(built, sample="all").state == "all as it should be"
    (stocked.folder / "audio").rename(stocked.folder / "away")
    assert "effect of" in str(augment.verify(built, sample="all").unchecked)


def test_noise_for_which_no_quiet_was_built_is_told_as_such(stocked):
    recipe = stocked.folder / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("    quiet: []\n", ""))
    built = augment.build(recipe, stocked.folder / "set").folder
    told = str(augment.verify(built, sample=0).unchecked)
    assert "noise of 48 items from the files alone" in told
    assert "effect of" not in told
