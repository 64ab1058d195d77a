"""Manifests: good ones in every shape, bad ones with their row."""

import json

import numpy as np
import pytest
import soundfile

import augment
from augment.api.corpus import corpus_of as corpus_of_recipe
from augment.corpus.spec import CorpusSpec
from augment.corpus.speech import read_speech
from augment.corpus.survey import facts_notes, survey
from augment.corpus.table import read_corpus
from augment.errors import AcoustigridError, AudioError, CorpusError
from augment.notes import texts
from conftest import RATE, speech_like


def corpus_of(workshop, name, **spec):
    return read_corpus(CorpusSpec(path=name, **spec), workshop.folder)


def write(workshop, name, data):
    (workshop.folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", '{"id": "a", "audio_filepath": "x.wav", "text": "one, \\"two\\"", "accent": "N"}\n'),
        (
            "a.jsonl",
            '\ufeff\r\n{"id": "a", "audio_filepath": "x.wav", "text": "one, \\"two\\"", "accent": "N"}\r\n\r\n',
        ),
        ("a.csv", 'id,audio_filepath,text,accent\na,x.wav,"one, ""two""",N\n'),
        ("a.csv", 'id;audio_filepath;text;accent\na;x.wav;"one, ""two""";N\n'),
        ("a.tsv", 'id\taudio_filepath\ttext\taccent\r\na\tx.wav\tone, "two"\tN\r\n'),
    ],
)
def test_layouts_give_the_same_row(workshop, name, text):
    write(workshop, name, text)
    row = corpus_of(workshop, name).frame.row(0, named=True)
    assert (row["id"], row["audio_filepath"], row["text"], row["label:accent"]) == ("a", "x.wav", 'one, "two"', "N")


def test_columns_labels_and_choice(workshop):
    rows = [
        {"id": str(i), "file": f"{i}.wav", "text": "x", "spk": "s", "accent": accent}
        for i, accent in enumerate(["US (neutral)", "Scottish", None, "other", ""])
    ]
    workshop.manifest(rows)
    corpus = corpus_of(
        workshop,
        "corpus.jsonl",
        columns={"audio_filepath": "file", "speaker": "spk"},
        labels={"accent": {"US (neutral)": "American", "other": None, "Welsh": "British", "Scotish": "x"}},
        leave_out=("1",),
    )
    assert corpus.frame["label:accent"].to_list() == ["American", None, None, None]
    assert corpus.frame["speaker"].to_list() == ["s"] * 4
    assert corpus.left_out == {"named in corpus.leave_out": 1}
    assert "corpus.labels.accent: no row has the value 'Welsh'" in texts(corpus.notes)
    assert "corpus.labels.accent: no row has the value 'Scotish'; did you mean 'Scottish'?" in texts(corpus.notes)


def test_ids_are_made_of_paths_where_there_are_none(workshop):
    workshop.manifest(
        [{"audio_filepath": "a/b.wav", "text": "x"}, {"audio_filepath": "a/b.wav", "offset": 2.5, "text": "y"}]
    )
    assert corpus_of(workshop, "corpus.jsonl").frame["id"].to_list() == ["a/b", "a/b@2.5"]


def test_ids_of_segments_late_in_a_long_recording_differ(workshop):
    starts = [10000.12, 10000.14, 20000.12, 2.5, 10000.12]
    given = [{"audio_filepath": "/a/b.wav", "offset": start, "text": "x"} for start in starts]
    workshop.manifest(given[:-1])
    made = ["/a/b@10000.12", "/a/b@10000.14", "/a/b@20000.1", "/a/b@2.5"]
    assert corpus_of(workshop, "corpus.jsonl").frame["id"].to_list() == made
    out = workshop.folder / "imported.jsonl"
    augment.import_corpus("jsonl", workshop.folder / "corpus.jsonl", out)
    assert corpus_of(workshop, out.name).frame["id"].to_list() == made
    workshop.manifest(given)
    with pytest.raises(CorpusError, match=r"5: the id '/a/b@10000.12' is also that of row 1"):
        corpus_of(workshop, "corpus.jsonl")


