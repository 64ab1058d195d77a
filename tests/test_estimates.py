"""Intervals of word error rates: against closed forms, other libraries' tests, and simulated corpora."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from augment.design.freedom import freedom, quantile
from augment.scoring.estimates import (
    Estimate,
    between,
    log_ratio,
    rate,
    weighted,
    with_shared,
)
from augment.scoring.families import DRAWS, judge

shares = st.lists(st.floats(0.05, 1), min_size=3, max_size=20)


@given(shares)
def test_freedom_is_that_of_a_chi_square_of_the_same_mean_and_variance(some):
    """By matrices: 2 E[V]^2 / var(V) of a quadratic form of normal residuals."""
    h = np.array(some) / sum(some)
    covariance, correction = np.diag(h) - np.outer(h, h), np.diag(1 / (1 - h))
    product = correction @ covariance
    assert freedom(h) == pytest.approx(np.trace(product) ** 2 / np.trace(product @ product), rel=1e-9)
    assert freedom(h) <= h.size - 1 + 1e-9


def test_the_variance_has_no_bias_where_the_model_holds():
    rng = np.random.default_rng(1)
    words = np.array([200.0, 100, 50, 400, 80])
    found = [rate(0.2 * words + rng.normal(0, np.sqrt(words)), words).variance for _ in range(20_000)]
    assert np.mean(found) == pytest.approx(1 / words.sum(), rel=0.02)


errors_of = st.lists(st.integers(0, 40), min_size=4, max_size=12)


@given(errors_of, errors_of)
def test_groups_with_equal_speakers_are_compared_as_by_welch(some, others):
    one, other = (np.array(values) / 50 for values in (some, others))
    found = between(rate(some, [50] * len(some)), rate(others, [50] * len(others)))
    # Of a group without any variance scipy says that it cannot tell it from rounding.
    if max(len(some), len(others)) > 2 * min(len(some), len(others)) or 0 in (np.ptp(some), np.ptp(others)):
        return
    referee = scipy.stats.ttest_ind(one, other, equal_var=False)
    assert found.freedom == pytest.approx(referee.df)
    as_student_or_wider(found, referee)


def as_student_or_wider(found, referee):
    """The nearer end is Student's; skewness moves the other one, or, where it points to 0, makes a test say less."""
    moved = np.subtract(found.interval(), referee.confidence_interval(0.95))
    assert moved[0] < 1e-9 if found.third_cumulant < 0 else moved[0] == pytest.approx(0, abs=1e-9)
    assert moved[1] > -1e-9 if found.third_cumulant > 0 else moved[1] == pytest.approx(0, abs=1e-9)
    if found.third_cumulant * found.value >= 0:
        assert (found.t, found.p_value()) == pytest.approx((referee.statistic, referee.pvalue))
    else:
        assert abs(found.t) <= abs(referee.statistic)
        assert found.p_value() >= referee.pvalue - 1e-9
    low, high = found.ends(abs(found.t))
    assert found.t == 0 or min(abs(low), abs(high)) < 1e-9


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=4, max_size=12))
def test_conditions_of_a_group_are_compared_as_pairs(both):
    one, other = (np.array(values) for values in zip(*both, strict=True))
    found = weighted([(rate(one, [50] * one.size), 1.0), (rate(other, [50] * one.size), -1.0)])
    if found.variance < 1e-12:
        return
    as_student_or_wider(found, scipy.stats.ttest_rel(one / 50, other / 50))
    assert found.freedom == pytest.approx(one.size - 1)


def test_where_one_group_has_many_more_speakers_the_smaller_one_decides():
    few, many = rate([3, 9, 5, 8], [50] * 4), rate([5, 6] * 20, [50] * 40)
    assert between(few, many).freedom == 3
    assert between(many, few).freedom == 3
    assert between(few, rate([5, 6, 7, 2, 8], [50] * 5)).freedom > 3


def test_the_logarithm_of_a_ratio_varies_as_ratios_do():
    """The spread of simulated log ratios of paired rates, against the variance that one of them states."""
    rng = np.random.default_rng(2)
    values, stated = [], []
    for _ in range(4000):
        ease = rng.gamma(10, 0.1, 12)
        loud, quiet = (rate(rng.poisson(400 * wer * ease), [400] * 12) for wer in (0.2, 0.1))
        value, weights = log_ratio(loud, quiet)
        found = weighted(list(zip((loud, quiet), weights, strict=True))).standing_for(value)
        values.append(found.value)
        stated.append(found.variance)
    assert np.mean(values) == pytest.approx(math.log(2), abs=0.01)
    assert np.mean(stated) == pytest.approx(np.var(values), rel=0.06)


