"""Ids of utterances: what they must not be, and what stands for one where a row has none."""

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars

DANGER = r"[\x00-\x1f\x7f]|^[/\\]|^[A-Za-z]:[/\\]|(^|[/\\])\.\.([/\\]|$)"
"""Ids that may be dangerous: a quick test before :func:`danger` decides."""
OUTWARDS = re.compile(r"\A(?:(?s:.*[/\\])?\.\.[/\\]|(?:[A-Za-z]:)?[/\\]+)")
"""How a path begins up to its last step out of a folder."""


def danger(identity: str) -> str | None:
    """Why an id must not become a file name; None if it may.

    Example:
        >>> danger("../a"), danger("a..b")
        ('points outside the output folder', None)
    """
    if any(ord(c) < 32 or ord(c) == 127 for c in identity):
        return "holds a control character"
    parts = re.split(r"[/\\]", identity)
    if ".." in parts or identity[:1] in ("/", "\\") or re.match(r"[A-Za-z]:[/\\]", identity):
        return "points outside the output folder"
    return None


def identities(frame: "polars.DataFrame") -> "polars.Series":
    """Ids; a row without one gets its audio path, its channel, and its offset if it begins within the file.

    Six digits of an offset make ids of segments that begin within hundredths of a second late in a long recording the
    same; these have all digits, and other ids stay what they always were.
    """
    import polars

    if not frame["id"].null_count():
        return frame["id"]
    places = list(frame.select("id", "audio_filepath", "audio_channel", "offset").iter_rows())
    made = [written or made_of(*place) for written, *place in places]
    counts = Counter(made)
    if len(counts) < len(made):
        made = [
            made_of(audio, channel, offset, repr) if written is None and counts[name] > 1 else name
            for name, (written, audio, channel, offset) in zip(made, places, strict=True)
        ]
    return polars.Series("id", made, polars.String)


def dangerous(frame: "polars.DataFrame") -> "polars.Series":
    """Whether the ids of rows are refused.

    Those that are made of audio paths may be dangerous, as the paths are, and `corpus import` writes them down.
    """
    import polars

    strange = frame["id"].str.contains(DANGER).fill_null(value=False)
    if not strange.any():
        return strange
    places = frame.select("id", "audio_filepath", "audio_channel", "offset").iter_rows()
    refused = [odd and not is_made_of(*place) for odd, place in zip(strange, places, strict=True)]
    return polars.Series("id", refused, polars.Boolean)


def made_of(
    audio: str, channel: str | None, offset: float | None, spelled: Callable[[float], str] = "{:g}".format
) -> str:
    """The id of a row that has none.

    Args:
        audio: Its audio path.
        channel: The channel that is heard.
        offset: Where it begins, in s.
        spelled: How an offset is written.

    Example:
        >>> made_of("a/b.wav", None, None), made_of("a/b.wav", "1", 2.5)
        ('a/b', 'a/b#1@2.5')
    """
    other = "" if channel in (None, "0") else f"#{channel}"
    return f"{_stem(audio)}{other}@{spelled(offset)}" if offset else f"{_stem(audio)}{other}"


def is_made_of(identity: str, audio: str | None, channel: str | None, offset: float | None) -> bool:
    """Whether an id is the one that is made of this row, or was before the manifest came into another folder.

    Example:
        >>> is_made_of("../odd/a", "../../odd/a.wav", None, None), is_made_of("../a", "a.wav", None, None)
        (True, False)
    """
    if audio is None:
        return False
    inside = OUTWARDS.sub("", identity)
    ways = (made_of(audio, channel, offset), made_of(audio, channel, offset, repr))
    # The path must tell of folders: beside a mere name, any id that leads out of one would be taken for made of it.
    return any(made == identity or ("/" in made and f"/{made}".endswith(f"/{inside}")) for made in ways)


@lru_cache(maxsize=1024)  # segments of one recording mostly follow one another
def _stem(audio: str) -> str:
    suffix = Path(audio).suffix
    return audio[: -len(suffix)] if suffix else audio
