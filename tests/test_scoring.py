"""From a recogniser's output to answers: what is read, counted and compared, and what is refused."""

import hashlib
import json
import math
import random
import re
from dataclasses import replace
from pathlib import Path

import jiwer
import numpy as np
import polars
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

import augment
from augment.api.scoring import scored as score_finished
from augment.errors import AcoustigridError, ScoreError
from augment.progress import SILENT
from augment.recipe.loader import load_recipe
from augment.report.conclusions import _could_have_seen, conclusions
from augment.report.scores import as_json, markdown, summary
from augment.report.scores_page import scores_page
from augment.scoring.answers import Comparison, Question
from augment.scoring.assumed import assumed_of
from augment.scoring.contrasts import read_contrasts
from augment.scoring.counting import Counts, counted, looped
from augment.scoring.hypotheses import read_hypotheses
from augment.scoring.ladders import doubling, ladders
from augment.scoring.sample import Cell, Sample
from augment.scoring.scores import ScoreOptions, score
from augment.scoring.slices import worst
from augment.scoring.wording import Wording
from conftest import command
from scored_sets import WORDS, finished_of, heard, rows_of, scored, written


def fewest_edits(reference, hypothesis):
    """Levenshtein's distance, row by row."""
    above = list(range(len(hypothesis) + 1))
    for number, word in enumerate(reference, start=1):
        row = [number]
        for place, other in enumerate(hypothesis, start=1):
            row.append(min(above[place] + 1, row[-1] + 1, above[place - 1] + (word != other)))
        above = row
    return above[-1]


def test_counts_of_5000_pairs_are_the_fewest_edits_and_those_of_jiwer():
    rng = random.Random(1)
    texts = [[" ".join(rng.choices(WORDS[:5], k=rng.randrange(1, 9))) for _ in range(5000)] for _ in range(2)]
    texts[1][::50] = [""] * 100
    found = counted(*texts, Wording())
    for number, (reference, hypothesis) in enumerate(zip(*texts, strict=True)):
        assert found.errors[number] == fewest_edits(reference.split(), hypothesis.split())
    whole = jiwer.process_words(*texts)
    sums = [int(kind.sum()) for kind in (found.substitutions, found.deletions, found.insertions)]
    assert sums == [whole.substitutions, whole.deletions, whole.insertions]
    assert found.words.sum() == whole.hits + whole.substitutions + whole.deletions


def test_characters_are_counted_with_the_spaces_between_words():
    found = counted(["ab cd"], ["ab d"], Wording(unit="char"))
    assert (found.errors.tolist(), found.words.tolist()) == ([1], [5])


def test_a_loop_of_the_recogniser_and_one_that_was_spoken():
    assert looped("so so so so")
    assert looped("x " + "please hold the line " * 4)
    assert not looped("very very very good")
    spoken = "no no no no"
    found = counted([spoken, "hello there", "hi"], [spoken, "so so so so so", "well hello you"], Wording())
    assert found.looped.tolist() == [False, True, True]


@given(st.text())
def test_a_text_in_its_form_stays_as_it_is(text):
    for form in ("plain", "none"):
        once = Wording(form).comparable(text)
        assert Wording(form).comparable(once) == once
        assert "  " not in once


def test_words_of_a_trade_are_replaced_on_both_sides(tmp_path):
    table = tmp_path / "map.tsv"
    table.write_text("e c g\tECG\nmilligrams\tmg\n")
    wording = Wording.of(words=table)
    assert wording.comparable("An E.C.G., 5 milligrams") == wording.comparable("an ecg 5 MG")
    assert re.search(r"2 replacements [0-9a-f]{12}$", wording.name)
    table.write_text("a\tb\tc\n\nx\ty\nx\tz\n")
    with pytest.raises(ScoreError, match=r"map.tsv:1: .*\n.*map.tsv:4: .* two things"):
        Wording.of(words=table)
    with pytest.raises(ScoreError, match=r"no text form 'plan'.*did you mean 'plain'"):
        Wording.of("plan")


FORMS = {
    "h.jsonl": lambda row, text: json.dumps({"audio_filepath": f"/far/{row['audio_filepath']}", "text": text}),
    "p.json": lambda row, text: json.dumps({"id": row["id"], "text": row["text"], "pred_text": text}),
    "h.csv": lambda row, text: f'{row["id"]},"{text}"',
    "h.tsv": lambda row, text: f"{row['id']}.flac\t{text}",
    "h.trn": lambda row, text: f"{text} ({row['id']})",
    "text": lambda row, text: f"{row['speaker']}-{row['id']} {text}",
    "own.txt": lambda row, text: f"{row['id']}\t{text}",
}


