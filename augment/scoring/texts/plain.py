"""What any language's words can be compared by: letters, marks and digits, whatever their case and width."""

import re
import unicodedata

ABOUT = "NFKC, case folded, punctuation and symbols removed but apostrophes within words; marks are kept"
VERSION = f"plain 2, Unicode {unicodedata.unidata_version}"
APOSTROPHES = "'\u2019\u02bc\uff07"
NO_WORD = re.compile(r"(?<![^\W_])'|'(?![^\W_])|[^\w']|_")
r"""What is no part of a word, marks apart: for ``\w`` they are none, and an underscore is one."""


def normalised(text: str) -> str:
    """The text without what no voice says.

    Signs between letters part words: "ice-cream" is two. A mark belongs to its letter, in scripts in which vowels are
    marks as well.

    Example:
        >>> normalised("“It’s 5 O'CLOCK”, she said: ice-cream & Straße, d’accord!")
        "it's 5 o'clock she said ice cream strasse d'accord"
        >>> normalised("हिन्दी में।")
        'हिन्दी में'
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    for sign in APOSTROPHES:
        folded = folded.replace(sign, "'")
    return " ".join(NO_WORD.sub(_kept, folded).split())


def _kept(found: re.Match[str]) -> str:
    return found[0] if unicodedata.category(found[0])[0] in "LMN" else " "
