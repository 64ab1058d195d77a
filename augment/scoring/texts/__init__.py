"""How texts are made comparable before they are: one file for each way, with one function ``normalised(text)``.

Whatever is done is done to references and hypotheses alike.
"""

from typing import Protocol

from augment.plugins import by_name


class TextForm(Protocol):
    """A file of this folder.

    Attributes:
        ABOUT: What it does, in a line.
        VERSION: Changes whenever a text comes out otherwise: results name it.
    """

    ABOUT: str
    VERSION: str

    @staticmethod
    def normalised(text: str) -> str:
        """The text with its words apart by single spaces."""
        ...


def text_forms() -> dict[str, TextForm]:
    """The modules of this folder by name.

    Example:
        >>> {"none", "plain"} <= set(text_forms())
        True
    """
    return by_name("augment.scoring.texts")
