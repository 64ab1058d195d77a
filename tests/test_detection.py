"""What a design can show: held against closed forms, pairs counted one by one, and simulated experiments."""

import itertools
import math

import numpy as np
import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import nct, norm
from scipy.stats import t as student
from typer.testing import CliRunner

import augment
from augment.cli import app
from augment.design.comparing import PlannedComparison
from augment.design.detection import (
    Clusters,
    cell_of,
    design_effect,
    detectable_difference,
    even,
    needed_speakers,
    needed_utterances,
)
from augment.design.freedom import Contribution, crossing, degrees, exceeded, freedom, quantile, smallest
from augment.design.voices import asked_of, detection_of, voices_of
from augment.recipe.experiment import Balance, Rotated, Speakers, Statistics
from augment.report.brief import plan_brief, plan_record
from augment.report.sample_size import Sizes, sample_size_record, sample_size_text
from augment.report.tables import plan_text
from augment.scoring.estimates import between, rate
from augment.streams import generator

ASSUMED = Statistics()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 3)), min_size=1, max_size=8))
def test_the_design_effect_is_the_mean_correlation_of_all_pairs_of_words(utterances):
    cell = Clusters(np.array([m for m, _ in utterances]), np.array([s for _, s in utterances]))
    words = [(u, s) for u, (m, s) in enumerate(utterances) for _ in range(m)]
    total = 0.0
    for (i, (u, s)), (j, (v, r)) in itertools.product(enumerate(words), repeat=2):
        total += 1 if i == j else ASSUMED.within_utterance if u == v else ASSUMED.within_speaker if s == r else 0
    assert design_effect(cell, ASSUMED) == pytest.approx(total / len(words))


def test_without_correlation_it_is_the_textbook_formula():
    independent = Statistics(within_utterance=0, within_speaker=0)
    cell = even(40_000, 4_000, 10)
    found = detectable_difference(cell, cell, independent)
    n, p = 400_000, independent.wer
    z = norm.ppf(0.975) + norm.ppf(0.8)
    other = p + found
    assert found == pytest.approx(z * math.sqrt((p * (1 - p) + other * (1 - other)) / n), rel=1e-3)


def test_one_speaker_shows_nothing_and_more_of_anything_never_hurts():
    assert detectable_difference(even(100, 1, 10), even(100, 9, 10), ASSUMED) is None
    found = [detectable_difference(even(n, 8, 10), even(n, 8, 10), ASSUMED) for n in (16, 40, 80, 400)]
    assert found == sorted(found, reverse=True)
    found = [detectable_difference(even(80, s, 10), even(80, s, 10), ASSUMED) for s in (2, 4, 8, 40)]
    assert found == sorted(found, reverse=True)


@settings(deadline=None, max_examples=30)
@given(st.floats(0.02, 0.3), st.integers(3, 30), st.integers(2, 60))
def test_needed_numbers_suffice_and_one_less_does_not(difference, words, speakers):
    enough = needed_utterances(difference, words, speakers, ASSUMED)
    if enough is not None:
        cell, less = even(enough, speakers, words), even(enough - 1, min(speakers, enough - 1), words)
        assert detectable_difference(cell, cell, ASSUMED) <= difference
        fewer = None if enough <= max(2, speakers) else detectable_difference(less, less, ASSUMED)
        assert fewer is None or fewer > difference - 1e-3
    else:
        floor = even(100_000, speakers, words)
        found = detectable_difference(floor, floor, ASSUMED)
        assert found is None or found > difference - 1e-3
    many = needed_speakers(difference, words, 5, ASSUMED)
    cell = even(5 * many, many, words)
    assert detectable_difference(cell, cell, ASSUMED) <= difference


def test_a_plan_is_judged_by_its_smallest_cells():
    rows = [
        {"condition": c, "group": g, "speaker": f"{g}{n % 4}", "text": " ".join(["word"] * (3 if c == "b" else 9))}
        for c in "ab" for g in "XYZ" for n in range(8 if g == "Z" else 20)
    ]  # fmt: skip
    found = detection_of(voices_of(polars.DataFrame(rows), "condition"), ASSUMED)
    shown = {group: (cell.words, cell.utterances, cell.speakers) for group, cell in found.cells.items()}
    assert (shown["Z"], shown["X"]) == ((24, 8, 4), (60, 20, 4))
    assert found.condition == "b"
    assert "Z" in found.pair
    assert found.best < found.difference