def test_a_sum_is_of_the_same_speakers():
    with pytest.raises(ValueError, match="same speakers"):
        weighted([(rate([4, 8, 9, 2], [40] * 4), 1.0), (rate([2, 4, 3], [40] * 3), -1.0)])
    assert log_ratio(rate([4, 8], [40] * 2), rate([0, 0], [40] * 2)) is None


def test_no_interval_where_there_is_none_to_give():
    assert rate([0] * 8, [40] * 8).log_interval() is None
    assert rate([1, 2, 3], [40] * 3).interval() is None
    assert math.isnan(rate([], []).value)
    assert rate([4, 4, 4, 4], [40] * 4).interval() is None
    assert Estimate(0.5, ()).p_value() is None
    low, high = rate([400, 1, 0, 0], [40] * 4).log_interval()
    assert 0 < low < high


def test_what_all_speakers_share_widens_the_interval_and_never_narrows_it():
    alone = rate([4, 8, 9, 2, 7], [40] * 5)
    wider = with_shared(alone, (2 * alone.variance, 0.5 * alone.variance), 4, "texts")
    assert wider.variance == pytest.approx(2.5 * alone.variance)
    assert wider.freedom <= 3
    same = with_shared(alone, (0.1 * alone.variance, 0.9 * alone.variance), 10, "texts")
    assert same.variance == pytest.approx(alone.variance)
    assert wider.shared == "texts"


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(20, 60)), min_size=4, max_size=12))
def test_leaving_each_speaker_out_is_the_jackknife(some):
    errors, words = (np.array(values) for values in zip(*some, strict=True))
    (part,) = rate(errors, words).parts
    left = [rate(np.delete(errors, number), np.delete(words, number)).value for number in range(words.size)]
    assert rate(errors, words).value - np.array(left) == pytest.approx(part.without_each)


def test_cumulants_are_those_of_gamma_distributed_rates():
    """A mean of n gamma variables of shape a has the shape n a, and scipy says how skewed that is."""
    errors = np.array([8, 12, 10, 9, 11])
    found = rate(errors, [50] * 5)
    (part,) = found.parts
    variance = float(np.sum(part.without_each**2))
    skewness = float(scipy.stats.gamma(found.value**2 / variance).stats("s"))
    assert part.third_cumulant == pytest.approx(skewness * variance**1.5)
    # A condition with three times the errors of each speaker: what is between both has twice them.
    (paired,) = weighted([(rate(3 * errors, [50] * 5), 1.0), (found, -1.0)]).parts
    assert paired.third_cumulant == pytest.approx(8 * part.third_cumulant)
    # Of others, variances and cumulants add up.
    other = rate([4, 9, 5, 4, 6], [50] * 5)
    assert sum(one.third_cumulant for one in between(found, other).parts) == pytest.approx(
        part.third_cumulant - other.parts[0].third_cumulant
    )


def test_no_skewness_is_assumed_of_differences_of_recognisers_or_of_logarithms():
    fewer = rate([-2, 3, -1, 1, 0], [50] * 5, skewed=False)
    assert sum(fewer.interval()) == pytest.approx(2 * fewer.value)
    a, b = rate([4, 8, 5, 7], [40] * 4), rate([2, 4, 3, 3], [40] * 4)
    value, weights = log_ratio(a, b)
    ratio = weighted(list(zip((a, b), weights, strict=True))).standing_for(value)
    assert sum(ratio.interval()) == pytest.approx(2 * value)
    assert between(fewer, a).third_cumulant == 0
    assert rate([1, 2, 3], [40] * 3).interval(jackknife=True) is None


def test_a_condition_without_an_error_takes_no_skewness_from_the_other():
    loud = rate([20, 2, 12, 7, 30], [50] * 5)
    found = weighted([(loud, 1.0), (rate([0] * 5, [50] * 5), -1.0)])
    assert found.interval() == pytest.approx(loud.interval())
    assert found.third_cumulant == pytest.approx(loud.third_cumulant) != 0


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 2000)), min_size=4, max_size=8), st.floats(0.1, 40))
def test_no_end_moves_farther_than_student_s_does(some, t):
    """Whoever says most of the words leaves few degrees of freedom, and no way of seeing how skewed rates are."""
    errors, words = (np.array(values) for values in zip(*some, strict=True))
    found = between(rate(errors, words), rate([4, 6, 5, 4, 6], [50] * 5, range(50, 55)))
    low, high = found.ends(t)
    wide = t * math.sqrt(found.variance)
    assert -2.000001 * wide <= low - found.value <= -0.999999 * wide
    assert 0.999999 * wide <= high - found.value <= 2.000001 * wide


