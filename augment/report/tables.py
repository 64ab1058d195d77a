"""A plan and a test set as tables."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from augment.columns import of_all_steps
from augment.design.coupling import coupling_notes
from augment.design.plan import Plan
from augment.plain_text import visible
from augment.report.design import assignment_text, balance_text, conditions_text, crossing_text
from augment.report.detection import detection_text
from augment.report.text import counted, table

ALL_NOISES = "noise_level_dba"


def overview(plan: Plan, rows: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """The two tables that a finished set shows in several places: its :func:`coverage`, and what was :func:`measured`.

    Args:
        plan: What was planned.
        rows: Rows of the manifest.
    """
    return coverage(plan, (row["audio_filepath"] for row in rows)), measured(in_order(plan, rows))


def coverage(plan: Plan, made: Iterable[str]) -> str:
    """The grid: number of files in each condition (row) and group (column), and what is missing.

    Args:
        plan: What was planned.
        made: ``audio_filepath`` of every finished item.

    Returns:
        A table; a cell that lacks files shows ``made/planned``.
    """
    cells = plan.items.select("audio_filepath", "condition", "group").rows()
    return coverage_of(cells, made, [condition.name for condition in plan.conditions], plan.selection.groups)


def cells_of(plan: Plan) -> dict[str, dict[str, int]]:
    """Number of planned files by condition and group."""
    counts = Counter(plan.items.select("condition", "group").rows())
    return {
        condition.name: {group: counts[condition.name, group] for group in plan.selection.groups}
        for condition in plan.conditions
    }


def coverage_of(
    cells: Iterable[tuple[str, str, str]], made: Iterable[str], conditions: Sequence[str], groups: Sequence[str]
) -> str:
    """The same, from ``audio_filepath``, condition and group of every planned item.

    Example:
        >>> cells = [("a1", "fan", "a"), ("a2", "fan", "a"), ("b1", "fan", "b")]
        >>> print(coverage_of(cells, ["a1", "b1"], ["fan"], "ab"))
        condition    a  b
        ---------  ---  -
        fan        1/2  1
    """
    finished = set(made)
    planned: Counter[tuple[str, str]] = Counter()
    present: Counter[tuple[str, str]] = Counter()
    for name, condition, group in cells:
        planned[(condition, group)] += 1
        present[(condition, group)] += name in finished

    def cell(condition: str, group: str) -> str:
        have, want = present[(condition, group)], planned[(condition, group)]
        return str(have) if have == want else f"{have}/{want}"

    rows = [[condition, *(cell(condition, group) for group in groups)] for condition in conditions]
    return table(["condition", *groups], rows)


def measured(rows: Iterable[Mapping[str, Any]]) -> str:
    """What was measured in each condition, over all groups: mean, smallest and largest level or ratio.

    Args:
        rows: Rows of the manifest.

    Example:
        >>> row = {"condition": "fan", "group": "a", "snr_requested_db": 5, "snr_db": 5.0, "snr_a_weighted_db": 7.1}
        >>> print(measured([{**row, "snr_delivered_db": 6.0, "headroom_gain_db": 0.0, "loudness_lufs": None}]))
        condition  SNR asked  SNR measured  A-weighted  delivered  LUFS  made softer
        ---------  ---------  ------------  ----------  ---------  ----  -----------
        fan              5.0           5.0         7.1        6.0     -            0
        mean (smallest..largest)
    """
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["condition"], []).append(row)
    columns = {"SNR asked": "snr_requested_db", "SNR measured": "snr_db", "A-weighted": "snr_a_weighted_db"}
    columns |= {"delivered": "snr_delivered_db", "LUFS": "loudness_lufs"}
    if any(row.get("speech_level_dbspl") is not None for some in found.values() for row in some):
        columns |= {"speech dB SPL": "speech_level_dbspl", "noise dB(A)": ALL_NOISES}
    of_noises = sorted(of_all_steps(ALL_NOISES, next((row for some in found.values() for row in some), ())))
    lines = [
        [
            name,
            *(_spread([_seen(row, column, of_noises) for row in some]) for column in columns.values()),
            sum(row["headroom_gain_db"] < 0 for row in some),
        ]
        for name, some in found.items()
    ]
    return table(["condition", *columns, "made softer"], lines) + "\nmean (smallest..largest)"


def _seen(row: Mapping[str, Any], column: str, of_noises: Sequence[str]) -> float | None:
    """A value of an item; for noises in dB(A), the level of all of them together, added as powers."""
    if column != ALL_NOISES:
        value: float | None = row.get(column)
        return value
    levels = [row[name] for name in of_noises if row[name] is not None]
    return 10 * math.log10(sum(10 ** (level / 10) for level in levels)) if levels else None


def in_order(plan: Plan, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows of a manifest by condition, in the order of the grid."""
    place = {condition.name: turn for turn, condition in enumerate(plan.conditions)}
    return sorted(rows, key=lambda row: place[row["condition"]])


