"""What any language's words can be compared by: letters, marks and digits, whatever their case and width."""

import re
import unicodedata

ABOUT = "NFKC, case folded, punctuation and symbols removed but apostrophes within words; marks of letters are kept"
VERSION = f"plain 3, Unicode {unicodedata.unidata_version}"
APOSTROPHES = "'\u2019\u02bc\uff07\u00b4\u0060"
UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u180b-\u180f\u200c-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0001-\U000e01ef]"
)
"""What nobody sees or says and no word ends at: joiners, soft hyphens, directions, what chooses the look of a sign."""
NO_WORD = re.compile(r"(?<![^\W_])'|'(?![^\W_])|[^\w']|_")
r"""What is no part of a word, marks apart: for ``\w`` they are none, and an underscore is one."""


def normalised(text: str) -> str:
    """The text without what no voice says.

    Signs between letters part words: "ice-cream" is two. A mark belongs to its letter, in scripts in which vowels are
    marks as well; without a letter it is none, and goes. Joiners go without parting a word.

    Example:
        >>> normalised("“It’s 5 O'CLOCK”, she said: ice-cream & Straße, d’accord!")
        "it's 5 o'clock she said ice cream strasse d'accord"
        >>> normalised("हिन्दी में।")
        'हिन्दी में'
        >>> normalised("Thank you \u2764\ufe0f, co\u00adoperate")
        'thank you cooperate'
    """
    for sign in APOSTROPHES:  # before NFKC, which makes a space and a mark of an accent that stands by itself
        text = text.replace(sign, "'")
    seen = UNSEEN.sub("", text)
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold())
    return " ".join(filter(None, map(_from_its_letter, NO_WORD.sub(_kept, folded).split())))


def _from_its_letter(word: str) -> str:
    """A word without marks that no letter bears."""
    while word and unicodedata.category(word[0])[0] == "M":
        word = word[1:]
    return word


def _kept(found: re.Match[str]) -> str:
    return found[0] if unicodedata.category(found[0])[0] in "LMN" else " "
