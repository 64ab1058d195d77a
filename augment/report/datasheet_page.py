"""The data sheet as a web page: its text, pictures of what it tells, and items to listen to."""

from augment.report.listening.keys import SCRIPT
from augment.report.listening.matrix import MATRIX_STYLE
from augment.report.listening.of_set import SetSounds
from augment.report.page import markdown_html, page
from augment.report.pictures.drawing import plot_style
from augment.report.pictures.of_set import SetPictures


def datasheet_page(sheet: str, sounds: SetSounds, pictures: SetPictures) -> bytes:
    """The page.

    Args:
        sheet: The data sheet in Markdown, with its title in the first line.
        sounds: What there is to listen to.
        pictures: What pictures are drawn of.
    """
    title, _, rest = sheet.partition("\n")
    about, _, rest = rest.partition("\n## ")
    listen = sounds.matrix()
    parts = [
        markdown_html(f"{title}\n{about}"),
        pictures.design(),
        f"<h2>To listen to</h2>\n{listen}" if listen else "",
        pictures.measured(),
        pictures.heard(),
        markdown_html(f"## {rest}"),
    ]
    return page(title.lstrip("# "), "".join(parts), plot_style() + MATRIX_STYLE, SCRIPT)
