"""What a cheat can do to a set, and who sees it: `verify` by itself, `verify --identity`, or items rendered again.

Every cheat here rewrites rows, plan, counts, checksums and the files that follow from them as well as he can.
"""

import hashlib
import json
import shutil
import subprocess

import numpy as np
import polars
import pytest

import augment
from augment.errors import TestSetError
from augment.report.changes import changes_text
from conftest import Workshop
from forgery import Forger

RECIPE = """\
name: refereed
corpus: {path: corpus.jsonl, licence: CC-BY-4.0, credit: The Speakers}
balance: {by: [accent], utterances: 2, speakers: {min: 2}}
noise: {segment_s: 1}
factors:
  noise:
    quiet: []
    street: {steps: [{kind: background_noise, source: noise/street}], sweep: {snr_db: [20, 0]}}
    scanner: [{kind: equipment_noise, profile: mri_epi, snr_db: 5}]
  device:
    studio: []
    handset: [{kind: microphone, profile: itu_p48_handset}]
    phone: [{kind: g711, law: mu}]
"""
ITEMS = 4 * 12


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A finished set beside what it was made from, and the identity that its maker published."""
    folder = tmp_path_factory.mktemp("referee")
    shop = Workshop(folder)
    shop.corpus({"North": 2, "South": 2})
    rng = np.random.default_rng(5)
    shop.noise("street/a.wav", 0.1 * rng.standard_normal(3 * 16000))
    shop.noise("street/b.wav", 0.1 * rng.standard_normal(3 * 16000))
    shop.recipe(RECIPE)
    return folder / "set", augment.build(folder / "recipe.yaml", folder / "set").identity


@pytest.fixture
def forger(original, tmp_path):
    shutil.copytree(original[0], tmp_path / "set")
    return Forger(tmp_path / "set")


def rms(samples):
    return np.sqrt(np.mean(np.square(samples)))


def noise_of(forger, condition, control, utterance="north_0"):
    return forger.pcm(condition, utterance) - forger.pcm(control, utterance)


# Audio


def without_noise(f):
    f.put("street_0db__studio", f.pcm("quiet__studio"))


def without_noise_but_for_dither(f):
    dither = np.random.default_rng(1).integers(-3, 4, f.pcm("quiet__studio").size)
    f.put("street_0db__handset", f.pcm("quiet__handset") + dither)


def softer_noise(f):
    f.put("street_0db__handset", f.pcm("quiet__handset") + 0.7 * noise_of(f, "street_0db__handset", "quiet__handset"))


def a_little_softer_noise(f):
    f.put("scanner__studio", f.pcm("quiet__studio") + 0.95 * noise_of(f, "scanner__studio", "quiet__studio"))


def other_labels(f, condition):
    row = f.row(condition)
    return {name: row[name] + 3.098 for name in row if name.endswith("snr_delivered_db") or name == "snr_db"}


def softer_noise_on_its_label(f):
    louder = f.pcm("quiet__studio") + 0.7 * noise_of(f, "street_0db__studio", "quiet__studio")
    f.put("street_0db__studio", louder, **other_labels(f, "street_0db__studio"))


def softer_noise_on_its_label_behind_a_device(f):
    noise = 0.7 * noise_of(f, "street_0db__handset", "quiet__handset")
    row = f.row("street_0db__handset")
    f.put("street_0db__handset", f.pcm("quiet__handset") + noise, snr_delivered_db=row["snr_delivered_db"] + 3.098)


def other_noise_in_a_sweep(f):
    noise = noise_of(f, "street_20db__studio", "quiet__studio")
    f.put("street_20db__studio", f.pcm("quiet__studio") + noise[::-1])


def other_noise_without_a_sweep(f):
    noise = noise_of(f, "scanner__studio", "quiet__studio")
    f.put("scanner__studio", f.pcm("quiet__studio") + noise[::-1])


def without_noise_behind_a_codec(f):
    f.put("street_0db__phone", f.pcm("quiet__phone"))


def other_noise_behind_a_codec(f):
    noise = np.random.default_rng(1).standard_normal(f.pcm("quiet__phone").size)
    spectrum = rms(noise_of(f, "street_0db__phone", "quiet__phone"))
    f.put("street_0db__phone", f.pcm("quiet__phone") + spectrum * noise)


def one_noise_for_another_behind_a_codec(f):
    f.put("street_0db__phone", f.pcm("scanner__phone"))


def one_step_of_a_sweep_for_another_behind_a_codec(f):
    f.put("street_0db__phone", f.pcm("street_20db__phone"))


def a_microphone_for_a_codec(f):
    f.put("quiet__phone", f.pcm("quiet__handset"))


def without_a_codec(f):
    f.put("quiet__phone", f.pcm("quiet__studio"))


def without_a_microphone(f):
    f.put("quiet__handset", f.pcm("quiet__studio"))


def swapped_conditions(f):
    one, other = f.pcm("street_0db__studio"), f.pcm("street_20db__studio")
    f.put("street_0db__studio", other)
    f.put("street_20db__studio", one)


def swapped_devices(f):
    one, other = f.pcm("quiet__studio"), f.pcm("quiet__handset")
    f.put("quiet__studio", other)
    f.put("quiet__handset", one)


def swapped_control(f):
    one, other = f.pcm("quiet__studio"), f.pcm("quiet__studio", twin(f))
    f.put("quiet__studio", other)
    f.put("quiet__studio", one, twin(f))


def twin(f):
    """Another utterance of the same length."""
    return next(
        r["utterance"]
        for r in f.rows
        if r["utterance"] != "north_0" and r["samples"] == f.row("quiet__studio")["samples"]
    )


def swapped_utterances(f):
    other = twin(f)
    for condition in list(f.identity["conditions"]):
        mine, theirs = f.pcm(condition), f.pcm(condition, other)
        f.put(condition, theirs)
        f.put(condition, mine, other)


def louder(f):
    f.put("quiet__handset", 1.1 * f.pcm("quiet__handset"))


def softer_with_its_gain(f):
    row = f.row("scanner__studio")
    f.put("scanner__studio", 0.5 * f.pcm("scanner__studio"), gain_db=round(row["gain_db"] - 6.021, 3),
          speech_level_dbov=-32.02, speech_level_out_dbov=-32.02)  # fmt: skip


def softer_against_clipping(f):
    softer_with_its_gain(f)
    f.row("scanner__studio")["headroom_gain_db"] = -6.021


def a_sample_later(f):
    f.put("street_20db__studio", np.roll(f.pcm("street_20db__studio"), 1))


def six_ms_later(f):
    f.put("quiet__phone", np.roll(f.pcm("quiet__phone"), 96))


def three_samples_later_behind_a_codec(f):
    f.put("quiet__phone", np.roll(f.pcm("quiet__phone"), 3))


def cut_and_padded(f):
    samples = f.pcm("street_20db__studio")
    samples[-2000:] = 0
    f.put("street_20db__studio", samples)


def cut_and_padded_everywhere(f):
    for condition in list(f.identity["conditions"]):
        samples = f.pcm(condition)
        samples[-3000:] = 0
        f.put(condition, samples)


def longer(f):
    f.put("street_20db__studio", np.append(f.pcm("street_20db__studio"), np.zeros(160)))


def one_unit(f):
    samples = f.pcm("quiet__phone")
    samples[500] += 1
    f.put("quiet__phone", samples)


def the_same_samples_in_other_bytes(f):
    import soundfile

    path = f.path("quiet__phone")
    soundfile.write(path, f.pcm("quiet__phone").astype(np.int16), 16000, format="FLAC", subtype="PCM_16",
                    compression_level=0.0)  # fmt: skip


# Rows


def value(name, new, condition="scanner__studio"):
    """A cheat who edits a figure that was measured."""

    def edit(f):
        f.row(condition)[name] = new(f.row(condition)[name]) if callable(new) else new

    edit.__name__ = f"{name}_edited"
    return edit


def said(name, new, condition=None, utterance="north_0"):
    """A cheat who edits manifest and plan alike."""

    def edit(f):
        f.label(name, new, utterance, condition)

    edit.__name__ = f"{name}_in_manifest_and_plan"
    return edit


def of_the_set(name, new):
    """A cheat who edits testset.json."""

    def edit(f):
        f.identity[name] = new(f.identity[name]) if callable(new) else new

    edit.__name__ = f"testset_{name}"
    return edit


def other_column(f):
    for row in f.rows:
        row["mood"] = "good"


def lost_column(f):
    for row in f.rows:
        del row["loudness_lufs"]


def dealt_otherwise(f):
    for row in f.plan:
        row["dealt"] = row["dealt"].replace('"start": ', '"start": 1')


def dealt_otherwise_once(f):
    row = next(row for row in f.plan if row["condition"] == "street_0db__studio")
    row["dealt"] = row["dealt"].replace('"start": ', '"start": 1')


def dropped_block(f):
    gone = {row["utterance"] for row in f.rows if row["block"] == 1}
    f.drop(lambda row: row["utterance"] in gone)


def another_column_in_the_plan(f):
    f.kinds = {**f.kinds, "mood": polars.String}
    f.plan = [{**row, "mood": "good"} for row in f.plan]


def another_order(f):
    f.plan.reverse()
    f.rows.reverse()


def another_order_of_utterances(f):
    for table in (f.rows, f.plan):
        table.sort(key=lambda row: row["utterance"], reverse=True)


def another_order_of_rows(f):
    f.rows.reverse()


def dropped_item(f):
    f.drop(lambda row: row["condition"] == "scanner__phone" and row["utterance"] == "north_0")


def dropped_condition(f):
    f.drop(lambda row: row["condition"] == "scanner__phone")


def dropped_utterance(f):
    f.drop(lambda row: row["utterance"] == "north_0")


def said_to_have_failed(f):
    row = f.row("scanner__phone")
    failure = {name: row[name] for name in ("audio_filepath", "utterance", "condition")}
    (f.folder / row["audio_filepath"]).unlink()
    f.rows.remove(row)
    f.write("failures.jsonl", (json.dumps({**failure, "reason": "bad luck"}) + "\n").encode())


def renamed_condition(f):
    f.edit("recipe.yaml", lambda text: text.replace("scanner:", "printer:"))
    for table in (f.rows, f.plan):
        for row in table:
            for name in ("id", "audio_filepath", "condition", "noise"):
                row[name] = row[name].replace("scanner", "printer")
    for folder in list((f.folder / "audio").glob("scanner*")):
        folder.rename(folder.with_name(folder.name.replace("scanner", "printer")))
    f.identity["conditions"] = [name.replace("scanner", "printer") for name in f.identity["conditions"]]


def another_seed(f):
    f.edit("recipe.yaml", lambda text: text + "seed: 2\n")
    f.identity["seed"] = 2


def another_level(f):
    f.edit("recipe.yaml", lambda text: text + "speech: {level_dbov: -30}\n")
    f.identity["speech_level_dbov"] = -30.0


def another_snr(f):
    f.edit("recipe.yaml", lambda text: text.replace("snr_db: 5", "snr_db: 15"))


def commented_recipe(f):
    f.edit("recipe.yaml", lambda text: f"# made with love\n{text}")


def no_credit_in_the_recipe(f):
    f.edit("recipe.yaml", lambda text: text.replace(", credit: The Speakers", ""))
    f.label("credit", "", utterance=None)
    for source in f.identity["sources"]:
        source["credit"] = ""


# Side files, behind everything that follows from others


def side(name, change):
    def edit(f):
        f.cover()
        f.edit(name, change)
        f.seal()

    edit.__name__ = f"{name.replace('.', '_')}_edited"
    edit.covered = True
    return edit


def spaced_manifest(f):
    f.cover()
    f.write("manifest.jsonl", "".join(json.dumps(r, separators=(",", ":")) + "\n" for r in f.rows).encode())
    f.seal()


spaced_manifest.covered = True


def stranger(name):
    def edit(f):
        place = f.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"something")

    edit.__name__ = f"stranger_{name.replace('/', '_').replace('.', '_')}"
    return edit


def listed_stranger(f):
    f.write("results.txt", b"WER 0 %")
    f.identity["checksums"]["results.txt"] = ""


def linked_file(f):
    (f.folder / "audio" / "more").symlink_to(f.folder.parent)


DEFAULT = [
    (without_noise, "differs from the same speech"),
    (without_noise_but_for_dither, "differs from the same speech"),
    (softer_noise, "differs from the same speech"),
    (a_little_softer_noise, "differs from the same speech"),
    (softer_noise_on_its_label, "snr_db: 0.00 were asked for"),
    (other_noise_in_a_sweep, "its noise is not that of"),
    (without_noise_behind_a_codec, "its steps did nothing"),
    (without_a_codec, "its steps did nothing"),
    (one_noise_for_another_behind_a_codec, "has the samples of"),
    (one_step_of_a_sweep_for_another_behind_a_codec, "has the samples of"),
    (a_microphone_for_a_codec, "has the samples of"),
    (without_a_microphone, "its steps did nothing"),
    (swapped_conditions, "differs from the same speech"),
    (swapped_devices, "differs from the same speech"),
    (swapped_control, "differs from the same speech"),
    (swapped_utterances, "source_level_dbov"),
    (louder, "speech_level_out_dbov"),
    (softer_with_its_gain, "were asked for"),
    (softer_against_clipping, "what is made softer has"),
    (a_sample_later, "differs from the same speech"),
    (six_ms_later, "ms after"),
    (cut_and_padded, "differs from the same speech"),
    (cut_and_padded_everywhere, "source_level_dbov"),
    (longer, "items of its utterance have"),
    (value("snr_db", lambda v: v + 0.5), "were asked for"),
    (value("snr_requested_db", lambda v: v + 0.5), "the recipe asks for"),
    (value("snr_delivered_db", lambda v: v + 0.5), "differs from the same speech"),
    (value("gain_db", lambda v: v + 0.5), "differs from the same speech"),
    (value("speech_level_dbov", lambda v: v + 0.5), "speech_level_dbov"),
    (value("source_level_dbov", lambda v: v + 0.5, "quiet__studio"), "source_level_dbov"),
    (value("headroom_gain_db", -3.0), "headroom_gain_db"),
    (value("snr_band_hz", "300-3400"), "snr_band_hz"),
    (value("noise_source", "fan"), "noise_source"),
    (value("sample_rate", 8000), "sample_rate"),
    (value("peak_dbfs", -1.0), "peak_dbfs: found"),
    (value("loudness_lufs", -20.0), "loudness_lufs: found"),
    (value("loudness_lufs", None), "loudness_lufs: found"),
    (value("clipped_samples", 3), "clipped_samples: 0 samples stand at full scale"),
    (value("noise_crest_db", 3.0), "the same at the microphone, has"),
    (value("speech_activity", 0.5), "the manifest says speech_activity: 0.5"),
    (value("snr_full_band_db", 9.0), "from what snr_full_band_db says"),
    (value("snr_a_weighted_db", 9.0), "from what snr_a_weighted_db says"),
    (value("snr_full_band_db", 9.0, "street_0db__phone"), "the same at the microphone, has"),
    (value("noise_source", "fan", "street_0db__phone"), "noise_source: 1 rows are not what its plan gives"),
    (value("noise_source", "fan", "quiet__phone"), "noise_source: 1 rows are not what its plan gives"),
    (value("codec_packets", 7, "quiet__studio"), "codec_packets: 1 rows are not what its plan gives"),
    (said("text", "something else"), "text: 12 rows are not what"),
    (said("speaker", "Nobody"), "speaker: 12 rows are not what"),
    (said("accent", "South"), "accent: 12 rows are not what"),
    (said("group", "South"), "group: 12 rows are not what"),
    (said("licence", "CC0-1.0", "quiet__studio"), "licence: 1 rows are not what"),
    (said("credit", "", "quiet__studio"), "credit: 1 rows are not what"),
    (said("block", 7), "block: 12 rows are not what"),
    (said("key", "0" * 64, "quiet__studio"), "key: 1 rows are not what"),
    (said("source_sha256", "0" * 64), "source_sha256: 12 rows are not what"),
    (said("source_audio", "audio/south_0.wav"), "source_audio: 12 rows are not what"),
    (said("source_sample_rate", 48000), "source_sample_rate: 12 rows are not what"),
    (said("id", "north_zero", "quiet__studio"), "id: 1 rows are not what"),
    (other_column, "is not what its recipe"),
    (lost_column, "loudness_lufs"),
    (dealt_otherwise, "dealt: 24 rows are not what"),
    (another_column_in_the_plan, "plan.parquet: its column 'mood' does not belong in a test set"),
    (another_order, "another order than the conditions of its recipe"),
    (another_order_of_utterances, "another order than its recipe, corpus and noise gives them"),
    (another_order_of_rows, "another order than those of the plan"),
    (dropped_item, "1 of the items that its recipe, corpus and noise gives are missing"),
    (dropped_condition, "4 of the items that its recipe, corpus and noise gives are missing"),
    (dropped_utterance, "12 of the items that its recipe, corpus and noise gives are missing"),
    (said_to_have_failed, "could not be made: bad luck"),
    (renamed_condition, "key: 12 rows are not what"),
    (another_seed, "rows are not what"),
    (another_level, "rows are not what"),
    (another_snr, "the recipe asks for 15.00"),
    (no_credit_in_the_recipe, "notes: the set made again says"),
    (of_the_set("notes", []), "notes: the set made again says"),
    (of_the_set("balance", []), "balance: the set made again says"),
    (of_the_set("limits", []), "limits: "),
    (of_the_set("detection", {}), "detection: the set made again says"),
    (of_the_set("left_out", {"too loud": 3}), "left_out: the set made again says"),
    (of_the_set("licence", "CC0-1.0"), "licence: the set made again says"),
    (of_the_set("sources", []), "sources: the set made again says"),
    (of_the_set("labels", []), "labels: the set made again says"),
    (of_the_set("about", "The best of all sets"), "about: "),
    (of_the_set("seed", 2), "seed: the recipe says 1"),
    (of_the_set("pseudonyms", "abc"), "pseudonyms: the set made again says"),
    (of_the_set("award", "first prize"), "award: the set made again says"),
    (of_the_set("profiles", {}), "the profile 'mri_epi' has changed"),
    (side("profiles.json", lambda t: t.replace("1", "2", 1)), "profiles.json: is not what"),
    (side("figures.json", lambda t: t.replace("1", "2", 1)), "figures.json: is not what"),
    (side("figures.json", lambda t: t.replace("16000", "1e999", 1)), "figures.json: "),
    (side("coverage.txt", lambda t: t.replace("2", "3", 1)), "coverage.txt: is not what"),
    (side("datasheet.md", lambda t: t.replace("Lombard", "bad")), "datasheet.md: is not what"),
    (side("datasheet.html", lambda t: t.replace("Lombard", "bad")), "datasheet.html: is not what"),
    (side("croissant.json", lambda t: t.replace("Testing", "Training")), "croissant.json: is not what"),
    (side("manifest.csv", lambda t: t.replace("sentence 0", "sentence 9", 1)), "manifest.csv: is not what"),
    (spaced_manifest, "manifest.jsonl: is not what"),
    (stranger("README.txt"), "the file is no part of the set"),
    (stranger("audio/quiet__studio/extra.flac"), "the file is not in the manifest"),
    (stranger("kaldi/wav.scp"), "the file is no part of the set"),
    (listed_stranger, "which is not a file of a test set"),
    (stranger("__MACOSX/results.txt"), "the file is no part of the set"),
    (stranger("audio/@eaDir/more.flac"), "the file is not in the manifest"),
    (stranger("audio/quiet__studio/.Trashes/more.flac"), "the file is not in the manifest"),
    (linked_file, "this is a link"),
]  # fmt: skip
"""Seen by files, recipe and corpus: no item is rendered."""

RENDERED = [
    (softer_noise_on_its_label_behind_a_device, "other samples"),
    (other_noise_without_a_sweep, "other samples"),
    (other_noise_behind_a_codec, "other samples"),
    (three_samples_later_behind_a_codec, "other samples"),
    (one_unit, "other samples"),
    (the_same_samples_in_other_bytes, "other bytes, though the same samples"),
]
"""Seen where the item is in the sample: with `--sample all` for certain, else with the probability that is told."""

PUBLISHED = [
    (commented_recipe, ""),
    (of_the_set("versions", {"python": "2.7"}), "versions in testset.json"),
    (of_the_set("made_by", "acoustigrid 0.0.1"), "made_by in testset.json"),
]
"""Seen by the published identity only; what the check then cannot know, it says."""


def named(cases):
    return [pytest.param(cheat, words, id=cheat.__name__) for cheat, words in cases]


def judged(forger, original, sample=0, identity=None):
    return augment.verify(forger.folder, sample, original[0].parent, identity=identity)


def cheated(forger, cheat):
    cheat(forger)
    if not hasattr(cheat, "covered"):
        forger.cover()


def test_an_honest_set_is_sound_and_a_cheat_who_changes_nothing_leaves_no_trace(forger, original):
    """Otherwise a clumsy forger, and not the referee, would be what the tests below show."""
    before = {p: p.read_bytes() for p in forger.folder.rglob("*") if p.is_file() and p.name != "plan.parquet"}
    forger.cover()
    changed = [p.name for p, data in before.items() if p.read_bytes() != data]
    assert set(changed) <= {"testset.json"}  # whose checksum of plan.parquet is another
    verdict = judged(forger, original, "all")
    assert verdict.sound, verdict.deviations
    assert not verdict.unchecked, verdict.unchecked
    assert verdict.rendered == verdict.files == ITEMS


@pytest.mark.parametrize(("cheat", "words"), named(DEFAULT))
def test_seen_without_rendering(forger, original, cheat, words):
    cheated(forger, cheat)
    told = [str(fault) for fault in judged(forger, original).deviations]
    assert any(words in line for line in told), told
    assert all("cannot be checked, since the set is damaged" not in line for line in told), told


@pytest.mark.parametrize(("cheat", "words"), named(RENDERED))
def test_seen_where_it_is_rendered_again(forger, original, cheat, words):
    cheated(forger, cheat)
    assert judged(forger, original).sound
    told = [str(fault) for fault in judged(forger, original, "all").deviations]
    assert any(words in line for line in told), told


@pytest.mark.parametrize(("cheat", "words"), named(PUBLISHED))
def test_seen_by_the_published_identity(forger, original, cheat, words):
    cheated(forger, cheat)
    verdict = judged(forger, original, 4)
    assert verdict.sound, verdict.deviations
    assert words in " ".join(map(str, verdict.unchecked))
    told = " ".join(map(str, judged(forger, original, 0, original[1]).deviations))
    assert f"the identity of the set is {verdict.identity}; expected {original[1]}" in told


@pytest.mark.parametrize(("cheat", "words"), named(RENDERED[:2]))
def test_whoever_knows_the_identity_sees_all_of_it(forger, original, cheat, words):
    cheated(forger, cheat)
    assert not judged(forger, original, 0, original[1]).sound


def test_the_identity_is_what_sha256sum_prints(original):
    """An outsider can compute it: coreutils, and the names that testset.json and the manifest give."""
    folder, published = original
    names = [json.loads(line)["audio_filepath"] for line in (folder / "manifest.jsonl").read_text().splitlines()]
    names += [*json.loads((folder / "testset.json").read_text())["checksums"], "testset.json"]
    printed = subprocess.run(["sha256sum", *sorted(names)], cwd=folder, capture_output=True, check=True).stdout
    assert hashlib.sha256(printed).hexdigest() == published
    assert augment.verify(folder, sample=0, identity=f"sha256:{published.upper()}").identity == published
    assert augment.verify(folder, sample=0, identity=published).sound


def test_what_file_managers_leave_is_counted_and_no_deviation(forger, original):
    left = [".DS_Store", "audio/.DS_Store", "audio/quiet__studio/._north_0.flac", "Thumbs.db", "desktop.ini"]
    left += ["__MACOSX/._set", "audio/@eaDir/north_0.flac@SynoEAStream"]
    for place in (forger.folder / name for name in left):
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(b"x")
    (forger.folder / ".Trashes" / "old").mkdir(parents=True)
    (forger.folder / ".acoustigrid" / "anything").write_bytes(b"x")
    verdict = judged(forger, original, 0, original[1])
    assert verdict.sound, verdict.deviations
    assert verdict.remarks[0].startswith("10 things in the folder were left by file managers")


@pytest.mark.parametrize(("cheat", "words"), named([
    (said("text", "something else"), "text: 12 rows are not what"),
    (dropped_condition, "4 of the items that its recipe, corpus and noise gives are missing"),
    (of_the_set("balance", []), "balance: the set made again says"),
    (side("manifest.csv", lambda t: t.replace("sentence 0", "sentence 9", 1)), "manifest.csv: is not what"),
    (side("profiles.json", lambda t: t.replace("1", "2", 1)), "profiles.json: is not what"),
    (side("figures.json", lambda t: t.replace("[63.0,-", "[63.0,-4", 1)), "figures.json: is not what"),
]))  # fmt: skip
def test_a_set_that_names_another_version_is_looked_at_all_the_same(forger, original, cheat, words):
    forger.identity["made_by"] = "acoustigrid 9.9"
    cheated(forger, cheat)
    assert any(words in str(fault) for fault in judged(forger, original).deviations)


@pytest.mark.parametrize(("cheat", "what"), named([
    (of_the_set("notes", []), "words of files made again"),
    (of_the_set("limits", ["It is perfect."]), "words of testset.json"),
    (side("datasheet.md", lambda t: t.replace("Lombard", "bad")), "words of files made again"),
    (side("figures.json", lambda t: t.replace('"name": "MRI', '"name": "MR', 1)), "words of files made again"),
]))  # fmt: skip
def test_words_of_another_version_are_said_to_be_unchecked(forger, original, cheat, what):
    forger.identity["made_by"] = "acoustigrid 9.9"
    cheated(forger, cheat)
    verdict = judged(forger, original, "all")
    assert verdict.sound, verdict.deviations
    assert what in verdict.state
    assert "all as it should be" not in verdict.state
    assert "compare --identity" in " ".join(map(str, verdict.unchecked))


@pytest.mark.parametrize(("name", "version", "words"), [
    ("schema_version", 99, "schema version 99; version"),
    ("schema_version", None, "schema version None"),
    ("schema_version", True, "schema version True"),
    ("bytes_version", 99, r"a version that gives other bytes \(99"),
    ("bytes_version", 1, r"a version that gives other bytes \(1,"),
])  # fmt: skip
def test_another_version_is_refused_by_everybody_alike(forger, original, name, version, words):
    forger.identity[name] = version
    forger.seal()
    recipe = original[0].parent / "recipe.yaml"
    nobody = polars.DataFrame({"speaker_pseudonym": [], "speaker": [], "id_pseudonym": []})
    for reader in (
        lambda: augment.verify(forger.folder),
        lambda: augment.write_formats(forger.folder, ["csv"]),
        lambda: augment.build(recipe, forger.folder),
        lambda: augment.heard_in(forger.folder, nobody),
        lambda: changes_text(augment.plan(recipe), forger.folder),
    ):
        with pytest.raises(TestSetError, match=words) as raised:
            reader()
        assert "use acoustigrid" in raised.value.faults[0].remedy
    assert augment.build(recipe, forger.folder, replace=True).reused == ITEMS


def test_a_set_without_a_schema_version_is_of_the_first(forger):
    del forger.identity["schema_version"]
    forger.seal()
    with pytest.raises(TestSetError, match="schema version 1; version 3") as raised:
        augment.verify(forger.folder)
    assert f"acoustigrid build RECIPE --out {forger.folder} --replace" in raised.value.faults[0].remedy


class TestPublishedCopy:
    """A set that has left the place where it was made."""

    @pytest.fixture
    def copy(self, forger):
        shutil.rmtree(forger.folder / ".acoustigrid")
        return forger

    def test_what_can_be_checked_is_and_what_cannot_is_said(self, copy, original):
        verdict = augment.verify(copy.folder, identity=original[1])
        assert verdict.sound, verdict.deviations
        assert verdict.rendered == 0
        told = "\n".join(map(str, verdict.unchecked))
        assert "plan, notes, balance and data sheets made again, items rendered again" in told
        assert "nothing here says where its recipe was" in told
        assert "--recipe-folder" in told
        assert "text, speaker, labels and licences against the corpus" in told

    @pytest.mark.parametrize("cheat", [without_noise, swapped_conditions, cut_and_padded, stranger("a.txt"),
        side("manifest.csv", lambda t: t.replace("sentence 0", "sentence 9", 1)),
        side("croissant.json", lambda t: t.replace("Testing", "Training")),
        side("coverage.txt", lambda t: t.replace("2", "3", 1)),
        side("datasheet.html", lambda t: t.replace("Lombard", "bad")), of_the_set("seed", 2)])  # fmt: skip
    def test_the_files_alone_tell(self, copy, cheat):
        cheated(copy, cheat)
        assert not augment.verify(copy.folder).sound

    @pytest.mark.parametrize(("cheat", "words"), named([
        *((said(name, "South", "quiet__phone"), f"{name}: 1 rows are not what its recipe and its other rows give")
          for name in ("text", "speaker", "source_channel", "id")),
        (said("noise", "scanner", "quiet__phone"), "noise: 1 rows are not what its recipe and its other rows give"),
        (said("noise", "thunder", "quiet__phone"), "plan.parquet: the recipe has no setting 'thunder'"),
        (said("licence", "CC0-1.0", "street_0db__phone"), "licence: 1 rows are not"),
        (said("credit", "", "quiet__studio"), "credit: 1 rows are not"),
        (said("licence", "CC0-1.0", utterance=None), "licences_of_items"),
        (said("block", 7), "the recipe gives it 2, one in each block from 0"),
        (dealt_otherwise_once, "dealt: 1 rows are not"),
        (dropped_item, "1 of the items that its recipe and its other rows gives are missing"),
        (dropped_condition, "4 of the items that its recipe and its other rows gives are missing"),
        (dropped_utterance, "has 1 utterances, in blocks"),
        (dropped_block, "has 1 utterances, in blocks"),
        (of_the_set("labels", []), "its column 'accent' does not belong in a test set"),
        (of_the_set("conditions_per_utterance", 3), "conditions_per_utterance: the recipe gives 12, it says 3"),
        (another_column_in_the_plan, "its column 'mood' does not belong in a test set"),
        (another_order, "another order than the conditions of its recipe"),
        (value("noise_start_s", 9.0, "street_0db__phone"), "noise_start_s: 1 rows are not what its plan gives"),
    ]))  # fmt: skip
    def test_rows_are_held_against_the_recipe_and_each_other(self, copy, cheat, words):
        cheated(copy, cheat)
        told = [str(fault) for fault in augment.verify(copy.folder).deviations]
        assert any(words in line for line in told), told
        assert all("since the set is damaged" not in line for line in told), told

    @pytest.mark.parametrize("name", ["text", "speaker", "accent", "licence", "credit"])
    def test_labels_are_held_against_a_corpus_without_its_noise(self, copy, original, tmp_path, name):
        shutil.copytree(original[0].parent / "audio", tmp_path / "audio")
        shutil.copy(original[0].parent / "corpus.jsonl", tmp_path)
        assert augment.verify(copy.folder, recipe_folder=tmp_path).sound
        copy.label(name, "CC0-1.0" if name == "licence" else "South", condition="quiet__studio")
        copy.cover()
        told = "\n".join(map(str, augment.verify(copy.folder, recipe_folder=tmp_path).deviations))
        assert f"{name}: 1 rows are not what the corpus gives" in told or "credit names the speech's: 1 rows" in told
