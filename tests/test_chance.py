"""What chance makes of differences: referees are closed forms, scipy, all dealings one by one, and simulation."""

import itertools
import math
import re
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import polars
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from augment.auditing.chance import (
    DEALS,
    Dealing,
    Means,
    Shares,
    apart,
    dealing_of,
    distinct_numbers,
    multinomial_difference,
    undealt,
)
from augment.auditing.differences import MEASURES, difference_notes
from augment.design.selection.balance import Difference
from augment.notes import texts
from augment.report.text import figure


def table(groups, speakers):
    rows = {"group": groups, "speaker": speakers, "id": [f"u{n}" for n in range(len(groups))]}
    return polars.DataFrame(rows, schema_overrides={"speaker": polars.String})


def drawn(count, size, voices):
    """Groups of one size, their speakers in turn."""
    groups = [f"g{g}" for g in range(count) for _ in range(size)]
    return table(groups, [f"{group}-{n % voices}" for n, group in enumerate(groups)])


@pytest.mark.parametrize(
    ("count", "voices", "spread", "labelled"),
    [(2, 40, 0.0, False), (2, 10, 0.7, False), (6, 10, 0.3, False), (12, 40, 0.0, False), (4, 10, 0.0, True)],
)
def test_groups_from_one_population_are_flagged_in_one_of_twenty(count, voices, spread, labelled):
    """Forty utterances each; speakers that differ among one another; labels that belong to speakers.

    Of 300 corpora, 15 +- 4 are expected if the level is kept; more than 30 in less than one of 1000 such tests. Labels
    take few values, and equal ones count for chance, so that fewer are flagged.
    """
    random = np.random.default_rng(11)
    frame = drawn(count, 40, voices)
    dealing = dealing_of(frame)
    unit = distinct_numbers(frame.select("group", "speaker"))
    flagged = large = 0
    for _ in range(300):
        own = random.normal(0, 1, dealing.group.size)[unit]
        if labelled:
            numbers = Shares(dealing, (own > 0.3).astype(np.int64))
        else:
            numbers = Means(dealing, np.exp(0.5 * random.standard_normal(frame.height) + spread * own), ddof=1)
        found = apart(dealing, numbers)
        flagged += bool(found.clear.any())
        large += bool((found.found > 0.1).any())
    assert (0 if labelled else 3) <= flagged <= 30
    assert large > 150  # what the size alone would flag


BANDWIDTH = replace(next(m for m in MEASURES if m.name == "octaves"), just=0.02)


def recorded(frame, random, spread, more=0.0):
    """Bandwidths of one population of microphones, each speaker with one; the last group has better ones."""
    unit = distinct_numbers(frame.select("group", "speaker"))
    octaves = 12 + random.normal(0, spread, int(unit.max()) + 1)[unit] + 0.1 * random.standard_normal(frame.height)
    last = (frame["group"] == frame["group"].max()).to_numpy()
    return frame.with_columns(polars.Series("octaves", octaves + more * last))


@pytest.mark.parametrize(("count", "voices", "lone"), [(2, 10, 0), (4, 8, 0), (3, 10, 2)])
def test_microphones_of_many_speakers_are_told_in_one_of_twenty(count, voices, lone):
    """Of 200 corpora 10 +- 3, whoever stands beside in groups of one; size alone would tell of nearly all of them."""
    random = np.random.default_rng(4)
    frame = drawn(count, 40, voices)
    frame = frame.vstack(
        table([f"z{n}" for n in range(lone) for _ in range(40)], [f"z{n // 40}" for n in range(40 * lone)])
    )
    told = Counter[str]()
    for _ in range(200):
        notes = "".join(texts(difference_notes(recorded(frame, random, 0.2), [BANDWIDTH])))
        pairs = re.search(r"(\d+) of \d+ pairs of groups(?:, (\d+) with)?", notes)
        told["beyond chance"] += int(pairs[1]) > int(pairs[2] or 0) if pairs else bool(notes)
        told["too few"] += "too few speakers" in notes
    assert 2 <= told["beyond chance"] <= 21
    assert told["too few"] > 150 if lone else not told["too few"]