ROW = '{"id": "a", "audio_filepath": "x.wav"}\n'


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.jsonl", "", "the file is empty"),
        ("a.jsonl", "\n", "no rows"),
        ("a.jsonl", ROW + '{"id": "b", \n', "a.jsonl:2: this line is not a JSON object"),
        ("a.jsonl", ROW + ROW, "a.jsonl:2: the id 'a' is also that of row 1"),
        ("a.jsonl", '{"id": "../x", "audio_filepath": "x.wav"}\n', "points outside the output folder"),
        ("a.jsonl", '{"id": "/x", "audio_filepath": "x.wav"}\n', "points outside the output folder"),
        ("a.jsonl", '{"id": "a\\u0000", "audio_filepath": "x.wav"}\n', "control character"),
        ("a.jsonl", '{"id": "a", "id": "b", "audio_filepath": "x.wav"}\n', "the key 'id' appears twice"),
        ("a.jsonl", '{"id": "a", "audio_filepath": null}\n', "the row names no audio file"),
        ("a.jsonl", '{"id": "a", "path": "x.wav"}\n', "columns: {audio_filepath: path}"),
        ("a.jsonl", "[[1]]", "found an array where a row should be"),
        ("a.jsonl", ROW.encode("utf-16"), "the file is UTF-16"),
        ("a.jsonl", ROW.replace("x", "\xe9").encode("latin-1"), "the file is not UTF-8"),
        ("a.csv", "id,audio_filepath\na\n", "a.csv:2: found 1 columns; the header has 2"),
        ("a.csv", "id,id\na,b\n", "the column 'id' appears twice"),
        ("a.xlsx", "x", "no reader for '.xlsx' manifests"),
        ("missing.jsonl", None, "there is no such file"),
    ],
)
def test_bad_manifests_are_told_with_their_row(workshop, name, data, words):
    if data is not None:
        write(workshop, name, data)
    with pytest.raises(CorpusError) as caught:
        corpus_of(workshop, name)
    assert words in str(caught.value)


def test_all_bad_rows_are_told_at_once(workshop):
    write(workshop, "a.jsonl", ROW * 3 + '{"id": "b"}\n')
    with pytest.raises(CorpusError) as caught:
        corpus_of(workshop, "a.jsonl")
    assert len(caught.value.faults) == 3


