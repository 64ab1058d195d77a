"""Rows that cannot be used are refused, or left out with a count, a list and a limit for each group."""

import json
import re

import pytest

import augment
from augment.errors import AcoustigridError, CorpusError
from augment.notes import texts

LEAVE_OUT = "{{path: corpus.jsonl, unusable: leave_out, at_most: {} %}}"


def spoiled(workshop, broken=0, wordless=(), absent=()):
    """A corpus of ten rows a group, some of which cannot be used; the broken ones are more."""
    rows = workshop.corpus({"North": 10, "South": 10}, seconds=0.5)
    for row in rows:
        row["text"] = "..." if row["id"] in wordless else row["text"]
    for identity in absent:
        (workshop.folder / "audio" / f"{identity}.wav").unlink()
    lines = [*map(json.dumps, rows), *['{"id": "x", '] * broken]
    (workshop.folder / "corpus.jsonl").write_text("".join(f"{line}\n" for line in lines))


def planned(workshop, at_most):
    return augment.plan(workshop.recipe(corpus=LEAVE_OUT.format(at_most)))


def test_rows_are_left_out_with_a_count_and_a_list(workshop):
    spoiled(workshop, broken=1, wordless=["north_1", "south_2"], absent=["south_2", "north_7"])
    plan = planned(workshop, 20)
    assert plan.items["utterance"].is_in(["north_1", "north_7", "south_2"]).sum() == 0
    lost = {why: n for why, n in plan.selection.left_out.items() if why.startswith("unusable")}
    expected = {"broken": 1, "without a word in the text": 1, "without their audio": 2}
    assert lost == {f"unusable: {reason}": n for reason, n in expected.items()}
    assert "2 rows without their audio are left out: 8, 13" in texts(plan.notes)
    assert any(re.match(r"1 rows broken are left out: .*corpus\.jsonl:21", note) for note in texts(plan.notes))


def test_a_group_that_loses_more_than_the_limit_is_refused_with_the_counts(workshop):
    spoiled(workshop, wordless=["north_1"], absent=["north_2"])
    assert planned(workshop, 20).selection.left_out["unusable: without their audio"] == 1
    with pytest.raises(CorpusError) as caught:
        planned(workshop, 15)  # 10 % of the whole, 20 % of a group
    told = str(caught.value)
    assert "corpus.jsonl:3: without their audio" in told
    assert "corpus.jsonl:2: without a word in the text" in told
    assert "at most 15 %: 2 of 10 of North - mend them" in told
    with pytest.raises(CorpusError, match=r"at most 5 %: 2 of 20 in all, 2 of 10 of North"):
        planned(workshop, 5)


def test_many_broken_rows_are_refused_in_one_fault(workshop):
    spoiled(workshop, broken=60)
    with pytest.raises(CorpusError, match="60 of 80 in all") as caught:
        planned(workshop, 50)
    assert len(caught.value.faults) == 2
    assert planned(workshop, 75).selection.left_out["unusable: broken"] == 60


def test_what_a_recipe_does_not_leave_out_is_refused(workshop):
    spoiled(workshop, broken=1)
    with pytest.raises(CorpusError, match=r"corpus\.jsonl:21: this line is not a JSON object"):
        augment.plan(workshop.recipe())
    spoiled(workshop, absent=["north_3"])
    with pytest.raises(AcoustigridError, match="there is no such file"):
        augment.plan(workshop.recipe())


def test_rows_that_can_all_be_used_are_all_there(workshop):
    spoiled(workshop)
    plan = planned(workshop, 0)
    assert plan.items["utterance"].n_unique() == 20
    assert not any("left out:" in note for note in texts(plan.notes))


def test_nothing_usable_is_a_fault_and_not_an_empty_plan(workshop):
    spoiled(workshop, wordless=[f"{group}_{n}" for group in ("north", "south") for n in range(10)])
    with pytest.raises(CorpusError, match="cannot be used"):
        planned(workshop, 100)
    (workshop.folder / "corpus.jsonl").write_text('{"id": \n' * 9)
    with pytest.raises(CorpusError):
        planned(workshop, 100)


def test_audio_that_cannot_be_used_is_counted_among_what_is_left_out(workshop):
    spoiled(workshop, wordless=["north_1"])
    (workshop.folder / "audio" / "south_4.wav").write_bytes(b"no audio")
    plan = planned(workshop, 20)
    lost = plan.selection.left_out
    assert (lost["unusable: without a word in the text"], lost["unusable: with audio that cannot be used"]) == (1, 1)
    assert plan.items["utterance"].n_unique() + sum(lost.values()) == 20