def test_a_rotated_plan_is_judged_by_its_weakest_pair_of_cells():
    """Words, speakers and skew fall together in no condition; all pairs of cells are tried one by one, by clusters."""
    random = np.random.default_rng(5)
    rows = []
    for group in "XYZ":
        for condition in "abcd":
            voices = int(random.integers(6, 11))  # two voices, of which one says nearly everything, show nothing
            for _ in range(int(random.integers(20, 60))):
                speaker = f"{group}{int(voices * random.random() ** 2)}"
                text = " ".join(["word"] * int(random.integers(1, 12)))
                rows.append({"condition": condition, "group": group, "speaker": speaker, "text": text})

    def clusters(group, condition):
        own = [row for row in rows if (row["group"], row["condition"]) == (group, condition)]
        names = sorted({row["speaker"] for row in own})
        voices = np.array([names.index(row["speaker"]) for row in own])
        return Clusters(np.array([len(row["text"].split()) for row in own]), voices)

    all_pairs = {
        (a, b, c): detectable_difference(clusters(a, c), clusters(b, c), ASSUMED)
        for a in "XYZ" for b in "XYZ" for c in "abcd" if a != b
    }  # fmt: skip
    worst = max(all_pairs, key=lambda key: all_pairs[key])
    found = detection_of(voices_of(polars.DataFrame(rows), "condition"), ASSUMED)
    assert (*found.pair, found.condition) == worst
    assert found.difference == pytest.approx(all_pairs[worst], abs=1e-9)
    weakest = [max(all_pairs[*way, c] for way in (two, two[::-1]) for c in "abcd") for two in ("XY", "XZ", "YZ")]
    assert found.best == pytest.approx(min(weakest), abs=1e-9)
    fewest = {g: min("abcd", key=lambda c: clusters(g, c).words.sum()) for g in "XYZ"}
    apart = detectable_difference(clusters("X", fewest["X"]), clusters("Y", fewest["Y"]), ASSUMED)
    assert apart != pytest.approx(all_pairs[worst], abs=1e-3)  # the fewest words are not it