def test_offset_and_duration_cut_the_very_samples(workshop):
    whole = speech_like(3)
    soundfile.write(workshop.folder / "x.wav", whole, RATE, subtype="FLOAT")
    part = read_speech(workshop.folder / "x.wav", 0.5, 1.25, RATE).samples
    expected = np.float32(whole)[RATE // 2 : RATE // 2 + 5 * RATE // 4].astype(float)
    assert part == pytest.approx(expected, abs=0.02)  # what is cut off below 40 Hz is level again after 0.1 s
    assert part[RATE // 4 : -RATE // 4] == pytest.approx(expected[RATE // 4 : -RATE // 4], abs=2e-3)
    with pytest.raises(AudioError, match=r"asked for 2\.5-3\.75 s, but the file is 3\.000 s long"):
        read_speech(workshop.folder / "x.wav", 2.5, 1.25, RATE)


def test_dc_offset_is_not_speech(workshop):
    """A constant of 0.3 would be read as -10 dBov of speech."""
    speech = speech_like(2)
    soundfile.write(workshop.folder / "a.wav", speech * 0.1 + 0.3, RATE, subtype="FLOAT")
    found = read_speech(workshop.folder / "a.wav", None, None, RATE).samples
    assert found == pytest.approx(speech * 0.1, abs=1e-4)


def test_faulty_audio_is_named_by_row_all_at_once(workshop):
    rows = workshop.corpus({"N": 5})
    soundfile.write(workshop.folder / "audio/n_0.wav", np.zeros(RATE), RATE)
    (workshop.folder / "audio/n_1.wav").unlink()
    (workshop.folder / "audio/n_2.wav").write_bytes(b"")
    soundfile.write(workshop.folder / "audio/n_3.wav", speech_like(0.05), RATE)
    corpus = corpus_of(workshop, "corpus.jsonl")
    _, unusable = survey(corpus, corpus.frame, RATE)
    told = " ".join(str(fault) for faults in unusable.values() for fault in faults)
    for row, words in enumerate(["is silent", "no such file", "(0 bytes)", "lasts 0.050 s"], start=1):
        assert f"corpus.jsonl:{row}: utterance '{rows[row - 1]['id']}'" in told
        assert words in told
    assert "n_4" not in told


def test_lying_durations_are_noted_and_the_audio_counts(workshop):
    rows = workshop.corpus({"N": 2})
    rows[0]["duration"] = 99.0
    workshop.manifest(rows)
    corpus = corpus_of(workshop, "corpus.jsonl")
    facts, _ = survey(corpus, corpus.frame, RATE)
    assert facts["n_0"].samples == RATE
    assert "1 rows declare a duration" in texts(facts_notes(corpus.frame, facts, RATE))[0]


@pytest.mark.parametrize("offset", ['"0,5"', "-1", "true", '"x"'])
def test_an_offset_that_is_no_time_is_a_fault_and_not_the_whole_file(workshop, offset):
    write(workshop, "a.jsonl", f'{{"id": "a", "audio_filepath": "x.wav", "offset": {offset}, "duration": 1}}\n')
    with pytest.raises(CorpusError, match=r"a\.jsonl:1: offset: expected seconds"):
        corpus_of(workshop, "a.jsonl")


def test_a_duration_of_a_part_must_be_a_time(workshop):
    write(workshop, "a.jsonl", '{"id": "a", "audio_filepath": "x.wav", "offset": 1, "duration": "long"}\n')
    with pytest.raises(CorpusError, match="duration: expected seconds"):
        corpus_of(workshop, "a.jsonl")


def test_labels_may_have_any_name(workshop):
    odd = {"row": "r", "group": "g", "label_group": "lg", "_text": "t", "source_duration": "d", "block": "b"}
    rows = [{**row, **odd} for row in workshop.corpus({"N": 2, "S": 2})]
    workshop.manifest(rows)
    import augment

    plan = augment.plan(workshop.recipe(output="{labels: all}"))
    for name, value in odd.items():
        column = {
            "row": "row", "group": "label_group", "label_group": "label_label_group", "_text": "_text",
            "source_duration": "label_source_duration", "block": "label_block",
        }[name]  # fmt: skip
        assert plan.items[column].unique().to_list() == [value]


def test_one_column_may_serve_two_names(workshop):
    write(workshop, "a.csv", "id,audio_filepath,who,accent\na,x.wav,ann,N\n")
    corpus = corpus_of(workshop, "a.csv", columns={"speaker": "who", "voice": "who", "accent": "who"})
    row = corpus.frame.row(0, named=True)
    assert (row["speaker"], row["label:voice"], row["label:accent"]) == ("ann", "ann", "ann")


def test_keep_tells_what_it_did_not_find(workshop):
    write(workshop, "a.csv", "id,audio_filepath,accent,speaker\na,x.wav,German,s\nb,y.wav,,s\nc,z.wav,Greek,t\n")
    with pytest.raises(CorpusError, match="'Germann', which no row has - did you mean 'German'"):
        corpus_of(workshop, "a.csv", keep={"accent": ("Germann", "Greek")})
    kept = corpus_of(workshop, "a.csv", keep={"accent": ("German",)})
    assert kept.frame["id"].to_list() == ["a", "b"]  # what becomes of b, balance.unlabelled says
    assert corpus_of(workshop, "a.csv", keep={"speaker": ("t",)}).frame["id"].to_list() == ["c"]
    with pytest.raises(CorpusError, match=r"corpus\.labels names 'speaker', which is not a label"):
        corpus_of(workshop, "a.csv", labels={"speaker": {"s": "x"}})


def test_every_bad_line_is_told(workshop):
    write(
        workshop, "a.jsonl", '{bad\n{"id": "a", "audio_filepath": "x"}\n5\n{"id": "b\\ud800", "audio_filepath": "x"}\n'
    )
    with pytest.raises(CorpusError) as caught:
        corpus_of(workshop, "a.jsonl")
    assert [fault.where.rsplit(":", 1)[1] for fault in caught.value.faults] == ["1", "3", "4"]


def test_faults_of_every_kind_are_told_at_once(workshop):
    lines = [
        '{"audio_filepath": "a.wav", "text": "x"}',
        "{bad",
        '{"audio_filepath": "b.wav", "text": ["one", "two"]}',
        '{"text": "x"}',
        '{"audio_filepath": "c.wav", "audio_channel": "left", "offset": 1, "duration": "long"}',
        '{"audio_filepath": "a.wav"}',
        '{"text": "y"}',
    ]
    write(workshop, "a.jsonl", "\n".join(lines))
    with pytest.raises(CorpusError) as caught:
        corpus_of(workshop, "a.jsonl")
    found = [(fault.where.rsplit(":", 1)[1], fault.message) for fault in caught.value.faults]
    assert [line for line, _ in found] == ["2", "3", "4", "7", "5", "5", "6"]  # of equal wording together
    for words in ("not a JSON object", "a list", "names no audio", "a channel", "seconds, more than 0", "also that of"):
        assert any(words in message for _, message in found), words


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (
            {"keep": {"accent": ("English", "Welsh")}},
            {
                "3 rows of the accent 'english' are left out",
                "1 row of the accent 'Englisch' is left out",
                "1 row of the accent 'welsh' is left out",
            },
        ),
        ({"leave_out": {"accent": ("welsh",)}}, {"2 rows of the accent 'Welsh' are not left out"}),
        ({"keep": {"gender": ("female",)}}, set()),
        ({"keep": {"cohort": ("participant 1",)}}, set()),
    ],
)
def test_values_that_are_nearly_named_are_told(workshop, spec, told):
    accents = ["English", "english", "english", "english", "Englisch", "Welsh", "Welsh", "welsh"]
    rows = [
        {"audio_filepath": f"{n}.wav", "speaker": "s", "accent": accent, "gender": ("male", "female")[n % 2],
         "cohort": f"participant {n}"}
        for n, accent in enumerate(accents)
    ]  # fmt: skip
    workshop.manifest(rows, "a.jsonl")
    notes = [note for note in texts(corpus_of(workshop, "a.jsonl", **spec).notes) if " is named: " in note]
    assert {next(words for words in told if words in note) for note in notes} == told
    assert all("corpus: {labels: {accent: {" in note for note in notes)


