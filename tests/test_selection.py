"""Balanced selection: every accepted one keeps its word, every refused one is infeasible by brute force."""

import itertools
import json
import math
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from augment.corpus.table import Corpus
from augment.design.selection import select
from augment.design.selection.balance import joint_notes
from augment.design.selection.speakers import share_out
from augment.design.selection.strata import Strata
from augment.errors import DesignError
from augment.notes import texts
from augment.recipe.experiment import Balance, Speakers

LABELS = ("accent", "gender", "age")


def corpus_of(rows: list[dict]) -> Corpus:
    full = [
        {
            "audio_filepath": "x",
            "offset": None,
            "duration": None,
            "licence": None,
            "credit": None,
            "text": f"text {r['id']}",
            "row": str(i + 1),
            **r,
        }
        for i, r in enumerate(rows)
    ]
    frame = polars.DataFrame(
        full, infer_schema_length=None, schema_overrides={"offset": polars.Float64, "duration": polars.Float64}
    )
    return Corpus(frame.rename({label: f"label:{label}" for label in LABELS}), Path("m.jsonl"), LABELS)


@st.composite
def small(draw):
    """Two or three groups of at most seven utterances, each with two labels."""
    rows = []
    for group in "ABC"[: draw(st.integers(2, 3))]:
        for number in range(draw(st.integers(1, 6))):
            speaker = f"{group}{draw(st.integers(0, 2))}"
            gender, age = draw(st.sampled_from("fm")), draw(st.sampled_from("yo"))
            rows.append({"id": f"{group}-{number}", "accent": group, "speaker": speaker, "gender": gender, "age": age})
    return rows


def fits(subset, wanted, voices, most) -> bool:
    spoken = Counter(row["speaker"] for row in subset)
    return len(subset) == wanted and len(spoken) >= voices and max(spoken.values()) <= most


VALUES = (*"fmyo", *itertools.product("fm", "yo"))


def value_of(row, label):
    """Of a label, or of several taken together."""
    return row[label] if isinstance(label, str) else tuple(row[part] for part in label)


def feasible(rows, wanted, voices, share, tolerance, labels) -> bool:
    """By trying all subsets of every group, and all combinations of their counts."""
    most = int(Fraction(share) * wanted)
    kept = []
    for group in sorted({row["accent"] for row in rows}):
        own = [row for row in rows if row["accent"] == group]
        counts = {
            tuple(sum(value_of(row, label) == value for row in some) for label in labels for value in VALUES)
            for some in itertools.combinations(own, wanted)
            if fits(some, wanted, voices, most)
        }
        kept.append(counts)
    slack = int(Fraction(tolerance) * wanted)
    return any(
        all(max(column) - min(column) <= slack for column in zip(*choice, strict=True))
        for choice in itertools.product(*kept)
    )


@settings(deadline=None, max_examples=150)
@given(
    small(), st.integers(1, 4), st.integers(1, 3), st.sampled_from(["1", "0.5", "0.34"]),
    st.sampled_from(["0", "0.25", "0.5"]),
    st.sampled_from([("gender",), ("gender", "age"), (("gender", "age"),), ("gender", ("gender", "age"))]),
    st.integers(0, 2),
)  # fmt: skip
def test_accepted_keep_their_word_and_refused_are_infeasible(rows, wanted, voices, share, tolerance, labels, seed):
    balance = Balance(
        by=("accent",), utterances=wanted, speakers=Speakers(min=voices, max_share=float(share)), match=labels,
        tolerance=float(tolerance),
    )  # fmt: skip
    if not feasible(rows, wanted, voices, share, tolerance, labels):
        with pytest.raises(DesignError):
            select(corpus_of(rows), balance, seed)
        return
    chosen = select(corpus_of(rows), balance, seed).frame
    groups = {group: [row for row in chosen.rows(named=True) if row["group"] == group] for group in "ABC"}
    groups = {group: some for group, some in groups.items() if some}
    assert set(groups) == {row["accent"] for row in rows}
    for some in groups.values():
        assert fits(some, wanted, voices, int(Fraction(share) * wanted))
        assert sorted(row["block"] for row in some) == list(range(wanted))
    groups = {
        group: [{k.removeprefix("label:"): v for k, v in r.items()} for r in some] for group, some in groups.items()
    }
    for label in labels:
        for value in VALUES:
            counts = [sum(value_of(row, label) == value for row in some) for some in groups.values()]
            assert max(counts) - min(counts) <= int(Fraction(tolerance) * wanted)


