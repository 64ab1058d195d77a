"""The data sheet as a web page: its text, pictures of what it tells, and items to listen to."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from augment.report.page import html_table, markdown_html, page
from augment.report.pictures.drawing import plot_style
from augment.report.pictures.of_set import SetPictures

Row = Mapping[str, Any]
MOST_CONDITIONS, MOST_GROUPS = 60, 6
"""Limits on what is played and drawn of a large grid: browsers stay fast, and nobody listens to more."""


def datasheet_page(sheet: str, rows: Sequence[Row], pictures: SetPictures | None = None) -> bytes:
    """The page.

    Args:
        sheet: The data sheet in Markdown, with its title in the first line.
        rows: Rows of the manifest, in the order of the grid.
        pictures: What pictures are drawn of; without them, what rows say.
    """
    title, _, rest = sheet.partition("\n")
    about, _, rest = rest.partition("\n## ")
    shown = list(dict.fromkeys(str(row["condition"]) for row in rows))[:MOST_CONDITIONS]
    listen = _listening(rows, shown)
    drawn = pictures or SetPictures(rows)
    parts = [
        markdown_html(f"{title}\n{about}"),
        drawn.design(),
        f"<h2>To listen to</h2>\n{listen}" if listen else "",
        drawn.measured(),
        drawn.heard(),
        markdown_html(f"## {rest}"),
    ]
    return page(title.lstrip("# "), "".join(parts), plot_style())


def _listening(rows: Sequence[Row], conditions: Sequence[str]) -> str:
    """One utterance of each group under every condition; files are loaded when they are played."""
    every = sorted({str(row["group"]) for row in rows})
    groups = every[:MOST_GROUPS]
    first: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=lambda row: (row["block"], row["id"])):
        first.setdefault((row["condition"], row["group"]), row)
    lines = [[escape(name), *(_player(first.get((name, group))) for group in groups)] for name in conditions]
    if not lines:
        return ""
    said = [list(dict.fromkeys(row["text"] for (_, own), row in first.items() if own == group)) for group in groups]
    told = (escape(texts[0]) if len(texts) == 1 else "several utterances" for texts in said)
    lines.insert(0, ["", *(f'<div class="said">{text}</div>' for text in told)])
    some = f'<p class="remark">{len(groups)} of {len(every)} groups</p>\n' if len(groups) < len(every) else ""
    return html_table(["condition", *groups], lines) + some


def _player(row: Row | None) -> str:
    if row is None:
        return ""
    said = escape(f"{row['group']}, {row['condition']}: {row['text']}", quote=True)
    source = escape(quote(row["audio_filepath"]), quote=True)
    return f'<audio controls preload="none" src="{source}" title="{said}" aria-label="{said}"></audio>'