def test_microphones_of_few_speakers_are_told_by_their_size():
    """One speaker a group: whose microphone it is, nobody can tell, and it is in every comparison of the groups."""
    random = np.random.default_rng(4)
    frame = drawn(2, 40, 1)
    for _ in range(50):
        (told,) = texts(difference_notes(recorded(frame, random, 0.0, more=1.0), [BANDWIDTH]))
        assert "and too few speakers (1 and 1) to tell it from chance" in told
    alike = table(["a", "b"] * 40, ["a", "b"] * 40).with_columns(polars.Series("octaves", [12.0, 12.01] * 40))
    assert texts(difference_notes(alike, [BANDWIDTH])) == []  # less than what just matters
    mixed = recorded(drawn(2, 40, 10).vstack(table(["g2"] * 40, ["lone"] * 40)), random, 0.05, more=1.0)
    (told,) = texts(difference_notes(mixed, [BANDWIDTH]))
    assert "too few speakers (10 and 1)" in told
    assert re.search(r"\b2 of 3 pairs of groups, 2 with so few", told)
    chosen = replace(BANDWIDTH, recorded=False)  # what is said is judged by chance alone
    assert not any("too few speakers" in note for note in texts(difference_notes(mixed, [chosen])))


def test_pairs_of_few_speakers_are_those_that_can_be_dealt_in_few_ways():
    """All ways to deal the speakers of two groups, one by one; to exchange two groups of one size is no other way."""
    sizes = [1, 2, 3, 4, 5, 28, 29]
    frame = table([f"g{n:02d}" for n in sizes for _ in range(n)], [str(k) for n in sizes for k in range(n)])
    few = dealing_of(frame).few
    for (i, one), (j, other) in itertools.combinations(enumerate(sizes), 2):
        if math.comb(one + other, one) > 10_000:
            assert not few[i, j]
            continue
        every = set(range(one + other))
        ways = {frozenset([frozenset(some), frozenset(every - {*some})]) for some in itertools.combinations(every, one)}
        assert few[i, j] == few[j, i] == (len(ways) < 30)
    assert few[2, 2]  # 3 and 3: ten
    assert not few[3, 3]  # 4 and 4: 35


@pytest.mark.parametrize("count", [2, 3, 12])
def test_the_largest_of_many_pairs_is_what_chance_is_asked_for(count):
    """Closed form: the range of means of normal groups, Tukey's studentised range of a known deviation."""
    size = 150
    frame = drawn(count, size, size)
    dealing = dealing_of(frame)
    values = scipy.stats.norm.ppf((np.random.default_rng(3).permutation(frame.height) + 0.5) / frame.height)
    chance = apart(dealing, Means(dealing, values, ddof=1)).chance
    expected = scipy.stats.studentized_range.ppf(0.95, count, math.inf) / math.sqrt(size)
    assert chance is not None
    assert chance[0, 1] == pytest.approx(expected, rel=0.08)


def test_small_groups_do_not_hide_what_large_ones_show():
    """A third group of three voices differs widely by chance; two of 200 that are half a deviation apart are told."""
    groups = ["a"] * 200 + ["b"] * 200 + ["c"] * 3
    frame = table(groups, [str(n) for n in range(len(groups))])
    random = np.random.default_rng(5)
    values = random.standard_normal(frame.height) + 0.5 * np.array([group == "b" for group in groups])
    dealing = dealing_of(frame)
    found = apart(dealing, Means(dealing, values, ddof=1))
    assert found.clear[0, 1]
    assert found.chance is not None
    assert found.chance[0, 2] > 3 * found.chance[0, 1]
    assert found.furthest(0) == 1  # whatever the third does


def test_of_two_groups_that_are_clearly_apart_the_further_one_is_named():
    frame = drawn(3, 40, 40)
    dealing = dealing_of(frame)
    values = np.random.default_rng(2).standard_normal(120) + np.repeat([0.0, 20.0, 10.0], 40)
    found = apart(dealing, Means(dealing, values, ddof=1))
    assert [found.furthest(group) for group in range(3)] == [1, 0, int(np.argmax(found.found[2]))]