@pytest.mark.parametrize(("part", "becomes"), [("keep", "left out"), ("leave_out", "not left out")])
def test_a_value_in_another_form_of_unicode_is_told(workshop, part, becomes):
    composed, apart = "\u00c9", "E\u0301"
    rows = [{"audio_filepath": f"{n}.wav", "accent": accent} for n, accent in enumerate([composed, apart, "F"])]
    workshop.manifest(rows, "a.jsonl")
    notes = texts(corpus_of(workshop, "a.jsonl", **{part: {"accent": (composed,)}}).notes)
    assert any(f"1 row of the accent '{apart}' is {becomes}, and '{composed}' is named" in note for note in notes)


def test_a_folder_of_recordings_is_told_its_layout(workshop):
    place = workshop.folder / "wavs" / "English" / "s1"
    place.mkdir(parents=True)
    soundfile.write(place / "a.wav", speech_like(1.0, 1), RATE)
    with pytest.raises(CorpusError, match=r"it holds audio \(English/s1/a\.wav\): corpus: \{layout: folder, pattern: "):
        corpus_of(workshop, "wavs")


def test_labels_that_the_corpus_does_not_have_are_refused_before_anything_is_heard(workshop):
    workshop.corpus({"North": 1, "South": 1})
    with pytest.raises(AcoustigridError, match=r"'accents', a label that .* did you mean 'accent'\? \(labels"):
        corpus_of_recipe(augment.load_recipe(workshop.recipe(balance="{by: [accents]}")))


def test_durations_are_measured_where_rows_do_not_say_them(workshop):
    lengths = {"a": 8001, "b": 16000, "c": 12345}
    for name, samples in lengths.items():
        soundfile.write(workshop.folder / "audio" / f"{name}.wav", speech_like(2)[:samples], RATE, subtype="PCM_16")
    rows = [{"id": name, "audio_filepath": f"audio/{name}.wav", "text": "t", "speaker": name} for name in lengths]
    rows[1] |= {"duration": 0.75}
    rows += [{**rows[2], "id": "d", "offset": 0.25}]
    workshop.manifest(rows)
    target = workshop.folder / "out.jsonl"
    augment.import_corpus("jsonl", workshop.folder / "corpus.jsonl", target, durations=True)
    found = {row["id"]: row["duration"] for row in map(json.loads, target.read_text().splitlines())}
    assert found == {"a": 8001 / RATE, "b": 0.75, "c": 12345 / RATE, "d": (12345 - 4000) / RATE}
    with pytest.raises(AcoustigridError, match=r"this file exists already.*--replace"):
        augment.import_corpus("jsonl", workshop.folder / "corpus.jsonl", target)
    with pytest.raises(AcoustigridError, match=r"this file exists already - write to another file$"):
        augment.import_corpus("jsonl", workshop.folder / "corpus.jsonl", workshop.folder / "corpus.jsonl", replace=True)
    (workshop.folder / "audio" / "a.wav").write_bytes(b"no audio")
    with pytest.raises(CorpusError, match=r"corpus\.jsonl:1: .*audio/a\.wav: "):
        augment.import_corpus("jsonl", workshop.folder / "corpus.jsonl", target, durations=True, replace=True)
    assert json.loads(target.read_text().splitlines()[0])["duration"] == 8001 / RATE, "nothing half-written"


def test_audio_is_a_usual_name_of_the_audio(workshop):
    workshop.manifest([{"id": "a", "audio": "x.wav", "text": "t", "accent": "North"}])
    corpus = corpus_of(workshop, "corpus.jsonl")
    assert corpus.frame["audio_filepath"].to_list() == ["x.wav"]
    assert corpus.labels == ("accent",)
    workshop.manifest([{"id": "a", "audio": "a label", "audio_filepath": "x.wav"}])
    assert corpus_of(workshop, "corpus.jsonl").labels == ("audio",)
