"""The English normaliser that came with Whisper: spellings, numbers and contractions become alike."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from augment.errors import Fault, ScoreError

ABOUT = "the English normaliser of Whisper (extra `whisper`): numbers, contractions, British and American spelling"


def _version() -> str:
    try:
        return f"whisper-normalizer {version('whisper-normalizer')}"
    except PackageNotFoundError:
        return "whisper-normalizer, not installed"


VERSION = _version()


@cache
def _normaliser() -> Any:
    try:
        from whisper_normalizer.english import EnglishTextNormalizer
    except ImportError:
        remedy = "install it: pip install 'acoustigrid[whisper]'"
        raise ScoreError(Fault("text", "'whisper_en' needs the package whisper-normalizer", remedy)) from None
    return EnglishTextNormalizer()


def normalised(text: str) -> str:
    """The text as Whisper's authors compare English.

    Example:
        >>> normalised("It's twenty one, and colourful!")
        'it is 21 and colorful'
    """
    return " ".join(str(_normaliser()(text)).split())