def test_few_speakers_are_dealt_in_all_ways():
    """Four against five: all 126 dealings, one by one, by plain loops."""
    seconds = {s: [1 + 0.37 * s % 2, 2 + 0.61 * s % 3][: 1 + s % 2] for s in range(9)}
    rows = [("ab"[s > 3], str(s), value) for s, values in seconds.items() for value in values]
    frame = table([g for g, _, _ in rows], [s for _, s, _ in rows])
    dealing = dealing_of(frame)
    assert dealing.by_speaker
    found = apart(dealing, Means(dealing, np.array([value for _, _, value in rows]), ddof=1))

    def distance(first):
        one = [v for s, values in seconds.items() if s in first for v in values]
        other = [v for s, values in seconds.items() if s not in first for v in values]
        spread = math.sqrt((np.var(one, ddof=1) + np.var(other, ddof=1)) / 2)
        weights = [[len(v) for s, v in seconds.items() if (s in first) == inside] for inside in (True, False)]
        scale = math.sqrt(sum(sum(w * w for w in some) / sum(some) ** 2 for some in weights))
        return abs(np.mean(one) - np.mean(other)) / spread, scale

    size, scale = distance({0, 1, 2, 3})
    assert found.found[0, 1] == pytest.approx(size, rel=1e-12)
    every = sorted(d / s for d, s in (distance(set(some)) for some in itertools.combinations(range(9), 4)))
    assert found.chance is not None
    chance = found.chance[0, 1] / scale
    assert every[int(0.93 * len(every))] <= chance * (1 + 1e-9)  # 999 dealings for 126: within two hundredths
    assert chance <= every[min(math.ceil(0.97 * len(every)), len(every) - 1)] * (1 + 1e-9)


def test_chance_is_that_of_scipy():
    random = np.random.default_rng(8)
    one, other = random.gamma(4, 1, 50), random.gamma(4, 1, 50)
    frame = drawn(2, 50, 50)
    dealing = dealing_of(frame)
    found = apart(dealing, Means(dealing, np.concatenate([one, other]), ddof=1))

    def statistic(x, y, axis):
        spread = np.sqrt((x.var(axis=axis, ddof=1) + y.var(axis=axis, ddof=1)) / 2)
        return np.abs(x.mean(axis=axis) - y.mean(axis=axis)) / spread

    referee = scipy.stats.permutation_test(
        (one, other), statistic, n_resamples=9999, vectorized=True, alternative="greater", random_state=1
    )
    assert found.found[0, 1] == pytest.approx(referee.statistic)
    assert found.chance is not None
    assert found.chance[0, 1] == pytest.approx(np.quantile(referee.null_distribution, 0.95), rel=0.08)


def test_where_speakers_are_too_few_utterances_are_dealt_and_then_nothing():
    assert dealing_of(drawn(2, 40, 4)).by_speaker
    assert not dealing_of(drawn(2, 40, 3)).by_speaker  # ten ways: nothing could be beyond one of twenty
    assert not dealing_of(drawn(12, 40, 1)).by_speaker
    lone = dealing_of(drawn(2, 2, 1))
    assert not lone.known
    found = apart(lone, Means(lone, np.array([1.0, 1.1, 2.0, 2.1]), ddof=1))
    assert found.chance is None
    assert found.clear[0, 1]  # size alone decides
    nobody = dealing_of(table(["a"] * 20 + ["b"] * 20, [None] * 40))
    assert nobody.group.size == 40


def test_many_speakers_are_dealt_in_bundles_of_one_group():
    frame = drawn(2, 6000, 6000)
    dealing = dealing_of(frame)
    assert dealing.group.size == 2000
    owners = dict(zip(dealing.unit.tolist(), frame["group"].to_list(), strict=True))
    assert [owners[unit] for unit in range(2000)] == [dealing.groups[group] for group in dealing.group]
    assert dealing.owners.shape == (DEALS, 2000)
    assert (np.sort(dealing.owners, axis=1) == dealing.group).all()  # groups keep their numbers
    values = np.random.default_rng(1).standard_normal(frame.height)
    chance = apart(dealing, Means(dealing, values, ddof=1)).chance
    assert chance is not None
    assert chance[0, 1] == pytest.approx(1.96 * math.sqrt(2 / 6000), rel=0.1)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 5)), min_size=2, max_size=12))
