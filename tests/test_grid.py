"""Conditions: covering arrays counted by brute force, one at a time, lists, exclusions; and who meets which."""

import itertools
import math
from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from augment.design.assignment import schedule
from augment.design.conditions import conditions
from augment.design.grid.arrays import covering_array, trials_of
from augment.design.grid.coverage import coverage_of
from augment.design.grid.factors import Factors
from augment.errors import DesignError, RecipeError
from augment.recipe.experiment import Budget, Rotated
from augment.recipe.loader import load_recipe

MODELS = {"3^13": [3] * 13, "4^10": [4] * 10, "5^1 4^2 3^5 2^3": [5, 4, 4, 3, 3, 3, 3, 3, 2, 2, 2]}
MOST = {
    ("3^13", 2): (18, 40), ("4^10", 2): (29, 40), ("5^1 4^2 3^5 2^3", 2): (22, 40),
    ("3^13", 3): (75, 33), ("4^10", 3): (158, 4), ("5^1 4^2 3^5 2^3", 3): (104, 28),
}  # fmt: skip
"""Most rows, and how many of the trials find so few: the best of all of them can only be smaller."""


def factors_of(levels, excluded=()) -> Factors:
    return Factors(
        tuple(f"f{i}" for i in range(len(levels))),
        tuple(tuple(f"s{j}" for j in range(k)) for k in levels),
        tuple(excluded),
    )


@pytest.mark.parametrize(("model", "strength"), MOST)
def test_covering_arrays_are_complete_and_small(model, strength, monkeypatch):
    factors, (most, trials) = factors_of(MODELS[model]), MOST[model, strength]
    assert trials_of(factors, strength) >= trials
    monkeypatch.setattr("augment.design.grid.arrays.TRIALS", trials)
    reference = tuple(names[0] for names in factors.settings)
    found = covering_array(factors, strength, reference)
    counted = coverage_of(factors, found, strength)
    assert counted.missing == ()
    assert counted.feasible == sum(map(math.prod, itertools.combinations(MODELS[model], strength)))
    places = list(itertools.combinations(range(len(factors.names)), strength))
    assert len({(p, tuple(row[i] for i in p)) for p in places for row in found}) == counted.feasible
    assert len(found) <= most
    assert found[0] == reference


@pytest.mark.parametrize(
    ("levels", "strength", "most", "excluded"),
    [
        ([30] * 12, 2, 961, ()),
        ([31, 7, 12, 12, 3, 20, 30, 2, 2, 2, 9, 31], 2, 961, ()),
        ([12] * 8, 3, 2197, ()),
        ([25] * 6, 2, 900, ({0: frozenset({"s1"}), 1: frozenset({"s2", "s3"})},)),
    ],
)
def test_large_arrays_are_made_at_once_and_complete(levels, strength, most, excluded):
    """Counted by brute force; an array of 12 x 30 can have no fewer than 900 rows."""
    factors = factors_of(levels, excluded)
    assert trials_of(factors, strength) == 0
    reference = tuple(names[-1] for names in factors.settings)
    found = covering_array(factors, strength, reference)
    assert reference in found
    assert len(found) == len(set(found)) <= most
    assert all(factors.allows(row) for row in found)
    for places in itertools.combinations(range(len(levels)), strength):
        met = {tuple(row[place] for place in places) for row in found}
        forbidden = 2 if excluded and places == (0, 1) else 0
        assert len(met) == math.prod(levels[place] for place in places) - forbidden


def test_trials_fall_with_the_size_and_not_with_the_clock():
    trials = [trials_of(factors_of([settings] * 24), 2) for settings in (2, 4, 5, 6, 8)]
    assert trials == sorted(trials, reverse=True)
    assert trials[0] > trials[-1] >= 1


def test_arrays_that_are_too_large_are_refused_with_their_size(workshop):
    settings = ", ".join(f"s{n}: [{{kind: adc, bits: 8}}]" for n in range(101))
    wide = ", ".join(f"f{n}: {{{settings}}}" for n in range(3))
    with pytest.raises(DesignError, match=r"has at least 10,201 conditions, .* at most 10,000 are planned"):
        conditions(load_recipe(workshop.recipe(design="pairwise", factors=f"{{{wide}}}")))


@st.composite
def constrained(draw):
    levels = draw(st.lists(st.integers(1, 3), min_size=3, max_size=5))
    excluded = []
    for _ in range(draw(st.integers(0, 3))):
        places = draw(st.lists(st.integers(0, len(levels) - 1), min_size=1, max_size=3, unique=True))
        entry = {
            p: frozenset(draw(st.sets(st.sampled_from([f"s{j}" for j in range(levels[p])]), min_size=1)))
            for p in places
        }
        excluded.append(entry)
    return factors_of(levels, excluded)


@settings(deadline=None, max_examples=40)
@given(constrained(), st.integers(2, 3))
def test_constrained_arrays_cover_what_brute_force_finds_feasible(factors, strength):
    allowed = [
        choice
        for choice in itertools.product(*factors.settings)
        if not any(all(choice[f] in names for f, names in entry.items()) for entry in factors.excluded)
    ]
    if not allowed or strength >= len(factors.names):
        return
    places = list(itertools.combinations(range(len(factors.names)), strength))
    feasible = {(p, tuple(choice[i] for i in p)) for p in places for choice in allowed}
    found = covering_array(factors, strength, tuple(names[0] for names in factors.settings))
    assert set(found) <= set(allowed)
    assert {(p, tuple(choice[i] for i in p)) for p in places for choice in found} == feasible
    counted = coverage_of(factors, found[:1], strength)
    assert counted.feasible == len(feasible)
    assert counted.covered == len(places)