def test_the_farther_end_is_that_of_johnson_s_interval():
    """Of the mean of one sample: the mean + k3 / (6 s^2) + k3 / (3 s^4) (t s)^2 + t s, as the paper has it."""
    errors = np.array([20, 12, 12, 17, 30]) / 50
    found = rate(50 * errors, [50] * 5)
    square, third = np.var(errors, ddof=1) / 5, found.third_cumulant
    t = scipy.stats.t.ppf(0.975, 4)
    low, high = found.interval()
    assert low == pytest.approx(found.value - t * math.sqrt(square))
    assert high == pytest.approx(
        found.value + third / (6 * square) + third / (3 * square**2) * t**2 * square + t * math.sqrt(square)
    )


def test_a_claim_to_lie_within_a_margin_is_made_by_the_jackknife():
    one, other = rate([20, 2, 12, 7, 30], [50] * 5, range(5)), rate([4, 6, 5, 4, 6], [50] * 5, range(5, 10))
    found = between(one, other)
    t, by_t = scipy.stats.t.ppf(0.95, found.freedom), found.interval(0.9)
    wider = t * math.sqrt(found.variance) * (math.sqrt(5 / 4) - 1)
    low, high = by_t[0] - wider, by_t[1] + wider
    assert found.interval(0.9, jackknife=True) == pytest.approx((low, high))
    assert between(other, one).interval(0.9, jackknife=True) == pytest.approx((-high, -low))


def student(found):
    return scipy.stats.t.ppf(0.95, found.freedom) * math.sqrt(found.variance)


def test_groups_that_differ_by_the_margin_are_seldom_called_alike():
    """8 speakers of the worse group against 20, of rates that scatter much: a short twin of the benchmark."""
    rng = np.random.default_rng(11)
    alike = []
    for _ in range(1500):
        found = between(
            rate(*drawn(rng, 8, 20, 0.2, 0.8), np.arange(8)), rate(*drawn(rng, 20, 20, 0.1, 0.8), np.arange(8, 28))
        )
        alike.append(
            (max(map(abs, found.interval(0.9, jackknife=True))) < 0.1, abs(found.value) + student(found) < 0.1)
        )
    claimed, by_t = np.mean(alike, axis=0)
    assert claimed < 0.07 < by_t


def test_few_comparisons_are_judged_by_bonferroni():
    a, b = rate([8, 12, 10, 9, 11], [50] * 5), rate([4, 6, 5, 4, 6], [50] * 5)
    family = [between(a, b), between(b, a), between(a, a)]
    judged = judge(family)
    t = abs(family[0].t)
    least = min(one.freedom for one in family)
    assert judged[0].p_value == pytest.approx(min(1, 3 * 2 * scipy.stats.t.sf(t, least)))
    wide = scipy.stats.t.ppf(1 - 0.025 / 3, least) * math.sqrt(family[0].variance)
    assert judged[0].estimate.value - judged[0].low == pytest.approx(wide)
    assert judged[0].high - judged[0].estimate.value > 1.05 * wide
    assert (judged[0].low, judged[0].high) == pytest.approx([-end for end in (judged[1].high, judged[1].low)])
    assert judged[2].p_value == 1


def test_one_comparison_of_many_speakers_is_judged_as_by_student():
    rng = np.random.default_rng(3)
    a, b = (rate(rng.integers(0, 20, 40), [50] * 40, np.arange(40) + 40 * turn) for turn in (0, 1))
    (found,) = judge([between(a, b)])
    assert found.method == "max-T"
    half = (found.high - found.low) / 2 / math.sqrt(found.estimate.variance)
    assert half == pytest.approx(quantile(0.975, 78), rel=0.05)
    assert found.p_value >= 1 / (DRAWS + 1)
    assert judge([between(a, b)], seed=1)[0].p_value == pytest.approx(found.p_value, abs=0.03)


