"""Audits of corpora whose faults are known, because they were put there."""

import json
import math
import re
import statistics

import numpy as np
import polars
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

import augment
from augment.acoustics.levels import speech_level
from augment.auditing.chance import Means, apart, dealing_of
from augment.auditing.differences import LENGTH, difference_notes, resulting_snr_db
from augment.auditing.groups import audit
from augment.auditing.label_differences import label_notes
from augment.corpus.spec import CorpusSpec
from augment.corpus.speech import read_speech
from augment.corpus.table import read_corpus
from augment.errors import CorpusError
from augment.notes import Effect, texts
from augment.report.audit import audit_text
from augment.report.brief import audit_brief, plan_brief
from conftest import DEMO, RATE

GROUPS = ("North", "South")


@pytest.fixture(scope="module")
def clean():
    """Synthetic speech of the demo, with hardly any noise of its own."""
    files = sorted((DEMO / "audio").glob("*.flac"))
    return [read_speech(path, None, None, RATE).samples for path in files]


@pytest.fixture
def lay(workshop, clean):
    """Lay out a corpus of two groups with the same kind of speech, one of them changed."""

    def make(change=lambda speech, number: speech, rate=RATE, count=12, table=lambda row: row):
        rows = []
        for number in range(2 * count):
            group = GROUPS[number % 2]
            speech = clean[number]
            samples = change(speech, number) if group == "South" else speech
            name = f"audio/u{number:02d}.wav"
            soundfile.write(workshop.folder / name, samples, rate if group == "South" else RATE, subtype="PCM_16")
            row = {"id": f"u{number:02d}", "audio_filepath": name, "text": f"text {number}", "accent": group}
            rows.append(table({**row, "speaker": f"{group}{number // 2 % 3}", "duration": speech.size / RATE}))
        workshop.manifest(rows)
        return workshop

    return make


def audited(shop, by=("accent",), **more):
    return audit(read_corpus(CorpusSpec(path="corpus.jsonl"), shop.folder), by, RATE, **more)


def noisy(snr_db):
    def change(speech, number):
        noise = np.random.default_rng(number).standard_normal(speech.size)
        level = speech_level(speech, RATE).active_level_dbov
        return speech + noise * 10 ** ((level - snr_db) / 20)

    return change


def about(found, what):
    return [warning for warning in texts(found.warnings) if what in warning]


def test_groups_that_were_recorded_alike_are_left_alone(lay):
    found = audited(lay())
    assert found.warnings == ()
    assert [(g.group, g.utterances, g.speakers, g.inspected) for g in found.groups] == [
        ("North", 12, 3, 12), ("South", 12, 3, 12),
    ]  # fmt: skip
    assert "no warnings" in audit_text(found)


def test_a_group_with_a_noisy_microphone_is_told_and_what_it_makes_of_a_request(lay):
    found = audited(lay(noisy(20)), requested_db=(15, 0))
    (told,) = about(found, "source SNR")
    north, south = found.groups
    assert south.snr_db == pytest.approx(20, abs=2)
    assert north.snr_db > 35
    assert "a group that was recorded with more noise" in told
    (asked,) = about(found, "of their own")
    made = resulting_snr_db(15, south.snr_db)
    assert asked.startswith(f"South: the recordings have an SNR of about {south.snr_db:.0f} dB of their own")
    assert f"15 dB becomes {made:.1f} dB" in asked
    assert "0 dB becomes" not in asked.replace("15 dB becomes", "")


def test_two_noises_add_by_their_power():
    """20 dB and 20 dB make twice the noise; a noise 15 dB below another adds 0.14 dB to it."""
    assert resulting_snr_db(20, 20) == pytest.approx(20 - 10 * math.log10(2))
    assert 10 - resulting_snr_db(10, 25) == pytest.approx(10 * math.log10(1 + 10**-1.5))