@pytest.mark.parametrize("name", FORMS)
def test_forms_of_hypotheses_are_read(tmp_path, name):
    rows = rows_of(2, 2)
    texts = heard(rows, lambda row: 0.3)
    texts[3] = ""
    lines = [FORMS[name](row, text) for row, text in zip(rows, texts, strict=True)]
    random.Random(2).shuffle(lines)
    header = {"h.csv": ["id,text"], "h.tsv": ["audio_filepath\tpred_text"]}.get(name, [])
    (tmp_path / name).write_text("\n".join([*header, *lines]) + "\n")
    found = read_hypotheses(tmp_path / name, rows)
    assert list(found.texts) == texts
    assert found.sha256 == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()


def test_all_that_is_wrong_with_hypotheses_is_told_at_once(tmp_path):
    rows = rows_of(2, 2)
    lines = [{"id": row["id"], "text": "a"} for row in rows[2:]]
    lines += [lines[0], {"id": rows[0]["id"].replace("North", "Nort"), "text": "b"}]
    file = tmp_path / "h.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(ScoreError) as caught:
        read_hypotheses(file, rows)
    told = str(caught.value)
    assert f"'{rows[2]['id']}' has a line already ({file}:1)" in told
    assert f"did you mean '{rows[0]['id']}'" in told
    assert f"2 of {len(rows)} items have no line: {rows[0]['id']}, {rows[1]['id']}" in told


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("h.jsonl", "", "empty"),
        ("h.jsonl", " \n", "holds no line"),
        ("h.jsonl", '{"id": "a", "text": 3}\n{"text": "b"}\n', r"expected a text.*\n.*neither 'id'"),
        ("h.jsonl", '{"id": "a"}\n', "neither 'pred_text' nor 'text'"),
        ("h.json", '[{"id": "a"}]', "expected JSON Lines"),
        ("h.csv", "name,text\na,b\n", "the columns are name, text"),
        ("h.csv", "id,text\na,b,c\n", "h.csv:2: the line has more or fewer cells"),
        ("h.csv", "id,text,text\na,b,c\n", "two columns are called 'text'"),
        ("h.stm", "a 1 spk 0.0 3.0 b\n", ".stm has times, which would be taken for words"),
        ("h.trn", "hello\n", "does not end in an id in brackets"),
        ("text", "a b\nc d\n", "none of its 2 lines is for an item of this set.*score the set that was recognised"),
        ("h.jsonl", '{"id": "a", "id": "b", "text": ""}\n', "appears twice"),
        ("h.jsonl", '{"id": "a", "text": "b", "hypothesis": "c"}\n', "is it 'text' or 'hypothesis' that was"),
        ("h.csv", "id,text,prediction\na,b,c\n", "h.csv:2: .* is it 'text' or 'prediction'"),
        ("h.jsonl", '{"id": "a", "text": "b", "pcm_sha256": "0"}\n', "whose 'text' may be the reference"),
    ],
)
def test_what_is_no_output_of_a_recogniser_is_refused(tmp_path, name, text, told):
    (tmp_path / name).write_text(text)
    with pytest.raises(ScoreError, match=told):
        read_hypotheses(tmp_path / name, rows_of(2, 2))
    (tmp_path / name).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScoreError, match="UTF-8"):
        read_hypotheses(tmp_path / name, rows_of(2, 2))


def test_rates_are_sums_of_errors_over_sums_of_words(tmp_path):
    rows = rows_of()
    texts = heard(rows, lambda row: 0.3 if row["group"] == "South" else 0.1)
    found = scored(rows, texts, tmp_path)
    for cell in found.recognisers[0].cells:
        own = [n for n, row in enumerate(rows) if (row["group"], row["condition"]) == (cell.group, cell.condition)]
        whole = jiwer.process_words([found.references[n] for n in own], [found.recognisers[0].compared[n] for n in own])
        assert cell.rate == pytest.approx(whole.wer)
        assert cell.low < cell.rate < cell.high
        assert (cell.substitutions, cell.deletions, cell.insertions) == (
            whole.substitutions, whole.deletions, whole.insertions,
        )  # fmt: skip


