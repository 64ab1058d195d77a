"""Texts of strangers stay text: in Markdown, on a page, on a terminal, in a spreadsheet and in other tools' files."""

import base64
import csv
import hashlib
import io
import json
import re
from html.parser import HTMLParser

import polars
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import augment
from augment.cli.terminal import say
from augment.corpus.values import says_none
from augment.errors import CorpusError, Fault
from augment.export.csv import exact_table
from augment.export.csv import table as csv_table
from augment.plain_text import (
    columns,
    from_spreadsheet_cell,
    markdown,
    markdown_code,
    markdown_fence,
    spreadsheet_cell,
    visible,
)
from augment.report.page import markdown_html
from augment.report.text import table
from conftest import RATE, Workshop, command, speech_like

HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</title><script>", "<!-- ", "--> <b>",
    "<svg/onload=x>", "![x](http://example.org/x.png)", "[x](http://example.org)", "[x](javascript:alert(1))",
    "<http://example.org>", "http://example.org/x", "www.example.org", "[x]: http://example.org", "[^1]",
    "[ ] task", "**bold**", "*it*", "_it_", "__bold__", "a_b_c", "~~gone~~", "`code`", "``` \n```", "```",
    "~~~", "$x^2$", "| a | b |", "|---|", "a|b", "# title", "## Licences and credits", "- item", "+ item",
    "1. item", "2) item", "> quote", "===", "---", "***", "    code", "&lt;b&gt;", "&#60;b&#62;", "&amp;",
    "a &nbsp; b", "\\", "\\*", "a\\", "two\nlines", "a\n\n# b", "a\r\nb", "tab\there", "x\nnote: all is well",
    "\x1b[2J\x1b[31mred", "\x1b]0;title\x07", "\x9b31m", "\x00", "\x08\x08", "\x7f", "\u202eabc",
    "\u2066a\u2069", "\u200b", "\ufeff", "\u2028", "\u0085", "é\u0301", "標準語", "🎧", "=1+1", "+1+1", "-1+1",
    "@SUM(A1)", "\t=1", "＝1+1", "{{ 7*7 }}", "${x}", "%s %d {0}", "'", '"', "'; DROP TABLE x; --", "key: value",
    "- a: b", "!!python/x", "&a", "*a", "---\nlicense: mit", "a,b;c", "../../x", "nan", "a" * 300,
]  # fmt: skip
PLAIN = MarkdownIt("commonmark")  # with HTML, as the sites are that show such files
INLINE = {"text", "softbreak", "text_special"}


def elements(text):
    """Types of what Markdown makes of a text, and the text that it shows."""
    (start, inline, end, *others) = PLAIN.parse(text)
    assert not others
    return (
        [start.type, end.type],
        {child.type for child in inline.children},
        "".join(c.content for c in inline.children),
    )


def same(text):
    """A text as Markdown and HTML show it, which trim it."""
    return visible(text).strip()


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.strip()])
def test_markdown_shows_a_text_and_obeys_none_of_it(text):
    for before, after in (("", ""), ("said ", " of it"), ("(", "): x"), ("- ", "")):
        if before == "- ":
            kinds = [token.type for token in PLAIN.parse(f"- {markdown(text)}\n- b")]
            assert kinds.count("list_item_open") == 2
            assert set(kinds) <= {"bullet_list_open", "list_item_open", "paragraph_open", "inline", "paragraph_close",
                                  "list_item_close", "bullet_list_close"}  # fmt: skip
            continue
        blocks, inline, shown = elements(f"{before}{markdown(text)}{after}")
        assert blocks == ["paragraph_open", "paragraph_close"]
        assert inline <= INLINE
        assert shown == f"{before}{same(text)}{after}"


@given(st.text(min_size=1).filter(lambda text: visible(text).strip()))
def test_any_text_is_shown_by_markdown(text):
    blocks, inline, shown = elements(markdown(text))
    assert (blocks, inline <= INLINE) == (["paragraph_open", "paragraph_close"], True)
    assert shown == same(text)