def _spread(found: Iterable[float | None]) -> str:
    """The mean, and the range if it is wider than a tenth."""
    values = [value for value in found if value is not None]
    if not values:
        return "-"
    mean, low, high = sum(values) / len(values), min(values), max(values)
    shown = [f"{round(value, 1) + 0:.1f}" for value in (mean, low, high)]
    return shown[0] if high - low < 0.1 else f"{shown[0]} ({shown[1]}..{shown[2]})"


def groups(plan: Plan) -> str:
    """For each group: utterances, speakers, largest share of one speaker, minutes of speech, level of recordings."""
    import polars

    rate = plan.loaded.recipe.output.sample_rate_hz
    once = plan.items.unique("utterance", maintain_order=True)
    summary = once.group_by("group").agg(
        polars.len().alias("utterances"),
        polars.col("speaker").n_unique().alias("speakers"),
        (polars.col("samples").sum() / rate / 60).alias("minutes"),
        polars.col("source_level_dbov").cast(polars.Float64).mean().alias("level"),
    )
    most = plan.selection.balance.largest_share
    rows = [
        [g, n, s, f"{100 * most[g]:.0f} %", f"{m:.2f}", f"{level:.1f}"]
        for g, n, s, m, level in summary.sort("group").rows()
    ]
    return table(["group", "utterances", "speakers", "most by one", "minutes", "mean source dBov"], rows)


def noise(plan: Plan) -> str:
    """For each noise source: what there is of it, and how many blocks hear the same segment; empty without noise."""
    heard = [e for e in plan.exposures.values() if e.seconds is not None]
    rows = [[e.path, e.source, f"{e.seconds:.1f}", e.available, e.silent, e.reuse] for e in heard]
    header = ["noise step", "source", "seconds", "segments", "silent ones left out", "most blocks that hear one"]
    return table(header, rows) if rows else ""


def plan_text(plan: Plan) -> str:
    """Everything about a plan that helps to decide whether to build it."""
    recipe = plan.loaded.recipe
    size = f"{counted(len(plan.selection.groups), 'group')} x {counted(len(plan.conditions), 'condition')}"
    parts = [f"{recipe.name}: {size}"]
    parts += [text for text in (conditions_text(plan), assignment_text(plan)) if text]
    parts += [groups(plan), *filter(None, [balance_text(plan)])]
    parts += [coverage(plan, plan.items["audio_filepath"].to_list())]
    parts += filter(None, [detection_text(plan)])
    parts += filter(None, [noise(plan), crossing_text(plan)])
    if plan.selection.left_out:
        reasons = [[reason, count] for reason, count in plan.selection.left_out.items()]
        parts.append(table(["rows of the corpus left out", "rows"], reasons))
    megabytes = plan.estimated_bytes / 1e6
    about = "" if recipe.output.format == "wav" else "about "
    parts.append(
        f"{plan.items.height} files, {plan.seconds / 3600:.2f} hours of audio, {about}{megabytes:,.1f} MB "
        f"({recipe.output.format.upper()}, {recipe.output.sample_rate_hz} Hz)"
    )
    ties = coupling_notes(plan)
    return "\n\n".join([*parts, *(f"note: {visible(note.text)}" for note in [*plan.notes, *ties])])
