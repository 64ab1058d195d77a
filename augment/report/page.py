"""A self-contained web page: Markdown as HTML, with text tables as tables.

Reference: CommonMark 0.31, by markdown-it-py; WCAG 2.2, contrast of text 4.5:1 in light and dark; W3C, Content Security
Policy Level 3.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from augment.report.text import TextTable

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #f3f5f7; --line: #c9d1d9; --mark: #0b62a8;
  --faint: #59636e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaee; --paper: #14181c; --soft: #20262c; --line: #46505a; --mark: #7dbcf0;
    --faint: #9aa6b1; }
}
body { margin: 2rem auto; max-width: 74rem; padding: 0 1rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; }
h1, h2 { line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
p, li { max-width: 46rem; overflow-wrap: anywhere; }
code, pre { background: var(--soft); border-radius: .2rem; font-size: .9em; } code { padding: .1em .3em; }
pre { padding: .8rem; white-space: pre-wrap; overflow-wrap: anywhere; } pre code { padding: 0; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
th { background: var(--soft); } td.number { text-align: right; } td.long { white-space: normal; min-width: 24rem; }
audio { height: 2rem; width: 11rem; } .remark { color: var(--faint); font-size: .9rem; }
.said { white-space: normal; width: 11rem; font-size: .85rem; font-style: italic; }
.data caption { text-align: left; padding: .3rem 0; font-weight: 600; }
.data caption span { display: inline-block; position: sticky; left: 0; max-width: calc(100vw - 2rem); }
.data tbody th { font-weight: normal; white-space: normal; overflow-wrap: anywhere; min-width: 7.5rem; }
.data thead th.number { text-align: right; }
.data thead th, .data td.text { white-space: normal; overflow-wrap: anywhere; min-width: 5.5rem; }
.data td.text { min-width: 8.5rem; max-width: 24rem; } .sticky thead th { text-align: center; min-width: 4rem; }
.data td.heat { padding: .25rem .45rem; }
.sticky tbody th { position: sticky; left: 0; max-width: 15rem; }
@media (max-width: 40rem) { .data { font-size: .85rem; } .data th, .data td { padding: .2rem .4rem; }
  .data tbody th, .data td.text, .data thead th { min-width: 5.2rem; } .sticky tbody th { max-width: 8rem; } }
.wide:focus-visible { outline: 2px solid var(--mark); }
svg text { fill: currentColor; font: 12px system-ui, sans-serif; }
""".strip()
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width">
<meta name="generator" content="acoustigrid">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{body}</main>
{script}</body>
</html>
"""
POLICY = (
    "default-src 'none'; img-src data:; media-src 'self' file: data:; style-src '{style}'; {script}"
    "base-uri 'none'; form-action 'none'"
)
"""Nothing is fetched except the audio beside the page, and no script runs and no style applies but the page's own."""
OURS = b'<meta name="generator" content="acoustigrid">'
HEAD_BYTES = 4096
LONG = 60
"""Length from which on a cell is broken into lines."""
NUMBER = re.compile(r"-?[\d.,]+(?: %)?")


def page(title: str, body: str, more_style: str = "", script: str = "") -> bytes:
    """A whole page in UTF-8.

    Args:
        title: Title of the window.
        body: HTML of the body.
        more_style: What the page needs beside the style of all pages.
        script: The only script that the page runs, by its hash; most pages run none.
    """
    style = STYLE + more_style
    allowed = f"script-src '{_hash(script)}'; " if script else ""
    policy = POLICY.format(style=_hash(style), script=allowed)
    run = f"<script>{script}</script>\n" if script else ""
    return PAGE.format(title=escape(title), policy=policy, style=style, body=body, script=run).encode()


def _hash(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def is_page(data: bytes) -> bool:
    """Whether a file, of which this is the beginning, is a page of ours.

    Example:
        >>> is_page(page("a", "")), is_page(b"<!DOCTYPE html>")
        (True, False)
    """
    return OURS in data[:HEAD_BYTES]


def markdown_html(text: str) -> str:
    """Markdown as HTML; HTML in it stays text, text tables in it (:func:`augment.report.text.table`) become tables.

    Example:
        >>> print(markdown_html("Two <b>:"), end="")
        <p>Two &lt;b&gt;:</p>
    """
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False})
    reader.add_render_rule("fence", _fence)
    return str(reader.render(text))


def _fence(renderer: Any, tokens: Sequence[Any], place: int, options: Mapping[str, Any], env: Any) -> str:
    lines = tokens[place].content.split("\n")
    found = TextTable.first_in(lines)
    if found is None:
        return _pre(lines)
    tabled = html_table(found.header, [[escape(cell) for cell in row] for row in found.rows])
    return _remarks(lines[: found.start]) + tabled + _remarks(lines[found.end :])


def _remarks(lines: Sequence[str]) -> str:
    """Lines above and below a table, each a paragraph."""
    return "".join(f'<p class="remark">{escape(line)}</p>\n' for line in lines if line.strip())


def _pre(lines: Sequence[str]) -> str:
    text = "\n".join(lines).strip("\n")
    return f"<pre><code>{escape(text)}</code></pre>\n" if text else ""


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table that scrolls if it is wider than the window; the cells of its rows are HTML.

    Example:
        >>> print(html_table(["a"], [["1.5"]]).partition("<table>")[2], end="")
        <thead><tr><th scope="col">a</th></tr></thead>
        <tbody><tr><td class="number">1.5</td></tr></tbody></table></div>
    """
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    about = f"Table: {escape(', '.join(filter(None, header[:3])), quote=True)}"
    place = f'<div class="wide" tabindex="0" role="group" aria-label="{about}">'
    return f"{place}<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>\n"


def data_table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], look: str = "") -> str:
    """A table whose cells are HTML; cells of text that begin with ``<td`` are taken as they are.

    Args:
        caption: HTML, fit for an attribute too.
        header: HTML of each column's name.
        rows: The first cell of each is its name.
        look: More classes of the table.

    Example:
        >>> print(data_table("Rates", ["group", "rate"], [["a", "1.5"]]).splitlines()[2])
        <tbody><tr><th scope="row">a</th><td class="number">1.5</td></tr>
    """
    figures = [not cell.startswith("<td") for cell in (rows[0] if rows else header)]
    kinds = ("", *(' class="number"' if figure else "" for figure in figures[1:]))
    head = "".join(f'<th scope="col"{kind}>{cell}</th>' for kind, cell in zip(kinds, header, strict=True))
    body = []
    for first, *rest in rows:
        cells = "".join(cell if cell.startswith("<td") else f'<td class="number">{cell}</td>' for cell in rest)
        body.append(f'<tr><th scope="row">{first}</th>{cells}</tr>\n')
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="{caption}"><table class="data {look}">'
        f"<caption><span>{caption}</span></caption>\n<thead><tr>{head}</tr></thead>\n<tbody>{''.join(body)}</tbody></table></div>\n"
    )


def _cell(html: str) -> str:
    kind = "number" if NUMBER.fullmatch(html) else "long" if len(html) > LONG and "<" not in html else ""
    return f'<td class="{kind}">{html}</td>' if kind else f"<td>{html}</td>"