def test_narrow_band_soft_clipped_and_tightly_cut_groups_are_told(lay):
    def telephone(speech, number):
        bins = np.fft.rfft(speech)
        bins[np.fft.rfftfreq(speech.size, 1 / RATE) > 3400] = 0
        return np.fft.irfft(bins, speech.size)

    found = audited(lay(telephone))
    assert found.groups[1].bandwidth_hz == pytest.approx(3400, abs=200)
    assert len(about(found, "bandwidth (estimate)")) == 1

    found = audited(lay(lambda speech, number: speech / 4))
    assert found.groups[1].level_dbov - found.groups[0].level_dbov == pytest.approx(-12, abs=2)
    assert len(about(found, "speech level")) == 1
    assert not about(found, "groups differ in source SNR")

    def clipped(speech, number):
        top = 0.3 * np.abs(speech).max() if number % 4 == 1 else 1.0
        return np.clip(speech, -top, top)

    found = audited(lay(clipped))
    assert [g.clipped for g in found.groups] == [0, 6]
    (told,) = about(found, "clipped samples")
    assert "North: 0 %; South: 50 %" in told

    found = audited(lay(lambda speech, number: np.pad(speech, (0, RATE)), rate=RATE))
    assert found.groups[1].tail_db < found.groups[0].tail_db

    found = audited(lay(lambda speech, number: speech[::2], rate=RATE // 2))
    (told,) = about(found, "sample rates")
    assert "North: 16000 Hz; South: 8000 Hz" in told


def test_labels_are_counted(lay):
    def table(row):
        number = int(row["id"][1:])
        row = {**row, "speaker": "Ann" if row["accent"] == "North" else row["speaker"]}
        if number in (1, 3):
            row["accent"] = "south"
        if number == 5:
            row["accent"] = None
        if number == 7:
            row["speaker"] = "Ann"
        return row

    found = audited(lay(table=table), sample=0)
    assert found.unlabelled == {"accent": 1}
    assert [(g.group, g.utterances, g.speakers) for g in found.groups] == [
        ("North", 12, 1), ("South", 9, 4), ("south", 2, 2),
    ]  # fmt: skip
    assert about(found, "1 row has no accent")
    assert about(found, "{labels: {accent: {south: South}}}")
    (single,) = about(found, "one speaker stands for the whole group: North;")
    assert "balance: {speakers: {min: 4}}" in single
    (wanderer,) = [w for w in texts(found.warnings) if "stand in more than one group" in w]
    assert "Ann (North, South)" in wanderer
    ruled = audited(
        lay(table=lambda row: {**row, "speaker": "Ann" if int(row["id"][1:]) > 2 else "Bob"}), by=["accent"]
    )
    assert "South: Ann 92 %" in "".join(about(ruled, "more than half of a group's utterances"))


def test_the_manifest_alone_needs_no_audio(lay):
    shop = lay()
    whole = audited(shop)
    for path in (shop.folder / "audio").iterdir():
        path.unlink()
    bare = audited(shop, sample=0)
    assert (bare.inspected, bare.unreadable) == (0, ())
    assert [(g.group, g.utterances, g.speakers, g.hours) for g in bare.groups] == [
        (g.group, g.utterances, g.speakers, g.hours) for g in whole.groups
    ]
    broken = audited(shop, sample=3)
    assert len(broken.unreadable) == 6
    assert about(broken, "6 of 6 utterances cannot be used")
    assert "unusable: " in audit_text(broken)


def test_the_sample_does_not_depend_on_the_order_of_rows(lay):
    shop = lay(noisy(20))
    once = audited(shop, sample=4)
    lines = (shop.folder / "corpus.jsonl").read_text().splitlines()
    (shop.folder / "corpus.jsonl").write_text("\n".join(reversed(lines)) + "\n")
    assert audited(shop, sample=4) == once
    assert [g.inspected for g in once.groups] == [4, 4]
    assert audited(shop, sample=None).inspected == 24


def test_labels_that_are_none_are_refused(lay):
    shop = lay()
    with pytest.raises(CorpusError, match=r"no label 'acent'.*did you mean 'accent'"):
        audited(shop, by=["acent"])
    lay(table=lambda row: {**row, "prompt": row["id"]})
    assert audited(shop, by=["prompt"], sample=0).groups[0].utterances == 1


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=8), st.lists(st.floats(-3, 3), min_size=2, max_size=8))
def test_differences_are_those_of_the_textbook(one, other):
    """Referee: the statistics module."""
    first, second = statistics.fmean(one), statistics.fmean(other)
    spread = math.sqrt((statistics.pvariance(one) + statistics.pvariance(other)) / 2)
    rows = {"group": ["a"] * len(one) + ["b"] * len(other), "speaker": None, "log_s": one + other}
    table = polars.DataFrame(rows).with_row_index("id").cast({"id": polars.String, "speaker": polars.String})
    dealing = dealing_of(table)
    found = apart(dealing, Means(dealing, table["log_s"].to_numpy(), ddof=0))
    if spread > 1e-4:  # the variance is a difference of sums of squares, and loses digits where little spreads
        assert found.found[0, 1] == pytest.approx(abs(first - second) / spread, rel=1e-6, abs=1e-8)
    notes = texts(difference_notes(table, [LENGTH]))
    apart_s = abs(first - second)
    if apart_s > LENGTH.just + 1e-9 and spread > 1e-6 and apart_s / spread > 0.1 + 1e-9:
        assert len(notes) == (found.chance is None or found.found[0, 1] > found.chance[0, 1] + 1e-9)
    if apart_s < LENGTH.just - 1e-9:
        assert notes == []


