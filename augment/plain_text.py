r"""Untrusted text, escaped so that it stays text wherever it is shown.

Labels, transcripts, credits and file names come from strangers. Some characters have a meaning on a terminal, in
Markdown or in a spreadsheet; this is the one place that takes it away. (For HTML there is :func:`html.escape`.)
"""

import itertools
import re
import unicodedata

_MEANING = re.compile(r"[\\`*\[\]<>|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_BLOCK = re.compile(r"([#+=-]|\d+(?=[.)]))")
_FORMULA = re.compile(r"'*\s*[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")


def visible(text: str) -> str:
    r"""A text on one line, with unprintable characters spelled out: control characters, line feeds, direction marks.

    Example:
        >>> print(visible("a\nnote: b"), visible("\x1b[2J"), visible("abc \u202edcba"))
        a\nnote: b \x1b[2J abc \u202edcba
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def columns(text: str) -> int:
    """How many terminal columns a text takes up: two for a wide East Asian letter, none for a combining mark.

    Example:
        >>> columns("abc"), columns("標準語"), columns("e\u0301")
        (3, 6, 1)
    """
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1


def cut(text: str, widest: int) -> str:
    """A text on one line, with an ellipsis where it has more columns than fit; whole words stay, if there are several.

    Args:
        text: Any text; what is unprintable in it is spelled out (:func:`visible`).
        widest: Columns of a terminal.

    Example:
        >>> cut("groups differ in bandwidth", 20), cut("abcdef", 4), cut("abc", 3)
        ('groups differ in…', 'abc…', 'abc')
    """
    plain = visible(text)
    if columns(plain) <= widest:
        return plain
    widths = itertools.accumulate(map(columns, plain))
    kept = "".join(letter for letter, width in zip(plain, widths, strict=True) if width < widest)
    whole, blank, _ = kept.rpartition(" ")
    return (whole.rstrip(" ,;:(") if blank and columns(whole) > widest // 2 else kept) + "…"


def markdown(text: str) -> str:
    r"""A text as Markdown that shows it as it is, on one line.

    Reference: CommonMark 0.31, "Backslash escapes": any ASCII punctuation may have one.

    Example:
        >>> print(markdown("![x](http://a) <b> *c* snr_db &lt;"))
        !\[x\](http://a) \<b\> \*c\* snr_db &amp;lt;
        >>> print(markdown("# 1"), markdown("1. a"), markdown("a\n- b"))
        \# 1 1\. a a\\n- b
    """
    said = _ENTITY.sub("&amp;", _MEANING.sub(r"\\\g<0>", visible(text).strip()))
    start = _BLOCK.match(said)
    if start is None:
        return said
    place = start.end() if start[0][0].isdigit() else start.start()
    return f"{said[:place]}\\{said[place:]}"


def markdown_code(text: str) -> str:
    r"""A text as a code span of Markdown.

    Example:
        >>> print(markdown_code("a"), markdown_code("a`b"))
        `a` `` a`b ``
    """
    said = visible(text)
    marks = markdown_fence(said, 1)
    return f"{marks}{said}{marks}" if len(marks) == 1 and said.strip() else f"{marks} {said} {marks}"


def markdown_fence(text: str, least: int = 3) -> str:
    """A run of backticks, longer than any in a text, to put around it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)


def spreadsheet_cell(text: str) -> str:
    """A text as a cell that no spreadsheet takes for a formula: whatever could begin one gets an apostrophe before it.

    Numbers stay as they are. A text that already has apostrophes before such a beginning gets one more, so that
    :func:`from_spreadsheet_cell` restores every text.

    Reference: OWASP, "CSV Injection": cells that begin with ``=``, ``+``, ``-``, ``@``, a tab, a line break, or the
    full-width forms of the first four.

    Example:
        >>> spreadsheet_cell("=1+1"), spreadsheet_cell("-5.2"), spreadsheet_cell("- well"), spreadsheet_cell("'tis")
        ("'=1+1", '-5.2', "'- well", "'tis")
    """
    if text[:1].isalnum():  # as nearly all cells begin
        return text
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def from_spreadsheet_cell(cell: str) -> str:
    """The text from which :func:`spreadsheet_cell` made a cell.

    Example:
        >>> from_spreadsheet_cell("'=1+1"), from_spreadsheet_cell("-5.2"), from_spreadsheet_cell("'tis")
        ('=1+1', '-5.2', "'tis")
    """
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
