"""What a plan and its rows say, compared with the set's own recipe and each other: needs neither corpus nor audio."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from augment.dealt import dealt_text, read_dealt
from augment.design.assignment import Schedule, in_turns
from augment.design.conditions import Condition, conditions
from augment.design.naming import file_stem
from augment.design.plan import plan_columns, utterance_columns
from augment.design.provenance import SoundSource, heard_in, of_mixture, speech_source
from augment.errors import Fault
from augment.files.json_rows import PickedRows
from augment.files.json_text import strict_json
from augment.recipe.experiment import Rotated
from augment.testset.completion import PlannedCells, manifest_columns
from augment.testset.folder import IDENTITY, MANIFEST, PLAN, SOUND
from augment.testset.planned import PlannedRows
from augment.verification.comparing import Differences, differences_of_rows
from augment.verification.sources import SelfDescription

Row = Mapping[str, Any]
Rows = dict[str, dict[str, Any]]
OTHERS = "its recipe and its other rows"
BABBLE = SoundSource("talkers", "", "", "")
"""Placeholder for voices of the corpus, whose licences only the corpus knows."""


def design_faults(told: SelfDescription) -> list[Fault]:
    """Check which items there are, and everything in a row that follows from the recipe or from other rows.

    Args:
        told: The set.
    """
    plan, manifest = told.disk.place(PLAN), told.disk.place(MANIFEST)
    labels = told.identity.get("labels")
    if not (isinstance(labels, list) and all(isinstance(name, str) for name in labels)):
        return [Fault(told.disk.place(IDENTITY), "does not say which columns are labels")]
    if not told.planned:
        return [Fault(plan, "it has no items")]
    grid, factors = conditions(told.loaded), told.loaded.settings
    each, faults = _each(told, len(grid))
    faults += _column_faults(plan, told.planned.rows[0], plan_columns(factors, labels))
    for row in told.rows[:1]:
        faults += _column_faults(manifest, row, manifest_columns(labels, factors, grid))
    if each:
        made = _made(told, in_turns(grid, each, told.loaded.recipe.seed), utterance_columns(labels))
        differences, same_order = differences_of_rows(plan, told.planned, made, OTHERS)
        faults += differences
        if not same_order:
            faults.append(Fault(plan, "its rows stand in another order than the conditions of its recipe"))
    spelled = PlannedCells(told.loaded, (*grid, *told.conditions))  # another version may design other conditions
    cells = Differences(manifest, "its plan")
    for row in told.rows:
        item = told.planned.get(row["audio_filepath"])
        if item is not None:
            cells.compare(row["audio_filepath"], row, _cells(item, row, spelled))
    return [*faults, *_block_faults(told), *cells.faults]


def _column_faults(place: str, row: Row, expected: Sequence[str]) -> list[Fault]:
    """Faults of columns that are missing, unknown, or in another order."""
    faults = [Fault(place, f"it has no column '{name}'") for name in expected if name not in row]
    faults += [
        Fault(place, f"its column '{name}' does not belong in a test set") for name in row if name not in expected
    ]
    if not faults and list(row) != list(expected):
        faults.append(Fault(place, f"its columns stand in another order; expected {', '.join(expected)}"))
    return faults


def _each(told: SelfDescription, count: int) -> tuple[int, list[Fault]]:
    """How many conditions each utterance meets, or 0 if that is not stated; and any fault of it."""
    assignment, said = told.loaded.recipe.assignment, told.identity.get("conditions_per_utterance")
    if assignment == "rotated":
        each = said if type(said) is int and 1 <= said <= count else 0
    else:
        each = assignment.rotated if isinstance(assignment, Rotated) else count
    if each == said:
        return each, []
    message = f"conditions_per_utterance: the recipe gives {each or f'1 to {count}'}, it says {said!r}"
    return each, [Fault(told.disk.place(IDENTITY), message)]


def _made(told: SelfDescription, turns: Schedule, columns: Sequence[str]) -> Iterator[tuple[str, Row]]:
    """Items by path; what the items of an utterance share is taken from the majority of its rows."""
    dealt, suffix = _dealt(told.planned.rows), told.loaded.recipe.output.format
    named = {condition.name: condition for condition in turns.conditions}
    for utterance, rows in _utterances(told.planned):
        common = {name: _usual(row[name] for row in rows) for name in columns if name in rows[0]}
        stem, block = file_stem(utterance), common["block"]
        of_utterance: Rows = {}
        for condition in (turns.conditions[number] for number in turns.of_block(block)):
            path = f"{SOUND}/{condition.name}/{stem}.{suffix}"
            parts = {step.plays: dealt.get((step.plays, block)) for step in condition.chain if step.plays}
            of_utterance[path] = {
                "id": f"{stem}__{condition.name}", "audio_filepath": path, "condition": condition.name,
                **dict(condition.settings), **common, "dealt": dealt_text(parts),
            }  # fmt: skip
        _licensed(told, {row["audio_filepath"]: row for row in rows}, named, of_utterance)
        yield from of_utterance.items()


def _utterances(planned: PlannedRows) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Rows of a plan by utterance, in the order in which these come first."""
    import polars

    every, rows = planned.frame.select("utterance").with_row_index("turn"), planned.rows
    if every["utterance"].rle().len() > every["utterance"].n_unique():  # those of an utterance do not stand together
        first = every.with_columns(polars.col("turn").min().over("utterance").alias("first"))
        rows = PickedRows(rows, first.sort("first", "turn")["turn"].to_list())
    for utterance, own in itertools.groupby(rows, key=itemgetter("utterance")):
        yield utterance, list(own)


