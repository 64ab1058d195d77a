"""The experiment end to end: rotated sets are built and verified, and a plan tells what another accent would change."""

import json
import os
import subprocess
import sys
from collections import Counter

import pytest

import augment
from augment.errors import TestSetError
from augment.report.changes import changes_text
from augment.report.tables import plan_text

FACTORS = (
    "{noise: {quiet: [], pink: {steps: [{kind: coloured_noise, colour: pink}], sweep: {snr_db: [20, 10]}}}, "
    "device: {studio: [], coarse: [{kind: adc, bits: 8}]}}"
)


def test_a_rotated_set_is_built_and_verified(workshop):
    workshop.corpus({"North": 9, "South": 9})
    recipe = workshop.recipe(factors=FACTORS, assignment="{rotated: 2}", balance="{by: [accent], utterances: 9}")
    planned = augment.plan(recipe)
    cells = Counter(planned.items.select("group", "condition").rows())
    assert len(cells) == 12
    assert set(cells.values()) == {3}
    for _, block in planned.items.group_by("block"):
        met = {group: set(part["condition"]) for (group,), part in block.group_by("group")}
        assert met["North"] == met["South"]
        assert len(met["North"]) == 2
    speakers = Counter(planned.items.select("speaker", "condition").rows())
    for speaker in planned.items["speaker"].unique():
        counts = [speakers[(speaker, c.name)] for c in planned.conditions]
        assert max(counts) - min(counts) <= 1
    result = augment.build(planned, workshop.folder / "set")
    assert result.made == 36
    verdict = augment.verify(workshop.folder / "set", sample=6)
    assert verdict.sound, verdict.deviations
    identity = json.loads((workshop.folder / "set" / "testset.json").read_text())
    assert identity["conditions_per_utterance"] == 2
    assert identity["utterances_per_group"] == 9
    assert "rotated: each utterance meets 2 of 6 conditions; since 2 divides 6" in plan_text(planned)


@pytest.mark.parametrize("design", ["pairwise", "one_at_a_time", "list"])
def test_other_designs_are_built_and_verified(workshop, design):
    workshop.corpus({"North": 2, "South": 2})
    listed = "[{noise: pink, device: coarse}, {}]" if design == "list" else ""
    recipe = workshop.recipe(factors=FACTORS, design=design, conditions=listed)
    result = augment.build(recipe, workshop.folder / "set")
    assert not result.failures
    assert augment.verify(workshop.folder / "set", sample=4).sound


def test_another_accent_changes_no_other_file_and_the_plan_says_so(workshop):
    rows = workshop.corpus({"North": 4, "South": 5})
    recipe = workshop.recipe(factors=FACTORS, balance="{by: [accent], utterances: 4}")
    augment.build(recipe, workshop.folder / "set")
    more = [*rows, *({**row, "id": f"{row['id']}_w", "accent": "West"} for row in rows[:4])]
    (workshop.folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in more))
    told = changes_text(augment.plan(recipe), workshop.folder / "set")
    assert [line.split() for line in told.splitlines()[3:]] == [
        ["North", "24", "0", "0", "0"], ["South", "24", "0", "0", "0"], ["West", "0", "0", "24", "0"],
        ["all", "48", "0", "24", "0"],
    ]  # fmt: skip
    fewer = workshop.recipe(factors=FACTORS, balance="{by: [accent], utterances: 3}")
    told = changes_text(augment.plan(fewer), workshop.folder / "set")
    assert told.splitlines()[-1].split() == ["all", "36", "0", "18", "12"]
    with pytest.raises(TestSetError, match="expected the folder of a test set"):
        changes_text(augment.plan(fewer), workshop.folder)


def test_options_that_tie_groups_together_are_told(workshop):
    workshop.corpus({"North": 3, "South": 3})
    free = plan_text(augment.plan(workshop.recipe(balance="{by: [accent], utterances: 2}")))
    assert "can change which" not in free
    tied = plan_text(augment.plan(workshop.recipe(design="pairwise", factors=FACTORS)))
    assert "utterances: max follows the group that can give least" in tied
    assert "6 conditions in place of 6" in tied


def test_hash_seed_and_order_of_rows_decide_nothing(workshop):
    """Matched labels, a covering array with exclusions and a rotated assignment, planned in processes of their own."""
    rows = workshop.corpus({"North": 12, "South": 15, "West": 18}, speakers=4, seconds=0.5)
    for number, row in enumerate(rows):
        row |= {"gender": "fm"[number % 3 == 0], "age": f"{20 + 10 * (number % 4)}", "duration": 0.5}
    balance = "{by: [accent], utterances: 8, match: [gender, age], tolerance: 0.3, speakers: {min: 3, max_share: 0.5}}"
    recipe = workshop.recipe(
        factors=FACTORS[:-1] + ", end: {plain: [], narrow: [{kind: g711, law: a}]}}",
        design="pairwise",
        exclude="[{noise: quiet, device: coarse}]",
        balance=balance,
        assignment="{rotated: 3}",
    )
    made = []
    for seed, order in (("0", rows), ("1", rows[::-1]), ("random", rows[7:] + rows[:7])):
        workshop.manifest(order)
        out = workshop.folder / "plan.parquet"
        command = [sys.executable, "-m", "augment.cli", "plan", str(recipe), "--details", "--out", str(out)]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        made.append((done.stdout, out.read_bytes()))
    assert made[0] == made[1] == made[2]
    assert "of 15 feasible 2-tuples of settings meet" in made[0][0]
