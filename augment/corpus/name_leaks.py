"""Where real names could slip past pseudonyms: in a recipe, in labels, texts and credits."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from augment.corpus.pseudonyms import PSEUDONYM, Pseudonyms
from augment.corpus.spec import CorpusSpec
from augment.errors import Fault
from augment.files.location import Location

if TYPE_CHECKING:
    import polars

SHORTEST_NAME = 4
"""Least length of a name that is looked for in other texts: shorter ones, and numbers, occur in any text."""


def told_names(spec: CorpusSpec, frame: "polars.DataFrame", names: Pseudonyms, manifest: Location) -> list[Fault]:
    """Real names in places where a recipe, itself part of every test set, must use pseudonyms.

    Args:
        spec: What the recipe says about its corpus.
        frame: Rows under their names in the corpus.
        names: The pseudonyms.
        manifest: The manifest of the corpus.
    """
    faults = []
    for part, given in (("leave_out", spec.dropped), ("keep", spec.keep)):
        for column in ("id", "speaker"):
            values = given.get(column, ())
            met = set(frame[column].unique()) if values else set()
            real = [value for value in values if value in met or not PSEUDONYM.fullmatch(value)]
            if real:
                message = f"corpus.{part} has names of the corpus, and the recipe is a part of every test set"
                faults.append(Fault(str(manifest), message, _pseudonyms_for(part, column, real, frame, names)))
    return faults


def _pseudonyms_for(part: str, column: str, real: list[str], frame: "polars.DataFrame", names: Pseudonyms) -> str:
    """What to write in their place; whoever lists a speaker among the ids to leave out means the speaker."""
    if column == "id" and set(real) <= set(frame["speaker"].unique()):
        column = "speaker"
    rename = names.speaker if column == "speaker" else names.utterance
    return f"write pseudonyms: {part}: {{{column}: [{', '.join(map(rename, real))}]}}"


def telling_lines(text: str, frame: "polars.DataFrame") -> list[int]:
    r"""Lines of a recipe that hold the name of a speaker or the id of an utterance.

    Args:
        text: Text of the recipe.
        frame: Rows under their names in the corpus.

    Example:
        >>> import polars
        >>> telling_lines("seed: 1\n# Ada L. asked to go\n", polars.DataFrame({"speaker": ["Ada L."], "id": ["u1"]}))
        [2]
    """
    known = {*frame["speaker"].unique(), *frame["id"]} - {None}
    names = {name for name in known if len(name) >= SHORTEST_NAME and not name.isdigit()}
    held = [name for name in names if name in text]
    whole = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(held)) or r"(?!)")
    return [number for number, line in enumerate(text.split("\n"), start=1) if whole.search(line)]


def telling_columns(frame: "polars.DataFrame", labels: Mapping[str, str]) -> dict[str, int]:
    """In how many rows a label, ``text`` or ``credit`` repeats the row's speaker, id or file name.

    Args:
        frame: Rows under their names in the corpus.
        labels: Column of each label of the corpus.

    Returns:
        Counts by label, without those that repeat nothing.

    Example:
        >>> import polars
        >>> rows = {"speaker": ["Ada"], "id": ["u1"], "audio_filepath": ["a.wav"], "text": ["Ada!"], "credit": ["Bo"]}
        >>> telling_columns(polars.DataFrame(rows), {})
        {'text': 1}
    """
    import polars

    def repeats(value: polars.Expr) -> polars.Expr:
        found = [
            polars.when(polars.col(name).str.len_chars() >= SHORTEST_NAME - 1)
            .then(value.str.contains(polars.col(name), literal=True))
            .otherwise(value == polars.col(name))
            for name in ("speaker", "id", "audio_filepath")
        ]
        return polars.any_horizontal(found).sum()

    columns = {"text": "text", "credit": "credit", **labels}
    counts = frame.select(repeats(polars.col(column)).alias(label) for label, column in columns.items())
    return {label: count for label, count in counts.row(0, named=True).items() if count}