def _dealt(rows: Iterable[Row]) -> dict[tuple[str, int], Any]:
    """What was dealt, by the step that plays it and block, according to the majority of a block's rows."""
    said: dict[tuple[str, int], Counter[str]] = {}
    for row in rows:
        for played, part in strict_json(row["dealt"]).items():
            said.setdefault((played, row["block"]), Counter())[json.dumps(part, sort_keys=True)] += 1
    return {key: json.loads(texts.most_common(1)[0][0]) for key, texts in said.items()}


def _usual(values: Iterable[Any]) -> Any:
    """The most frequent value; the first of several that are equally frequent."""
    return Counter(values).most_common(1)[0][0]


def _licensed(told: SelfDescription, own: Rows, named: Mapping[str, Condition], made: Rows) -> None:
    """Write licence and credit into the items of an utterance: those of its speech and of what its steps add.

    If only the corpus knows what is added, or no item has the speech alone, items that hear the same must agree.

    Args:
        told: The set.
        own: Rows of the plan for the utterance, by path.
        named: Conditions by name.
        made: Its items by path.
    """
    planned = {path: row for path in made if (row := own.get(path) or told.planned.get(path)) is not None}
    alike: dict[tuple[SoundSource, ...], list[str]] = {}
    for path, row in made.items():
        if path in planned:
            heard = heard_in(named[row["condition"]], read_dealt(row["dealt"]), told.loaded, [BABBLE])
            alike.setdefault(tuple(dict.fromkeys(heard)), []).append(path)
    usual = {
        heard: _usual((planned[path]["licence"], planned[path]["credit"]) for path in paths)
        for heard, paths in alike.items()
    }
    speech = speech_source(*usual[()]) if () in usual else None
    for heard, paths in alike.items():
        licence, credit = usual[heard]
        if speech is not None and BABBLE not in heard:
            licence, _, credit = of_mixture(speech, heard)
        for path in paths:
            made[path] |= {"licence": licence, "credit": credit}


def _block_faults(told: SelfDescription) -> list[Fault]:
    """Faults of groups without the number of utterances that the recipe asks for, or without some of the blocks."""
    blocks: dict[str, dict[str, int]] = {}
    for group, utterance, block in told.planned.frame.select("group", "utterance", "block").iter_rows():
        blocks.setdefault(group, {})[utterance] = block
    asked, most = told.loaded.recipe.balance.utterances, max(map(len, blocks.values()))
    size = asked if isinstance(asked, int) else most
    faults = []
    for group, seats in sorted(blocks.items()):
        if sorted(seats.values()) != list(range(size)):
            found = f"{len(seats)} utterances, in blocks {sorted(seats.values())[:20]}"
            message = f"the group '{group}' has {found}; the recipe gives it {size}, one in each block from 0"
            faults.append(Fault(told.disk.place(PLAN), message))
    return faults


def _cells(item: Row, row: Row, spelled: PlannedCells) -> dict[str, Any]:
    """Cells that a row of the manifest must have, that the plan does not spell out, and that were not measured."""
    return {name: value for name, value in spelled.of(item).items() if name not in item and name in row}
