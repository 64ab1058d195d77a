"""Files of a form that is not read here: read all the same, or one error that names it, with a remedy that works."""

import gzip
import io
import tarfile
import zipfile

import polars
import pytest

from augment.corpus.spec import CorpusSpec
from augment.corpus.table import read_corpus
from augment.errors import CorpusError
from augment.files.audio import encode
from augment.notes import texts
from conftest import RATE
from test_readers import sound

JSON = b'{"audio_filepath": "a.wav", "text": "one", "accent": "N"}\n{"audio_filepath": "b.wav", "text": "two"}\n'


def table(sign: str, quoted: str = "two") -> str:
    rows = (("audio_filepath", "text", "accent"), ("a.wav", "one", "N"), ("b.wav", quoted, "S"))
    return "".join(f"{sign.join(row)}\n" for row in rows)


def found(folder, name, data, **said):
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_corpus(CorpusSpec(path=name, **said), folder)


def told(folder, name, data):
    """The one fault of a file, but for its place."""
    with pytest.raises(CorpusError) as caught:
        found(folder, name, data)
    (fault,) = caught.value.faults
    assert fault.where in (f"{folder / name}:1", f"{folder / name}:3")
    return fault


@pytest.mark.parametrize("sign", ["^", "~", " ^ "])
def test_carets_and_tildes_part_columns(tmp_path, sign):
    assert found(tmp_path, "m.csv", table(sign)).frame["text"].to_list() == ["one", "two"]


@pytest.mark.parametrize("sign", [" ", "   ", ":"])
def test_what_parts_no_columns_here_is_told_with_what_does(tmp_path, sign):
    fault = told(tmp_path, "m.csv", table(sign))
    assert "this is one column: 'audio_filepath" in fault.message
    assert ("sep=r'\\s+'" if sign.isspace() else "sep=':'") in fault.remedy
    assert found(tmp_path, "m.csv", table(",")).frame.height == 2


@pytest.mark.parametrize("name", ["m.csv.gz", "m.tsv.gz"])
def test_compressed_tables(tmp_path, name):
    data = gzip.compress(table("," if ".csv" in name else "\t").encode())
    assert found(tmp_path, name, data).frame["text"].to_list() == ["one", "two"]


@pytest.mark.parametrize("head", ["# made by hand\n", "# id, text, made by hand\n# 2024\n", "#"])
def test_comments_before_the_header(tmp_path, head):
    fault = told(tmp_path, "m.csv", head + table(","))
    assert "the header begins with '#'" in fault.message
    assert "remove comments" in fault.remedy


def test_rows_that_are_compressed_are_no_cuts(tmp_path):
    fault = told(tmp_path, "m.jsonl.gz", gzip.compress(JSON))
    assert "corpus: {layout: jsonl}" in fault.remedy
    assert found(tmp_path, "m.jsonl.gz", gzip.compress(JSON), layout="jsonl").frame["text"].to_list() == ["one", "two"]


def test_what_is_no_text_is_told_by_its_first_bytes(tmp_path):
    sheet = io.BytesIO()
    with zipfile.ZipFile(sheet, "w") as file:
        file.writestr("xl/workbook.xml", "<x/>")
    for name in ("m.csv", "m.jsonl", "m.tsv"):
        assert "spreadsheet (.xlsx)" in told(tmp_path, name, sheet.getvalue()).message
        assert "compressed by gzip" in told(tmp_path, name, gzip.compress(JSON)).message


def test_quotation_marks_that_are_escaped_in_another_way(tmp_path):
    fault = told(tmp_path, "m.csv", table(",", '"say \\"yes\\", he said"'))
    assert 'doubled, not written as \\": "he said ""yes"" to me"' in fault.remedy
    mended = found(tmp_path, "m.csv", table(",", '"say ""yes"", he said"'))
    assert mended.frame["text"].to_list() == ["one", 'say "yes", he said']


def test_cells_of_a_tsv_that_a_program_quoted(tmp_path):
    said = ['She said "hi" there', '"All of it"', "plain", '5" by "6"', '"']
    table = polars.DataFrame({"audio_filepath": [f"{n}.wav" for n in range(len(said))], "text": said})
    written = table.write_csv(separator="\t")
    assert '"She said ""hi"" there"' in written
    corpus = found(tmp_path, "m.tsv", written)
    assert corpus.frame["text"].to_list() == said
    assert any("4 cells of the table are quoted as in CSV" in note for note in texts(corpus.notes))


def test_quotation_marks_in_a_tsv_that_quotes_nothing(tmp_path):
    said = [
        '"Quoted, she said."',
        '"Yes," he said, "no."',
        'so "" he',
        '"',
        '""',
        '"Yes," he said, ""no"".',
        'a """b"""',
    ]
    rows = [f"{n}.wav\t{text}" for n, text in enumerate(said)]
    corpus = found(tmp_path, "m.tsv", "\n".join(["audio_filepath\ttext", *rows]))
    assert corpus.frame["text"].to_list() == said
    assert not any("quoted" in note for note in texts(corpus.notes))


def test_two_audio_files_of_one_sample(tmp_path):
    def packed(*names):
        memory = io.BytesIO()
        with tarfile.open(fileobj=memory, mode="w") as archive:
            for name in names:
                data = encode(sound(1), RATE, "wav") if name.endswith(".wav") else b"yes"
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        return memory.getvalue()

    fault = told(tmp_path, "a.tar", packed("c.left.wav", "c.right.wav", "c.txt"))
    assert "rename 'c.left.wav' to 'c_left.wav'" in fault.remedy
    assert found(tmp_path, "a.tar", packed("c_left.wav", "c_left.txt")).frame["text"].to_list() == ["yes"]
