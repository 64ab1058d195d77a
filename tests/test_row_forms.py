"""Manifests in other forms than one JSON object a line, and tables as other programs write them: read, or one fault."""

import io
import json

import polars
import pytest

from augment.corpus.spec import CorpusSpec
from augment.corpus.table import read_corpus
from augment.errors import CorpusError
from augment.notes import texts
from test_readers import lay

ROWS = [{"audio_filepath": f"w/{n}.wav", "text": f"word {n}, yes", "accent": "AB"[n % 2]} for n in range(8)]
PLAIN = [(f"w/{n}.wav", f"word {n}, yes", "AB"[n % 2]) for n in range(8)]
KEYED = {f"u{n}": {"wav": f"{{data_root}}/w/{n}.wav", "words": row["text"], "accent": row["accent"]}
         for n, row in enumerate(ROWS)}  # fmt: skip


def found(tmp_path, name, data):
    (tmp_path / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_corpus(CorpusSpec(path=name), tmp_path)


def assert_rows(corpus):
    assert corpus.frame.select("audio_filepath", "text", "label:accent").rows() == PLAIN


def refused(tmp_path, name, data):
    with pytest.raises(CorpusError) as caught:
        found(tmp_path, name, data)
    assert len(caught.value.faults) <= 2, str(caught.value)
    return str(caught.value)


DOCUMENTS = {
    "an array": json.dumps(ROWS),
    "an array over many lines": json.dumps(ROWS, indent=2),
    "an array with a row a line": "[\n" + ",\n".join(map(json.dumps, ROWS)) + "\n]\n",
    "an array that ends in a comma": "[\n" + "".join(json.dumps(row) + ",\n" for row in ROWS) + "]\n",
    "objects over many lines": "\n".join(json.dumps(row, indent=2) for row in ROWS),
    "objects without a line between": "".join(map(json.dumps, ROWS)),
    "an object with an array": json.dumps({"data": ROWS, "version": 1}, indent=1),
    "an array in an object, a row a line": '{"data": [\n' + ",\n".join(map(json.dumps, ROWS)) + "\n]}",
    "an object of objects": json.dumps(KEYED, indent=2),
    "an object of objects in one line": json.dumps(KEYED),
    "blank lines and a byte order mark": "\ufeff\n\n" + json.dumps(ROWS, indent=2) + "\n\n",
    "lines": "".join(json.dumps(row) + "\n" for row in ROWS),
}


@pytest.mark.parametrize("form", DOCUMENTS)
@pytest.mark.parametrize("name", ["m.json", "m.jsonl"])
def test_json_of_every_form(tmp_path, form, name):
    corpus = found(tmp_path, name, DOCUMENTS[form])
    assert_rows(corpus)
    if "object of objects" in form:
        assert corpus.frame["id"].to_list() == list(KEYED)
        assert any("'data_root', which is taken for the manifest's folder" in note for note in texts(corpus.notes))
    assert any("version (1)" in note for note in texts(corpus.notes)) == (form == "an object with an array")


def test_rows_of_a_document_have_their_line(tmp_path):
    rows = [*ROWS[:2], {**ROWS[2], "audio_filepath": None}]
    told = refused(tmp_path, "m.json", json.dumps(rows, indent=1))
    assert "m.json:12: the row names no audio file" in told
    told = refused(tmp_path, "m.json", json.dumps({"data": rows}))
    assert "m.json/data:3: the row names no audio file" in told


def columns(rows):
    return {name: {str(n): row[name] for n, row in enumerate(rows)} for name in rows[0]}


UNREAD = {
    "columns, as pandas writes them": (json.dumps(columns(ROWS)), "one JSON object of columns.*orient='records'"),
    "columns as lists": (json.dumps({name: [r[name] for r in ROWS] for name in ROWS[0]}), "of columns"),
    "pandas' split": (json.dumps({"columns": ["a"], "index": [0], "data": [["x.wav"]]}), "of columns"),
    "arrays in an array": (json.dumps([list(row.values()) for row in ROWS]), "found an array where a row should be"),
    "arrays in lines": ("[1, 2]\n[3, 4]\n", "neither one JSON object a line nor one JSON document: .*follows"),
    "two arrays of rows": (json.dumps({"a": ROWS, "b": ROWS}), r"several arrays of rows: a, b.*jq -c '\.\[.a.\]\[\]'"),
    "Python in lines": ("".join(f"{row}\n" for row in ROWS), "this line is Python, not JSON; and 7 more"),
    "Python in an array": (str(ROWS), "this is Python, not JSON"),
    "an array that is cut off": (json.dumps(ROWS, indent=1)[:-9], "neither one JSON object a line nor"),
    "a key twice": ('[{"a": 1,\n"a": 2}]', "the key 'a' appears twice"),
    "a comma behind every line": ("".join(json.dumps(r) + ",\n" for r in ROWS), "m.json|8 more"),
    "a comma within": ("".join(f'{{"audio_filepath": "{n}.wav",}}\n' for n in range(8)), "7 more like it"),
    "UTF-16": (json.dumps(ROWS).encode("utf-16"), "UTF-16"),
    "UTF-16 without a mark": (json.dumps(ROWS).encode("utf-16-le"), "zero bytes: it is UTF-16"),
    "deep": ("[" * 100_000, "nested too deeply"),
    "no JSON": ("audio_filepath,text\n" * 9, "8 more like it"),
}


@pytest.mark.parametrize("form", [form for form in UNREAD if form != "a comma behind every line"])
def test_json_that_is_not_rows_is_one_fault(tmp_path, form):
    data, words = UNREAD[form]
    with pytest.raises(CorpusError, match=words):
        found(tmp_path, "m.json", data)
    refused(tmp_path, "m.json", data)


def test_lines_that_end_in_commas_are_rows(tmp_path):
    assert_rows(found(tmp_path, "m.json", UNREAD["a comma behind every line"][0]))


def test_values_that_are_no_json_are_none(tmp_path):
    data = '[{"audio_filepath": "a.wav", "accent": NaN, "duration": Infinity}]'
    frame = found(tmp_path, "m.json", data).frame
    assert frame.select("label:accent", "duration").rows() == [(None, None)]


def test_one_bad_line_among_good_ones_is_that_line_alone(tmp_path):
    for bad in ('{"audio_filepath": "a.wav", ', '{"audio_filepath": "a', "{bad"):
        told = refused(tmp_path, "m.jsonl", bad + "\n" + DOCUMENTS["lines"])
        assert told.startswith(f"{tmp_path / 'm.jsonl'}:1: this line is not a JSON object")


def separated(sep, rows=ROWS, quote='"', after="", end="\n", head=""):
    def cell(text):
        return f"{quote}{text}{quote}" if sep.strip() in text and sep.strip() else text

    names = [*rows[0]]
    lines = [sep.join(names), *(sep.join(cell(row[name]) for name in names) for row in rows)]
    return head + "".join(f"{line}{after}{end}" for line in lines)


def index(lines, name=""):
    first, *rest = lines.splitlines()
    return "\n".join([f"{name},{first}", *(f"{n},{line}" for n, line in enumerate(rest))]) + "\n"


TABLES = {
    "commas": separated(","),
    "blanks after commas": separated(", "),
    "bars": separated("|"),
    "semicolons": separated(";"),
    "tabs": separated("\t"),
    "a comma at every end": separated(",", after=","),
    "commas behind the rows only": separated(",").replace("\n", ",,\n").replace(",,\n", "\n", 1),
    "the index of pandas": index(separated(",")),
    "carriage returns": separated(",", end="\r\n"),
    "carriage returns alone": separated(",", end="\r"),
    "a byte order mark": "\ufeff" + separated(","),
    "Excel's word": separated(";", head="sep=;\n"),
    "blank lines": "\n\n" + separated(",").replace("\n", "\n\n"),
    "rows of commas": separated(",") + ",,\n,,\n",
    "quoted headers": separated(",").replace("text", '"text"', 1),
}


@pytest.mark.parametrize("form", TABLES)
def test_tables_of_every_form(tmp_path, form):
    corpus = found(tmp_path, "m.csv", TABLES[form])
    assert_rows(corpus)
    told = [note for note in texts(corpus.notes) if note.startswith("not used")]
    expected = {
        "the index of pandas": ["not used: columns: without a name (8)"],
        "rows of commas": ["not used: rows: of empty cells (2)"],
    }
    assert told == expected.get(form, [])


def test_pandas_itself_is_read(tmp_path):
    """polars writes what pandas writes, but for the index; `index_label=''` is what pandas' header has."""
    memory = io.BytesIO()
    polars.DataFrame(ROWS).with_row_index("").write_csv(memory)
    assert_rows(found(tmp_path, "m.csv", memory.getvalue()))


BAD_TABLES = {
    "no header": ("w/0.wav,one,A\nw/1.wav,two,B\n", "m.csv", r"m\.csv:1: the first line is a row, not a header: .*w/0"),
    "names of rows without a column": (
        index(separated(",")).removeprefix(","), "m.csv",
        r"m\.csv:2: found 4 columns; the header has 3; and 7 more like it, up to .*m\.csv:9 - .*quotation marks",
    ),
    "no names": (",,\n1,2,3\n", "m.csv", "no column has a name"),
    "commas in a .tsv": (separated(","), "m.tsv", "this is one column: .* - a .tsv is separated by tabs"),
}  # fmt: skip


@pytest.mark.parametrize("form", BAD_TABLES)
def test_tables_that_are_none_are_one_fault(tmp_path, form):
    data, name, words = BAD_TABLES[form]
    with pytest.raises(CorpusError, match=words):
        found(tmp_path, name, data)
    refused(tmp_path, name, data)


def test_rows_of_the_same_words_do_not_crowd_out_what_the_columns_lack(tmp_path):
    lay(tmp_path, **{"m.jsonl": '{"audio_filepath": "w/0.wav"}\n' + "nothing\n" * 48})
    spec = CorpusSpec(path="m.jsonl", columns={"id": "first", "speaker": "second", "licence": "third"})
    with pytest.raises(CorpusError) as raised:
        read_corpus(spec, tmp_path)
    told = str(raised.value)
    assert [name for name in ("first", "second", "third") if f"the column '{name}', which" in told] == [
        *spec.columns.values()
    ]
    assert "and 47 more like it, up to" in told


def test_remedies_work(tmp_path):
    """What the faults say to do is done."""
    assert_rows(found(tmp_path, "n.csv", separated(",")))  # the .tsv above, called .csv
    data = separated(", ").replace("audio_filepath", "file name")
    told = refused(tmp_path, "m.csv", data)
    assert "corpus: {columns: {audio_filepath: file name}}" in told
    lay(tmp_path, **{"m.csv": data})
    assert_rows(read_corpus(CorpusSpec(path="m.csv", columns={"audio_filepath": "file name"}), tmp_path))
    headless = "w/0.wav,one,A\n"
    assert found(tmp_path, "h.csv", "audio_filepath,text,speaker\n" + headless).frame["speaker"].to_list() == ["A"]


def test_the_columns_of_speechbrain(tmp_path):
    table = "ID, duration, wav, spk_id, wrd, accent\nu0, 2.0, $data_root/w/0.wav, s0, one two, A\n"
    row = found(tmp_path, "m.csv", table).frame.row(0, named=True)
    assert [row[name] for name in ("id", "duration", "audio_filepath", "speaker", "text", "label:accent")] == [
        "u0", 2.0, "w/0.wav", "s0", "one two", "A"
    ]  # fmt: skip
