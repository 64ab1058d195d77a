"""What a design can show: held against closed forms, pairs counted one by one, and simulated experiments."""

import itertools
import math

import numpy as np
import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from scipy.stats import t as student

from augment.design.detection import (
    Clusters,
    asked_of,
    design_effect,
    detectable_difference,
    detection_of,
    even,
    needed_speakers,
    needed_utterances,
)
from augment.recipe.experiment import Balance, Rotated, Speakers, Statistics
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
    found = detection_of(polars.DataFrame(rows), ASSUMED)
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
            voices = int(random.integers(2, 7))
            for _ in range(int(random.integers(8, 25))):
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
    found = detection_of(polars.DataFrame(rows), ASSUMED)
    assert (*found.pair, found.condition) == worst
    assert found.difference == pytest.approx(all_pairs[worst], abs=1e-9)
    weakest = [max(all_pairs[a, b, c] for c in "abcd") for a in "XYZ" for b in "XYZ" if a != b]
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


def jackknifed(wrong: np.ndarray, cell: Clusters) -> tuple[np.ndarray, np.ndarray]:
    """Rate and its variance by leaving out one speaker after another: an estimate that knows no correlations."""
    count = int(cell.speaker.max()) + 1
    sums = np.stack([wrong[:, cell.speaker == s].sum(axis=1) for s in range(count)], axis=1)
    words = np.bincount(cell.speaker, weights=cell.words)
    rate = sums.sum(axis=1) / words.sum()
    without = (sums.sum(axis=1)[:, None] - sums) / (words.sum() - words)
    return rate, (count - 1) / count * np.sum((without - without.mean(axis=1)[:, None]) ** 2, axis=1)


@pytest.mark.parametrize("name", DESIGNS)
def test_simulated_experiments_detect_the_difference_as_often_as_promised(name):
    one, other = DESIGNS[name]
    difference = detectable_difference(one, other, ASSUMED)
    random, runs = generator("test", "detection", name), 4000
    critical = student.ppf(0.975, one.speakers + other.speakers - 2)
    found = {}
    for true in (0.0, difference):
        first, spread = jackknifed(errors(random, one, ASSUMED.wer, runs), one)
        second, other_spread = jackknifed(errors(random, other, ASSUMED.wer + true, runs), other)
        found[true] = float(np.mean(np.abs(second - first) > critical * np.sqrt(spread + other_spread)))
    print(name, round(difference, 4), found)
    assert found[difference] == pytest.approx(0.8, abs=0.05)
    assert found[0.0] == pytest.approx(0.05, abs=0.02)


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
