"""What of a plan leaves the machine with a test set.

Under pseudonyms that is nothing which leads back to the recordings: paths, channels, offsets and hashes of speech stay
beside the set in ``.acoustigrid``, where ``verify`` finds them.
"""

import itertools
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from augment.columns import PLANNED, ROW
from augment.dealt import dealt_text, read_dealt
from augment.design.plan import Plan
from augment.files.content import Content
from augment.files.json_text import json_lines
from augment.perturb.columns import known
from augment.testset.folder import FAILURES, PLAN

if TYPE_CHECKING:
    import polars

WITHHELD = tuple(column.name for column in (*ROW, *PLANNED) if column.private == "withheld")
"""Columns of every plan or row that are empty in a set under pseudonyms; those of steps may be too."""
PIECE_BYTES = 2**20
ROW_GROUP = 65_536
"""Rows of a Parquet file that are written, and can be read, at a time."""
ELSEWHERE = f"told in .acoustigrid/{FAILURES}, where the set was made"

Failures = Sequence[Mapping[str, Any]]


def outgoing_slice(plan: Plan, items: "polars.DataFrame") -> "polars.DataFrame":
    """Items of a plan as a test set tells them."""
    import polars

    if plan.corpus.pseudonyms is None:
        return items
    texts = items["dealt"].unique().to_list()
    dealt = polars.col("dealt").replace(texts, [_without_recordings(text) for text in texts])
    return items.with_columns(dealt, *(polars.lit(None, polars.String).alias(name) for name in WITHHELD))


def plan_pieces(plan: Plan) -> Iterator[bytes]:
    """The items of a plan as a Parquet file, as they leave the machine, in pieces."""
    return parquet_pieces(outgoing_slice(plan, items) for items in plan.table.slices())


def _without_recordings(text: str) -> str:
    """What was dealt to a block, less the recordings behind its talkers: names of utterance and speaker stay.

    Example:
        >>> _without_recordings('{"noise/bar": {"talkers": [[["u1", "s1", "p225/001.wav", null, null, "e3"]]]}}')
        '{"noise/bar": {"talkers": [[["u1", "s1", null, null, null, null]]]}}'
    """
    return dealt_text({played: dealt.told() for played, dealt in read_dealt(text).items()})


def outgoing_part(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a plan under pseudonyms, less what is withheld."""
    told = {name: value for name, value in row.items() if name not in WITHHELD}
    return {**told, "dealt": _without_recordings(told["dealt"])} if "dealt" in told else told


def outgoing_row(plan: Plan, row: dict[str, Any]) -> dict[str, Any]:
    """A row of the manifest as a test set tells it."""
    return row if plan.corpus.pseudonyms is None else outgoing_cells(row)


def outgoing_cells(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Cells of a row of the manifest under pseudonyms, those of steps included: empty where they are withheld."""
    columns = {name: known(name) for name in cells}
    return {**cells, **{name: None for name, column in columns.items() if column and column.private == "withheld"}}


def outgoing_failures(plan: Plan, failures: Failures) -> list[dict[str, Any]]:
    """Items that could not be made as a test set tells them, in the order of their paths: why may name recordings."""
    told = {} if plan.corpus.pseudonyms is None else {"reason": ELSEWHERE}
    return [{**failure, **told} for failure in _in_order(failures)]


def kept_files(plan: Plan, failures: Failures) -> dict[str, Content]:
    """Files for ``.acoustigrid``: what a set under pseudonyms does not tell."""
    if plan.corpus.pseudonyms is None:
        return {}
    files: dict[str, Content] = {PLAN: parquet_pieces(plan.table.slices())}
    if failures:
        files[FAILURES] = json_lines(_in_order(failures))
    return files


def _in_order(failures: Failures) -> list[dict[str, Any]]:
    return sorted(map(dict, failures), key=lambda failure: str(failure["audio_filepath"]))


def parquet_pieces(slices: "Iterable[polars.DataFrame]") -> Iterator[bytes]:
    """Slices of a table, at least one, as one Parquet file, whose bytes do not depend on how it is sliced.

    It is written to the disk first: nothing of it is made before the first piece is asked for.
    """
    from polars.io.plugins import register_io_source

    waiting = iter(slices)
    first = next(waiting)

    def some(columns: list[str] | None, *_: object) -> "Iterator[polars.DataFrame]":
        for frame in itertools.chain([first], waiting):
            yield frame if columns is None else frame.select(columns)

    table = register_io_source(some, schema=first.schema)
    with tempfile.TemporaryFile() as parquet:
        table.sink_parquet(parquet, row_group_size=ROW_GROUP, maintain_order=True)
        parquet.seek(0)
        while piece := parquet.read(PIECE_BYTES):
            yield piece