def test_distances_are_those_of_plain_counting_whatever_the_order(rows):
    rows = [*rows, ("a", "x", 0), ("b", "y", 1)]
    frame = table([g for g, _, _ in rows], [f"{g}{s}" for g, _, s in rows])
    values = polars.DataFrame({"v": [v for _, v, _ in rows]})
    dealing = dealing_of(frame)
    counts = {group: Counter(v for g, v, _ in rows if g == group) for group in "ab"}
    shares = {g: {v: Fraction(n, sum(c.values())) for v, n in c.items()} for g, c in counts.items()}
    distance = sum(abs(shares["a"].get(v, 0) - shares["b"].get(v, 0)) for v in "xyz") / 2
    found = apart(dealing, Shares(dealing, distinct_numbers(values)))
    assert found.found[0, 1] == pytest.approx(float(distance), abs=1e-15)
    alone = undealt(frame)
    assert apart(alone, Shares(alone, distinct_numbers(values)), chance=False).found[0, 1] == found.found[0, 1]
    order = np.random.default_rng(len(rows)).permutation(len(rows))
    turned = dealing_of(frame[order])
    again = apart(turned, Shares(turned, distinct_numbers(values[order])))
    assert again.found.tolist() == found.found.tolist()
    assert (again.chance is None and found.chance is None) or again.chance.tolist() == found.chance.tolist()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=6))
def test_the_standardised_difference_of_labels_is_that_of_yang_and_dalton(counts):
    """With one value left out and the matrix inverted, as their paper has it."""
    one, other = (np.array(part, dtype=np.int64) + 1 for part in zip(*counts, strict=True))
    p, q = one / one.sum(), other / other.sum()
    covariance = sum(np.diag(s) - np.outer(s, s) for s in (p, q))[1:, 1:] / 2
    away = (p - q)[1:]
    assert multinomial_difference(one, other) == pytest.approx(
        math.sqrt(away @ np.linalg.inv(covariance) @ away), abs=1e-7
    )
    if len(counts) == 2:
        spread = math.sqrt((p[0] * p[1] + q[0] * q[1]) / 2)
        assert multinomial_difference(one, other) == pytest.approx(abs(p[0] - q[0]) / spread, abs=1e-7)
    assert multinomial_difference(np.array([2, 3, 0, 0]), np.array([0, 0, 1, 4])) == math.inf


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        ([2.0] * 8, "0.00"),
        ([0.1 + 0.2] * 4 + [0.3] * 4, "0.00"),  # not equal in the last digit
        ([2.0, 2.0000000001] * 4, "0.00"),
        ([2.0] * 4 + [4.0] * 4, "no spread"),
        ([2.0, 2.0000625] * 2 + [4.0, 4.0000625] * 2, ">99"),
    ],
)
def test_what_does_not_spread_is_told_in_words(seconds, told):
    dealing = dealing_of(drawn(2, 4, 4))
    found = apart(dealing, Means(dealing, np.array(seconds), ddof=1))
    assert figure(found.found[0, 1]) == told
    assert not np.isnan(found.found).any()


def test_what_every_dealing_makes_is_no_difference():
    """Labels that all speakers have for themselves: chance makes the same, and no rounding tells them apart."""
    for one, other in itertools.product(range(2, 12), repeat=2):
        speakers = [str(n) for n in range(one + other)]
        dealing = dealing_of(table(["a"] * one + ["b"] * other, speakers))
        found = apart(dealing, Shares(dealing, np.arange(one + other)))
        assert not dealing.by_speaker or not found.clear.any()
    assert not Difference("age", False, "a", None, 1 / 3, "b", chance=round(1 / 3, 6)).flagged


def test_what_is_not_known_of_a_group_is_no_difference():
    dealing = Dealing(("a", "b", "c"), np.arange(30), np.repeat([0, 1, 2], 10), True)
    values = np.concatenate([np.full(10, np.nan), np.arange(10.0), np.arange(10.0) + 20])
    found = apart(dealing, Means(dealing, values, ddof=0))
    assert found.found[0].tolist() == [0.0, 0.0, 0.0]
    assert found.clear[1, 2]