def test_the_planner_tells_what_the_audit_tells(lay):
    shop = lay(noisy(18))
    shop.recipe(balance="{by: [accent], utterances: 6}")
    told = "\n".join(texts(augment.plan(shop.folder / "recipe.yaml").notes))
    assert "groups differ in source SNR" in told
    assert re.search(r"South: the recordings have an SNR of about 1[789] dB of their own \(estimate\)", told)
    found = augment.audit(shop.folder / "recipe.yaml")
    assert about(found, "10 dB becomes")
    assert found.by == ("accent",)


def test_an_audit_is_written_as_json(lay, tmp_path):
    shop = lay()
    found = augment.audit(shop.folder / "corpus.jsonl", ["accent"], sample=2)
    augment.write_audit(found, tmp_path / "audit.json")
    read = json.loads((tmp_path / "audit.json").read_text(), parse_constant=lambda name: pytest.fail(name))
    assert [group["inspected"] for group in read["groups"]] == [2, 2]
    with pytest.raises(augment.errors.AcoustigridError, match=r"ends in \.json"):
        augment.write_audit(found, tmp_path / "audit.txt")
    with pytest.raises(augment.errors.AcoustigridError, match="--by LABEL"):
        augment.audit(shop.folder / "corpus.jsonl")


def labelled(each: int = 6, groups: str = "AB", **labels) -> polars.DataFrame:
    """Groups of so many speakers, who say three texts each; labels by group and number of speaker and utterance."""
    rows = [
        {"group": g, "speaker": f"{g}{s}", "id": f"{g}{s}-{u}", "text": f"text {u}"}
        | {f"label:{name}": value(g, s, u) for name, value in labels.items()}
        for g in groups for s in range(each) for u in range(3)
    ]  # fmt: skip
    return polars.DataFrame(rows)


def labels_told(frame, **more) -> list:
    return label_notes(frame, [name.removeprefix("label:") for name in frame.columns if ":" in name], **more)


