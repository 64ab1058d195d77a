"""Texts as they are written, but for white space."""

ABOUT = "texts as they are, white space collapsed"
VERSION = "none 1"


def normalised(text: str) -> str:
    r"""The text with its words apart by single spaces.

    Example:
        >>> normalised("It's\t 10 p.m. ")
        "It's 10 p.m."
    """
    return " ".join(text.split())