def test_a_gap_that_grows_is_shown_and_one_that_does_not_is_not(tmp_path):
    rows = rows_of(speakers=12, utterances=10)
    shares = {("South", "fan_0db"): 0.6, ("North", "fan_0db"): 0.3}
    found = scored(rows, heard(rows, lambda row: shares.get((row["group"], row["condition"]), 0.1)), tmp_path)
    one = found.recognisers[0]
    grown = {c.condition: c for c in one.growth}
    assert set(grown) == {"fan_10db", "fan_0db"}
    assert grown["fan_0db"].shown
    assert not grown["fan_10db"].shown
    assert grown["fan_0db"].difference == pytest.approx(-0.3, abs=0.06)
    assert grown["fan_0db"].ratio == pytest.approx(0.5, abs=0.15)
    assert {c.condition: c.shown for c in one.pairs} == {"quiet": False, "fan_10db": False, "fan_0db": True}
    assert all(c.shown for c in one.steps if c.condition == "fan_0db")
    told = " ".join(conclusions(found, one))
    assert "South rises by" in told
    assert "In 'quiet', 'fan_10db' no difference between groups is shown" in told
    rises = {c.one: c.difference for c in one.steps if c.condition == "fan_0db"}
    assert "Against 'quiet' word error rates are shown to change: South in 'fan_0db' by +" in told
    assert all(f"{name} in 'fan_0db' by {100 * rise:+.1f} points (" in told for name, rise in rises.items())
    html = scores_page(found, conclusions(found, one)).decode()
    _, _, changes = html.partition("<h3>What conditions change</h3>")
    changes, _, _ = changes.partition("</section>")
    assert f"{sum(c.shown for c in one.steps)} of {len(one.steps)} comparisons shown" in changes
    assert changes.count("− quiet") == len(one.steps) == 4
    alike = scored(rows, heard(rows, lambda row: 0.2), tmp_path)
    told = " ".join(conclusions(alike, alike.recognisers[0]))
    assert "No condition is shown to change a group's word error rate against 'quiet'; a change would have had" in told
    scaled = scored(
        rows,
        heard(rows, lambda row: {"quiet": 0.1}.get(row["condition"], 0.3) * (1 + (row["group"] == "South"))),
        tmp_path,
    )
    doubled = next(c for c in scaled.recognisers[0].growth if c.condition == "fan_0db")
    assert doubled.shown  # 30 points instead of 10
    assert doubled.ratio_low <= 1 <= doubled.ratio_high  # and both make three times the errors


def test_two_recognisers_are_compared_on_the_same_utterances(tmp_path):
    rows = rows_of(speakers=10)
    files = {
        name: written(tmp_path / f"{name}.jsonl", rows, heard(rows, lambda row, p=p: p, seed))
        for name, p, seed in (("good", 0.1, 1), ("bad", 0.3, 2))
    }
    found = score(finished_of(rows, tmp_path), files, ScoreOptions(audio=False))
    assert len(found.between_recognisers) == 6
    assert all(one.shown and one.difference < 0 for one in found.between_recognisers)
    same = score(finished_of(rows, tmp_path), {"a": files["good"], "b": files["good"]}, ScoreOptions(audio=False))
    assert all(one.difference == 0 and not one.shown for one in same.between_recognisers)


def test_nothing_is_assumed_of_ratios_or_of_differences_of_recognisers(tmp_path):
    """Their intervals are symmetric; those of differences of rates are not, where one group scatters more."""
    rows = rows_of(speakers=6)
    hard = {f"{group}_{n}": 0.1 + 0.1 * n * (group == "South") for group in ("North", "South") for n in range(6)}
    texts = heard(rows, lambda row: hard["_".join(row["utterance"].split("_")[:2])])
    files = {name: written(tmp_path / f"{name}.jsonl", rows, own) for name, own in (
        ("one", texts), ("other", heard(rows, lambda row: 0.1, 4))
    )}  # fmt: skip
    finished = finished_of(rows, tmp_path)
    there, back = (
        score(finished, {name: files[name] for name in names}, ScoreOptions(audio=False))
        for names in (("one", "other"), ("other", "one"))
    )

    wording = ScoreOptions().wording
    counts = counted(*(list(map(wording.comparable, own)) for own in ([row["text"] for row in rows], texts)), wording)

    def by_jackknife(condition):
        """Half of the interval of a log ratio: leaving out each speaker in turn, and Welch's degrees of freedom."""
        variances = []
        for group in ("North", "South"):
            errors = np.zeros(6)
            for row, wrong in zip(rows, counts.errors, strict=True):
                if (row["group"], row["condition"]) == (group, condition):
                    errors[int(row["speaker"][-1])] += wrong
            left = (errors.sum() - errors) / 5
            variances.append(np.sum((left - errors.mean()) ** 2) / errors.mean() ** 2)
        free = 5 * sum(variances) ** 2 / sum(one**2 for one in variances)
        return scipy.stats.t.ppf(0.975, free) * math.sqrt(sum(variances))

    for pair in there.recognisers[0].pairs:
        assert pair.ratio_low * pair.ratio_high == pytest.approx(pair.ratio**2)
        assert math.log(pair.ratio_high / pair.ratio) == pytest.approx(by_jackknife(pair.condition))
        assert abs(pair.high + pair.low - 2 * pair.difference) > 0.01
    for one, other in zip(there.between_recognisers, back.between_recognisers, strict=True):
        assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
        assert one.high + one.low == pytest.approx(2 * one.difference)


def test_what_would_have_been_seen_is_what_leaves_out_zero():
    reaching = Comparison("groups", "a", "b", "", "fan", "", 0.1, family_low=-0.02, family_high=0.4)
    turned = replace(reaching, difference=-0.1, family_low=-0.4, family_high=0.02)
    wider = replace(reaching, difference=0.03, family_low=-0.12, family_high=0.1)
    assert _could_have_seen([reaching, turned]) == "12.0 points"
    assert _could_have_seen([wider, turned]) == "12.0 to 15.0 points"