def test_a_label_that_nobody_matched_is_told_by_audit_and_plan(workshop):
    rows = workshop.corpus({"North": 12, "South": 12}, speakers=6)
    workshop.manifest([{**row, "gender": {"North": "female", "South": "male"}[row["accent"]]} for row in rows])
    said = "gender differs between groups: North 100 % female, South 0 %"
    for source in (workshop.recipe(), workshop.folder / "corpus.jsonl"):
        found = augment.audit(source, ["accent"])
        assert any(said in line for line in audit_brief(found, "--details").lines)
        assert about(found, "no two groups share a value of gender")
    # A set tells no values of labels that do not leave the corpus.
    for output, short in (("{}", "North and South share no value"), ("{labels: all}", "North 100 % female, South 0 %")):
        planned = augment.plan(workshop.recipe(output=output))
        (note,) = [note for note in planned.notes if "gender" in note.text]
        assert (note.effect, note.size) == (Effect.CONFOUNDED, 1.0)
        assert note.headline == f"gender differs between groups: {short}"
        assert any(note.headline in line for line in plan_brief(planned, "--details").lines)
    workshop.manifest([{**row, "gender": ("female", "male")[n // 6 % 2]} for n, row in enumerate(rows)])
    assert "gender" not in " ".join(texts(augment.plan(workshop.recipe()).notes))


def test_a_label_that_the_recipe_matches_is_no_fault_of_the_corpus(workshop):
    rows = workshop.corpus({"North": 16, "South": 16}, speakers=8)
    genders = [{**row, "gender": "fm"[n % 8 < (1 if row["accent"] == "North" else 7)]} for n, row in enumerate(rows)]
    workshop.manifest(genders)
    assert about(augment.audit(workshop.folder / "corpus.jsonl", ["accent"]), "labels differ between groups: gender (")
    recipe = workshop.recipe(balance="{by: [accent], match: [gender]}")
    assert not about(augment.audit(recipe), "gender")
    assert "gender" not in " ".join(texts(augment.plan(recipe).notes))


def test_labels_in_which_groups_differ_are_told_in_two_notes():
    """One on those that could be matched, the largest first; one on those that are, perhaps, the group by its name."""
    frame = labelled(
        12,
        "ABC",
        country=lambda g, s, u: f"land {g}",
        band=lambda g, s, u: f"{g}{s % 2}",
        age=lambda g, s, u: "old" if s < {"A": 10, "B": 6, "C": 1}[g] else "young",
        gender=lambda g, s, u: {"A": "f", "B": "m"}.get(g, "fm"[s % 2]),
        studio=lambda g, s, u: "yes" if g == "A" else None,
        style=lambda g, s, u: ("read", "free", "free")[u],
    )
    partly, entirely = labels_told(frame)
    assert partly.headline == "groups differ in gender, studio, age"
    assert "gender (A 100 % f, B 0 %; distance 1.00 of 1, and 0." in partly.text
    assert "studio (B 100 % (none), A 0 %; " in partly.text
    assert "age (A 83 % old, C 8 %; distance 0.75 of 1, and 0." in partly.text
    assert "balance: {match: [gender, studio, age]}" in partly.text
    assert entirely.headline == "no two groups share a value of country, band"
    kept = " ".join(texts(labels_told(frame, told=["gender"])))
    assert "gender (A 100 % f, B 0 %;" in kept
    assert "studio (A and B share no value;" in kept
    assert "age (A and C are 0.75 of 1 apart;" in kept


@pytest.mark.parametrize("each", [2, 3, 4, 12])
def test_labels_that_name_speakers_utterances_or_texts_are_no_kinds_of_them(each):
    frame = labelled(
        each,
        alias=lambda g, s, u: f"{g}{s}",
        file=lambda g, s, u: f"{g}{s}{u}.wav",
        day=lambda g, s, u: f"{g}{s}{u % 2}",
        age=lambda g, s, u: str(20 + 3 * s + (g == "A")),
        number=lambda g, s, u: str(u),
        rig=lambda g, s, u: "one",
    )
    assert labels_told(frame) == []
    prompts = frame.with_columns(polars.format("{} {}", "group", "text").alias("text"), polars.col("group").alias("g"))
    prompts = prompts.with_columns(polars.format("{}{}", "g", "label:number").alias("label:number"))
    assert labels_told(prompts) == []


def test_a_group_of_women_and_one_of_men_are_told_even_of_few_speakers_and_among_many_labels():
    others = {f"kind{n}": lambda g, s, u: "xy"[s % 2] for n in range(6)}
    for each in (2, 3, 4, 5):
        (note,) = labels_told(labelled(each, **others, gender=lambda g, s, u: "fm"[g == "B"]))
        assert note.headline == "gender differs between groups: A 100 % f, B 0 %"


def test_many_labels_that_chance_dealt_are_told_in_few_corpora():
    random, told = np.random.default_rng(3), 0
    for _ in range(60):
        dealt = random.random((6, 2, 15)) < 0.5
        kinds = {f"k{n}": lambda g, s, u, own=own: str(own["AB".index(g), s]) for n, own in enumerate(dealt)}
        told += bool(labels_told(labelled(15, **kinds)))
    assert told <= 8  # 3 are expected, and more than 8 in one of 200 such tests; with 5 % for each label, 16
