"""One cell, one value: what lists, spellings of nothing, and texts without a word are, from every layout."""

import json

import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import augment
from augment.corpus.spec import CorpusSpec
from augment.corpus.table import read_corpus
from augment.corpus.texts import wordless
from augment.errors import AcoustigridError, CorpusError
from augment.files.audio import encode
from augment.notes import texts
from conftest import RATE
from test_reader_traps import lhotse, parquet
from test_readers import SUPERVISIONS, kaldi, lay, read, sound, tar

HELD = {"text": ["hello", "world"], "accent": {"name": "Welsh"}}


def manifest(tmp_path, rows, name="m.jsonl"):
    lay(
        tmp_path,
        **{name: "".join(json.dumps({"audio_filepath": f"{n}.wav", **row}) + "\n" for n, row in enumerate(rows))},
    )
    return CorpusSpec(path=name)


def faults(spec, tmp_path):
    with pytest.raises(CorpusError) as caught:
        read_corpus(spec, tmp_path)
    return list(map(str, caught.value.faults))


@pytest.mark.parametrize("value", [["hello", "world"], [], {"a": 1}, "['hello', 'world']", '["hello", "world"]', "[]"])
def test_a_text_that_is_a_list_or_an_object_is_a_fault_with_its_row(tmp_path, value):
    spec = manifest(tmp_path, [{"text": "one"}, {"text": value}, {"text": value}])
    (told,) = faults(spec, tmp_path)
    assert f"{tmp_path / 'm.jsonl'}:2: text: expected one value, found " in told
    assert "1 more like it, in rows 3" in told


def test_lists_in_the_cells_of_a_table(tmp_path):
    lay(tmp_path, **{"m.csv": 'audio_filepath,text\na.wav,"[""hello"", ""world""]"\nb.wav,"(\'a\', \'b\')"\n'})
    (told,) = faults(CorpusSpec(path="m.csv"), tmp_path)
    assert "m.csv:2: text: expected one value, found a list" in told


@pytest.mark.parametrize(
    "text", ["[noise]", "[...]", "(laughs)", "[1]", "{um} yes", "<unk>", "(he said)", "[no, not here"]
)
def test_marks_of_transcribers_are_no_lists(tmp_path, text):
    corpus = read_corpus(manifest(tmp_path, [{"text": text}]), tmp_path)
    assert corpus.frame["text"].to_list() == [text]


def layouts(tmp_path):
    wav = encode(sound(1), RATE, "wav")
    held = [{"bytes": wav, "path": "1.wav"}]
    (tmp_path / "a").mkdir()
    polars.DataFrame({"file_name": ["1.wav"], "text": ["one"], "accent": [["Welsh"]]}).write_parquet(
        tmp_path / "a" / "metadata.parquet"
    )
    (tmp_path / "h").mkdir()
    polars.DataFrame({"audio": held, "text": ["one"], "accent": [{"name": "Welsh"}]}).write_parquet(
        tmp_path / "h" / "a.parquet"
    )
    lay(tmp_path / "w", **{"a.tar": tar(**{"u.wav": wav, "u.json": json.dumps({"text": "one", "accent": ["Welsh"]})})})
    lhotse(tmp_path, supervisions=[{**SUPERVISIONS[0], "custom": {"accent": ["Welsh"]}}])
    folder = kaldi(tmp_path / "k", **{"data/all/utt2accent": "s1-a ['Welsh', 'Irish']\n"})
    return {"audiofolder": tmp_path / "a", "huggingface": tmp_path / "h", "webdataset": tmp_path / "w",
            "lhotse": tmp_path / "l", "kaldi": folder}  # fmt: skip


@pytest.mark.parametrize("layout", ["audiofolder", "huggingface", "webdataset", "lhotse", "kaldi"])
def test_a_label_that_is_a_list_or_an_object_is_told_and_refused_where_it_is_used(tmp_path, layout):
    folder = layouts(tmp_path)[layout]
    corpus = read(folder, layout)
    assert "accent" not in corpus.labels
    assert any(note.startswith("not used: columns: accent: a") for note in texts(corpus.notes))
    for more in ({"keep": {"accent": ("Welsh",)}}, {"labels": {"accent": {"Welsh": "x"}}}):
        with pytest.raises(CorpusError, match="accent: expected one value, found a"):
            read(folder, layout, **more)
    with pytest.raises(AcoustigridError, match="accent: expected one value, found a"):
        augment.audit(str(folder), by=["accent"], layout=layout, sample=0)


