"""Accent x condition sets from real speech, real noise and real microphones, measured item by item.

Run with ``pytest -m real``; the recordings lie beside the project and are no part of it.
"""

import json
import shutil
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
import soundfile

import augment
from acceptance.outside import weighted
from augment.acoustics.levels import speech_level
from augment.api import stems
from augment.errors import DesignError
from augment.notes import texts
from conftest import PACK, PACK_CORPUS, RATE, gcc_lag, tree

pytestmark = pytest.mark.real

SIX = "keep: {accent: [American, German, Belgian French, Greek, Mandarin (L1), English]}"
RECIPE = f"""\
name: dev-pack
corpus: {{{PACK_CORPUS}, {SIX}}}
balance: {{by: [accent], utterances: 8}}
noise: {{segment_s: 5}}
factors:
  noise:
    quiet: []
    restaurant:
      steps: [{{kind: background_noise, source: noise/babble/restaurant08.wav}}]
      sweep: {{snr_db: [10, 0]}}
    kitchen: [{{kind: background_noise, source: noise/domestic, snr_db: 5}}]
    machines: [{{kind: background_noise, source: noise/equipment, snr_db: 10}}]
    scanner: [{{kind: equipment_noise, profile: mri_epi, snr_db: 0}}]
  device:
    studio: []
    handset: [{{kind: microphone, profile: itu_p830_handset}}]
    nexus: [{{kind: microphone, profile: ir/handset/handset_nexus_one_front_mic.wav}}]
"""


@pytest.fixture(scope="module")
def pack(linked_pack) -> Path:
    (linked_pack / "recipe.yaml").write_text(RECIPE)
    return linked_pack


@pytest.fixture(scope="module")
def built(pack):
    return augment.build(pack / "recipe.yaml", pack / "set", workers=2)


def rows_of(folder):
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def band(signal):
    return weighted(signal, RATE, 100.0, 7000.0)


def test_six_accents_by_eighteen_conditions_are_full(built):
    rows = rows_of(built.folder)
    cells = Counter((row["accent"], row["condition"]) for row in rows)
    assert len(cells) == 6 * 18
    assert set(cells.values()) == {8}
    speakers = defaultdict(set)
    for row in rows:
        speakers[row["accent"]].add(row["speaker"])
    assert {a: len(s) for a, s in speakers.items()} == {
        "American": 3, "German": 2, "Belgian French": 1, "Greek": 1, "Mandarin (L1)": 8, "English": 4
    }  # fmt: skip


def test_every_item_is_what_its_label_says(built):
    """Measured on the stems of all items, with band filters of this test."""
    plan = built.plan
    rows = {(row["utterance"], row["condition"]): row for row in rows_of(built.folder)}
    worst = defaultdict(float)
    scaled = 0
    for utterance in plan.items["utterance"].unique():
        items = augment.render_utterance(plan, utterance)
        control = stems(items["quiet__studio"])["speech"]
        for condition, item in items.items():
            row, parts = rows[(utterance, condition)], stems(item)
            written, _ = soundfile.read(built.folder / row["audio_filepath"], dtype="int16")
            assert np.array_equal(written, item.pcm)
            assert np.abs(written.astype(int)).max() < 32767
            assert row["clipped_samples"] == 0
            assert len(written) == len(control)
            scaled += row["headroom_gain_db"] < 0  # made softer as a whole: the level before that is the requested one
            before_headroom = parts["speech"] * 10 ** (-row["headroom_gain_db"] / 20)
            level = speech_level(before_headroom, RATE).active_level_dbov
            worst["speech level, dB"] = max(worst["speech level, dB"], abs(level + 26))
            worst["lag, samples"] = max(worst["lag, samples"], abs(gcc_lag(control, parts["speech"])))
            if item.at_microphone.noises:
                scene = item.at_microphone
                found = speech_level(band(scene.speech.signal()), RATE).active_level_dbov
                found -= 10 * np.log10(np.mean(band(scene.noises[0].signal()) ** 2))
                worst["SNR, dB"] = max(worst["SNR, dB"], abs(found - row["snr_requested_db"]))
    shown = ", ".join(f"{name}: {value:.4f}" for name, value in worst.items())
    print(f"\n{len(rows)} items ({scaled} of them made softer against clipping), worst deviations: {shown}")
    assert worst["speech level, dB"] <= 0.1
    assert worst["SNR, dB"] <= 0.1
    assert worst["lag, samples"] <= 2


def test_all_groups_hear_the_same_segments(built):
    heard = defaultdict(Counter)
    for row in rows_of(built.folder):
        if row["condition"] == "restaurant_0db__studio":
            heard[row["accent"]][row["noise_segment"]] += 1
    assert len({tuple(sorted(count.items())) for count in heard.values()}) == 1


def test_verify_agrees(built):
    verdict = augment.verify(built.folder, sample=60)
    assert verdict.sound, verdict.deviations


@pytest.mark.parametrize("workers", [1, 4])
def test_bytes_do_not_depend_on_workers_or_rows(built, pack, tmp_path, workers):
    other = tmp_path / "pack"
    other.mkdir()
    for path in pack.iterdir():
        if path.name not in ("set", "manifest.jsonl", "recipe.yaml"):
            (other / path.name).symlink_to(path.resolve())
    lines = (PACK / "manifest.jsonl").read_text().splitlines(keepends=True)
    (other / "manifest.jsonl").write_text("".join(sorted(lines, key=lambda line: line[::-1])))
    shutil.copy(pack / "recipe.yaml", other / "recipe.yaml")
    augment.build(other / "recipe.yaml", other / "set", workers=workers)
    assert tree(other / "set") == tree(built.folder)