@settings(deadline=None, max_examples=40)
@given(small(), st.integers(1, 2), st.sampled_from(["1", "0.5"]))
def test_max_is_the_largest_feasible_number(rows, voices, share):
    sizes = Counter(row["accent"] for row in rows)
    numbers = [n for n in range(1, min(sizes.values()) + 1) if feasible(rows, n, voices, share, "0.25", ("gender",))]
    balance = Balance(
        by=("accent",), speakers=Speakers(min=voices, max_share=float(share)), match=("gender",), tolerance=0.25
    )
    if not numbers:
        with pytest.raises(DesignError):
            select(corpus_of(rows), balance, 1)
    else:
        assert select(corpus_of(rows), balance, 1).per_group == max(numbers)


def lopsided(groups: int = 4, size: int = 400) -> list[dict]:
    random = np.random.default_rng(7)
    rows = []
    for g in range(groups):
        for number in range(size // (g + 1)):
            speaker = int(random.integers(0, 30))
            rows.append(
                {
                    "id": f"{g}-{number}", "accent": f"G{g}", "speaker": f"{g}s{speaker}",
                    "gender": "fm"[int((speaker * 7 + g) % 10 < 4 + g)], "age": "yo"[speaker % 2],
                    "duration": float(np.round(np.exp(random.normal(1.2 + 0.1 * g, 0.5)), 2)),
                }
            )  # fmt: skip
    return rows


MATCHED = Balance(
    by=("accent",), utterances=60, speakers=Speakers(min=10, max_share=0.1), match=("gender", "age", "duration")
)


def test_what_is_matched_is_alike_and_the_table_says_so():
    selection = select(corpus_of(lopsided()), MATCHED, 1)
    after = {(d.variable, d.group): d.after for d in selection.balance.differences}
    assert all(value <= 0.1 for (variable, _), value in after.items() if variable in MATCHED.match)
    before = {(d.variable, d.group): d.before for d in selection.balance.differences}
    assert max(before[("gender", f"G{g}")] for g in range(4)) > 0.1
    frame = selection.frame
    seconds = {group: part["duration"] for (group,), part in frame.group_by("group")}
    for one, other in itertools.permutations(seconds.values(), 2):  # counted again, from the definition
        pooled = np.sqrt((one.to_numpy().var(ddof=1) + other.to_numpy().var(ddof=1)) / 2)
        assert abs(one.mean() - other.mean()) / pooled <= 0.1


@pytest.mark.parametrize("way", ["backwards", "no presolve"])
def test_another_path_of_the_solver_finds_the_same_selection(way, monkeypatch):
    """Rows, columns and presolve decide which of several best solutions a solver meets first: there is only one."""
    import scipy.optimize

    first = select(corpus_of(lopsided()), MATCHED, 1).frame["id"].to_list()
    solve = scipy.optimize.milp

    def other(cost, *, integrality, bounds, constraints, options):
        if way == "no presolve":
            return solve(
                cost, integrality=integrality, bounds=bounds, constraints=constraints,
                options={**options, "presolve": False},
            )  # fmt: skip
        matrix = constraints.A[::-1][:, ::-1]
        turned = scipy.optimize.LinearConstraint(matrix, constraints.lb[::-1], constraints.ub[::-1])
        limits = scipy.optimize.Bounds(bounds.lb[::-1], bounds.ub[::-1])
        found = solve(cost[::-1], integrality=integrality[::-1], bounds=limits, constraints=turned, options=options)
        if found.x is not None:
            found.x = found.x[::-1]
        return found

    monkeypatch.setattr(scipy.optimize, "milp", other)
    assert select(corpus_of(lopsided()), MATCHED, 1).frame["id"].to_list() == first


def test_rows_in_another_order_give_the_same_selection_and_table():
    """To the last digit, since the table is part of a test set: labels of many values and odd counts, too."""
    rows = [{**row, "age": f"{row['age']}{number % 5}"} for number, row in enumerate(lopsided())]
    balance = MATCHED.model_copy(update={"match": ("gender",)})
    first = select(corpus_of(rows), balance, 1)
    assert {d.variable for d in first.balance.differences} == {"gender", "duration", "age"}
    for seed in range(4):
        turned = [rows[place] for place in np.random.default_rng(seed).permutation(len(rows))]
        other = select(corpus_of(turned), balance, 1)
        assert dict(other.frame.select("id", "block").rows()) == dict(first.frame.select("id", "block").rows())
        assert other.balance == first.balance


def test_shares_that_are_given_are_kept():
    balance = MATCHED.model_copy(
        update={"shares": {"gender": {"f": 0.5, "m": 0.5}}, "match": ("gender",), "utterances": 40}
    )
    selection = select(corpus_of(lopsided()), balance, 1)
    counts = selection.frame.group_by("group", "label:gender").len().rows()
    assert {count for _, _, count in counts} == {20}
    more = [*lopsided(), *({**row, "id": f"n{row['id']}", "accent": "New"} for row in lopsided(1))]
    again = select(corpus_of(more), balance, 1).frame.filter(polars.col("group") != "New")
    assert again.select("id", "block").rows() == selection.frame.select("id", "block").rows()


def test_parallel_texts_make_the_blocks():
    rows = [
        {"id": f"{g}{s}{t}", "accent": g, "speaker": f"{g}{s}", "gender": "fm"[s % 2], "age": "y", "text": f"Text {t}!"}
        for g in "AB" for s in range(4) for t in range(6 + (g == "A"))
    ]  # fmt: skip
    balance = Balance(by=("accent",), text="parallel", match=("gender",), tolerance=0.0, speakers=Speakers(min=4))
    selection = select(corpus_of(rows), balance, 1)
    assert selection.per_group == 6
    assert selection.left_out["not every group says the text"] == 4
    for _, block in selection.frame.group_by("block"):
        assert block["text"].n_unique() == 1
    assert set(selection.frame.group_by("group", "label:gender").len()["len"]) == {3}
    other = [row for row in rows if row["accent"] == "A" or row["text"] > "Text 9"]
    other += [{**rows[0], "id": "b", "accent": "B", "text": "no such text"}]
    with pytest.raises(DesignError, match="needs texts that every group says"):
        select(corpus_of(other), balance, 1)


def test_a_conflict_is_named_with_what_would_do():
    rows = [
        {"id": f"{g}{n}", "accent": g, "speaker": f"{g}{n % 5}", "gender": gender, "age": "y"}
        for g, gender in (("A", "f"), ("B", "m"), ("C", "f"))
        for n in range(10)
    ]
    with pytest.raises(DesignError) as caught:
        select(corpus_of(rows), Balance(by=("accent",), utterances=8, match=("gender",)), 1)
    told = str(caught.value)
    assert "these cannot be met together" in told
    assert "(groups: B, C)" in told
    assert "'gender' in the corpus: B: m 10; C: f 10" in told
    assert "corpus: {keep: {accent: [A, C]}}" in told
    assert "without 'gender'" in told
    few = Balance(by=("accent",), utterances=10, speakers=Speakers(max_share=0.1))
    with pytest.raises(DesignError) as caught:
        select(corpus_of(rows), few, 1)
    assert "group A: 5 speakers cannot fill a group" in str(caught.value)
    assert "10 would be needed" in str(caught.value)
    assert "feasible would be: speakers: {max_share: 0.2}" in str(caught.value)
    uneven = [row for row in rows if row["id"] not in ("A1", "A2", "A3", "A4", "A6")]
    with pytest.raises(DesignError, match=r"group A: 4 of 5 utterances.* may give more than 1 \(max_share: 0.3\)"):
        select(corpus_of(uneven), Balance(by=("accent",), utterances=5, speakers=Speakers(max_share=0.3)), 1)
    assert "speakers: {max_share: 0.2}" in str(caught.value)


def test_labels_and_shares_that_are_not_there():
    balance = Balance(by=("accent",), match=("gander", "duration", "gender"), shares={"gender": {"femal": 1.0}})
    corpus = corpus_of([{**row, "duration": None} for row in lopsided()])
    with pytest.raises(DesignError) as caught:
        select(corpus, balance, 1)
    told = str(caught.value)
    assert "did you mean 'gender'" in told
    assert "no row says how long it is" in told
    assert "names 'femal', which no row has" in told


def crossed(utterances: int = 4) -> list[dict]:
    """A has young women and old men, B old women and young men."""
    kinds = {"A": ("fy", "mo"), "B": ("fo", "my")}
    return [
        {"id": f"{g}{kind}{s}-{u}", "accent": g, "speaker": f"{g}{kind}{s}", "gender": kind[0], "age": kind[1]}
        for g, some in kinds.items() for kind in some for s in range(5) for u in range(utterances)
    ]  # fmt: skip


def test_labels_that_are_alike_one_by_one_are_told_to_differ_together():
    balance = Balance(by=("accent",), utterances=40, match=("gender", "age"))
    selection = select(corpus_of(crossed()), balance, 1)
    after = {d.variable: d for d in selection.balance.differences if d.group == "A"}
    assert after["gender"].after == after["age"].after == 0
    joint = after["gender / age"]
    assert (joint.after, joint.other, joint.matched, joint.standardised) == (1.0, "B", False, math.inf)
    assert joint.chance is not None
    assert joint.chance < 1
    assert selection.balance.flagged == tuple(d for d in selection.balance.differences if d.variable == "gender / age")
    (note,) = texts(joint_notes(selection.balance, balance))
    assert "A and B are 1.00 of 1 apart" in note
    assert "balance: {match: [[gender, age]]}" in note
    with pytest.raises(DesignError) as caught:
        select(corpus_of(crossed()), Balance(by=("accent",), utterances=40, match=(("gender", "age"),)), 1)
    told = str(caught.value)
    assert "'gender / age' in the corpus: A: f / y 20, m / o 20; B: f / o 20, m / y 20" in told
    assert "balance: {match: [gender, age]}, alike one by one and not together" in told
    assert "{match: ...} without [gender, age]" in told


def test_shares_and_durations_of_labels_that_are_matched_together():
    shares = {"gender / age": {"f / y": 0.25, "f / o": 0.25, "m / y": 0.5}}
    rows = [{**row, "gender": "fm"[n % 2], "age": "yo"[n // 2 % 2]} for n, row in enumerate(lopsided())]
    balance = Balance(by=("accent",), utterances=20, match=(("gender", "age"),), shares=shares, tolerance=0.0)
    chosen = select(corpus_of(rows), balance, 1).frame
    counts = {row[:3]: row[3] for row in chosen.group_by("group", "label:gender", "label:age").len().rows()}
    assert counts == {
        (f"G{g}", *kind): n for g in range(4) for kind, n in {("f", "y"): 5, ("f", "o"): 5, ("m", "y"): 10}.items()
    }
    wrong = balance.model_copy(update={"shares": {"gender / age": {"f / x": 1.0}}})
    with pytest.raises(DesignError, match="names 'f / x', which no row has"):
        select(corpus_of(rows), wrong, 1)
    timed = Balance(by=("accent",), utterances=20, match=(("gender", "duration"),), tolerance=0.0)
    chosen = select(corpus_of(rows), timed, 1)
    kinds = {
        group: Counter((r["label:gender"], math.floor(2 * math.log2(r["duration"]))) for r in part.rows(named=True))
        for (group,), part in chosen.frame.group_by("group")
    }
    assert len(set(map(frozenset, (kind.items() for kind in kinds.values())))) == 1
    (joint,) = {d.after for d in chosen.balance.differences if d.variable == "gender / duration"}
    assert joint == 0


@pytest.mark.parametrize(
    ("match", "words"),
    [
        ([["gender"]], "match"), ([["gender", "gender"]], "'gender' appears twice"),
        ([["gender", "age"], ["age", "gender"]], "appears twice"), ([["gender", "accent"]], "'by' and in 'match'"),
        (["gender / age", ["gender", "age"]], "appears twice"), ([["gender", 3]], "match"),
    ],
)  # fmt: skip
def test_what_cannot_be_matched_together_is_refused(match, words):
    with pytest.raises(ValidationError, match=words):
        Balance.model_validate_json(json.dumps({"by": ["accent"], "match": match}))


def unlike(rows: list[dict], one: str, other: str, labels: tuple[str, ...]) -> Fraction:
    """Total variation distance, from plain dictionaries."""
    counts = {g: Counter(tuple(r[f"label:{x}"] for x in labels) for r in rows if r["group"] == g) for g in (one, other)}
    size = {g: sum(some.values()) for g, some in counts.items()}
    every = set(counts[one]) | set(counts[other])
    return sum(abs(Fraction(counts[one][v], size[one]) - Fraction(counts[other][v], size[other])) for v in every) / 2


def odd_corpus(random: np.random.Generator) -> list[dict]:
    """Two to five groups, each with its own size, voices and mixture of labels."""
    rows = []
    for group in "ABCDE"[: random.integers(2, 6)]:
        women, young, voices = random.uniform(0.2, 0.8), random.uniform(0.2, 0.8), int(random.integers(2, 13))
        kinds = [("fm"[int(random.random() > women)], "yo"[int(random.random() > young)]) for _ in range(voices)]
        for number in range(int(random.integers(4, 40))):
            voice = int(random.integers(0, voices))
            gender, age = kinds[voice]
            rows.append({"id": f"{group}{number}", "accent": group, "speaker": f"{group}{voice}", "gender": gender,
                         "age": age, "duration": float(np.round(random.lognormal(1, 0.5), 2))})  # fmt: skip
    return rows


@pytest.mark.parametrize("seed", range(3))
def test_lopsided_corpora_counted_another_way(seed):
    """Thirty corpora each: numbers equal, limits held, distances as told; counted with plain dictionaries."""
    random = np.random.default_rng(seed)
    accepted = 0
    for _ in range(30):
        rows = odd_corpus(random)
        match = [("gender", "age"), (("gender", "age"),), ("gender", ("gender", "age")), ("age", "duration")]
        wanted = int(random.integers(2, 7))
        balance = Balance(
            by=("accent",), utterances=wanted, match=match[int(random.integers(0, 4))], tolerance=0.25,
            speakers=Speakers(min=int(random.integers(1, 3)), max_share=float(random.choice([0.5, 0.7, 1.0]))),
        )  # fmt: skip
        try:
            selection = select(corpus_of(rows), balance, 1)
        except DesignError:
            continue
        accepted += 1
        chosen = selection.frame.rows(named=True)
        for group in selection.groups:
            some = [r for r in chosen if r["group"] == group]
            assert fits(some, wanted, balance.speakers.min, int(Fraction(str(balance.speakers.max_share)) * wanted))
        for variable in balance.variables:
            kinds = [tuple(r["label:" + x] for x in variable.labels) for r in chosen] if not variable.timed else []
            for kind in set(kinds):
                counts = [sum(k == kind and r["group"] == g for k, r in zip(kinds, chosen, strict=True))
                          for g in selection.groups]  # fmt: skip
                assert max(counts) - min(counts) <= wanted // 4
        for told in selection.balance.differences:
            if "duration" in told.variable:
                continue
            labels = tuple(told.variable.split(" / "))
            pairs = {
                other: unlike(chosen, told.group, other, labels) for other in selection.groups if other != told.group
            }
            assert told.after == pytest.approx(float(pairs[told.other]), abs=1e-12)
            assert told.flagged or pairs[told.other] == max(pairs.values())
    assert accepted >= 8


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.integers(0, 60), st.integers(0, 6), st.integers(1, 10))
def test_one_cell_is_shared_out_as_paths_would_share_it(counts, wanted, speakers_min, per_speaker):
    """Two cells, of which one asks for nothing, go by augmenting paths: the referee of what is poured into one."""
    names, everybody = tuple(map(str, range(len(counts)))), np.arange(len(counts))
    strata = Strata("g", names, everybody, np.zeros_like(everybody), np.array(counts))
    poured = share_out(strata, np.array([wanted]), speakers_min, per_speaker)
    by_paths = share_out(strata, np.array([wanted, 0]), speakers_min, per_speaker)
    assert (poured is None) == (by_paths is None)
    assert poured is None or poured.tolist() == by_paths.tolist()
