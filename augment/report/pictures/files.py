"""Pictures as files of their own: SVG for any viewer, and PNG."""

from collections.abc import Sequence

from augment.errors import AcoustigridError, Fault
from augment.plain_text import columns, cut
from augment.report.pictures.drawing import DASHES, LIGHT_LINES, MARKS, WIDTH, Panel, safe
from augment.report.text import shown

COLOURS = {"ink": "#1b1f24", "paper": "#ffffff", "line": "#c9d1d9", "mark": "#0b62a8", "faint": "#59636e"}
"""What the style sheet of pages calls its colours: a file has a light ground."""
ACROSS, GAP, CAPTION, LEGEND = 3, 24, 22, 22
ZOOM = 2.0
COLUMN, TITLE_COLUMN = 8, 11
"""Width of a letter of a name, and of a title, at most."""
FONT = "system-ui, 'DejaVu Sans', 'Liberation Sans', Arial, Helvetica, sans-serif"


def svg_file(title: str, figures: Sequence[Panel], names: Sequence[str] = ()) -> str:
    """Panels side by side in one drawing, with a title and a legend.

    Args:
        title: Untrusted.
        figures: The panels.
        names: Of lines that are drawn over each other; untrusted.

    Returns:
        A whole SVG file, which names nothing outside of itself.
    """
    words = max((columns(shown(name)) for name in names), default=0) * COLUMN + 50
    width = 2 * GAP + max(min(ACROSS, len(figures)) * (WIDTH + GAP) - GAP, words)
    top = GAP + CAPTION + LEGEND * len(names)
    heading = safe(cut(title, (width - 2 * GAP) // TITLE_COLUMN))
    parts = [f'<text x="{GAP}" y="{GAP}" font-size="18" font-weight="bold">{heading}</text>']
    for turn, name in enumerate(names):
        y = GAP + CAPTION + LEGEND * turn
        dashes = f' stroke-dasharray="{DASHES[turn]}"' if DASHES[turn] else ""
        parts.append(
            f'<g class="g{turn}"><path d="M{GAP} {y}h40" stroke="currentColor" stroke-width="2"{dashes}/>'
            f'<path d="M{GAP + 20} {y}{MARKS[turn]}" fill="currentColor"/></g>'
            f'<text x="{GAP + 50}" y="{y + 4}">{safe(name)}</text>'
        )
    for start in range(0, len(figures), ACROSS):
        row = figures[start : start + ACROSS]
        for turn, figure in enumerate(row):
            x = GAP + turn * (WIDTH + GAP)
            parts.append(f'<text x="{x}" y="{top + 15}" font-weight="bold">{safe(cut(figure.name, 48))}</text>')
            parts.append(f'<g transform="translate({x} {top + CAPTION})">{figure.drawing}</g>')
        top += CAPTION + max(figure.height for figure in row) + GAP
    size = f'width="{width}" height="{top}"'
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {top}" role="img" '
        f'aria-label="{safe(title)}"><title>{safe(title)}</title><style>{_style()}</style>'
        f'<rect {size} fill="var(--paper)"/>{"".join(parts)}</svg>\n'
    )
    for name, colour in COLOURS.items():
        text = text.replace(f"var(--{name})", colour)
    return text


def _style() -> str:
    lines = "".join(f".g{turn} {{ color: {colour} }} " for turn, colour in enumerate(LIGHT_LINES))
    return f"text {{ fill: {COLOURS['ink']}; font-size: 12px; font-family: {FONT} }} {lines}"


def png_file(svg: str) -> bytes:
    """A drawing as a PNG, at twice its size.

    Raises:
        AcoustigridError: No font is installed, so that all words and figures would be missing.
    """
    import resvg_py

    empty, word = (
        resvg_py.svg_to_bytes(svg_string=f'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">{text}</svg>')
        for text in ("", f'<text x="2" y="15" font-family="{FONT.replace(chr(39), "")}">8</text>')
    )
    if empty == word:
        message = "no font is installed on this machine, and a PNG would have no words in it"
        raise AcoustigridError(Fault("", message, "write .svg or .html instead"))
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=ZOOM))