def test_a_small_difference_can_be_shown_to_be_small(tmp_path):
    rows = rows_of(speakers=16, utterances=20)
    found = scored(rows, heard(rows, lambda row: 0.1), tmp_path, margin=0.1)
    assert all(one.equivalent and one.could_show < 0.1 for one in found.recognisers[0].pairs)
    # Two one-sided tests at 5 % in all, of three comparisons: an interval of 96.7 % lies within the margin, and more.
    for one in found.recognisers[0].pairs:
        error = (one.high - one.low) / 2 / scipy.stats.t.ppf(0.975, one.freedom)
        wide = scipy.stats.t.ppf(1 - 0.05 / 3, one.freedom) * error
        assert abs(one.difference) + wide < one.could_show < abs(one.difference) + 1.1 * wide
    strict = scored(rows, heard(rows, lambda row: 0.1), tmp_path, margin=0.001)
    assert not any(one.equivalent for one in strict.recognisers[0].pairs)
    assert [one.could_show for one in strict.recognisers[0].pairs] == [
        one.could_show for one in found.recognisers[0].pairs
    ]


def test_texts_that_all_speakers_read_are_clusters_too(tmp_path):
    """Hard texts are hard for all: counted by speakers alone, a cell looks better known than it is."""
    rows = rows_of(speakers=8, utterances=6)
    for row in rows:
        row["text"] = " ".join(WORDS) + f" {row['utterance'].split('_')[-1]}"
    hard = dict(zip("012345", (0.02, 0.1, 0.3, 0.6, 0.05, 0.4), strict=True))
    texts = heard(rows, lambda row: hard[row["text"].split()[-1]])
    cells = scored(rows, texts, tmp_path).recognisers[0].cells
    assert all(cell.shared == "texts" and cell.freedom <= 5 for cell in cells)
    assert all(cell.high - cell.low > 2 * (cell.alone[1] - cell.alone[0]) for cell in cells)
    own = scored(rows_of(), heard(rows_of(), lambda row: 0.2), tmp_path).recognisers[0].cells
    assert all(cell.shared == "" and cell.alone is None for cell in own)


def test_two_ways_of_clustering_add_up_to_their_formula():
    """V by speakers and V by texts less V by both, each with its correction, written out as loops."""
    rng = np.random.default_rng(8)
    rows = rows_of(speakers=6, utterances=5, groups=("North",), conditions=("quiet",))
    for row in rows:
        row["text"] = row["utterance"].split("_")[-1]
    words, errors = rng.integers(5, 15, 30), rng.integers(0, 5, 30) + 3 * np.tile(np.arange(5), 6)
    none = np.zeros(30, dtype=np.int64)
    sample = Sample.of(rows, ("quiet",), Counts(errors, none, none, words, none > 0), [row["text"] for row in rows])
    found = sample.combined([(Cell("North", "quiet"), 1.0)])
    share, rate = words / words.sum(), errors.sum() / words.sum()
    influence = (errors - rate * words) / words.sum()

    def variance(*names):
        clusters = {}
        for number, row in enumerate(rows):
            clusters.setdefault(tuple(row[name] for name in names), []).append(number)
        return sum(influence[own].sum() ** 2 / (1 - share[own].sum()) for own in clusters.values())

    wanted = variance("speaker") + variance("text") - variance("speaker", "text")
    assert wanted > max(variance("speaker"), variance("text")) * 0.5
    assert found.variance == pytest.approx(max(wanted, variance("speaker"), variance("text")))
    assert found.freedom <= 4


def test_whoever_meets_no_noise_segment_shares_none():
    """A change from quiet: V by speakers, and by segments, where a speaker in quiet is a cluster in both ways."""
    rng = np.random.default_rng(9)
    rows = rows_of(speakers=6, utterances=5, groups=("North",), conditions=("quiet", "fan_0db"))
    for row in rows:
        row["noise_segment"] = None if row["condition"] == "quiet" else int(row["utterance"].split("_")[-1])
    loud = np.array([row["condition"] != "quiet" for row in rows])
    segments = np.array([row["noise_segment"] or 0 for row in rows])
    words, errors = rng.integers(5, 15, 60), rng.integers(0, 3, 60) + 3 * loud * segments
    none = np.zeros(60, dtype=np.int64)
    texts = [row["utterance"] for row in rows]
    sample = Sample.of(rows, ("quiet", "fan_0db"), Counts(errors, none, none, words, none > 0), texts)
    found = sample.combined([(Cell("North", "fan_0db"), 1.0), (Cell("North", "quiet"), -1.0)])
    influence, share = np.zeros(60), np.zeros(60)
    for own, sign in ((loud, 1), (~loud, -1)):
        rate = errors[own].sum() / words[own].sum()
        influence[own] = sign * (errors[own] - rate * words[own]) / words[own].sum()
        share[own] = words[own] / words[own].sum() / 2

    def variance(name):
        clusters = {}
        for number, row in enumerate(rows):
            clusters.setdefault(name(row), []).append(number)
        return sum(influence[own].sum() ** 2 / (1 - share[own].sum()) for own in clusters.values())

    second = variance(lambda row: row["speaker"] if row["noise_segment"] is None else row["noise_segment"])
    both = variance(lambda row: (row["speaker"], row["noise_segment"]))
    alone = sum(part.variance for part in found.parts)
    assert second > 2 * both
    assert found.shared == "noise segments"
    assert found.variance == pytest.approx(max(alone + second - both, second, alone))


