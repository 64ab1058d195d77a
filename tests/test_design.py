"""The planner: groups, numbers, speakers, blocks, segments; counted by code that shares nothing with it."""

import itertools
import re
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import polars
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.corpus.table import Corpus
from augment.dealt.segment import segments
from augment.design.conditions import conditions
from augment.design.naming import file_stem
from augment.design.selection import select
from augment.errors import DesignError
from augment.notes import texts
from augment.profiles.recording import Recording
from augment.recipe.experiment import Balance, Speakers
from augment.recipe.loader import load_recipe
from conftest import RATE


def corpus_of(rows: list[dict]) -> Corpus:
    full = [
        {
            "audio_filepath": "x",
            "offset": None,
            "duration": None,
            "licence": None,
            "credit": None,
            "text": r["id"],
            "row": str(i + 1),
            **r,
        }
        for i, r in enumerate(rows)
    ]
    frame = polars.DataFrame(full, infer_schema_length=None).rename({"accent": "label:accent"})
    return Corpus(frame, Path("m.jsonl"), ("accent",))


lopsided = st.dictionaries(
    st.sampled_from(["A", "B", "C", "D"]),
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
    min_size=1,
)
"""Group -> utterances of each of its speakers."""


def rows_of(shape: dict[str, list[int]]) -> list[dict]:
    return [
        {"id": f"{g}-{s}-{u}", "accent": g, "speaker": f"{g}{s}"}
        for g, speakers in shape.items()
        for s, count in enumerate(speakers)
        for u in range(count)
    ]


@settings(deadline=None, max_examples=60)
@given(lopsided, st.integers(1, 12), st.integers(1, 4), st.integers(0, 3), st.randoms())
def test_accepted_plans_keep_every_promise_and_refused_ones_are_infeasible(shape, wanted, speakers_min, seed, random):
    rows = rows_of(shape)
    random.shuffle(rows)
    balance = Balance(by=("accent",), utterances=wanted, speakers=Speakers(min=speakers_min))
    feasible = all(sum(s) >= wanted and min(len(s), wanted) >= speakers_min for s in shape.values())
    if not feasible:
        with pytest.raises(DesignError, match="feasible would be"):
            select(corpus_of(rows), balance, seed)
        return
    chosen = select(corpus_of(rows), balance, seed).frame
    per_group = Counter(chosen["group"].to_list())
    assert per_group == dict.fromkeys(shape, wanted)
    assert len(set(chosen["id"].to_list())) == chosen.height
    voices = defaultdict(Counter)
    for group, speaker in chosen.select("group", "speaker").rows():
        voices[group][speaker] += 1
    for group, counts in voices.items():
        assert len(counts) == min(len(shape[group]), wanted)  # as many speakers as there can be
        room = {f"{group}{i}": n for i, n in enumerate(shape[group])}
        for voice, other in itertools.permutations(counts, 2):  # nobody speaks twice more while another could
            assert counts[voice] <= counts[other] + 1 or counts[other] == room[other]
    blocks = Counter(chosen["block"].to_list())
    assert blocks == dict.fromkeys(range(wanted), len(shape))  # one utterance of every group in every block


@settings(deadline=None, max_examples=30)
@given(lopsided, st.integers(1, 4), st.randoms())
def test_order_of_rows_and_other_groups_move_nothing(shape, wanted, random):
    rows = rows_of(shape)
    wanted = min(wanted, *(sum(s) for s in shape.values()))
    balance = Balance(by=("accent",), utterances=wanted)

    def places(some):
        frame = select(corpus_of(some), balance, 1).frame
        return dict(zip(frame["id"], frame["block"], strict=True))

    first = places(rows)
    random.shuffle(rows)
    assert places(rows) == first
    more = places([*rows, *({"id": f"new{i}", "accent": "New", "speaker": "n"} for i in range(9))])
    assert {i: b for i, b in more.items() if not i.startswith("new")} == first


@settings(deadline=None, max_examples=30)
@given(lopsided)
def test_a_smaller_number_keeps_the_blocks_of_those_that_stay(shape):
    rows = rows_of(shape)
    most = min(sum(s) for s in shape.values())

    def places(n):
        frame = select(corpus_of(rows), Balance(by=("accent",), utterances=n), 1).frame
        return dict(zip(frame["id"], frame["block"], strict=True))

    assert places(1).items() <= places(most).items()