DESIGNS = {
    "even": (even(60, 12, 10), even(60, 12, 10)),
    "few speakers": (even(80, 5, 8), even(80, 5, 8)),
    "skewed": (Clusters(np.arange(60) % 9 + 4, np.minimum(np.arange(60) // 3, 14)), even(60, 15, 8)),
}


def beta(random, mean, correlation, size=None):
    scale = 1 / correlation - 1
    return random.beta(np.maximum(mean * scale, 1e-9), np.maximum((1 - mean) * scale, 1e-9), size)


def errors(random, cell: Clusters, wer: float, runs: int) -> np.ndarray:
    """Wrong words of every utterance, shape (runs, utterances), at rates drawn for speakers and utterances (beta)."""
    between = (ASSUMED.within_utterance - ASSUMED.within_speaker) / (1 - ASSUMED.within_speaker)
    speakers = beta(random, wer, ASSUMED.within_speaker, (runs, int(cell.speaker.max()) + 1))
    return random.binomial(cell.words, beta(random, speakers[:, cell.speaker], between))


def scored(wrong: np.ndarray, cell: Clusters) -> tuple[np.ndarray, np.ndarray, float]:
    """Rate, its CR2 variance, which knows no correlations, and the degrees of freedom of that, as scores have them."""
    words = np.bincount(cell.speaker, weights=cell.words)
    sums = np.stack([wrong[:, cell.speaker == s].sum(axis=1) for s in range(words.size)], axis=1)
    rate, leverage = sums.sum(axis=1) / words.sum(), words / words.sum()
    influence = (sums - rate[:, None] * words) / words.sum()
    return rate, np.sum(influence**2 / (1 - leverage), axis=1), freedom(leverage)


def experiments(random, one: Clusters, other: Clusters, true: float, cautious: bool):
    """Differences, their standard errors and degrees of freedom."""
    runs = 4000
    first, spread, own = scored(errors(random, one, ASSUMED.wer, runs), one)
    second, other_spread, others = scored(errors(random, other, ASSUMED.wer + true, runs), other)
    if cautious:
        free = np.full(runs, min(one.speakers, other.speakers) - 1.0)
    else:
        free = (spread + other_spread) ** 2 / (spread**2 / own + other_spread**2 / others)
    return second - first, np.sqrt(spread + other_spread), free


@pytest.mark.parametrize("name", DESIGNS)
def test_simulated_experiments_detect_the_difference_as_often_as_promised(name):
    one, other = DESIGNS[name]
    difference = detectable_difference(one, other, ASSUMED)
    random = generator("test", "detection", name)
    found = {}
    for true in (0.0, difference):
        distance, error, free = experiments(random, one, other, true, cautious=False)
        found[true] = float(np.mean(np.abs(distance) > student.ppf(0.975, free) * error))
    assert found[difference] == pytest.approx(0.8, abs=0.05)
    assert found[0.0] == pytest.approx(0.05, abs=0.02)


FEW, MANY = even(200, 4, 10), even(200, 40, 10)
"""4 speakers with 50 utterances each, and 40 with 5."""


@pytest.mark.parametrize(("pair", "welch"), [((FEW, MANY), 0.130), ((MANY, FEW), 0.174)])
def test_groups_of_very_unequal_numbers_of_speakers(pair, welch):
    """Welch's degrees of freedom by hand, and simulated: both rules keep their promise for their own test."""
    found = detectable_difference(*pair, ASSUMED, cautious=False)
    assert found == pytest.approx(welch, abs=0.002)
    one, other = (cell.speakers - 1 for cell in pair)
    v, w = (p * (1 - p) * cell_of(cell, ASSUMED).spread for p, cell in zip((0.15, 0.15 + found), pair, strict=True))
    free = (v + w) ** 2 / (v**2 / one + w**2 / other)
    assert nct.sf(student.ppf(0.975, free), free, found / math.sqrt(v + w)) == pytest.approx(0.8, abs=1e-4)
    scores = detectable_difference(*pair, ASSUMED, cautious=True)
    shares = {}
    for cautious in (False, True):
        random = generator("test", "detection", "unequal", cautious)
        distance, error, free = experiments(random, *pair, scores if cautious else found, cautious)
        shares[cautious] = float(np.mean(np.abs(distance) > student.ppf(0.975, free) * error))
    assert scores > found + 0.015
    assert shares[False] == pytest.approx(0.8, abs=0.05)
    assert shares[True] == pytest.approx(0.8, abs=0.05)


def test_planner_and_scores_go_by_the_same_degrees_of_freedom():
    random = np.random.default_rng(3)
    for speakers in ((8, 8), (5, 9), (4, 20)):
        rates = [rate(random.integers(1, 20, n), random.integers(40, 90, n)) for n in speakers]
        parts = [
            Contribution(r.variance, freedom(r.parts[0].leverage), n) for r, n in zip(rates, speakers, strict=True)
        ]
        assert degrees(parts) == pytest.approx(between(*rates).freedom, rel=1e-12)


@settings(deadline=None, max_examples=60)
@given(st.floats(1, 3000), st.floats(1e-4, 0.1), st.floats(0, 12))
def test_power_is_that_of_the_noncentral_t(free, unshown, shift):
    critical = quantile(1 - unshown, free)
    if free < 300 and shift > 1e-3:
        assert exceeded(critical, free, shift) == pytest.approx(nct.sf(critical, free, shift), abs=1e-7)
    assert exceeded(critical, free, 0.0) == pytest.approx(unshown, rel=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.integers(3, 60), st.integers(1, 12), st.floats(1, 20), st.floats(0.6, 0.95), st.floats(0.01, 0.1))
def test_equal_groups_have_the_textbook_power(speakers, each, words, power, significance):
    assumed = Statistics(power=power, significance=significance)
    cell = even(speakers * each, speakers, round(words))
    found = detectable_difference(cell, cell, assumed)
    if found is None:
        return
    spread = cell_of(cell, assumed).spread
    v, w = (p * (1 - p) * spread for p in (0.15, 0.15 + found))
    free = (v + w) ** 2 / (v**2 + w**2) * (speakers - 1)
    critical = student.ppf(1 - significance / 2, free)
    assert nct.sf(critical, free, found / math.sqrt(v + w)) == pytest.approx(power, abs=1e-4)


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 40), st.integers(0, 30), st.integers(1, 10), st.integers(1, 3), st.sampled_from([0.0, 0.5, 0.9]))
def test_more_speakers_in_both_groups_never_show_less(speakers, more, each, ratio, correlation):
    """With the ratio of both groups, and what each speaker says, as they are."""
    for kind in ("groups", "conditions", "growth"):
        question = PlannedComparison(kind, correlation)

        def shown(n, question=question):
            one, other = even(n * each, n, 10), even(n * ratio * each, n * ratio, 10)
            found = [question.difference(one, other, ASSUMED, c) for c in (False, True)]
            found += [question.margin(one, other, ASSUMED, c) for c in (False, True)]
            return [math.inf if one is None else one for one in found]

        for less, yet in zip(shown(speakers), shown(speakers + more), strict=True):
            assert yet <= less + 1e-6


@settings(deadline=None, max_examples=25)
@given(st.integers(3, 30), st.floats(0.05, 0.5))
def test_what_is_asked_more_of_is_shown_less(speakers, wer):
    cell = even(speakers * 8, speakers, 10)

    def shown(kind="groups", correlation=0.5, **more):
        found = PlannedComparison(kind, correlation).difference(cell, cell, Statistics(wer=wer, **more))
        return math.inf if found is None else found

    assert shown(power=0.9) >= shown() >= shown(significance=0.1)
    assert shown(family=20) >= shown(family=2) >= shown()
    assert shown(family=5) == shown(significance=0.01)
    assert shown("conditions", 0.0) >= shown("conditions", 0.3) >= shown("conditions", 0.6)


def test_a_largest_difference_that_is_shown_less_often_hides_no_smaller_one():
    """At a rate of 1 only the group of two speakers still varies, on a single degree of freedom."""

    def parts(true):
        rate = 0.34 + true
        return Contribution(0.34 * 0.66 * 21.7 / 2969, 1.0, 2), Contribution(rate * (1 - rate) * 15.4 / 2537, 29.0, 30)

    def power(true):
        both = parts(true)
        free, error = degrees(both, cautious=False), math.sqrt(sum(part.variance for part in both))
        return nct.sf(student.ppf(0.975, free), free, true / error)

    found = smallest(parts, 0.66, (0.025, 0.8), cautious=False)
    assert power(0.66) < 0.8
    assert power(found) == pytest.approx(0.8, abs=1e-4)
    assert all(power(found * share) < 0.8 for share in np.linspace(0.1, 0.99, 20))


@settings(deadline=None)
@given(st.floats(1e-6, 1 - 1e-6), st.floats(0.05, 20.0), st.floats(-40.0, 40.0))
def test_a_crossing_is_where_brents_method_finds_it(place, steepness, bend):
    """Curves of any bend that cross at one place, a jump among them where nothing is left of the curve's beginning."""

    def rising(x):
        return math.tanh(steepness * (x - place)) * math.exp(bend * x / 10)

    asked = []
    found = crossing(lambda x: asked.append(x) or rising(x), 0.0, 1.0)
    assert found == pytest.approx(brentq(rising, 0.0, 1.0, xtol=1e-12), abs=1e-9)
    assert len(asked) < 40


@given(st.floats(0.0, 0.999))
def test_a_crossing_that_is_a_jump_is_found_as_well(place):
    assert crossing(lambda x: 1e-3 if x > place else -1.0, 0.0, 1.0) == pytest.approx(place, abs=1e-9)


def test_pairs_vary_by_what_conditions_do_not_share():
    """Simulated: a share of experiments hears the same errors in both conditions, the others new ones.

    Every covariance between conditions is then that share of what it is within one: a correlation, exactly.
    """
    clusters, random, runs = even(60, 12, 10), generator("test", "detection", "pairs"), 20_000
    cell = cell_of(clusters, ASSUMED)
    one, again = (errors(random, clusters, 0.15, runs) for _ in range(2))
    other = np.where(random.random((runs, 1)) < 0.5, one, again)
    (half,) = PlannedComparison("conditions", 0.5)._parts(cell, cell, 0.15)(0.0)
    (none,) = PlannedComparison("conditions", 0.0)._parts(cell, cell, 0.15)(0.0)
    assert np.var((one.sum(axis=1) - other.sum(axis=1)) / 600) == pytest.approx(half.variance, rel=0.05)
    assert none.variance == pytest.approx(2 * 0.15 * 0.85 * cell.spread)
    gap = PlannedComparison("growth")._parts(cell, cell, 0.15)(0.0)
    assert [part.variance for part in gap] == pytest.approx([half.variance] * 2)


def test_pairs_and_growth_have_the_textbook_power():
    """Conditions of a group by one t on its speakers, less one; growth by Welch's on two such differences."""
    found = {kind: PlannedComparison(kind).difference(MANY, MANY, ASSUMED) for kind in ("conditions", "growth")}
    v, w = ((p * (1 - p)) ** 0.5 for p in (0.15, 0.15 + found["conditions"]))
    error = math.sqrt((v * v + w * w - v * w) * cell_of(MANY, ASSUMED).spread)
    assert nct.sf(student.ppf(0.975, 39), 39, found["conditions"] / error) == pytest.approx(0.8, abs=1e-4)
    w = (0.15 + found["growth"]) ** 0.5 * (0.85 - found["growth"]) ** 0.5
    one, other = v * v, v * v + w * w - v * w
    free = 39 * (one + other) ** 2 / (one**2 + other**2)
    error = math.sqrt((one + other) * cell_of(MANY, ASSUMED).spread)
    assert nct.sf(student.ppf(0.975, free), free, found["growth"] / error) == pytest.approx(0.8, abs=1e-4)


@pytest.mark.parametrize("correlation", [0.3, 0.9])
def test_words_cannot_agree_more_than_their_rates_let_them(correlation):
    """Words that are wrong in the easier condition only if they are in the harder one differ least."""
    low, high = 0.15, 0.5
    cell = cell_of(even(200, 20, 10), ASSUMED)
    (part,) = PlannedComparison("conditions", correlation)._parts(cell, cell, low)(high - low)
    least = (high - low) * (1 - (high - low))
    assert part.variance >= least * cell.spread - 1e-12
    if correlation == 0.9:
        assert part.variance == pytest.approx(least * cell.spread)


@pytest.mark.parametrize("name", ["even", "few speakers"])
def test_simulated_groups_without_a_difference_are_shown_to_be_alike(name):
    one, other = DESIGNS[name]
    margin = PlannedComparison().margin(one, other, ASSUMED)
    random = generator("test", "detection", "margin", name)
    for true, share in ((0.0, 0.8), (margin, 0.05)):
        distance, error, free = experiments(random, one, other, true, cautious=False)
        # As scores do where nothing is skewed: the jackknife's variance of n speakers is n / (n - 1) times as large.
        wide = student.ppf(0.95, free) * error * math.sqrt(one.speakers / (one.speakers - 1))
        found = float(np.mean((distance + wide < margin) & (distance - wide > -margin)))
        assert found == pytest.approx(share, abs=0.05)


def test_the_jackknife_states_more_where_one_speaker_says_most():
    """By hand: sum(h / (1 - h)) of shares of 0.6 and four of 0.1 is 1.5 + 4 / 9; of n equal ones n / (n - 1)."""
    uneven = cell_of(Clusters(np.full(10, 10), np.array([0] * 6 + [1, 2, 3, 4])), ASSUMED)
    assert uneven.jackknifed == pytest.approx(1.5 + 4 / 9, abs=1e-6)
    assert cell_of(even(80, 8, 10), ASSUMED).jackknifed == pytest.approx(8 / 7, abs=1e-6)
    assert cell_of(even(80, 1, 10), ASSUMED).jackknifed == 1.0
    assert cell_of(Clusters(np.zeros(3, dtype=np.int64), np.arange(3)), ASSUMED).jackknifed == 1.0
    assert cell_of(Clusters(np.array([10, 0]), np.arange(2)), ASSUMED).jackknifed == 1.0  # the other one says nothing


def told(sizes: Sizes, question=None, margin=None, **assumed) -> str:
    return sample_size_text(sizes, question or PlannedComparison(), Statistics(**assumed), margin)


def test_what_unequal_groups_show_is_told_for_both_and_as_scores_will():
    text = told(Sizes((200, 4), (200, 40), 10.0), detect=0.05)
    assert "of 13.0 points or more where the second is worse, of 17.4 points or more where the first is worse" in text
    assert "`score` goes by the smaller one alone: it shows differences from 15.9 points on, and the other way" in text
    assert text.endswith("in both groups")
    alike = told(Sizes((200, 20), (200, 20), 10.0))
    assert "`score`" not in alike
    assert "fewer than 4 speakers" in told(Sizes((200, 3), (200, 20), 10.0))
    assert "where the first is worse, and none where the second is" in told(Sizes((100, 2), (100, 100), 10.0), wer=0.8)


def test_pairs_growth_families_and_margins_are_told_with_what_they_assume():
    sizes = Sizes((200, 20), (200, 20), 10.0)
    paired = told(sizes, PlannedComparison("conditions", 0.6), detect=0.03)
    assert "an estimate, 0.6 for the same word, utterance and speaker" in paired
    assert "the same in two conditions, shows a difference between these of 4." in paired
    assert "would need" in paired
    assert "show a growth of their gap of 7.3 points or more" in told(sizes, PlannedComparison("growth"))
    assert "12 comparisons at 5% two-sided in all, 0.417% each (Bonferroni)" in told(sizes, family=12)
    alike = told(sizes, margin=0.05)
    assert "power 80% where there is no difference, two one-sided tests, 5%, a single comparison" in alike
    assert "are shown to lie within 7.3 points of one another" in alike
    assert "a margin of 5 points would need 42 speakers with 10 utterances each (no number" in alike
    assert "a margin of 8 points can be shown" in told(sizes, margin=0.08)
    assert "no margin" in told(Sizes((200, 1), (200, 1), 10.0), margin=0.08)
    enough = even(420, 42, 10)
    assert PlannedComparison().margin(enough, enough, ASSUMED) <= 0.05


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        ("--utterances 200 --speakers 4 --other-utterances 200 --other-speakers 40", 0, "of 13.0 points or more where"),
        ("--power 0.9 --significance 0.01", 0, "power 90%, 1% two-sided, a single comparison"),
        ("--paired --between-conditions 0.6", 0, "an estimate, 0.6 for the same word"),
        ("--growth --other-speakers 40 --family 3", 0, "where the second gets worse"),
        ("--margin 0.05", 0, "a margin of 5 points would need"),
        ("--paired --growth", 2, "cannot be asked together"),
        ("--paired --other-speakers 4", 2, "there is no other one"),
        ("--margin 0.05 --detect 0.05", 2, "ask twice"),
        ("--other-speakers 300", 2, "200 utterances cannot have 300 speakers"),
        ("--wer 0.5 --detect 0.5", 2, "are not below 1"),
    ],
)
def test_the_command_asks_for_all_of_it_and_refuses_what_cannot_be(arguments, code, expected):
    result = CliRunner().invoke(app, ["sample-size", *arguments.split()])
    assert result.exit_code == code
    assert expected in " ".join(result.output.split())