def test_rotated_conditions_are_compared_on_common_speakers(tmp_path):
    rows = [
        row
        for row in rows_of(speakers=8, utterances=9)
        if (int(row["utterance"][-1]) % 3) == (["quiet", "fan_10db", "fan_0db"].index(row["condition"]))
    ]
    rows = [row for row in rows if not (row["speaker"] == "North0" and row["condition"] == "quiet")]
    steps = scored(rows, heard(rows, lambda row: 0.2), tmp_path).recognisers[0].steps
    assert all(one.other_utterances for one in steps)
    assert {one.one: one.speakers for one in steps} == {"North": (7,), "South": (8,)}


def test_speakers_who_all_err_alike_leave_nothing_to_estimate_from(tmp_path):
    """Variance that comes from texts alone has no degrees of freedom of speakers."""
    rows = rows_of(speakers=6)
    for row in rows:
        row["text"] = " ".join(WORDS) + f" the {row['utterance'].split('_')[-1]}" + " the" * int(row["utterance"][-1])
    cells = scored(rows, [row["text"].replace("the", "a") for row in rows], tmp_path).recognisers[0].cells
    assert {cell.why for cell in cells} == {"nothing varies between speakers"}
    assert all(cell.low is None for cell in cells)


def test_without_a_quiet_condition_the_best_snr_is_the_reference(tmp_path):
    rows = rows_of(speakers=4, conditions=("fan_0db", "fan_20db", "fan_10db"))
    assert scored(rows, heard(rows, lambda row: 0.1), tmp_path).question.reference == "fan_20db"


def test_the_recipes_reference_is_what_conditions_are_compared_with(tmp_path):
    rows = rows_of(speakers=4)
    demo = load_recipe("demo").recipe.model_dump(mode="json", by_alias=True, exclude_unset=True)
    noises = {name: [{"kind": "equipment_noise", "profile": "ventilation_fan", "snr_db": snr}]
              for name, snr in (("fan_10db", 10), ("fan_0db", 0))}  # fmt: skip
    demo |= {"factors": {"noise": {"quiet": [], **noises}}, "design": "one_at_a_time"}
    for reference in ("fan_10db", "fan_0db"):
        recipe = {**demo, "reference": {"noise": reference}}
        (tmp_path / "recipe.yaml").write_text(json.dumps(recipe))
        assert scored(rows, heard(rows, lambda row: 0.1), tmp_path).question.reference == reference
    (tmp_path / "recipe.yaml").write_text("no recipe")
    assert scored(rows, heard(rows, lambda row: 0.1), tmp_path).question.reference == "quiet"


def test_what_cannot_be_known_is_said(tmp_path):
    rows = rows_of(speakers=3)
    few = scored(rows, heard(rows, lambda row: 0.2), tmp_path).recognisers[0]
    assert {cell.why for cell in few.cells} == {"3 speakers, where 4 are needed"}
    assert all(cell.rate is not None and cell.low is None for cell in few.cells)
    rows = [{**row, "speaker": None} if row["group"] == "South" else row for row in rows_of()]
    unnamed = scored(rows, heard(rows, lambda row: 0.2), tmp_path).recognisers[0]
    assert {cell.why for cell in unnamed.cells if cell.group == "South"} == {"speakers are not named"}
    assert all(cell.low is not None for cell in unnamed.cells if cell.group == "North")
    assert {one.why for one in unnamed.pairs} == {"speakers are not named"}
    alone = rows_of(groups=("North",), conditions=("quiet",))
    single = scored(alone, heard(alone, lambda row: 0.2), tmp_path).recognisers[0]
    assert (single.pairs, single.growth, single.steps) == ([], [], [])


def test_references_without_a_word_are_counted_apart(tmp_path):
    rows = rows_of(speakers=4)
    for row in rows[:6]:
        row["text"] = "..."
    found = scored(rows, heard(rows, lambda row: 0.0), tmp_path).recognisers[0]
    assert (found.empty_references, found.inserted_there) == (6, 0)
    texts = ["thank you"] * 6 + heard(rows, lambda row: 0.0)[6:]
    other = scored(rows, texts, tmp_path).recognisers[0]
    assert other.inserted_there == 12
    assert all(cell.rate == 0 for cell in other.cells)
    with pytest.raises(ScoreError, match="no reference of this set holds a word"):
        scored([{**row, "text": "?"} for row in rows], texts, tmp_path)