def test_a_recipe_that_balances_by_lists_is_refused_with_the_row(workshop):
    rows = [{**row, "accent": [row["accent"]]} for row in workshop.corpus({"North": 2, "South": 2})]
    workshop.manifest(rows)
    with pytest.raises(
        AcoustigridError, match=r'corpus\.jsonl:1: accent: expected one value, found a list: \["North"\]'
    ):
        augment.plan(workshop.recipe())
    assert (
        "accent" not in augment.plan(workshop.recipe(balance="{by: [speaker_group]}", corpus=grouped(workshop))).items
    )


def grouped(workshop):
    rows = [json.loads(line) for line in (workshop.folder / "corpus.jsonl").read_text().splitlines()]
    workshop.manifest([{**row, "speaker_group": row["accent"][0]} for row in rows], "grouped.jsonl")
    return "{path: grouped.jsonl}"


def test_a_structure_for_a_text_is_a_fault_and_an_empty_one_is_none(tmp_path):
    told = {"text": [{"raw": "one"}, {"raw": "two"}]}
    with pytest.raises(CorpusError, match=r"a\.parquet:1: text: expected one value, found a structure"):
        read(parquet(tmp_path / "h", told), "huggingface")
    empty = polars.Series([None, None], dtype=polars.List(polars.String))
    corpus = read(parquet(tmp_path / "i", {"text": ["a", "b"], "tags": empty}), "huggingface")
    assert corpus.unused == ()


plain_values = st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab ", max_size=3)
json_values = st.recursive(
    plain_values, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab"), inner, max_size=2)
)