def test_a_plan_of_very_unequal_groups_promises_what_scores_will_show():
    """Two small groups are compared by Welch's degrees of freedom, and each with the large one by its own alone."""
    few, many = even(200, 4, 5), even(200, 40, 5)
    rows = [
        {"condition": "a", "group": g, "speaker": f"{g}{n % s}", "text": "one two three four five"}
        for g, s in (("W", 4), ("X", 4), ("Y", 40)) for n in range(200)
    ]  # fmt: skip
    found = detection_of(voices_of(polars.DataFrame(rows), "condition"), ASSUMED)
    assert found.pair == ("Y", "W")
    assert found.difference == detectable_difference(many, few, ASSUMED, cautious=True)
    assert found.best == detectable_difference(few, few, ASSUMED) < found.difference
    assert found.difference > detectable_difference(many, few, ASSUMED, cautious=False)
    assert found.cells["X"].freedom == 3


def test_a_wish_is_judged_by_what_scores_will_show(workshop):
    """Screen, details, JSON and `sample-size` give one figure, for a wish between what Welch promises and what is."""
    rows = workshop.corpus({"North": 40, "South": 40}, speakers=40)
    for number, row in enumerate(rows):
        row["text"] = "one two three four five"
        row["speaker"] = f"North{number % 4}" if row["accent"] == "North" else row["speaker"]
    workshop.manifest(rows)
    sizes = Sizes((40, 4), (40, 40), 5.0)
    welch, scores = (PlannedComparison().difference(*sizes.cells[::-1], ASSUMED, c) for c in (False, True))
    wished = (welch + scores) / 2
    planned = augment.plan(workshop.recipe(statistics=f"{{detect: {wished}}}"))
    assert plan_record(planned)["detection"]["difference"] == planned.detection.difference == scores
    figures = sample_size_record(sizes, PlannedComparison(), ASSUMED.model_copy(update={"detect": wished}))
    assert max(figures["scored"]) == scores
    assert figures["shows_what_is_wished_for"] is False
    points = f"{100 * scores:.1f} points"
    brief = "\n".join(plan_brief(planned, "--details").lines)
    for said in (brief, plan_text(planned)):
        assert points in said
        assert "can be shown" not in said.replace("can be shown from", "")
        assert "`score` goes by the smaller one alone" in said