@given(st.text(alphabet="`a \n\\", min_size=1))
def test_any_text_is_a_code_span_and_fits_in_a_fence(text):
    (_, inline, _) = PLAIN.parse(f"x {markdown_code(text)} y")
    assert [child.type for child in inline.children] == ["text", "code_inline", "text"]
    assert inline.children[1].content.strip() == visible(text).strip()
    fence = markdown_fence(text)
    (only,) = PLAIN.parse(f"{fence}\n{text}\n{fence}\n")
    assert (only.type, only.content) == ("fence", f"{text}\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_terminal_is_told_and_not_steered(text, capsys):
    say(f"note: {visible(text)}")
    say(str(Fault(text, text, text)), err=True)
    say(table([text, "n"], [[text, 1]]))
    out, err = capsys.readouterr()
    assert (out.count("\n"), err.count("\n")) == (4, 1)
    assert all(letter.isprintable() or letter == "\n" for letter in out + err)
    say(text)
    assert all(letter.isprintable() or letter == "\n" for letter in capsys.readouterr().out)


@given(st.text())
def test_what_is_visible_is_one_line_and_says_what_it_was(text):
    shown = visible(text)
    assert shown.isprintable()
    assert visible(shown) == shown
    assert shown == text or not text.isprintable()


def test_columns_stand_under_each_other_and_are_found_again_on_the_page():
    rows = [["標準語", "1.5"], ["e\u0301te\u0301", "2"], ["abc", "3"], ["🎧", "ｆｕ"]]
    text = table(["方言", "n"], rows)
    assert len({columns(line) for line in text.split("\n")}) == 1
    html = markdown_html(f"```\n{text}\n```")
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", line) for line in re.findall(r"<tr>.*?</tr>", html)[1:]]
    assert cells == rows


@pytest.mark.parametrize("text", HOSTILE)
def test_a_spreadsheet_is_handed_no_formula(text):
    row = {"id": text, text or "x": "a", "number": -5.2, "whole": -3, "nothing": None}
    header, cells = csv.reader(io.StringIO(b"".join(csv_table([row])).decode(), newline=""))
    dangerous = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
    assert not [cell for cell in (*header, cells[0], cells[1]) if dangerous.match(cell.lstrip(" ") or " ")]
    assert cells[2:] == ["-5.2", "-3", ""]
    assert from_spreadsheet_cell(cells[0]) == text
    _, exact = csv.reader(io.StringIO(b"".join(exact_table([row])).decode(), newline=""))
    assert exact[0] == text


@given(st.text(alphabet="'=+-@ \t\n＝1.ea"))
def test_every_text_comes_back_from_a_spreadsheet(text):
    assert from_spreadsheet_cell(spreadsheet_cell(text)) == text


def test_numbers_as_texts_are_no_formulas():
    assert [spreadsheet_cell(text) for text in ("-5.2", "+3", "-1e-3", "5")] == ["-5.2", "+3", "-1e-3", "5"]
    assert [spreadsheet_cell(text) for text in ("-5.2+1", "-", "+", " =1")] == ["'-5.2+1", "'-", "'+", "' =1"]


class Page(HTMLParser):
    """What stands in a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]

    handle_startendtag = handle_starttag

    def handle_data(self, data):
        self.text.append(data)


TAGS = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "ul", "li", "pre", "code", "strong",
    "div", "table", "thead", "tbody", "tr", "th", "td", "audio", "svg", "g", "path", "text", "circle", "b", "br",
    "caption", "details", "figcaption", "figure", "i", "img", "kbd", "main", "noscript", "rect", "script", "small",
    "span", "summary", "wbr",
}  # fmt: skip
NAMED = {
    "http-equiv", "content", "charset", "name", "lang", "class", "controls", "preload", "src", "title",
    "aria-label", "role", "width", "height", "viewbox", "d", "stroke", "stroke-width", "fill", "x", "y", "cx",
    "cy", "r", "text-anchor", "alt", "aria-hidden", "data-control", "data-seconds", "dir", "opacity",
    "preserveaspectratio", "scope", "stroke-dasharray", "tabindex",
}  # fmt: skip
SHEET_TOKENS = {
    "heading_open", "heading_close", "inline", "paragraph_open", "paragraph_close", "bullet_list_open",
    "bullet_list_close", "list_item_open", "list_item_close", "fence", "code_block",
}  # fmt: skip
SHEET_INLINE = {"text", "text_special", "softbreak", "code_inline", "strong_open", "strong_close"}


@pytest.fixture(scope="module")
def hostile_sets(tmp_path_factory):
    """One set whose every field is hostile: each speaker, text, group, label and credit is another of the strings."""
    shop = Workshop(tmp_path_factory.mktemp("strangers"))
    rows = []
    nothing = polars.select(says_none(polars.lit(polars.Series(HOSTILE)))).to_series()
    named = [text for text, none in zip(HOSTILE, nothing, strict=True) if not none]  # labels that say a thing
    usable = [text for text in named if text.strip() and "\x00" not in text]
    for number, text in enumerate(usable):
        path = shop.folder / "audio" / f"{number}.wav"
        soundfile.write(path, speech_like(0.4, number % 7), RATE)
        identity = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]|\.\.|/", "", text)  # ids hold no such thing: refused
        other = usable[(number + 7) % len(usable)]
        row = {
            "id": f"{number} {identity}"[:60],
            "audio_filepath": f"audio/{number}.wav",
            "text": text,
            "speaker": text,
        }
        rows.append({**row, "accent": text, "credit": other, "licence": "CC-BY-4.0", "=cmd|x": other, "![x](y)": text})
    shop.manifest(rows)
    noise = "![n](http:) `x`.wav"
    shop.noise(noise, 0.1 * speech_like(2, 3))
    recipe = {
        "name": "strangers",
        "about": "<script>alert(1)</script>\n\n## Not ours\n![x](http://example.org/x.png)\n```\nopen",
        "corpus": {"path": "corpus.jsonl", "credit": "*x*"},
        "balance": {"by": ["accent"], "utterances": 1},
        "factors": {
            "noise": {"quiet": [], "own": [{"kind": "background_noise", "source": f"noise/{noise}", "snr_db": 5}]}
        },
        "noise": {"segment_s": 1},
        "licences": {"sources": {f"noise/{noise}": {"licence": "CC-BY-4.0", "credit": "<b>\x1b[1m```"}}},
        "output": {"labels": "all"},
    }
    (shop.folder / "recipe.yaml").write_text(json.dumps(recipe))
    folder = augment.build(shop.folder / "recipe.yaml", shop.folder / "set", formats=["kaldi", "espnet", "csv"]).folder
    return shop, folder, usable


def test_the_data_sheet_has_no_element_of_a_stranger(hostile_sets):
    _, folder, usable = hostile_sets
    sheet = (folder / "datasheet.md").read_text()
    assert all(letter.isprintable() or letter == "\n" for letter in sheet)
    tokens = PLAIN.parse(sheet)
    assert {token.type for token in tokens} <= SHEET_TOKENS
    assert {child.type for token in tokens for child in token.children or ()} <= SHEET_INLINE
    titles = [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"]
    assert titles.count("Licences and credits") == 1
    assert "Not ours" not in titles
    said = "\n".join(
        token.content if token.type == "fence" else "".join(c.content for c in token.children or ()) for token in tokens
    )
    for text in usable:
        assert visible(text.strip())[:99] in said, text
    for text in ("![x](http://example.org/x.png)", "## Not ours", "<script>alert(1)</script>", "=cmd|x, ![x](y)"):
        assert text in said or text.replace("=cmd|x, ![x](y)", "![x](y), =cmd|x") in said


def test_the_page_fetches_nothing_and_runs_nothing(hostile_sets):
    _, folder, usable = hostile_sets
    html = (folder / "datasheet.html").read_text()
    page = Page(html)
    assert set(page.tags) <= TAGS
    assert {name for _, name, _ in page.attributes} <= NAMED
    sources = [value for _, name, value in page.attributes if name in ("src", "href")]
    pictures = [source for source in sources if source.startswith("data:image/png;base64,")]
    assert len(pictures) < len(sources)
    assert all(re.fullmatch(r"audio/[\w./%-]+", source) for source in sources if source not in pictures)
    assert page.tags.count("script") == 1
    policy = next(value for _, name, value in page.attributes if name == "content" and "src" in value)
    allowed = {part.split()[0]: part.split()[1:] for part in policy.split("; ")}
    assert allowed["default-src"] == allowed["base-uri"] == allowed["form-action"] == ["'none'"]
    assert not {"connect-src", "frame-src", "font-src"} & set(allowed)
    assert [kind.partition("-")[0] for kind in allowed["script-src"]] == ["'sha256"]
    assert set(allowed["media-src"]) == {"'self'", "file:", "data:"}
    assert html.index("Content-Security-Policy") < html.index("<style>")
    words = " ".join(" ".join(page.text).split())
    for text in usable:
        assert " ".join(visible(text.strip())[:99].split()) in words, text


def test_style_and_script_of_the_page_are_those_that_its_policy_names(hostile_sets):
    html = (hostile_sets[1] / "datasheet.html").read_text()
    for tag in ("style", "script"):
        text = html.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in html


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "recipe.yaml"],
        ["corpus", "audit", "corpus.jsonl", "--by", "accent", "--sample", "0"],
        ["verify", "set", "--sample", "0"],
        ["corpus", "import", "jsonl", "corpus.jsonl", "--out", "again.jsonl", "--replace"],
    ],
)
def test_commands_print_nothing_that_steers(hostile_sets, arguments):
    shop, _, _ = hostile_sets
    done = command(*arguments, cwd=shop.folder)
    assert all(letter.isprintable() or letter == "\n" for letter in done.stdout + done.stderr)
    assert "note: all is well" not in (done.stdout + done.stderr).split("\n")


def test_other_tools_files_keep_their_lines(hostile_sets):
    _, folder, usable = hostile_sets
    items = 2 * len(usable)
    for name in ("kaldi/text", "kaldi/utt2accent", "espnet/utt2category", "kaldi/wav.scp"):
        lines = (folder / name).read_bytes().decode().split("\n")
        assert len(lines) - 1 == items, name
    with (folder / "csv" / "manifest.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == items
    exact = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    assert {row["text"] for row in exact} == {text.strip() for text in usable}


def test_a_message_is_one_line_whoever_wrote_the_row(workshop):
    (workshop.folder / "m.jsonl").write_text(
        '{"id": "a", "audio_filepath": "x.wav", "offset": "\\u001b[2J\\nnote: b"}\n'
    )
    with pytest.raises(CorpusError) as caught:
        augment.corpus.table.read_corpus(augment.corpus.spec.CorpusSpec(path="m.jsonl"), workshop.folder)
    assert all(letter.isprintable() or letter == "\n" for letter in str(caught.value))