FACTORS = (
    "{noise: {quiet: [], fan: {steps: [{kind: coloured_noise, colour: pink}], sweep: {snr_db: [20, 10]}}}, "
    "device: {studio: [], narrow: [{kind: adc, bits: 16}]}, end: {plain: [], wide: [{kind: g711, law: a}]}}"
)


def names(workshop, **parts):
    return [c.name for c in conditions(load_recipe(workshop.recipe(factors=FACTORS, **parts)))]


def test_one_at_a_time_changes_one_factor(workshop):
    found = names(workshop, design="one_at_a_time", reference="{noise: fan_20db}")
    assert found == [
        "fan_20db__studio__plain", "quiet__studio__plain", "fan_10db__studio__plain", "fan_20db__narrow__plain",
        "fan_20db__studio__wide",
    ]  # fmt: skip
    with pytest.raises(DesignError, match="reference of one_at_a_time, quiet__studio__plain, is excluded"):
        names(workshop, design="one_at_a_time", exclude="[{noise: quiet, device: studio}]")


def test_a_list_is_what_it_says(workshop):
    found = names(workshop, design="list", conditions="[{noise: fan}, {device: [studio, narrow], end: wide}, {}]")
    assert found == [
        "fan_20db__studio__plain", "fan_10db__studio__plain", "quiet__studio__wide", "quiet__narrow__wide",
        "quiet__studio__plain",
    ]  # fmt: skip
    with pytest.raises(DesignError, match="entry 1 of 'conditions' asks for fan_10db__studio__plain"):
        names(workshop, design="list", conditions="[{noise: fan}]", exclude="[{noise: fan_10db}]")


def test_pairwise_and_strengths(workshop):
    found = names(workshop, design="pairwise")
    pairs = [{(a, b) for n in found for a, b in itertools.combinations(enumerate(n.split("__")), 2)}]
    assert len(pairs[0]) == 3 * 2 + 3 * 2 + 2 * 2
    assert len(found) < 12
    assert names(workshop, design="{strength: 3}") == names(workshop)
    with pytest.raises(DesignError, match="a strength of 4, and the recipe has 3 factors"):
        names(workshop, design="{strength: 4}")


def test_everything_excluded_names_the_entries_that_do_it(workshop):
    entries = "[{device: narrow}, {noise: [quiet, fan], end: plain}, {end: wide}]"
    with pytest.raises(DesignError) as caught:
        names(workshop, exclude=entries)
    assert "{'noise': ['quiet', 'fan'], 'end': 'plain'}; {'end': 'wide'}" in str(caught.value)
    assert "narrow" not in str(caught.value)


def test_names_and_parts_that_do_not_fit_are_told_with_their_place(workshop):
    with pytest.raises(RecipeError) as caught:
        names(workshop, design="list", reference="{noise: fan}", conditions="[{nois: fan}]", exclude="[{end: wid}, {}]")
    told = str(caught.value)
    for part in (
        "'noise' has no setting 'fan'",
        "there is no factor 'nois'",
        "'end' has no setting 'wid'",
        "everything",
    ):
        assert part in told
    with pytest.raises(RecipeError, match="there are no 'conditions'"):
        names(workshop, design="list")
    with pytest.raises(RecipeError, match="used with 'design: list' only"):
        names(workshop, conditions="[{noise: fan}]")


def made_up(count: int) -> tuple:
    return tuple(SimpleNamespace(name=f"c{n}") for n in range(count))


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 20), st.data(), st.lists(st.integers(1, 30), min_size=1, max_size=8), st.integers(0, 3))
def test_rotation_fills_cells_and_spreads_speakers(count, data, speakers, seed):
    """Speakers as runs of blocks, as the selection orders them."""
    each = data.draw(st.integers(1, count))
    total = sum(speakers)
    assume(each * total >= count)  # fewer leave cells empty, and are refused
    turns = schedule(made_up(count), Rotated(rotated=each), None, [1.0] * total, ("wav", 8000), seed, total)
    met = [turns.of_block(block) for block in range(total)]
    assert all(len(set(some)) == each for some in met)
    start = 0
    for run in [(0, total), *((sum(speakers[:i]), n) for i, n in enumerate(speakers))]:
        start, length = run
        counts = Counter(c for some in met[start : start + length] for c in some)
        found = [counts.get(c, 0) for c in range(count)]
        assert max(found) - min(found) <= 1
        assert sum(found) == each * length


@pytest.mark.parametrize(
    ("budget", "each"),
    [({"files": 79}, 7), ({"hours": 0.01}, 3), ({"gigabytes": 0.001}, 6), ({"files": 79, "hours": 0.01}, 3)],
)
def test_a_budget_decides_how_many(budget, each):
    seconds = [1.0] * 10
    turns = schedule(made_up(9), "rotated", Budget(**budget), seconds, ("wav", 8000), 1, len(seconds))
    assert turns.each == each
    with pytest.raises(DesignError, match=f"rotated: {each}"):
        schedule(made_up(9), "crossed", Budget(**budget), seconds, ("wav", 8000), 1, len(seconds))


def test_a_budget_that_nothing_fits_and_more_conditions_than_there_are():
    with pytest.raises(DesignError, match="fewer utterances"):
        schedule(made_up(9), "rotated", Budget(files=9), [1.0] * 10, ("wav", 8000), 1, 10)
    with pytest.raises(DesignError, match="is to meet 10 conditions, but the design has 9"):
        schedule(made_up(9), Rotated(rotated=10), None, [1.0], ("wav", 8000), 1, 1)