def test_blocks_of_parallel_speech_share_the_sentence():
    rows = [
        {"id": f"{g}{s}{t}", "accent": g, "speaker": f"{g}{s}", "text": f"sentence {t}"}
        for g in "AB"
        for s in range(3)
        for t in range(4)
    ]
    chosen = select(corpus_of(rows), Balance(by=("accent",)), 1).frame
    assert chosen.group_by("block").agg(polars.col("text").n_unique())["text"].to_list() == [1] * 12
    few = select(corpus_of(rows), Balance(by=("accent",), utterances=3), 1).frame
    assert few["text"].n_unique() == 3  # not one sentence for the whole test set


def test_refusal_has_the_numbers_and_a_way_out():
    rows = rows_of({"American": [9, 9], "German": [9, 9], "Scottish": [1]})
    balance = Balance(by=("accent",), utterances=10, speakers=Speakers(min=2))
    with pytest.raises(DesignError) as caught:
        select(corpus_of(rows), balance, 1)
    told = str(caught.value)
    assert "group Scottish: 1 of 10 utterances" in told
    assert "group Scottish: 1 of at least 2 speakers" in told
    assert "balance: {utterances: 1, speakers: {min: 1}}" in told
    assert "corpus: {keep: {accent: [American, German]}}" in told
    way_out = [row for row in rows if row["accent"] in ("American", "German")]
    assert select(corpus_of(way_out), balance, 1).per_group == 10


@settings(deadline=None, max_examples=60)
@given(lopsided, st.integers(1, 12), st.integers(1, 4))
def test_the_feasible_request_is_feasible(shape, wanted, speakers_min):
    """Whatever is refused, what is offered in its place is accepted."""
    corpus = corpus_of(rows_of(shape))
    try:
        select(corpus, Balance(by=("accent",), utterances=wanted, speakers=Speakers(min=speakers_min)), 1)
    except DesignError as error:
        offer = re.search(r"balance: \{utterances: (\d+), speakers: \{min: (\d+)\}\}", str(error))
        utterances, voices = map(int, offer.groups())
        assert (utterances, voices) != (wanted, speakers_min)
        select(corpus, Balance(by=("accent",), utterances=utterances, speakers=Speakers(min=voices)), 1)


def test_one_voice_for_a_group_is_told():
    rows = rows_of({"A": [3], "B": [2, 2]})
    notes = texts(select(corpus_of(rows), Balance(by=("accent",)), 1).notes)
    assert any("one speaker stands for the whole group: A;" in note for note in notes)


def test_labels_that_are_missing_or_odd():
    rows = [*rows_of({"A": [3], "B": [3]}), {"id": "u", "accent": None, "speaker": "u"}]
    chosen = select(corpus_of(rows), Balance(by=("accent",)), 1)
    assert chosen.left_out == {"no accent": 1}
    grouped = select(corpus_of(rows), Balance(by=("accent",), unlabelled="group"), 1)
    assert grouped.groups == ("(unlabelled)", "A", "B")
    assert "1 row has no accent: (unlabelled) stands for it" in texts(grouped.notes)
    assert not any("(unlabelled)" in note for note in texts(chosen.notes))
    with pytest.raises(DesignError, match=r"\[A, B\]\}\}, and balance: \{unlabelled: leave_out\}"):
        select(corpus_of(rows), Balance(by=("accent",), utterances=3, unlabelled="group"), 1)
    with pytest.raises(DesignError, match=r"m\.jsonl:7: 1 row has no accent"):
        select(corpus_of(rows), Balance(by=("accent",), unlabelled="refuse"), 1)
    with pytest.raises(DesignError, match="did you mean 'accent'"):
        select(corpus_of(rows), Balance(by=("acent",)), 1)
    odd = rows_of({"Scottish": [2], "scottish": [2]})
    assert any("differ in case" in note for note in texts(select(corpus_of(odd), Balance(by=("accent",)), 1).notes))


def test_segments_lie_on_the_grid_and_inside():
    a, b = Recording("a", "one", 8000, 8000 * 5), Recording("b", "two", 48000, 48000)
    assert segments([a, b], 16000, 2.0) == ([(a, 0), (a, 32000), (b, 0)], 0)
    again = Recording("c", "one", 8000, 8000 * 5)
    assert segments([a, b, again], 16000, 2.0) == ([(a, 0), (a, 32000), (b, 0)], 0)  # the same content counts once
    paused = Recording("p", "", 8000, 8000 * 6, (False,) * 5 + (True,) + (False,) * 6)
    assert segments([paused], 16000, 2.0) == ([(paused, 0), (paused, 64000)], 1)