def test_comparisons_that_say_the_same_cost_nothing_more():
    """The largest of ten equal statistics is as large as one: what depends on one another stays so."""
    rng = np.random.default_rng(4)
    a, b = (rate(rng.integers(0, 20, 12), [50] * 12, np.arange(12) + 12 * turn) for turn in (0, 1))
    one, ten = judge([between(a, b)]), judge([between(a, b)] * 10)
    assert ten[0].high == pytest.approx(one[0].high)
    others = [rate(rng.integers(0, 20, 12), [50] * 12, np.arange(12) + 12 * turn) for turn in range(2, 22)]
    many = judge([between(a, b), *(between(x, y) for x, y in zip(others[::2], others[1::2], strict=True))])
    assert many[0].high > 1.2 * one[0].high - 0.2 * one[0].estimate.value


def independent(rng, count, speakers=12):
    """Differences of groups of which no two have a speaker in common."""
    groups = [rate(rng.integers(0, 20, speakers), [50] * speakers, np.arange(speakers) + speakers * n)
              for n in range(2 * count)]  # fmt: skip
    return [between(one, other) for one, other in zip(groups[::2], groups[1::2], strict=True)]


def reach(judged):
    """Standard errors from an estimate to the nearer end of its interval."""
    value = judged.estimate.value
    return min(value - judged.low, judged.high - value) / math.sqrt(judged.estimate.variance)


def test_what_is_shared_counts_in_a_family_as_what_speakers_do():
    """Of twenty comparisons the largest is as Sidak has it, whether speakers or texts make them independent."""
    by_speakers = independent(np.random.default_rng(5), 20)
    by_texts = [with_shared(by_speakers[0], (9 * by_speakers[0].variance, 0.0), 200, "texts")] * 20
    wanted = scipy.stats.t.ppf((1 + 0.95 ** (1 / 20)) / 2, 22)
    assert reach(judge(by_speakers)[0]) == pytest.approx(wanted, rel=0.1)
    assert reach(judge(by_texts)[0]) > 0.9 * wanted


def test_few_clusters_leave_a_family_few_degrees_of_freedom():
    """The same, where five texts say how uncertain it is: t of four degrees of freedom."""
    few = [with_shared(one, (0.5 * one.variance, 0.5 * one.variance), 5, "texts")
           for one in independent(np.random.default_rng(5), 20)]  # fmt: skip
    assert reach(judge(few)[0]) == pytest.approx(scipy.stats.t.ppf((1 + 0.95 ** (1 / 20)) / 2, 4), rel=0.25)


def test_a_family_of_one_is_no_more_certain_than_itself():
    for one in independent(np.random.default_rng(6), 40):
        (judged,) = judge([one])
        assert judged.method == "max-T"
        assert judged.p_value >= one.p_value()
        low, high = one.interval()
        assert judged.low <= low + 1e-12
        assert judged.high >= high - 1e-12


def test_nothing_without_an_interval_counts_in_a_family():
    a, b = rate([8, 12, 10, 9], [50] * 4), rate([4, 6, 5, 4], [50] * 4)
    judged = judge([between(a, b), between(rate([1], [50]), b)])
    assert judged[0].p_value == pytest.approx(between(a, b).p_value())
    assert judged[1].low is None
    assert not judged[1].shown
    assert judge([]) == []


def drawn(rng, speakers, utterances, wer, spread):
    """Errors and words by speaker: rates by a gamma distribution, errors in runs within an utterance."""
    rates = rng.gamma(1 / spread**2, wer * spread**2, speakers)
    words = rng.integers(4, 20, (speakers, utterances))
    return rng.poisson(words * rates[:, None] * rng.gamma(2, 0.5, words.shape)).sum(axis=1), words.sum(axis=1)


@pytest.mark.parametrize("speakers", [4, 8, 20])
def test_intervals_of_cells_hold(speakers):
    """A short twin of scripts/benchmark_score.py."""
    rng = np.random.default_rng(speakers)
    hits = []
    for _ in range(600):
        interval = rate(*drawn(rng, speakers, 20, 0.1, 0.6)).log_interval()
        hits.append(interval is not None and interval[0] <= 0.1 <= interval[1])
    assert np.mean(hits) > 0.91


def test_a_family_is_rarely_wrong():
    rng = np.random.default_rng(5)
    wrong = []
    for _ in range(120):
        groups = [rate(*drawn(rng, 10, 10, 0.15, 0.5), np.arange(10) + 10 * turn) for turn in range(5)]
        family = [between(one, other) for n, one in enumerate(groups) for other in groups[n + 1 :]]
        wrong.append(any(found.shown for found in judge(family)))
    assert np.mean(wrong) < 0.12
