"""What a sample says: against scipy's hypergeometric distribution, and against every way to hide counted one by one."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

import augment
from augment.verification.sample import draw_sample, most_unseen


def rows(*sizes):
    return [
        {"condition": f"c{h}", "audio_filepath": f"audio/c{h}/{n}"} for h, size in enumerate(sizes) for n in range(size)
    ]


@pytest.mark.parametrize(("items", "drawn"), [(384, 20), (384, 200), (60, 59), (100_000, 59)])
def test_one_stratum_is_the_hypergeometric_bound(items, drawn):
    most = most_unseen([(items, drawn)], 0)
    assert hypergeom.pmf(0, items, most, drawn) >= 0.05 > hypergeom.pmf(0, items, most + 1, drawn)
    assert most_unseen([(items, 0)], drawn) == most


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=3), st.integers(0, 5))
def test_no_way_to_hide_more_is_missed(strata, more):
    """Every number of deviating items in every stratum, by scipy's probabilities."""
    strata = [(items, min(items, drawn)) for items, drawn in strata]
    rest = sum(items - drawn for items, drawn in strata)
    more = min(more, rest)
    most = 0
    for hidden in itertools.product(*(range(items + 1) for items, _ in strata)):
        chances = [hypergeom.pmf(0, n, d, k) for (n, k), d in zip(strata, hidden, strict=True)]
        if np.prod(chances) == 0:
            continue
        missed = np.prod(chances) * hypergeom.pmf(0, rest, sum(hidden), more)
        most = max(most, sum(hidden)) if missed >= 0.05 * (1 - 1e-9) else most
    assert most_unseen(strata, more) == most


def test_a_sample_misses_as_often_as_it_says():
    """One item more than the bound allows, all in one condition: missed with less than 5 % of the seeds."""
    grid = rows(30, 30, 30)
    sample = draw_sample(grid, 10, 0)
    hidden = {f"audio/c0/{n}" for n in range(sample.unseen + 1)}
    missed = np.mean(
        [hidden.isdisjoint(row["audio_filepath"] for row in draw_sample(grid, 10, seed).rows) for seed in range(2000)]
    )
    assert missed <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2000)


def test_every_condition_is_drawn_from_where_the_sample_is_large_enough():
    for seed in range(20):
        sample = draw_sample(rows(48, 48, 48, 48, 6), 20, seed)
        drawn = Counter(row["condition"] for row in sample.rows)
        assert len(sample.rows) == 20
        assert all(drawn[f"c{h}"] >= 4 for h in range(4))


def test_each_seed_draws_another_sample_and_the_same_again():
    grid = rows(50, 50)
    drawn = [frozenset(row["audio_filepath"] for row in draw_sample(grid, 10, seed).rows) for seed in (1, 2, 1)]
    assert drawn[0] != drawn[1]
    assert drawn[0] == drawn[2]


def test_checks_draw_anew_and_a_seed_repeats(finished):
    first, second = augment.verify(finished, 2), augment.verify(finished, 2)
    assert first.seed != second.seed
    again = augment.verify(finished, 2, seed=first.seed)
    assert again.seed == first.seed
    assert dict(again.checks)["sample"] == dict(first.checks)["sample"]
    assert "can be wrong without being seen (95 %)" in dict(first.checks)["sample"]
    assert "every item was rendered again" in dict(augment.verify(finished, "all").checks)["sample"]