def test_segments_are_dealt_without_reuse_until_exhausted(stocked):
    import augment

    plan = augment.plan(stocked.folder / "recipe.yaml")
    (exposure,) = plan.exposures.values()
    assert (exposure.available, len(exposure.dealt)) == (5, 4)
    assert len({segment.label for segment in exposure.dealt.values()}) == 4
    heard = defaultdict(set)
    for block, condition, text in plan.items.select("block", "condition", "dealt").rows():
        if condition.startswith("street"):
            heard[block].add(text)
    assert all(len(texts) == 1 for texts in heard.values())  # all groups, SNRs and devices of a block hear one segment


def test_a_rotated_design_deals_to_those_who_listen(workshop):
    """A third of the blocks meets the street: its segments are not spent on the others."""
    import augment

    workshop.corpus({"North": 12, "South": 12}, seconds=0.6)
    workshop.noise("street/a.wav", 0.1 * np.random.default_rng(5).standard_normal(4 * RATE))
    recipe = workshop.recipe(
        noise="{segment_s: 1}",
        factors=(
            "{noise: {quiet: [], hum: [{kind: equipment_noise, profile: mains_hum_50, snr_db: 10}], "
            "street: [{kind: background_noise, source: noise/street, snr_db: 5}]}}"
        ),
        assignment="{rotated: 1}",
    )
    planned = augment.plan(recipe)
    (exposure,) = planned.exposures.values()
    heard = planned.items.filter(planned.items["condition"] == "street")
    assert heard.height == 8
    assert sorted(exposure.dealt) == sorted(set(heard["block"])) == sorted(exposure.left)
    for group in ("North", "South"):
        assert heard.filter(heard["group"] == group)["dealt"].n_unique() == 4
    assert (exposure.available, exposure.reuse) == (4, 1)


def test_exclusions_take_settings_and_families(stocked):
    path = stocked.folder / "recipe.yaml"
    text = path.read_text()
    assert len(conditions(load_recipe(path))) == 8
    path.write_text(text + "exclude: [{noise: street, device: handset}, {noise: [quiet], device: [studio]}]\n")
    names = [c.name for c in conditions(load_recipe(path))]
    assert names == [
        "quiet__handset",
        "street_20db__studio",
        "street_0db__studio",
        "scanner__studio",
        "scanner__handset",
    ]
    path.write_text(text + "exclude: [{device: [studio, handset]}]\n")
    with pytest.raises(DesignError, match="excludes every condition"):
        conditions(load_recipe(path))


@given(st.text(min_size=1), st.text(min_size=1))
def test_file_names_are_safe_and_apart_without_regard_to_case(one, other):
    try:
        stems = file_stem(one), file_stem(other)
    except UnicodeEncodeError:
        return
    for stem in stems:
        assert stem.isascii()
        assert len(stem) <= 100
        assert not set(stem) & set('./\\ :*?"<>|\n\t')
        assert not stem.startswith("-")
    assert (stems[0].casefold() == stems[1].casefold()) == (one == other)


def test_windows_devices_are_no_file_names():
    assert file_stem("con") != "con"
    assert file_stem("lpt1") != "lpt1"


def test_notes_tell_what_confounds(workshop):
    """Another sample rate, a tighter cut, a line on the band's edge: none of them is an accent."""
    import augment

    rows = workshop.corpus({"North": 2, "South": 2}, seconds=1.5)
    for row in rows[2:]:
        path = workshop.folder / row["audio_filepath"]
        samples, _ = soundfile.read(path)
        soundfile.write(path, np.pad(samples[::2], (0, 8000)), 8000, subtype="PCM_16")
    recipe = workshop.recipe()
    notes = "\n".join(texts(augment.plan(recipe).notes))
    assert "different sample rates, which is a difference of bandwidth (North: 16000 Hz; South: 8000 Hz)" in notes
    assert "differ in how tightly their recordings are cut" in notes
    assert "noise mains_hum_50: a line near 150 Hz is" in notes
    assert "stands on the lower edge of the band of the SNR" in notes
    alike = [row for row in rows if row["accent"] == "North"]
    alike += [{**row, "id": f"{row['id']}_s", "accent": "South", "speaker": row["speaker"] + "_s"} for row in alike]
    workshop.manifest(alike)
    quiet = workshop.recipe(snr="{band_hz: [20, 7000]}", corpus="{path: corpus.jsonl, licence: CC0-1.0}")
    assert texts(augment.plan(quiet).notes) == [
        "each group gives 2 utterances, all that the smallest, North, has",
        "2 chosen utterances have the very audio of another one",
    ]


def test_too_many_conditions_are_refused_at_once(workshop):
    factors = ", ".join(f"f{i}: {{{', '.join(f's{j}: []' for j in range(10))}}}" for i in range(7))
    with pytest.raises(DesignError, match="10,000,000 conditions"):
        conditions(load_recipe(workshop.recipe(factors=f"{{{factors}}}")))