@settings(max_examples=60, deadline=None)
@given(values=st.lists(json_values, min_size=1, max_size=4))
def test_no_label_is_ever_python(values, tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("m")
    corpus = read_corpus(manifest(tmp_path, [{"text": "t", "tag": value} for value in values]), tmp_path)
    nested = any(isinstance(value, list | dict) for value in values)
    assert ("tag" in corpus.labels) is not nested
    if not nested:
        expected = [str(value).strip() if type(value) in (str, int) else None for value in values]
        found = corpus.frame["label:tag"].to_list()
        plain = [json.dumps(v) if isinstance(v, bool) else e or None for v, e in zip(values, expected, strict=True)]
        assert found == plain


NOTHING = [
    "nan",
    "None",
    "N/A",
    "n.a.",
    "null",
    "NIL",
    "<NA>",
    "-",
    "?",
    "..",
    "Unknown",
    "UNK",
    "Missing",
    "#REF!",
    "",
]


@pytest.mark.parametrize("spelling", NOTHING)
def test_spellings_of_nothing_are_no_group(workshop, spelling):
    rows = workshop.corpus({"North": 3, "South": 3})
    rows[0]["accent"] = spelling
    workshop.manifest(rows)
    plan = augment.plan(workshop.recipe())
    assert sorted(set(plan.items["group"])) == ["North", "South"]
    assert plan.selection.left_out["no accent"] == 1
    assert any("say that there is no value" in note and "(1 rows)" in note for note in texts(plan.notes)) == bool(
        spelling
    )


def test_a_value_that_the_recipe_names_is_kept(tmp_path):
    spec = manifest(tmp_path, [{"accent": "unknown"}, {"accent": "N/A"}, {"accent": "Welsh"}])
    kept = read_corpus(spec.model_copy(update={"labels": {"accent": {"unknown": "unknown"}}}), tmp_path)
    assert kept.frame["label:accent"].to_list() == ["unknown", None, "Welsh"]
    dropped = read_corpus(spec.model_copy(update={"leave_out": {"accent": ("N/A",)}}), tmp_path)
    assert dropped.left_out == {"named in corpus.leave_out": 1}


def test_words_that_only_look_like_nothing_are_values(tmp_path):
    said = ["nope", "other", "Nan", "Nat", "a-b", "what?", "unknown to me", "Nullarbor", "+", "0"]
    corpus = read_corpus(manifest(tmp_path, [{"accent": value} for value in said]), tmp_path)
    assert corpus.frame["label:accent"].to_list() == said


def test_numbers_and_truth_values_in_two_spellings_are_one(tmp_path):
    ages, native = [23, 23.0, "23", "23.0", 24.5], [True, "true", "True", False, "FALSE"]
    rows = [{"age": a, "native": n, "version": v} for a, n, v in zip(ages, native, ["1.0", "2.0"] * 3, strict=False)]
    corpus = read_corpus(manifest(tmp_path, rows), tmp_path)
    assert corpus.frame["label:age"].to_list() == ["23", "23", "23", "23", "24.5"]
    assert corpus.frame["label:native"].to_list() == ["true", "true", "true", "false", "false"]
    assert corpus.frame["label:version"].to_list() == ["1.0", "2.0", "1.0", "2.0", "1.0"]
    assert any("age 23.0 = 23" in note and "native True = true" in note for note in texts(corpus.notes))


def test_people_whose_names_look_like_nothing_are_kept_as_the_note_says(tmp_path):
    said = [
        {"speaker": "Null", "accent": "NA"},
        {"speaker": "Ng", "accent": "N/A"},
        {"speaker": "nan", "accent": "Welsh"},
    ]
    spec = manifest(tmp_path, said)
    bare = read_corpus(spec, tmp_path)
    assert bare.frame.select("speaker", "label:accent").rows() == [(None, None), ("Ng", None), (None, "Welsh")]
    assert any("corpus: {values: {speaker: ['Null', nan], accent: ['N/A', NA]}}" in note for note in texts(bare.notes))
    kept = read_corpus(spec.model_copy(update={"values": {"speaker": ("Null",), "accent": ("NA",)}}), tmp_path)
    assert kept.frame.select("speaker", "label:accent").rows() == [("Null", "NA"), ("Ng", None), (None, "Welsh")]
    (told,) = faults(spec.model_copy(update={"values": {"acent": ("NA",)}}), tmp_path)
    assert "corpus.values names 'acent', which is not a label of the corpus - did you mean 'accent'?" in told


def test_an_import_leaves_values_that_look_like_none_to_the_recipe(tmp_path):
    said = [
        {"speaker": "NULL", "accent": "NA", "age": "23.0"},
        {"speaker": "Ng", "accent": "None", "age": 23},
        {"speaker": "unknown", "accent": "Welsh", "age": None},
    ]
    spec, out = manifest(tmp_path, said), tmp_path / "imported.jsonl"
    told = texts(augment.import_corpus("jsonl", tmp_path / spec.path, out).notes)
    assert sum(note.startswith("these ") for note in told) == 2
    written = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(row["speaker"], row["accent"], row["age"]) for row in written] == [
        ("NULL", "NA", "23.0"), ("Ng", "None", "23"), ("unknown", "Welsh", None)
    ]  # fmt: skip
    again = spec.model_copy(update={"path": out.name})
    for corpus, own in ((read_corpus(spec, tmp_path), spec), (read_corpus(again, tmp_path), again)):
        assert corpus.frame.select("speaker", "label:accent", "label:age").rows() == [
            (None, None, "23"), ("Ng", None, "23"), (None, "Welsh", None)
        ]  # fmt: skip
        assert {note for note in told if note.startswith("these ")} <= set(texts(corpus.notes))
        kept = read_corpus(own.model_copy(update={"values": {"accent": ("NA",)}}), tmp_path)
        assert kept.frame["label:accent"].to_list() == ["NA", None, "Welsh"]


def test_answers_in_two_spellings_are_told(workshop):
    rows = workshop.corpus({"true": 3, "1": 2, "false": 3})
    notes = texts(augment.plan(workshop.recipe(balance="{by: [accent], utterances: 1}")).notes)
    assert any("one answer in two spellings" in note and "{accent: {'1': 'true'}}" in note for note in notes)
    assert len(rows) == 8


WORDLESS = ["...", "\u2014", "[noise]", "<unk>", "", "  ", "?!", "\u200b", "\u2764\ufe0f", "((xx)) *coughs*", "\u3164",
            "[laughter] <sil>", None]  # fmt: skip


def test_texts_without_a_word_are_counted_and_told(tmp_path):
    spec = manifest(tmp_path, [{"text": text} for text in [*WORDLESS, "ok", "7", "[noise] yes", "\u3042", "(he said)"]])
    corpus = read_corpus(spec, tmp_path)
    told = (
        f"{len(WORDLESS)} rows have a text without a word (3 of them none at all): their word error rate is undefined"
    )
    assert told in texts(corpus.notes)
    assert wordless(corpus.frame["text"]).sum() == len(WORDLESS)


@pytest.mark.parametrize("value", [123, 0, 7.5, True, 10**400])
def test_a_number_for_a_text_is_told(tmp_path, value):
    """Of ids, speakers and labels numbers are values; a text is what is said."""
    spec = manifest(tmp_path, [{"text": value, "speaker": 4}, {"text": "7", "speaker": 5}, {"text": None}])
    told = "1 row has a number (or true, false) for a text, taken as it is spelled: write the words themselves"
    assert told in texts(read_corpus(spec, tmp_path).notes)
    spec = manifest(tmp_path, [{"text": "7", "speaker": 4}, {"text": float("nan")}])
    assert not any("a number" in note for note in texts(read_corpus(spec, tmp_path).notes))