def test_where_the_rate_doubles():
    """The rate falls along a straight line from 50 % at 0 dB to 10 % at 20 dB: twice 10 % is passed at 15 dB."""
    conditions = ("quiet", "fan_0db", "fan_10db", "fan_20db")
    rows = rows_of(12, 20, ("North",), conditions)
    share = {"quiet": 0.1, "fan_0db": 0.5, "fan_10db": 0.3, "fan_20db": 0.1}
    errors = np.random.default_rng(1).binomial(100, [share[row["condition"]] for row in rows])
    none = np.zeros(len(rows), dtype=np.int64)
    counts = Counts(errors, none, none, none + 100, none > 0)
    sample = Sample.of(rows, conditions, counts, [row["text"] for row in rows])
    (ladder,) = ladders(rows, ["noise"], conditions)
    assert ladder.rungs == ((0.0, "fan_0db"), (10.0, "fan_10db"), (20.0, "fan_20db"))
    assert ladder.reference == "quiet"
    found = doubling(sample, ladder, "North")
    assert found.snr_db == pytest.approx(15, abs=1)
    assert found.low_db < 15 < found.high_db
    assert (found.open_low, found.open_high) == (False, False)
    evenly = np.random.default_rng(2).binomial(100, 0.1, len(rows))
    flat = Sample.of(rows, conditions, Counts(evenly, none, none, none + 100, none > 0), [r["text"] for r in rows])
    assert "below twice the reference" in doubling(flat, ladder, "North").why
    assert doubling(flat, ladder, "North").snr_db is None


def test_the_worst_subgroup_is_found_and_confirmed_by_others(tmp_path):
    rows = rows_of(speakers=32, utterances=4)
    bad = heard(rows, lambda row: 0.4 if (row["gender"], row["group"]) == ("f", "South") else 0.1)
    found = scored(rows, bad, tmp_path, holdout=True).recognisers[0].slices
    assert dict(found.slices[0].where) == {"accent": "South", "gender": "f"}
    assert found.slices[0].confirmed
    assert found.slices[0].held_back[1] > 0
    explored = scored(rows, bad, tmp_path).recognisers[0].slices
    assert explored.slices[0].confirmed is None
    assert explored.slices[0].rate > 3 * explored.slices[0].others
    assert explored.tried > 10


def test_what_groups_differ_in_stands_beside_what_is_shown(tmp_path):
    rows = rows_of()
    found = scored(rows, heard(rows, lambda row: 0.4 if row["group"] == "South" else 0.05), tmp_path)
    assert not any("differ in more" in said for said in conclusions(found, found.recognisers[0]))
    found.finished.identity["groups_differ_in"] = ["groups say other texts", "a", "b", "c", "d"]
    (said,) = (said for said in conclusions(found, found.recognisers[0]) if "differ in more" in said)
    assert "(groups say other texts; a; b; and 2 more)" in said


def test_a_cell_without_an_error_says_so(tmp_path):
    rows = rows_of()
    found = scored(rows, heard(rows, lambda row: 0.0 if row["condition"] == "quiet" else 0.3), tmp_path)
    quiet = next(line for line in summary(found).splitlines() if line.startswith("quiet "))
    assert quiet.split() == ["quiet", *["0.0", "(no", "errors)"] * 2]


def test_what_is_not_shown_is_told_with_the_largest_difference(tmp_path):
    rows = rows_of()
    found = scored(rows, heard(rows, lambda row: 0.2), tmp_path)
    (said,) = (said for said in conclusions(found, found.recognisers[0]) if "no difference between groups" in said)
    largest = max(found.recognisers[0].pairs, key=lambda one: abs(one.difference))
    assert f"{abs(100 * largest.difference):.1f} points between {largest.one} and {largest.other}" in said


def test_hypotheses_that_are_no_files_are_refused_in_words(tmp_path):
    for odd in ("tiny.jsonl", {"tiny": {"a": "b"}}, ["tiny.jsonl"]):
        with pytest.raises(ScoreError, match="expected the file of each recogniser by its name"):
            score_finished(finished_of(rows_of(), tmp_path), odd, None, SILENT)


def test_scores_replace_scores_and_nothing_else(tmp_path):
    rows = rows_of()
    for name in ("set", "mine"):
        (tmp_path / name).mkdir()
    found = scored(rows, heard(rows, lambda row: 0.2), tmp_path / "set")
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    with pytest.raises(ScoreError, match="holds something that is no scores"):
        augment.write_scores(found, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]
    for _ in range(2):
        assert len(augment.write_scores(found, tmp_path / "scores")) == 4


def test_nothing_is_confirmed_where_there_is_nothing():
    rows = rows_of(speakers=16, utterances=3)
    confirmed = 0
    for seed in range(60):
        errors = np.random.default_rng(seed).binomial(10, 0.2, len(rows))
        none = np.zeros(len(rows), dtype=np.int64)
        sample = Sample.of(
            rows, ("quiet", "fan_10db", "fan_0db"), Counts(errors, none, none, none + 10, none > 0), [""] * len(rows)
        )
        found = worst(sample, rows, ["accent", "gender"], ["noise"], Question("quiet", seed=seed), holdout=True)
        confirmed += bool(found.slices[0].confirmed)
    assert confirmed <= 6  # 2.5 % of 60 are 1.5


