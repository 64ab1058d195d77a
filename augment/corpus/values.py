"""Values of labels: which spellings are the same value, and which say that there is no value.

The rule: a label is a text, a number or a truth value. Two spellings of one of these in a column are the same value:
23, 23.0, "23" and "23.0"; true, "true" and "True". What programs and people write where they have nothing to say
(:data:`NOTHING`, :data:`UNSAID`), in any letter case except that of :data:`NAMES`, counts as no value, as an empty cell
does, and so do dashes, dots or question marks alone: otherwise they would form a group of people who have nothing in
common. A recipe that names such a value keeps it (under ``values``, if nowhere else), since Null is also a surname.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from augment.corpus.spec import CorpusSpec
from augment.errors import counted, flow_text, named
from augment.notes import Effect, Note

if TYPE_CHECKING:
    import polars

NOTHING = frozenset({
    "nan", "+nan", "-nan", "<na>", "nat", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan",  # NumPy, pandas, C
    "none", "nil", "undefined", "null", "<null>", "(null)", "\\n",  # Python, Ruby and Lisp, JavaScript, SQL
    "na", "n/a", "n.a.", "n.a", "n.d.", "na_character_", "na_integer_", "na_real_",  # R, and people
    "#n/a", "#n/a n/a", "#na", "#ref!", "#value!", "#div/0!", "#name?", "#num!", "#null!", "#error!",  # spreadsheets
})  # fmt: skip
"""What programs write for a missing value, in any letter case."""
UNSAID = frozenset({
    "unknown", "unk", "<unk>", "(unknown)", "[unknown]", "<unknown>", "missing", "<missing>", "(missing)",
    "unspecified", "not specified", "not available", "not applicable", "not known", "not stated", "no value", "no data",
})  # fmt: skip
"""What people write for a missing value; in a transcript it may be what was said."""
NAMES = ("Nan", "Nat", "Nil", "Na")
"""Spelled like this, they are names of people, places and languages."""
NO_VALUE = r"^[-\u2013\u2014?.\u2026]+$"
NEAR = 0.85
"""Share of letters in common from which on two values may be meant for one; male and female have 0.8."""
MOST_COMPARED = 200
"""Values of a label that are compared with those that a recipe names: the most frequent ones."""
SPELLED = r"^[-+]?\d{1,15}\.0+$|^(?:True|TRUE|False|FALSE)$"
"""Numbers and truth values in a spelling other than this program's."""


def settled(
    frame: "polars.DataFrame", columns: Mapping[str, str], spec: CorpusSpec
) -> tuple["polars.DataFrame", list[Note]]:
    """Rows whose labels and speakers are values, or null.

    Args:
        frame: Rows of a corpus.
        columns: The column of each label, and of ``speaker``.
        spec: What the recipe says about the corpus: values that it names are kept as they are.

    Returns:
        The rows, and what the user should know.
    """
    gone, alike, keep = [], [], dict[str, list[str]]()
    for label, column in columns.items():
        kept = _kept(spec, label)
        counts = _counts(frame, column, kept)
        spelled = {value: plain(value) for value in _spelled(frame, column, kept)}
        if counts or spelled:
            new = {**dict.fromkeys(counts, None), **spelled}
            frame = frame.with_columns(replaced(column, new))
        keep |= {label: list(counts)} if counts else {}
        gone += [f"{label} {flow_text(value)} ({count} rows)" for value, count in counts.items()]
        alike += [f"{label} {value} = {meant}" for value, meant in spelled.items()]
    notes = []
    if gone:
        shown = ", ".join(f"{flow_text(n)}: [{', '.join(map(flow_text, said))}]" for n, said in keep.items())
        ways = f"those that are one: corpus: {{values: {{{shown}}}}}"
        told = f"these say that there is no value, and are none: {named(gone)}; to keep {ways}"
        notes.append(Note(told, Effect.LABEL, f"taken for no value: {named(gone)}"))
    if alike:
        told = f"these are one value in two spellings, and are counted as one: {named(alike)}"
        notes.append(Note(told, Effect.LABEL, f"counted as one value: {named(alike)}"))
    return frame, notes


