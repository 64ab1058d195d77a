"""What is said, in a form that can be compared; and whether anything is said at all."""

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars

ANNOTATIONS = r"\[[^\]]*\]|<[^>]*>|\{[^}]*\}|\(\([^)]*\)\)|\(\w+\)|\*\w+\*|IGNORE_TIME_SEGMENT_IN_SCORING"
"""How transcribers write a noise, a laugh or a word that nobody understood; the last form is NIST's."""
LETTER = r"[\p{L}\p{N}]"
BLANK_LETTERS = "[\u115f\u1160\u3164\uffa0]"
"""Letters according to Unicode, though invisible: Hangul fillers."""
ANNOTATED = r"[\[<{(*]|IGNORE_TIME|" + BLANK_LETTERS
"""A quick test for texts that may hold nothing but marks: these few are then examined closely, which is slow."""


def spoken(text: str | None) -> str:
    """A text in the form that is compared: without case, punctuation and spaces, its accents encoded in one way.

    Example:
        >>> spoken("Stop, please!") == spoken("stop please")
        True
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text or "").casefold())
    return "".join(letter for letter in plain if unicodedata.category(letter)[0] in "LMN")


def as_spoken(text: "polars.Expr") -> "polars.Expr":
    """Like :func:`spoken`, for a million texts at once, except that letters such as ß and ss stay different."""
    return text.str.normalize("NFKC").str.to_lowercase().str.replace_all(r"[^\p{L}\p{M}\p{N}]", "")


def wordless(texts: "polars.Series") -> "polars.Series":
    """Which texts hold no words: a recogniser's word error rate on them is undefined.

    A word has a letter or a digit; marks such as ``[noise]``, ``<unk>``, ``(laughs)`` or ``*coughs*`` are not words.

    Args:
        texts: Texts of utterances; null for one without a text.

    Returns:
        For each, whether it holds none.

    Example:
        >>> import polars
        >>> wordless(polars.Series(["ok", "...", "[noise]", "[noise] no", "\u200b", None, "7", "<unk> ?!"])).to_list()
        [False, True, True, False, True, True, False, True]
    """
    bare = ~texts.str.contains(LETTER).fill_null(value=False)
    marked = ~bare & texts.str.contains(ANNOTATED).fill_null(value=False)
    if not marked.any():
        return bare
    left = texts.filter(marked).str.replace_all(ANNOTATIONS, " ").str.replace_all(BLANK_LETTERS, "")
    return bare.scatter(marked.arg_true(), ~left.str.contains(LETTER))