def test_a_text_that_a_program_wrote_is_told(tmp_path):
    corpus = read_corpus(manifest(tmp_path, [{"text": "nan"}, {"text": "one"}]), tmp_path)
    assert any(note.startswith("1 rows have a text that programs write for none (nan)") for note in texts(corpus.notes))


@pytest.mark.parametrize("written", ["NaN", "Infinity", "-Infinity", "nan", "none", "-1"])
def test_an_offset_that_is_no_number_is_not_taken_for_none(tmp_path, written):
    """NaN is no JSON, and yet what Python writes: a whole recording would be read under the text of a segment."""
    said = written if written[-1] in "yN1" else f'"{written}"'
    rows = enumerate((said, 2))
    lines = [f'{{"audio_filepath": "a.wav", "id": "{n}", "offset": {offset}, "duration": 1}}' for n, offset in rows]
    lay(tmp_path, **{"m.jsonl": "\n".join(lines), "m.csv": f"id,audio_filepath,offset\na,a.wav,2\nb,a.wav,{written}\n"})
    assert "m.jsonl:1: offset: expected seconds, 0 or more, found" in faults(CorpusSpec(path="m.jsonl"), tmp_path)[0]
    assert "m.csv:3: offset: expected seconds" in faults(CorpusSpec(path="m.csv"), tmp_path)[0]
    lay(tmp_path, **{"m.jsonl": lines[1].replace("1}", f"{said}}}")})
    assert "m.jsonl:1: duration: expected seconds" in faults(CorpusSpec(path="m.jsonl"), tmp_path)[0]


@pytest.mark.parametrize("start", ["start", "Begin", "start_time", "offset_s", "Offset", "xmin", "segment_start_sec"])
@pytest.mark.parametrize("length", ["end", "dur", "Duration", "end_time"])
def test_times_of_segments_under_other_names_are_not_passed_over(tmp_path, start, length):
    lay(tmp_path, **{"m.csv": f"id,audio_filepath,{start},{length}\na,a.wav,1.5,2\nb,a.wav,3.5,4\n"})

    def said(**columns):
        return CorpusSpec(path="m.csv", columns=columns)

    (told,) = faults(said(), tmp_path)
    assert f"m.csv:2: the column '{start}' holds numbers" in told
    assert f"{{offset: {start}}}" in told
    (told,) = faults(said(offset=start), tmp_path)
    assert f"m.csv:2: no column 'duration' says how long utterances are; '{length}' holds numbers" in told
    corpus = read_corpus(said(offset=start, duration=length), tmp_path)
    assert corpus.frame.select("offset", "duration").rows() == [(1.5, 2.0), (3.5, 4.0)]
    assert start in read_corpus(said(**{start: start}), tmp_path).labels  # as the remedy says
    lay(tmp_path, **{"m.csv": f"audio_filepath,{start}\na.wav,late\nb.wav,2\n"})
    assert start in read_corpus(said(), tmp_path).labels


def test_faults_name_a_column_as_the_manifest_does(tmp_path):
    rows = [{"channel": 1, "from": 1}, {"channel": 64, "from": 2}, {"channel": 0, "from": "soon"}]
    told = faults(manifest(tmp_path, rows).model_copy(update={"columns": {"offset": "from"}}), tmp_path)
    assert "m.jsonl:2: channel: expected a channel, 0 to 63, or mix, found '64'" in told[0]
    assert "m.jsonl:3: from: expected seconds, 0 or more, found 'soon'" in told[1]
    (told,) = faults(manifest(tmp_path, [{"channel": [0, 1]}]), tmp_path)
    assert "m.jsonl:1: channel: expected one value, found a list: [0, 1]" in told


def test_columns_of_common_voice_do_not_say_which_channel_is_read(tmp_path):
    lay(tmp_path, **{"cv/validated.tsv": "client_id\tpath\tsentence\tchannel\toffset\nann\ta.mp3\tYes.\t1\t2\n"})
    corpus = read(tmp_path / "cv", "common_voice")
    assert {"label_channel", "label_offset"} <= set(corpus.labels)
    assert corpus.frame.select("audio_channel", "offset").rows() == [(None, None)]