def test_what_the_next_design_can_assume():
    """Words are wrong together within an utterance and, less so, within a speaker, as drawn: on average of six sets.

    A beta distribution of a + b gives words a correlation of 1 / (1 + a + b): 0.05 for 19. Within a speaker, 8.5 adds
    (1 - 0.05) / 9.5 = 0.1 between the words of an utterance.
    """
    rows = rows_of(speakers=200, utterances=4, groups=("North",), conditions=("quiet",))
    none = np.zeros(len(rows), dtype=np.int64)
    found = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        voices = np.repeat(rng.beta(0.2 * 19, 0.8 * 19, 200), 4)
        errors = rng.binomial(20, rng.beta(voices * 8.5, (1 - voices) * 8.5))
        counts = Counts(errors, none, none, none + 20, none > 0)
        found.append(assumed_of(Sample.of(rows, ("quiet",), counts, [row["text"] for row in rows])))
    assert np.mean([one.wer for one in found]) == pytest.approx(0.2, abs=0.01)
    assert np.mean([one.within_speaker for one in found]) == pytest.approx(0.05, abs=0.012)
    assert np.mean([one.within_utterance for one in found]) == pytest.approx(0.15, abs=0.012)
    assert assumed_of(Sample.of(rows, ("quiet",), Counts(none, none, none, none, none > 0), [""] * len(rows))) is None


def test_contrasts_are_a_family_of_their_own(tmp_path):
    rows = rows_of(groups=("A", "B", "C"), speakers=6)
    file = tmp_path / "contrasts.csv"
    file.write_text("group,other,condition,reference\nA,B,fan_0db,\nA,C,fan_0db,fan_10db\n")
    texts = heard(rows, lambda row: 0.2)
    found = scored(rows, texts, tmp_path, contrasts=read_contrasts(file)).recognisers[0]
    assert [(one.one, one.other, one.reference) for one in found.growth] == [
        ("A", "B", "quiet"), ("A", "C", "fan_10db"),
    ]  # fmt: skip
    every = scored(rows, texts, tmp_path).recognisers[0]
    same = next(one for one in every.pairs if (one.one, one.other, one.condition) == ("A", "B", "fan_0db"))
    assert found.pairs[0].family_p <= same.family_p
    assert found.pairs[0].p_value == pytest.approx(same.p_value)
    file.write_text("group,other,condition\nA,D,fan\n")
    with pytest.raises(ScoreError, match=r"no group 'D'.*\n.*no condition 'fan'"):
        scored(rows, texts, tmp_path, contrasts=read_contrasts(file))
    file.write_text("group,other,condition\nA,A,quiet\n")
    with pytest.raises(ScoreError, match="two groups that differ"):
        read_contrasts(file)
    for header in ("one,two", "group,other,condition,Reference", "group,other,condition,condition"):
        file.write_text(f"{header}\nA,B,quiet,fan_0db\n")
        with pytest.raises(ScoreError, match=f"the columns are {', '.join(header.split(','))}; expected group, other,"):
            read_contrasts(file)
    file.write_text("group,other,condition\nA,B,quiet\nB,C,quiet\nB,A,quiet\n")
    with pytest.raises(ScoreError, match=r"contrasts.csv:4: line 2 makes this comparison"):
        read_contrasts(file)


def test_a_copy_of_the_references_is_without_error(finished, tmp_path):
    rows = [json.loads(line) for line in (finished / "manifest.jsonl").read_text().splitlines()]
    file = written(tmp_path / "copy.jsonl", rows, [row["text"].upper() + "!" for row in rows])
    told = command("score", finished, "--hyp", f"copy={file}", "--out", tmp_path / "out").stdout
    assert "No word is wrong in any cell" in told
    cells = json.loads((tmp_path / "out" / "scores.json").read_text())["recognisers"]["copy"]["cells"]
    assert {cell["rate"] for cell in cells} == {0.0}
    assert {cell["why"] for cell in cells} == {"there is no error"}
    lines = file.read_text().splitlines()
    file.write_text("\n".join(lines[1:]) + "\n")
    refused = command("score", finished, "--hyp", f"copy={file}", code=2)
    assert rows[0]["id"] in refused.stderr
    counted_as_deleted = command("score", finished, "--hyp", f"copy={file}", "--missing", "deletions").stdout
    assert "1 item had no hypothesis" in counted_as_deleted