def says_none(value: "polars.Expr") -> "polars.Expr":
    """Whether the text of a label says that there is no value.

    Example:
        >>> import polars
        >>> said = polars.DataFrame({"a": ["NaN", "N.A.", "#REF!", "UNK", "--", "none", "Welsh", "other"]})
        >>> said.filter(~says_none(polars.col("a")))["a"].to_list()
        ['Welsh', 'other']
    """
    none = value.str.to_lowercase().is_in(list(NOTHING | UNSAID)) & ~value.is_in(NAMES)
    return none | value.str.contains(NO_VALUE)


def plain(value: str) -> str:
    """A number or truth value in this program's spelling.

    Example:
        >>> plain("23.0"), plain("TRUE")
        ('23', 'true')
    """
    return value.lower() if value.isalpha() else value.removeprefix("+").partition(".")[0]


def nearly_named(frame: "polars.DataFrame", spec: CorpusSpec, columns: Mapping[str, str]) -> list[Note]:
    """Notes on values that the recipe does not name, and that differ little from one that it keeps or leaves out.

    Args:
        frame: Rows of a corpus.
        spec: What the recipe says about it.
        columns: The column of each label.
    """
    notes = []
    for part, given, becomes in (("keep", spec.keep, "left out"), ("leave_out", spec.dropped, "not left out")):
        for label in (label for label in given if label in columns):
            column = frame[columns[label]].drop_nulls()
            others = column.filter(~column.is_in(list(given[label]))).value_counts(sort=True).head(MOST_COMPARED)
            for value, count in others.sort("count", columns[label], descending=[True, False]).rows():
                if meant := _nearly(value, given[label]):
                    renamed = f"{{labels: {{{flow_text(label)}: {{{flow_text(value)}: {flow_text(meant)}}}}}}}"
                    rows = counted(count, "row of", "rows of")
                    short = f"{rows} the {label} '{value}' {'is' if count == 1 else 'are'} {becomes}"
                    told = f"corpus.{part}: {short}, and '{meant}' is named: if both are one, corpus: {renamed}"
                    notes.append(Note(told, Effect.LABEL, short))
    return notes


def _nearly(value: str, named_values: Iterable[str]) -> str | None:
    """The one of some values that a value is probably meant for: as good as the same letters, and the same digits.

    Example:
        >>> _nearly("Englisch", ["Welsh", "English"]), _nearly("male", ["female"]), _nearly("p12", ["p13"])
        ('English', None, None)
    """
    letters = {_letters(meant): meant for meant in named_values if _digits(meant) == _digits(value)}
    close = get_close_matches(_letters(value), letters, n=1, cutoff=NEAR)
    return letters[close[0]] if close else None


def _letters(value: str) -> str:
    r"""The letters and digits of a value; an accent that stands behind its letter is one with it.

    Example:
        >>> _letters("E\u0301cosse ") == _letters("\u00c9cosse")
        True
    """
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", value).casefold()))


def _digits(value: str) -> str:
    return "".join(filter(str.isdigit, value))


def _kept(spec: CorpusSpec, label: str) -> set[str]:
    """Values that the recipe names."""
    parts = (spec.labels, spec.keep, spec.dropped, spec.values)
    return {value for part in parts for value in part.get(label, ())}


def _counts(frame: "polars.DataFrame", column: str, kept: Iterable[str]) -> dict[str, int]:
    """Texts that say that there is no value, and how many rows have each."""
    import polars

    value = polars.col(column)
    none = says_none(value) & ~value.is_in(list(kept))
    counts = frame.lazy().filter(none).group_by(column).len().sort(column).collect()
    return {str(said): int(count) for said, count in counts.rows()}


def _spelled(frame: "polars.DataFrame", column: str, kept: Iterable[str]) -> list[str]:
    """Values of a column that also occur there in another spelling."""
    odd = frame[column].filter(frame[column].str.contains(SPELLED).fill_null(value=False)).unique().sort()
    candidates = {value: plain(value) for value in odd.to_list() if value not in set(kept)}
    if not candidates:
        return []
    there = set(frame[column].filter(frame[column].is_in(list(candidates.values()))).unique())
    times = Counter(candidates.values())
    return [value for value, meant in candidates.items() if meant in there or times[meant] > 1]


def replaced(column: str, new: Mapping[str, str | None]) -> "polars.Expr":
    """A column with some of its values replaced or blanked out."""
    import polars

    return polars.col(column).replace(list(new), polars.Series(list(new.values()), dtype=polars.String))