def test_what_is_asked_for_is_reckoned_before_anything_is_selected():
    frame = polars.DataFrame({"text": ["one two three four", "five six"]})
    balance = Balance(by=("accent",), utterances=200, speakers=Speakers(min=20))
    found = asked_of(frame, (balance, "crossed", ASSUMED), 60)
    cell = even(200, 20, 3)
    assert (found.utterances, found.speakers, found.words) == (200, 20, 3.0)
    assert found.difference == detectable_difference(cell, cell, ASSUMED)
    turned = asked_of(frame, (balance, Rotated(rotated=6), ASSUMED), 60)
    assert (turned.utterances, turned.speakers) == (20, 20)
    assert turned.difference > found.difference
    most = Balance(by=("accent",), utterances="max")
    assert asked_of(frame, (most, "crossed", ASSUMED), 60) is None


def test_a_spread_of_speakers_is_a_correlation():
    """The words about the default, simulated: speakers whose rates spread by 6 points at 15 %."""
    rng = generator(1, "speakers")
    spread = math.sqrt(ASSUMED.within_speaker * 0.15 * 0.85)
    assert spread == pytest.approx(0.062, abs=0.001)
    a = 0.15 * (1 / ASSUMED.within_speaker - 1)
    rates = rng.beta(a, a * 0.85 / 0.15, 200_000)
    words = rng.random((2, rates.size)) < rates
    assert np.std(rates) == pytest.approx(spread, rel=0.01)
    assert np.corrcoef(words)[0, 1] == pytest.approx(ASSUMED.within_speaker, abs=0.008)


def test_words_are_counted_as_they_are_given():
    """A half word more is worth something, and lengths average to what was said."""
    for words in (1.0, 1.5, 2.5, 10.4):
        assert even(100, 10, words).words.mean() == pytest.approx(words, abs=0.01)
    found = [detectable_difference(even(200, 20, w), even(200, 20, w), ASSUMED) for w in (1.5, 2.0, 2.5)]
    assert found[0] > found[1] > found[2]


def test_a_limit_of_shares_asks_for_speakers():
    frame = polars.DataFrame({"text": ["one two"]})
    balance = Balance(by=("accent",), utterances=20, speakers=Speakers(max_share=0.1))
    assert asked_of(frame, (balance, "crossed", ASSUMED), 1).speakers == 10
    assert asked_of(polars.DataFrame({"text": [""]}), (balance, "crossed", ASSUMED), 1) is None