FOUR = "keep: {accent: [American, German, Mandarin (L1), English]}"


def test_four_accents_are_planned_with_their_differences(pack):
    """Every figure of the plan and of its balance table counted again from the manifest."""
    recipe = RECIPE.replace(SIX, FOUR).replace("utterances: 8", "utterances: 40, speakers: {min: 2}")
    (pack / "four.yaml").write_text(recipe + "assignment: {rotated: 3}\n")
    planned = augment.plan(pack / "four.yaml")
    told = {row["id"]: row for row in map(json.loads, (PACK / "manifest.jsonl").read_text().splitlines())}
    items = planned.items.rows(named=True)
    conditions = len(planned.conditions)
    cells = Counter((item["group"], item["condition"]) for item in items)
    assert len(cells) == 4 * conditions == 72
    assert set(cells.values()) <= {40 * 3 // conditions, 40 * 3 // conditions + 1}
    assert set(Counter(item["utterance"] for item in items).values()) == {3}
    chosen: dict[str, set[str]] = defaultdict(set)
    for item in items:
        chosen[item["group"]].add(item["utterance"])
    for group, ids in chosen.items():
        assert {told[i]["accent"].replace(" (neutral)", "") for i in ids} == {group}
        assert len(ids) == 40
        assert len({told[i]["speaker"] for i in ids}) == {"American": 3, "English": 4, "German": 2}.get(group, 18)
        spread = Counter((told[item["utterance"]]["speaker"], item["condition"]) for item in items
                         if item["group"] == group)  # fmt: skip
        for speaker in {s for s, _ in spread}:
            met = [spread[speaker, condition.name] for condition in planned.conditions]
            assert max(met) - min(met) <= 1
    found = {d.group: d for d in planned.selection.balance.differences if d.variable == "duration"}
    moments = {g: durations(soundfile.info(PACK / told[i]["audio"]).duration for i in ids) for g, ids in chosen.items()}
    for group, (mean, variance) in moments.items():
        most = max(
            abs(mean - m) / np.sqrt((variance + v) / 2) for m, v in (x for h, x in moments.items() if h != group)
        )
        assert found[group].after == pytest.approx(most, rel=1e-5)  # lengths are whole samples at 16 kHz
        assert found[group].flagged
    matched = RECIPE.replace(SIX, FOUR).replace("utterances: 8", "utterances: 40, match: [duration]")
    (pack / "matched.yaml").write_text(matched)
    with pytest.raises(DesignError, match=r"cannot be met together.*\(groups: German, Mandarin"):
        augment.plan(pack / "matched.yaml")


def durations(seconds):
    values = np.array(list(seconds))
    return values.mean(), values.var(ddof=1)


def test_what_the_corpus_cannot_carry_is_refused_with_numbers(pack):
    (pack / "five.yaml").write_text(
        RECIPE.replace(SIX, FOUR.replace("]", ", Scottish]")).replace(
            "utterances: 8", "utterances: 40, speakers: {min: 2}"
        )
    )
    with pytest.raises(DesignError) as caught:
        augment.plan(pack / "five.yaml")
    told = str(caught.value)
    assert "group Scottish: 1 of 40 utterances" in told
    assert "group Scottish: 1 of at least 2 speakers" in told
    assert "[American, English, German, 'Mandarin (L1)']" in told


def test_unlabelled_rows_and_narrow_bandwidth_are_told(built):
    notes = "\n".join(texts(built.plan.notes))
    assert "different sample rates" in notes
    assert "American: 8000, 48000 Hz" in notes
    assert "how tightly their recordings are cut" in notes
    assert sum(built.plan.selection.left_out.values()) == 459 - 6 * 8


def test_the_audit_finds_what_the_packs_own_table_says(pack):
    """Telephone-band digits, one person per accent, and other rates: measured once, by other means, in the manifest."""
    told = [json.loads(line) for line in (PACK / "manifest.jsonl").read_text().splitlines()]
    found = augment.audit(pack / "manifest.jsonl", ["accent"], None, {"audio_filepath": "audio"})
    groups = {group.group: group for group in found.groups}
    assert found.unreadable == ()
    assert found.unlabelled == {"accent": sum(not row["accent"] for row in told)}
    for name, group in groups.items():
        own = [row for row in told if row["accent"] == name]
        assert group.inspected == group.utterances == len(own)
        assert group.speakers == len({row["speaker"] for row in own})
        assert group.rates_hz == tuple(sorted({row["sample_rate"] for row in own}))
        assert group.hours == pytest.approx(sum(row["duration"] for row in own) / 3600, abs=1e-4)
        assert group.bandwidth_hz <= min(row["sample_rate"] for row in own) / 2
    assert groups["German"].bandwidth_hz < 4000 < groups["English"].bandwidth_hz
    wild = [groups[name].snr_db for name in ("American (neutral)", "Belgian French", "Greek")]
    assert max(wild) < 25 < groups["English"].snr_db
    warnings = "\n".join(texts(found.warnings))
    for what in ("different sample rates", "differ in bandwidth", "differ in source SNR", "how tightly", "one speaker"):
        assert what in warnings