@pytest.mark.parametrize("name", ["manifest.jsonl", "manifest.csv"])
def test_references_are_not_taken_for_what_was_recognised(finished, tmp_path, name):
    """Nor are rows of the manifest with predictions under a name of one's own."""
    refused = command("score", finished, "--hyp", f"m={finished / name}", code=2).stderr
    assert "whose 'text' may be the reference; expected 'pred_text' beside it" in refused
    rows = [json.loads(line) for line in (finished / "manifest.jsonl").read_text().splitlines()]
    copy = tmp_path / "copy.jsonl"
    copy.write_text("".join(json.dumps({"id": row["id"], "text": row["text"]}) + "\n" for row in rows))
    assert "Every text is the reference to the letter" in command("score", finished, "--hyp", f"m={copy}").stdout
    other = [{"id": row["id"], "audio_filepath": rows[0]["audio_filepath"], "pred_text": "a"} for row in rows]
    copy.write_text("".join(json.dumps(row) + "\n" for row in other))
    assert "are two items" in command("score", finished, "--hyp", f"m={copy}", code=2).stderr
    assert "has no name before its '='" in command("score", finished, "--hyp", f"={copy}", code=2).stderr
    (tmp_path / "out.csv").touch()
    copy.write_text("".join(json.dumps({"id": row["id"], "pred_text": "a"}) + "\n" for row in rows))
    assert "name a folder" in command(
        "score", finished, "--hyp", f"m={copy}", "--out", tmp_path / "out.csv", code=2
    ).stderr  # fmt: skip


def test_what_a_set_lacks_and_what_was_heard_as_nothing_is_told(tmp_path):
    rows = rows_of()
    texts = ["" if number < 5 else text for number, text in enumerate(heard(rows, lambda row: 0.2))]
    found = scored(rows, texts, tmp_path)
    told = " ".join(conclusions(found, found.recognisers[0]))
    assert "In 5 items nothing was recognised: what was said there counts as deleted." in told
    assert "could not be made" not in told
    found.finished.identity["items"] = {"planned": len(rows) + 7, "made": len(rows), "failed": 7}
    told = " ".join(conclusions(found, found.recognisers[0]))
    assert f"7 of {len(rows) + 7} items could not be made (failures.jsonl)" in told


def test_a_recogniser_is_handed_a_list_and_scored_by_python(finished, tmp_path):
    command("score", finished, "--write-list", tmp_path / "list.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "list.jsonl").read_text().splitlines()]
    assert all(Path(line["audio_filepath"]).is_file() and "text" not in line for line in lines)
    hypotheses = tmp_path / "h.jsonl"
    hypotheses.write_text("".join(json.dumps({**line, "pred_text": "well"}) + "\n" for line in lines))
    found = augment.score(finished, {"well": hypotheses})
    paths = augment.write_scores(found, tmp_path / "out")
    assert [path.name for path in paths] == ["scores.md", "scores.json", "scores.parquet", "scores.html"]
    table = polars.read_parquet(tmp_path / "out" / "scores.parquet")
    assert table.height == len(lines)
    assert table["words"].sum() == sum(len(text.split()) for text in found.references)
    again = augment.write_scores(augment.score(finished, {"well": hypotheses}), tmp_path / "again")
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    with pytest.raises(AcoustigridError, match="lies in the test set"):
        augment.write_scores(found, finished / "scores")


def test_a_set_that_is_not_as_it_was_built_is_not_scored(finished, tmp_path):
    rows = [json.loads(line) for line in (finished / "manifest.jsonl").read_text().splitlines()]
    file = written(tmp_path / "h.jsonl", rows, [row["text"] for row in rows])
    sound = finished / rows[0]["audio_filepath"]
    sound.write_bytes(sound.read_bytes()[:-1])
    assert "its checksum differs" in command("score", finished, "--hyp", file, code=2).stderr
    assert command("score", finished, "--hyp", file, "--no-audio").stdout
    manifest = finished / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace('"text": "', '"text": "x ', 1))
    assert "the manifest is not the one that was built" in command("score", finished, "--hyp", file, code=2).stderr


def test_texts_of_strangers_stay_texts(tmp_path):
    rows = rows_of(speakers=4, groups=("<b>North</b>", "South\u202e"))
    texts = ["<script>alert(1)</script> `x` | *y* \x1b[31m" for _ in rows]
    found = scored(rows, texts, tmp_path)
    page = scores_page(found, ["<i>said</i>"], "").decode()
    assert "<script>alert" not in page
    assert "<b>North" not in page
    assert "<i>said" not in page
    assert "\x1b" not in markdown(found)
    json.loads(as_json(found))


def test_asked_for_what_is_not_there(tmp_path):
    rows = rows_of(speakers=4)
    with pytest.raises(ScoreError, match=r"no condition 'quite'.*did you mean 'quiet'"):
        scored(rows, heard(rows, lambda row: 0.1), tmp_path, reference="quite")
    with pytest.raises(ScoreError, match="no hypotheses are given"):
        score(finished_of(rows, tmp_path), {}, ScoreOptions(audio=False))
    assert math.isnan(
        Sample.of(
            rows,
            ("quiet", "fan_10db", "fan_0db"),
            counted(["a"] * len(rows), ["a"] * len(rows), Wording()),
            ["a"] * len(rows),
        )
        .rate(Cell("North", "quiet"), np.array([99]))
        .value
    )
