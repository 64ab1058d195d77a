"""What notebooks show of plans, items, sets, fits, verdicts, audits and scores: tables, pictures and players."""

from array import array
from collections.abc import Sequence
from dataclasses import replace
from html import escape

from augment.acoustics.pcm import quantise
from augment.api.building import BuildResult
from augment.api.fitting import FittedProfile
from augment.api.previewing import Preview, grid_to_hear, heard_of
from augment.api.rendering import Renderings
from augment.api.testset import TestSet
from augment.auditing.groups import Audit
from augment.design.conditions import reference_condition
from augment.design.plan import Plan
from augment.design.wording import words_of
from augment.errors import AcoustigridError, Fault, TestSetError, counted, nearest
from augment.execute import opened_way
from augment.files.json_rows import PickedRows
from augment.plain_text import visible
from augment.render import Rendered
from augment.report import scores_plots as plots
from augment.report.conclusions import conclusions, percent
from augment.report.frames import Coverage
from augment.report.listening.choice import Grid, grid_of
from augment.report.notebook import (
    audio_html,
    face,
    folded,
    lines,
    part_shown,
    picture,
    player,
    safe_line,
    small_table,
    spectrogram_panel,
)
from augment.report.pictures.drawing import Panel, panels, safe
from augment.report.pictures.grid import Cell, Cells, cells_of, design_map, snr_figures, snr_panels, told_apart
from augment.report.preview_page import within
from augment.report.tables import coverage, size_words
from augment.scoring.scores import RecogniserScores, Scores
from augment.showing import Picture, Player, html_of, picture_of, player_of
from augment.verification.verdict import Verdict

MOST_ROWS, MOST_COLUMNS = 30, 12
"""Of a table in a notebook."""
MOST_DRAWN = 12
MOST_SAMPLES = 3_000_000
"""That a notebook plays at once: as FLAC some 4 MB, which it keeps."""


def _grid(found: Coverage) -> str:
    return _by_condition_and_group(found.cells(), found.groups)


def _by_condition_and_group(rows: Sequence[Sequence[str]], groups: Sequence[str]) -> str:
    """A table of as many conditions and groups as fit, each row a condition and its cells."""
    kept, some = rows[:MOST_ROWS], groups[:MOST_COLUMNS]
    table = small_table(["condition", *some], [row[: len(some) + 1] for row in kept])
    return table + part_shown((kept, rows, "condition"), (some, groups, "group"))


