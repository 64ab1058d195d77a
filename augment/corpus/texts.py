"""What is said, as it is compared."""

import unicodedata


def spoken(text: str | None) -> str:
    """A text as it is compared: without case, punctuation and space, however its accents are written.

    Example:
        >>> spoken("Stop, please!") == spoken("stop please")
        True
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text or "").casefold())
    return "".join(letter for letter in plain if unicodedata.category(letter)[0] in "LMN")
