"""Scores as text, as JSON and as a table of items."""

import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from augment import __version__
from augment.report.conclusions import between_levels, conclusions, level, percent, points, span
from augment.report.text import counted, table
from augment.scoring.answers import CellAnswer, Comparison
from augment.scoring.scores import RecogniserScores, Scores

MOST_ROWS = 20
MOST_TOLD = 9999
MOST_GROUPS = 8


def summary(scores: Scores) -> str:
    """What one screen holds: conclusions, and a table of rates for each recogniser."""
    parts = [heading(scores)]
    for one in scores.recognisers:
        said = (f"  {told}" for told in conclusions(scores, one))
        parts.append("\n".join([f"{one.name}:", *said]))
        parts.append(_grid(scores, one))
    return "\n\n".join(parts)


def heading(scores: Scores) -> str:
    """What was scored, and how, in one line."""
    finished, options = scores.finished, scores.options
    unit = "words" if options.wording.unit == "word" else "characters"
    return (
        f"{finished.name}: {counted(len(scores.groups), 'group')} x {counted(len(scores.conditions), 'condition')}, "
        f"{counted(len(scores.rows), 'item')}; errors in {unit}, text '{options.wording.name}'; intervals of "
        f"{1 - options.significance:.0%}, by speakers"
    )


def _grid(scores: Scores, recogniser: RecogniserScores) -> str:
    found = {(cell.group, cell.condition): cell for cell in recogniser.cells}
    groups = scores.groups[:MOST_GROUPS]
    rows = [[name, *(_rate(found.get((group, name))) for group in groups)] for name in scores.conditions]
    left_out = len(scores.groups) - len(groups)
    more = f"\n{counted(left_out, 'more group')} in the files that --out writes" if left_out else ""
    alone = "\neach interval is of its cell alone: whether cells differ is judged for all comparisons together"
    return table([f"{scores.options.wording.rate}, %", *groups], rows) + more + (alone if len(groups) > 1 else "")


def _rate(cell: CellAnswer | None) -> str:
    if cell is None or cell.rate is None or math.isnan(cell.rate):
        return "-"
    said = f"{100 * cell.rate:.1f}"
    if cell.low is None or cell.high is None:
        return f"{said} (no errors)" if cell.rate == 0 else said
    return f"{said} ({_short(100 * cell.low)}..{_short(100 * cell.high)})"


def _short(value: float) -> str:
    """A figure of a few digits: an interval of few errors may reach absurdly far.

    Example:
        >>> _short(12.34), _short(1e30)
        ('12.3', '>9999')
    """
    return f"{value:.1f}" if value <= MOST_TOLD else f">{MOST_TOLD}"


def markdown(scores: Scores) -> str:
    """Everything as Markdown, with its tables as text."""
    lines = [f"# Scores of {scores.finished.name}", "", heading(scores) + ".", ""]
    for one in scores.recognisers:
        lines += [f"## {one.name}", "", *(f"- {said}" for said in conclusions(scores, one)), ""]
        for title, text in _sections(scores, one):
            lines += [f"### {title}", "", "```text", text, "```", ""]
    if scores.between_recognisers:
        text = _comparisons(scores.between_recognisers, ("group", "condition", "one", "other"))
        lines += ["## Between recognisers, on the same utterances", "", "```text", text, "```", ""]
    lines += ["## How this was counted", "", *_method(scores), ""]
    return "\n".join(lines)


def _sections(scores: Scores, one: RecogniserScores) -> list[tuple[str, str]]:
    found = [
        (f"{scores.options.wording.rate.capitalize()} by condition and group", _grid(scores, one)),
        ("Do gaps grow?", _comparisons(one.growth, ("one", "other", "condition"))),
        ("Differences between groups", _comparisons(one.pairs, ("one", "other", "condition"))),
        ("What conditions change", _comparisons(one.steps, ("one", "condition", "reference"))),
        ("SNR at which the rate doubles", _doublings(one)),
        ("Worst subgroups", _slices(one)),
        ("Errors by kind", _kinds(one)),
        ("Text as it is written", _texts(scores, one)),
        ("For the next design", _assumed(one)),
    ]
    return [(title, text) for title, text in found if text]


def _comparisons(found: Sequence[Comparison], names: Sequence[str]) -> str:
    ordered = sorted(found, key=lambda one: one.order)
    rows = [[*(getattr(one, name) for name in names), *_figures(one)] for one in ordered[:MOST_ROWS]]
    header = [*names, "points", "of the family", "by itself", "p", "ratio", ""]
    more = f"\nand {len(ordered) - MOST_ROWS} more: see scores.json" if len(ordered) > MOST_ROWS else ""
    return table(header, rows) + more if rows else ""


def _figures(one: Comparison) -> list[str]:
    ratio = "" if one.ratio is None else _ratio(one.ratio)
    if one.ratio_low is not None and one.ratio_high is not None:
        ratio += f" ({_ratio(one.ratio_low)} to {_ratio(one.ratio_high)})"
    verdict = one.why or ("shown" if one.shown else "not shown")
    verdict += "; within the margin" if one.equivalent else ""
    verdict += "; different utterances" if one.other_utterances else ""
    p = "" if one.family_p is None else "<0.001" if one.family_p < 0.001 else f"{one.family_p:.3f}"
    return [
        points(one.difference, sign=True), span(one.family_low, one.family_high), span(one.low, one.high), p, ratio,
        verdict,
    ]  # fmt: skip


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value < 100 else ">100"