def _first_rows(what: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table of as many rows as fit; what is one of them called?"""
    kept = rows[:MOST_ROWS]
    return small_table(header, kept) + part_shown((kept, rows, what))


@html_of.register
def _plan(plan: Plan) -> str:
    table = _grid(coverage(plan))
    return face(_line(plan), f"<p>{size_words(plan)}</p>{table}", lines("note", map(str, plan.notes)))


@picture_of.register
def _plan_drawn(plan: Plan) -> Picture:
    names, groups = tuple(condition.name for condition in plan.conditions), tuple(sorted(plan.selection.groups))
    cells = Cells(names, groups, {cell: Cell(number) for cell, number in plan.table.counts.items()})
    return picture(f"items of each cell of {plan.loaded.recipe.name}", design_map(cells, words_of(plan)))


@player_of.register
def _plan_played(plan: Plan, *, utterance: str | None = None, condition: str | None = None) -> Player:
    grid = grid_to_hear(plan, [utterance] if utterance else [], [condition] if condition else [])
    grid = _played_at_once(grid)
    with opened_way(None, 1) as way:
        sounds, failures = heard_of(plan, grid, way)
    if not sounds:
        raise AcoustigridError([Fault("", f"nothing could be rendered: {failure}") for failure in failures])
    rate_hz, table = plan.loaded.recipe.output.sample_rate_hz, dict[str, dict[str, str]]()
    for name, lane in ((condition.name, lane) for condition in grid.conditions for lane in grid.lanes):
        if (sound := sounds.get((name, lane))) is not None:
            label = f"{grid.items[name, lane]['utterance']} under {name}"
            table.setdefault(name, {})[lane.group] = audio_html(sound.pcm, rate_hz, label)
    cut = [f"{grid.cut} are played here"] if grid.cut else []
    return player(f"{counted(len(sounds), 'item')} of {plan.loaded.recipe.name}", table, "; ".join([*cut, *failures]))


def _played_at_once(grid: Grid) -> Grid:
    """What of a grid a notebook can hold."""
    rate_hz = max((row["sample_rate"] for row in grid.items.values()), default=1)
    return within(grid, seconds=MOST_SAMPLES / rate_hz)


@html_of.register
def _rendered(item: Rendered) -> str:
    table = small_table(["column", "value"], [one for one in item.measured.items() if one[1] is not None])
    return face(_line(item), panels([_spectrogram(item, _seconds(item))]), folded("measured", table))


@picture_of.register
def _rendered_drawn(item: Rendered) -> Picture:
    figures = [_spectrogram(item, _seconds(item))]
    return picture(f"spectrogram of {item.condition.name}", panels(figures), figures)


@player_of.register
def _rendered_played(item: Rendered) -> Player:
    name = item.condition.name
    return player("1 item", {name: {"": audio_html(item.pcm, item.sample_rate_hz, name)}})


@html_of.register
def _renderings(items: Renderings) -> str:
    header = ["condition", "s", "SNR dB", "level dBov", "LUFS"]
    columns = ("snr_db", "speech_level_dbov", "loudness_lufs")
    rows = [
        [name, f"{_seconds(item):.2f}", *(_figure(item.measured[column]) for column in columns)]
        for name, item in items.items()
    ]
    return face(_line(items), _first_rows("condition", header, rows))


@picture_of.register
def _renderings_drawn(items: Renderings) -> Picture:
    shown = dict(list(items.items())[:MOST_DRAWN])
    axis_s = max(map(_seconds, shown.values()), default=1.0)
    figures = [_spectrogram(item, axis_s) for item in shown.values()]
    return picture(f"spectrograms of {len(shown)} of {counted(len(items), 'condition')}", panels(figures), figures)


@player_of.register
def _renderings_played(items: Renderings) -> Player:
    table = {name: {"": audio_html(item.pcm, item.sample_rate_hz, name)} for name, item in items.items()}
    return player(counted(len(table), "item"), table)


@html_of.register
def _testset(testset: TestSet) -> str:
    return face(_line(testset), _grid(testset.grid), lines("note", testset.notes))


@picture_of.register
def _testset_drawn(testset: TestSet) -> Picture:
    grid = cells_of(testset.finished.rows, testset.conditions)
    drawn = snr_panels(grid) or "<p>No condition has noise.</p>"
    return picture(f"SNR in each condition of {testset.name}", drawn, snr_figures(grid), told_apart(grid))


@player_of.register
def _testset_played(
    testset: TestSet, *, item: str | None = None, condition: str | None = None, group: str | None = None
) -> Player:
    if item is not None:
        row = testset.row(item)
        shown, cut = {(row["condition"], row["group"]): row}, ""
    else:
        _refuse_unknown(testset, condition, group)
        every = testset.finished.rows
        rows = PickedRows(every, array("q", (n for n, row in enumerate(every) if group in (None, row["group"]))))
        wanted = [column for column in testset.columns_of_grid if condition in (None, column.name)]
        control = reference_condition(wanted, testset.described.loaded)
        grid = _played_at_once(grid_of(rows, wanted, control))
        shown = {(name, lane.group): dict(row) for (name, lane), row in grid.items.items()}
        cut = f"{grid.cut} are played here" if grid.cut else ""
    order = sorted(shown, key=lambda place: testset.conditions.index(place[0]))
    table: dict[str, dict[str, str]] = {}
    for name, column in order:
        row = shown[name, column]
        samples, rate_hz = testset.audio(row["id"])
        sound = audio_html(quantise(samples)[0], rate_hz, f"{row['id']}: {row['text']}")
        table.setdefault(name, {})[column] = sound
    return player(f"{counted(len(shown), 'item')} of {testset.name}", table, cut)


def _refuse_unknown(testset: TestSet, condition: str | None, group: str | None) -> None:
    asked = (("condition", condition, testset.conditions), ("group", group, testset.groups))
    faults = [
        Fault(str(testset.path), f"there is no {what} '{name}'", nearest(name, known))
        for what, name, known in asked
        if name is not None and name not in known
    ]
    if faults:
        raise TestSetError(faults)


@html_of.register
def _built(result: BuildResult) -> str:
    failed = lines("failure", (f"{one['audio_filepath']}: {one['reason']}" for one in result.failures), MOST_ROWS)
    notes = lines("note", map(str, result.plan.notes))
    return face(_line(result), _grid(result.overview.coverage), failed, notes)


@html_of.register
def _preview(shown: Preview) -> str:
    return face(_line(shown), lines("failure", shown.failures), lines("note", map(str, shown.plan.notes)))


@html_of.register
def _fitted(fit: FittedProfile) -> str:
    remarks = lines("remark", [fit.goodness.verdict, *fit.remarks, *fit.unidentified])
    yaml = "\n".join(escape(visible(line)) for line in fit.yaml.splitlines())
    return face(_line(fit), remarks, folded("profile", f"<pre>{yaml}</pre>"))


@html_of.register
def _verdict(verdict: Verdict) -> str:
    found = [(fault.where, fault.message, fault.remedy) for fault in verdict.deviations]
    deviations = _first_rows("deviation", ["deviation", "what", "what to do"], found) if found else ""
    checks = small_table(["checked", "how"], verdict.checks) if verdict.checks else ""
    told = [*map(str, verdict.unchecked), *map(str, verdict.remarks)]
    return face(_line(verdict), deviations, lines("remark", told), checks)


@html_of.register
def _audit(audit: Audit) -> str:
    header = ["group", "utterances", "speakers", "hours", "level dBov", "SNR dB", "bandwidth kHz"]
    rows = [
        [
            group.group, group.utterances, group.speakers, _figure(group.hours, 2), _figure(group.level_dbov),
            _figure(group.snr_db), _figure(None if group.bandwidth_hz is None else group.bandwidth_hz / 1000),
        ]
        for group in audit.groups
    ]  # fmt: skip
    told = lines("warning", map(str, audit.warnings)), lines("note", map(str, audit.notes))
    return face(_line(audit), _first_rows("group", header, rows), *told)


@html_of.register
def _scores(scores: Scores) -> str:
    parts = [_scores_of(scores, one) for one in scores.recognisers]
    return face(_line(scores), *parts)


def _scores_of(scores: Scores, one: RecogniserScores) -> str:
    found = {(cell.condition, cell.group): cell for cell in one.cells}
    rows = [
        [name, *(percent(cell.rate) if (cell := found.get((name, group))) else "" for group in scores.groups)]
        for name in scores.conditions
    ]
    told = "".join(f"<li>{safe_line(said)}</li>" for said in conclusions(scores, one))
    return f"<p>{safe(one.name)}</p><ul>{told}</ul>{_by_condition_and_group(rows, scores.groups)}"


@picture_of.register
def _scores_drawn(scores: Scores) -> Picture:
    parts, figures = list[str](), list[Panel]()
    for one in scores.recognisers:
        cells = {(cell.group, cell.condition): cell for cell in one.cells}
        groups = scores.groups[:MOST_COLUMNS]
        drawn = plots.most_apart(cells, groups, scores.conditions, scores.question.reference)[: plots.MOST_CONDITIONS]
        own = plots.dot_panels(cells, plots.speaker_rates(scores.rows, one.counts), groups, drawn)
        parts.append(f"<p>{safe(one.name)}</p>{panels(own)}")
        figures += [replace(panel, name=f"{one.name}: {panel.name}") for panel in own]
    told = f"error rates of {counted(len(parts), 'recogniser')}, by condition and group"
    return picture(told, "".join(parts), figures)


def _line(thing: object) -> str:
    """What an object is, in one line."""
    return repr(thing).strip("<>")


def _spectrogram(item: Rendered, axis_s: float) -> Panel:
    return spectrogram_panel(item.condition.name, item.pcm, item.sample_rate_hz, axis_s)


def _seconds(item: Rendered) -> float:
    return item.pcm.size / item.sample_rate_hz


def _figure(value: float | None, digits: int = 1) -> str:
    return "" if value is None else f"{value:.{digits}f}"
