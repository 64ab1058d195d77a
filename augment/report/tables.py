"""A plan and a test set as tables."""

from dataclasses import dataclass

from augment.design.coupling import coupling_notes
from augment.design.plan import Plan
from augment.plain_text import visible
from augment.report.design import assignment_text, balance_text, conditions_text, crossing_text
from augment.report.detection import detection_text
from augment.report.frames import Counts, Coverage, Measured
from augment.report.text import counted, table


@dataclass(frozen=True, eq=False)
class Overview:
    """The two tables that a finished set shows in several places.

    Attributes:
        coverage: Files in each cell of the grid.
        measured: What was measured in each condition.
    """

    coverage: Coverage
    measured: Measured

    @property
    def texts(self) -> tuple[str, str]:
        """Both as text."""
        return str(self.coverage), str(self.measured)


def coverage(plan: Plan, made: Counts | None = None) -> Coverage:
    """The grid: number of files in each condition (row) and group (column), and what is missing.

    Args:
        plan: What was planned.
        made: Finished items of each cell; all that are planned if not given.
    """
    names = [condition.name for condition in plan.conditions]
    planned = plan.table.counts
    return Coverage.of(planned, planned if made is None else made, names, plan.selection.groups)


def planned_counts(plan: Plan) -> dict[str, dict[str, int]]:
    """Number of planned files by condition and group."""
    found = coverage(plan)
    return {name: dict(zip(found.groups, counts, strict=True)) for name, *counts in found.planned.rows()}


def groups(plan: Plan) -> str:
    """For each group: utterances, speakers, largest share of one speaker, minutes of speech, level of recordings."""
    import polars

    rate = plan.loaded.recipe.output.sample_rate_hz
    summary = plan.utterances.group_by("group").agg(
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


def size_words(plan: Plan) -> str:
    """Room that a plan's audio takes; that of FLAC can only be estimated.

    Example:
        >>> import augment
        >>> size_words(augment.plan("demo")).startswith("about ")
        True
    """
    about = "" if plan.loaded.recipe.output.format == "wav" else "about "
    return f"{about}{plan.estimated_bytes / 1e6:,.1f} MB"


def plan_text(plan: Plan) -> str:
    """Everything about a plan that helps to decide whether to build it."""
    recipe = plan.loaded.recipe
    size = f"{counted(len(plan.selection.groups), 'group')} x {counted(len(plan.conditions), 'condition')}"
    parts = [f"{recipe.name}: {size}"]
    parts += [text for text in (conditions_text(plan), assignment_text(plan)) if text]
    parts += [groups(plan), *filter(None, [balance_text(plan)])]
    parts += [str(coverage(plan))]
    parts += filter(None, [detection_text(plan)])
    parts += filter(None, [noise(plan), crossing_text(plan)])
    if plan.selection.left_out:
        reasons = [[reason, count] for reason, count in plan.selection.left_out.items()]
        parts.append(table(["rows of the corpus left out", "rows"], reasons))
    parts.append(
        f"{plan.table.height} files, {plan.seconds / 3600:.2f} hours of audio, {size_words(plan)} "
        f"({recipe.output.format.upper()}, {recipe.output.sample_rate_hz} Hz)"
    )
    ties = coupling_notes(plan)
    return "\n\n".join([*parts, *(f"note: {visible(note.text)}" for note in [*plan.notes, *ties])])