def _doublings(one: RecogniserScores) -> str:
    rows = [
        [found.ladder, found.group, level(found.snr_db), between_levels(found), found.why or f"of '{found.reference}'"]
        for found in one.doublings
    ]
    return table(["ladder", "group", "dB", "interval", "twice the rate"], rows) if rows else ""


def _slices(one: RecogniserScores) -> str:
    rows = [
        [
            ", ".join(f"{column}={value}" for column, value in found.where), percent(found.rate), percent(found.others),
            points(found.difference, sign=True), span(found.low, found.high), found.speakers,
            found.standing,
        ]
        for found in one.slices.slices[:MOST_ROWS]
    ]  # fmt: skip
    header = ["subgroup", "rate", "others", "points", "of the family", "speakers", ""]
    return (
        table(header, rows)
        + f"\n{one.slices.tried} subgroups were looked at{', and no more' if one.slices.cut_off else ''}"
        if rows
        else ""
    )


def _kinds(one: RecogniserScores) -> str:
    rows = [
        [
            cell.condition, cell.group, percent(cell.rate), cell.substitutions, cell.deletions, cell.insertions,
            cell.words, cell.utterances, cell.speakers, cell.loops, percent(cell.rate_without_loops), cell.why,
        ]
        for cell in one.cells
    ]  # fmt: skip
    header = ["condition", "group", "rate", "S", "D", "I", "words", "utterances", "speakers", "loops", "without", ""]
    return table(header, rows)


def _texts(scores: Scores, one: RecogniserScores) -> str:
    rows = [[name, percent(rate), percent(one.unchanged_text.get(name))] for name, rate in one.groups.items()]
    parts = [table(["group", "as compared", "as written"], rows)]
    if one.empty_references:
        told = f"{counted(one.empty_references, 'item')} whose reference has no word, left out of all rates"
        parts.append(f"{told}; {counted(one.inserted_there, 'word')} recognised there")
    if scores.examples:
        parts.append(table(["written", "compared"], [[found.written, found.compared] for found in scores.examples]))
    return "\n\n".join(parts)


def _assumed(one: RecogniserScores) -> str:
    if one.assumed is None:
        return ""
    figures = (f"  {name}: {value:g}" for name, value in asdict(one.assumed).items())
    return "\n".join(["statistics:", *figures])


def _method(scores: Scores) -> list[str]:
    question = scores.question
    return [
        "- Speakers are what is sampled. A rate is the sum of errors over the sum of words; its variance is CR2 over "
        "speakers, with Satterthwaite's degrees of freedom, on the logarithmic scale (Bell and McCaffrey 2002).",
        "- Groups are compared by Welch's degrees of freedom, or those of the smaller group where one has more than "
        "twice as many speakers; conditions and recognisers on the same speakers, as pairs. Where rates are skewed, "
        "an interval reaches farther to one side (Johnson 1978, for gamma distributed rates); where no difference lies "
        "there, a test says less than Student's.",
        "- 'Of the family' holds for all comparisons of its table together: max-T by random signs of speakers where "
        f"every group has eight or more, otherwise Bonferroni. Seed {question.seed}.",
        "- Within a margin counts what two one-sided tests at "
        f"{100 * question.significance:g} % in all show to lie there, by the jackknife's variance and Bonferroni's "
        "inequality.",
        "- Where all speakers read the same texts, or hear the same noise segments or places, errors are clustered by "
        "these as well (Cameron, Gelbach and Miller 2011).",
        f"- Compared with '{question.reference}'. Texts: {scores.options.wording.name}. acoustigrid {__version__}.",
    ]


def as_json(scores: Scores) -> str:
    """Everything but texts, for programs."""
    question = scores.question
    found: dict[str, Any] = {
        "made_by": f"acoustigrid {__version__}",
        "set": {"name": scores.finished.name, "manifest_sha256": scores.finished.manifest_sha256},
        "text": scores.options.wording.name,
        "unit": scores.options.wording.unit,
        "reference": question.reference,
        "significance": question.significance,
        "margin": question.margin,
        "seed": question.seed,
        "recognisers": {one.name: _recogniser(scores, one) for one in scores.recognisers},
        "between_recognisers": [_flat(one) for one in scores.between_recognisers],
    }
    return json.dumps(_finite(found), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _recogniser(scores: Scores, one: RecogniserScores) -> dict[str, Any]:
    return {
        "hypotheses_sha256": one.heard.sha256,
        "conclusions": conclusions(scores, one),
        "missing": one.missing,
        "empty_references": {"items": one.empty_references, "words_recognised": one.inserted_there},
        "cells": [asdict(cell) for cell in one.cells],
        "growth": [_flat(found) for found in one.growth],
        "groups": [_flat(found) for found in one.pairs],
        "conditions": [_flat(found) for found in one.steps],
        "doubling": [asdict(found) for found in one.doublings],
        "worst": {**asdict(one.slices), "slices": [asdict(found) for found in one.slices.slices[:200]]},
        "rate_by_group": {"as_compared": dict(one.groups), "as_written": dict(one.unchanged_text)},
        "statistics": None if one.assumed is None else asdict(one.assumed),
    }


def _flat(one: Comparison) -> dict[str, Any]:
    return {**asdict(one), "shown": one.shown}


def _finite(value: Any) -> Any:
    """Numbers that JSON does not have become null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list | tuple) else value


def as_parquet(scores: Scores) -> bytes:
    """One row for each item and recogniser: its errors, words and texts as they were compared."""
    out = io.BytesIO()
    scores.frame.write_parquet(out)
    return out.getvalue()
