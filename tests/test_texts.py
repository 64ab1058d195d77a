"""Confounds that stand in the texts: each is planted in one group, and told of that group alone."""

import json

import numpy as np
import polars
import pytest

import augment
from augment.auditing.differences import MEASURES, difference_notes, shared_text_notes
from augment.auditing.groups import audit
from augment.auditing.texts import pace_notes, text_measures
from augment.corpus.spec import CorpusSpec
from augment.corpus.table import read_corpus
from augment.corpus.texts import spoken
from augment.notes import texts
from conftest import RATE

WORDS = [consonant + rest for consonant in "bdfglm" for rest in ("a", "en", "oris")]


def rows_of(change=lambda row, number: row, groups="ab", size=60, voices=10):
    """Sentences of five to nine words from one list, by ten voices a group; the last group is changed."""
    random = np.random.default_rng(4)
    rows = []
    for group in groups:
        for number in range(size):
            text = " ".join(random.choice(WORDS, random.integers(5, 10)))
            row = {"id": f"{group}{number}", "group": group, "speaker": f"{group}-{number % voices}", "text": text,
                   "length_s": round(len(text.split()) / random.uniform(2, 3), 2)}  # fmt: skip
            rows.append(change(row, number) if group == groups[-1] else row)
    return rows


def told(change=lambda row, number: row, **more):
    said = text_measures(polars.DataFrame(rows_of(change, **more), infer_schema_length=None))
    return [*texts(difference_notes(said)), *texts(shared_text_notes(said))]


def test_groups_that_talk_alike_are_left_alone():
    assert told() == []
    assert told(groups="abcdef") == []


def test_a_text_that_nobody_can_say_in_its_time_is_told():
    """Sixteen words in a second; the fastest talkers in the world say eleven."""
    spoken = {"slow": "go on man " * 5, "fast": "go on man sat " * 4, "faster": "go " * 1000, "mute": ""}
    rows = [{"id": name, "text": text, "length_s": 1.0} for name, text in spoken.items()]
    said = text_measures(polars.DataFrame([*rows, {"id": "timeless", "text": "go " * 1000, "length_s": None}]))
    (told,) = texts(pace_notes(said))
    assert told.startswith(
        "2 utterances have more words than anybody can say in the time: faster (1,000 a second), fast"
    )
    assert texts(pace_notes(said.filter(said["id"] == "slow"))) == []


def few_texts(row, number):
    return {**row, "text": f"go man {WORDS[number % 4]} sat tev lu"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r, n: {**r, "text": " ".join(r["text"].split()[:3]), "length_s": r["length_s"] / 2}, "words of an"),
        (lambda r, n: {**r, "length_s": r["length_s"] / 1.6}, "words per second"),
        (few_texts, "how often a text is said"),
        (lambda r, n: {**r, "text": f"{r['text']} odd{n} rare{n} seldom{n}"}, "words that no other text has"),
        (lambda r, n: {**r, "text": "..." if n % 4 == 0 else r["text"]}, "utterances without a word"),
        (lambda r, n: {**r, "text": r["text"].upper()}, "capital letters"),
        (lambda r, n: {**r, "text": f"{r['text']} {n}"}, "texts with digits"),
        (lambda r, n: {**r, "text": f"{r['text']}."}, "texts with punctuation"),
    ],
)  # fmt: skip
def test_what_was_planted_is_told_with_its_consequence(change, words):
    (note, *_) = [note for note in told(change) if words in note]
    assert "a from b" in note or "b from a" in note
    assert "by chance in 5 %" in note or "no spread" in note
    assert note.split("): ")[1]  # what it does to an error rate
    measure = next(m for m in MEASURES if words in m.what)
    assert note.endswith(measure.means)


def test_texts_that_groups_do_not_share_are_told_where_texts_are_said_again():
    prompts = {"a": range(8), "b": range(6, 14)}
    rows = [{"id": f"{g}{s}{t}", "group": g, "speaker": f"{g}{s}", "text": f"{WORDS[t]} man go", "length_s": 1.0}
            for g, some in prompts.items() for s in range(6) for t in some]  # fmt: skip
    (note,) = texts(shared_text_notes(text_measures(polars.DataFrame(rows))))
    assert "a and b have 2 of 14 texts in common; distance 0.75 of 1" in note
    assert "balance: {text: parallel}" in note
    same = [{**r, "text": f"{WORDS[n % 8]} man go"} for n, r in enumerate(rows)]
    assert texts(shared_text_notes(text_measures(polars.DataFrame(same)))) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop, it's late!", 4), ("well-known fact", 3), ("今日は晴れ。", 5), ("สวัสดี", 4), ("नमस्ते दुनिया", 2),
        ("Привет, мир", 2), ("مرحبا بالعالم", 2), ("안녕 세계", 2), ("room 42", 2), ("...", 0), ("", 0),
        ("ünïcödé e\u0301t", 2),
    ],
)  # fmt: skip
def test_words_of_any_script_are_counted(text, words):
    """Counted by hand: words between spaces, or letters where a script has no spaces."""
    found = text_measures(polars.DataFrame({"text": [text], "length_s": [1.0]}))
    assert found["wordless"][0] == (words == 0)
    assert found["words"][0] == (pytest.approx(np.log2(words)) if words else None)


def test_conventions_are_those_of_python():
    """Referee: Python's own Unicode data, letter by letter."""
    texts = ["Go ON", "ÄÖ ü", "ǅ x", "ok 7", "٣ ok", "one, two", "it's", "a—b", "。", "ΑΒ"]
    found = text_measures(polars.DataFrame({"text": texts, "length_s": [1.0] * len(texts)}))
    for text, upper, digits in found.select("text", "upper", "digits").rows():
        cased = [c for c in text if c.isupper() or c.islower() or c.istitle()]
        assert upper == (sum(c.isupper() or c.istitle() for c in cased) / len(cased) if cased else None)
        assert digits == (float(any(c.isdecimal() for c in text)) if spoken(text) else None)
    same = text_measures(polars.DataFrame({"text": ["Stop, please!", "stop please", "go"], "length_s": [1.0] * 3}))
    assert same["said"].to_list() == [1.0, 1.0, 0.0]
    assert same["rare"].to_list() == [1.0, 1.0, 1.0]


def test_rows_in_another_order_are_told_the_same():
    rows = rows_of(few_texts)
    first = text_measures(polars.DataFrame(rows))
    turned = text_measures(polars.DataFrame([rows[n] for n in np.random.default_rng(1).permutation(len(rows))]))
    assert texts(difference_notes(first)) == texts(difference_notes(turned))
    assert texts(shared_text_notes(first)) == texts(shared_text_notes(turned))


def test_audit_and_planner_tell_the_same(workshop):
    rows = workshop.corpus({"North": 12, "South": 12}, speakers=4)
    for row in rows:
        row["duration"] = 1.2
        if row["accent"] == "South":
            row["text"] = row["text"].upper() + "!"
    workshop.manifest(rows)
    found = audit(read_corpus(CorpusSpec(path="corpus.jsonl"), workshop.folder), ("accent",), RATE, 0)
    planned = augment.plan(workshop.recipe())
    for what in ("capital letters", "texts with punctuation"):
        assert any(what in warning for warning in texts(found.warnings))
        assert any(what in note for note in texts(planned.notes))
    bare = [{**row, "text": ""} if row["accent"] == "South" else row for row in rows]
    (workshop.folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in bare))
    assert any("utterances without a word" in note for note in texts(augment.plan(workshop.recipe()).notes))
