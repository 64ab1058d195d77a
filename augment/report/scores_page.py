"""Scores as a web page: conclusions first, then a heat map, plots, tables, and the worst utterances to listen to."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from itertools import groupby
from urllib.parse import quote

import numpy as np

from augment import __version__
from augment.report import scores_plots as plots
from augment.report.conclusions import between_levels, level, percent, points, span
from augment.report.page import data_table, page
from augment.report.pictures.drawing import panels, plot_style, safe, spelled
from augment.report.players import player_html
from augment.report.text import counted, shown
from augment.scoring.answers import Comparison
from augment.scoring.ladders import Doubling
from augment.scoring.scores import RecogniserScores, Scores
from augment.scoring.slices import Slice
from augment.scoring.wording import Unit

MOST_ROWS, MOST_SLICES, MOST_DOUBLINGS = 20, 15, 60
MOST_HEAT_ROWS, MOST_HEAT_COLUMNS = 200, 30
WORST_CELLS, WORST_UTTERANCES = 3, 5
MOST_WORDS, LONGEST_WORD = 120, 80
"""What is shown of a text: a recogniser that lost the thread writes thousands of words."""
TAGS = {"equal": ("", ""), "substitute": ("mark", "mark"), "delete": ("del", ""), "insert": ("", "ins")}
"""What marks words of the reference and of the hypothesis."""
MORE_STYLE = """
h3 { margin-top: 2rem; line-height: 1.2; } h2, h3, h4 { overflow-wrap: anywhere; }
.worst { padding-left: 1.2rem; } .worst li { max-width: none; margin-bottom: 1.2rem; } .worst audio { display: block; }
.aligned { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: .5rem 1.5rem;
  margin: .4rem 0; }
.aligned dt { font-size: .85rem; color: var(--faint); } .aligned dd { margin: 0; overflow-wrap: anywhere; }
del, ins, mark { color: var(--ink); border-radius: .2rem; padding: 0 .15em; }
del { background: #fbd9c4; } ins { background: #cfe5f8; } mark { background: #efe3a4; }
@media (prefers-color-scheme: dark) { del { background: #6b3413; } ins { background: #1f4d73; }
  mark { background: #5c5111; } }
"""


def scores_page(scores: Scores, conclusions: Sequence[str], audio_root: str = "") -> bytes:
    """The page; it fetches nothing but the audio that somebody plays.

    Args:
        scores: The answers.
        conclusions: What they show, in sentences: they stand first.
        audio_root: Path from the page to the folder of the test set, with a slash at its end; empty if both are one.
    """
    told = "".join(f"<li>{escape(spelled(said))}</li>\n" for said in conclusions)
    title = f"Scores of {scores.finished.name}"
    parts = [
        f"<h1>{safe(title)}</h1>\n<p>{_heading(scores)}</p>\n",
        f"<h2>What it shows</h2>\n<ul>{told}</ul>\n" if told else "",
    ]
    step = plots.shade_width([cell for one in scores.recognisers for cell in one.cells])
    parts += [_recogniser(scores, one, step, audio_root) for one in scores.recognisers]
    if scores.between_recognisers:
        table = _comparisons(scores.between_recognisers, "On the same utterances")
        parts.append(f"<h2>Between recognisers</h2>\n{table}")
    parts += [_texts_compared(scores), _provenance(scores)]
    return page(shown(title), "".join(parts), plot_style() + MORE_STYLE)


def _heading(scores: Scores) -> str:
    unit = "words" if scores.options.wording.unit == "word" else "characters"
    return (
        f"{counted(len(scores.groups), 'group')} × {counted(len(scores.conditions), 'condition')}, "
        f"{counted(len(scores.rows), 'item')}. Errors are counted in {unit}, as insertions, deletions and "
        f"substitutions over {unit} of the reference. Intervals hold at {1 - scores.options.significance:.0%}; what is "
        f"sampled are speakers. Conditions are compared with ‘{safe(scores.question.reference)}’."
    )


def _recogniser(scores: Scores, one: RecogniserScores, step: float, audio_root: str) -> str:
    cells = {(cell.group, cell.condition): cell for cell in one.cells}
    rate = scores.options.wording.rate.capitalize()
    growth = _comparisons(one.growth, "Differences of differences")
    pairs = _comparisons(one.pairs, "Differences", scores.question.margin)
    changes = _comparisons(one.steps, "Changes of rates")
    sections = [
        (f"{rate} by condition and group", _heat(scores, cells, step, rate)),
        ("Rates, intervals and speakers", _dots(scores, one, cells)),
        (f"{rate} over the SNR", _over_snr(scores, one, cells)),
        ("Do gaps between groups grow?", growth),
        ("Differences between groups", pairs),
        ("What conditions change", changes),
        ("Worst subgroups", _slices(one)),
        ("Worst cells, with what was recognised", _worst(scores, one, audio_root)),
        ("Loops", _loops(scores, one)),
        ("Text", _text(scores, one)),
        ("For the next design", _assumed(one)),
    ]
    told = "".join(f"<section><h3>{title}</h3>\n{html}</section>\n" for title, html in sections if html)
    return f"<h2>{safe(one.name)}</h2>\n{told}"


def _said(html: str) -> str:
    return f'<td class="text">{html}</td>'


def _remark(text: str) -> str:
    return f'<p class="remark">{text}</p>\n' if text else ""


def _heat(scores: Scores, cells: plots.Cells, step: float, rate: str) -> str:
    groups, conditions = scores.groups[:MOST_HEAT_COLUMNS], scores.conditions[:MOST_HEAT_ROWS]
    rows = [
        [_place(name), *(plots.heat_cell(cells.get((group, name)), step) for group in groups)]
        for name in conditions
        if any((group, name) in cells for group in groups)
    ]
    both = ((groups, scores.groups, "group"), (conditions, scores.conditions, "condition"))
    cut = [f"{len(shown)} of {counted(len(every), what)}" for shown, every, what in both if len(shown) < len(every)]
    table = data_table(f"{rate} in %, with its interval", ["condition", *map(safe, groups)], rows, "sticky")
    return f"{plots.rate_scale(step)}{table}{_remark(' and '.join(cut))}"


def _dots(scores: Scores, one: RecogniserScores, cells: plots.Cells) -> str:
    groups = scores.groups[:MOST_HEAT_COLUMNS]
    order = plots.most_apart(cells, groups, scores.conditions, scores.question.reference)
    drawn = order[: plots.MOST_CONDITIONS]
    if not drawn:
        return ""
    told = (
        f"{len(drawn)} of {counted(len(order), 'condition')}, the reference first, then those in which groups lie "
        "furthest apart. Large dot: the rate. Bar: its interval; an arrow tells that it goes on. Small dots: the rates "
        "of single speakers, those beyond the scale at its end."
    )
    return (
        f"<p>{told}</p>\n{panels(plots.dot_panels(cells, plots.speaker_rates(scores.rows, one.counts), groups, drawn))}"
    )


def _over_snr(scores: Scores, one: RecogniserScores, cells: plots.Cells) -> str:
    every = scores.ladders
    if not every:
        return ""
    drawn, groups = every[: plots.MOST_LADDERS], plots.most_telling(cells, scores.groups)
    told = "Conditions that differ in their SNR alone. Bands are intervals, cut off at the end of the scale."
    if len(drawn) < len(every):
        told += f" {len(drawn)} of {counted(len(every), 'family', 'families')}."
    if len(groups) < len(scores.groups):
        told += f" {len(groups)} of {len(scores.groups)} groups, those with the highest and the lowest rates."
    rows = [_doubling(found) for found in one.doublings[:MOST_DOUBLINGS]]
    header = ["noise", "group", "SNR, dB", "interval, dB", "twice the rate of", "remark"]
    table = data_table("SNR at which the rate is twice that of the reference", header, rows)
    return f"<p>{told}</p>\n{plots.ladder_panels(cells, groups, drawn)}{table}{_more(len(rows), len(one.doublings))}"


def _doubling(found: Doubling) -> list[str]:
    names = (_said(_place(name)) for name in (found.group, found.reference, found.why))
    return [safe(found.ladder), next(names), level(found.snr_db), between_levels(found), *names]


def _more(shown: int, of: int) -> str:
    return _remark(f"And {of - shown} more, in scores.json." if shown < of else "")


def _comparisons(found: Sequence[Comparison], caption: str, margin: float | None = None) -> str:
    """A table of comparisons, the most certain first; with a margin, it tells what is shown to lie within it."""
    if not found:
        return ""
    ordered = sorted(found, key=lambda one: one.order)
    kind = found[0].kind
    rows = []
    for one in ordered[:MOST_ROWS]:
        name = " − ".join(safe(name) for name in (one.one, one.other) if name)
        condition = _place(one.condition) + (f" − {_place(one.reference)}" if one.reference else "")
        p = _probability(one.family_p)
        figures = [points(one.difference, sign=True), span(one.family_low, one.family_high) or "–", p]
        own = _said(safe(one.group)) if kind == "recognisers" else _ratio(one)
        within = [] if margin is None else [_within(one)]
        rows.append([name, _said(condition), _said(_verdict(one)), *figures, own, *within])
    names = {"groups": ("groups", "ratio"), "growth": ("groups", "ratio of ratios"), "conditions": ("group", "ratio")}
    first, last = names.get(kind, ("recognisers", "group"))
    header = [first, "condition", "verdict", "points", "interval of the family", "p of the family", last]
    header += [] if margin is None else [f"within ±{points(margin)} points"]
    shown = sum(one.shown for one in found)
    told = f"{shown} of {counted(len(found), 'comparison')} shown: the interval of the whole family leaves out 0."
    return _remark(told) + data_table(caption, header, rows) + _more(len(rows), len(found))


def _place(name: str) -> str:
    """A condition as HTML that breaks between its columns."""
    return safe(name).replace("__", "__<wbr>")


def _ratio(one: Comparison) -> str:
    if one.ratio is None or one.ratio_low is None or one.ratio_high is None:
        return "–" if one.ratio is None else _times(one.ratio)
    return f"{_times(one.ratio)} ({_times(one.ratio_low)} to {_times(one.ratio_high)})"


def _times(ratio: float) -> str:
    return "–" if ratio != ratio else f"{ratio:.2f}" if ratio < 100 else "&gt; 99"


def _probability(p: float | None) -> str:
    return "–" if p is None or p != p else "&lt; 0.001" if p < 0.001 else f"{p:.3f}"


def _verdict(one: Comparison) -> str:
    told = [f"no interval: {escape(one.why)}" if one.why else "<b>shown</b>" if one.shown else "not shown"]
    if one.other_utterances:
        told.append("different utterances")
    if one.shared and not one.why:
        told.append(f"allows for shared {escape(one.shared)}")
    return "; ".join(told)


def _within(one: Comparison) -> str:
    return "–" if one.equivalent is None else "yes" if one.equivalent else f"no, ±{points(one.could_show)}"


def _slices(one: RecogniserScores) -> str:
    rows = []
    for found in one.slices.slices[:MOST_SLICES]:
        name = ", ".join(f"{safe(column)} = {safe(value)}" for column, value in found.where)
        figures = [percent(found.rate), percent(found.others), points(found.difference, sign=True)]
        interval = span(found.low, found.high) or "–"
        rows.append([name, *figures, interval, f"{found.speakers}", f"{found.words}", _said(_standing(found))])
    if not rows:
        return ""
    header = ["subgroup", "rate", "everybody else", "points", "interval of all", "speakers", "words", "standing"]
    told = (
        f"{counted(one.slices.tried, 'subgroup was', 'subgroups were')} looked at, and the worst stand here: whoever "
        "looks at many finds a bad one. They are exploratory, unless speakers without part in the choice confirm them."
    )
    return f"<p>{told}</p>\n{data_table('Subgroups against everybody else under the same conditions', header, rows)}"


def _standing(found: Slice) -> str:
    if found.held_back is None:
        return found.standing
    difference, low, high = found.held_back
    said = f"<b>{found.standing}</b>" if found.confirmed else found.standing
    return f"{said} by the speakers held back: {points(difference, sign=True)} ({span(low, high)})"


def _worst(scores: Scores, one: RecogniserScores, audio_root: str) -> str:
    known = [cell for cell in one.cells if cell.rate is not None and cell.rate > 0]
    worst = sorted(known, key=lambda cell: -(cell.rate or 0.0))[:WORST_CELLS]
    if not worst:
        return ""
    members: dict[tuple[str, str], list[int]] = {(cell.group, cell.condition): [] for cell in worst}
    rates = one.counts.errors / np.maximum(one.counts.words, 1)
    for number, row in enumerate(scores.rows):
        place = (str(row["group"]), str(row["condition"]))
        if place in members and one.counts.words[number] and one.counts.errors[number]:
            members[place].append(number)
    parts = ["<p>As compared: <del>left out</del>, <ins>put in</ins>, <mark>replaced</mark>.</p>\n"]
    for cell in worst:
        chosen = sorted(members[cell.group, cell.condition], key=lambda n: (-rates[n], -one.counts.errors[n]))
        items = "".join(_utterance(scores, one, number, audio_root) for number in chosen[:WORST_UTTERANCES])
        parts.append(f"<h4>{safe(cell.group)}, {safe(cell.condition)}: {percent(cell.rate)}</h4>\n")
        parts.append(f'<ol class="worst">{items}</ol>\n')
    return "".join(parts)


def _utterance(scores: Scores, one: RecogniserScores, number: int, audio_root: str) -> str:
    row = scores.rows[number]
    unit: Unit = scores.options.wording.unit
    left, right = aligned(scores.references[number], one.compared[number], unit)
    if one.texts[number] is None:
        right = "<em>no hypothesis</em>"
    errors = counted(int(one.counts.errors[number]), "error")
    words = counted(int(one.counts.words[number]), "word" if unit == "word" else "character")
    source = quote(os.fsencode(f"{audio_root}{row['audio_filepath']}"))
    return (
        f"<li><code>{safe(row['id'])}</code>: {errors} in {words}"
        f"{player_html(source, row['id'])}"
        f'<dl class="aligned"><div><dt>Reference</dt><dd dir="auto">{left}</dd></div>'
        f'<div><dt>Recognised</dt><dd dir="auto">{right or "<em>nothing</em>"}</dd></div></dl></li>\n'
    )


def aligned(reference: str, hypothesis: str, unit: Unit = "word") -> tuple[str, str]:
    """Two texts as HTML, with marks where they differ: deleted, inserted or replaced.

    Args:
        reference: Text as it was compared, not empty.
        hypothesis: The same; may be empty.
        unit: What was aligned.

    Example:
        >>> aligned("lie still now", "lie very <still>")
        ('lie <mark>still now</mark>', 'lie <mark>very &lt;still&gt;</mark>')
        >>> aligned("lie still now", "please lie still")
        ('lie still <del>now</del>', '<ins>please</ins> lie still')
    """
    import jiwer

    found = (jiwer.process_words if unit == "word" else jiwer.process_characters)(reference, hypothesis)
    left, right = list[tuple[str, str]](), list[tuple[str, str]]()
    for chunk in found.alignments[0]:
        tags = TAGS[chunk.type]
        left += [(tags[0], word) for word in found.references[0][chunk.ref_start_idx : chunk.ref_end_idx]]
        right += [(tags[1], word) for word in found.hypotheses[0][chunk.hyp_start_idx : chunk.hyp_end_idx]]
    return _marked(left, unit), _marked(right, unit)


def _marked(words: Sequence[tuple[str, str]], unit: Unit) -> str:
    between = " " if unit == "word" else ""
    most, parts = MOST_WORDS if unit == "word" else 5 * MOST_WORDS, list[str]()
    for tag, run in groupby(words[:most], key=lambda word: word[0]):
        text = escape(between.join(spelled(word[:LONGEST_WORD]) for _, word in run))
        parts.append(f"<{tag}>{text}</{tag}>" if tag else text)
    return between.join(parts) + (f" <em>… and {len(words) - most} more</em>" if len(words) > most else "")


def _loops(scores: Scores, one: RecogniserScores) -> str:
    place = {name: number for number, name in enumerate(scores.groups)}
    group = np.array([place[str(row["group"])] for row in scores.rows])
    counts, rows = one.counts, []
    if not counts.looped.any():
        return "<p>In no utterance did the recogniser repeat itself, or make more errors than there are words.</p>\n"
    for name, own in [*((name, group == number) for name, number in place.items()), ("all groups", group >= 0)]:
        of = own & (counts.words > 0)
        rates = [counts.errors[some].sum() / max(counts.words[some].sum(), 1) for some in (of, of & ~counts.looped)]
        rows.append([safe(name), f"{of.sum()}", f"{(of & counts.looped).sum()}", *map(percent, map(float, rates))])
    told = "Utterances in which the recogniser repeated itself, or made more errors than there are words."
    header = ["group", "utterances", "loops", "rate with them", "rate without them"]
    return f"<p>{told}</p>\n{data_table('Rates with and without loops', header, rows)}"


def _text(scores: Scores, one: RecogniserScores) -> str:
    rows = [[safe(name), percent(rate), percent(one.unchanged_text.get(name))] for name, rate in one.groups.items()]
    told = f"Texts are compared in the form ‘{safe(scores.options.wording.name)}’."
    if one.empty_references:
        words = counted(one.inserted_there, "word")
        told += f" {counted(one.empty_references, 'item has', 'items have')} no word in the reference, and are left "
        told += f"out of all rates; {words} recognised there."
    if one.missing:
        told += f" {counted(one.missing, 'item')} without a hypothesis: all words count as deleted."
    header = ["group", "as compared", "as written"]
    return f"<p>{told}</p>\n{data_table('Rates in this form, and of texts as written', header, rows)}"


def _assumed(one: RecogniserScores) -> str:
    if one.assumed is None:
        return ""
    figures = "\n".join(f"  {name}: {value:g}" for name, value in asdict(one.assumed).items())
    return f"<p>For the recipe of the next test set:</p>\n<pre><code>statistics:\n{figures}</code></pre>\n"


def _texts_compared(scores: Scores) -> str:
    rows = [[safe(found.written), _said(safe(found.compared))] for found in scores.examples]
    if not rows:
        return ""
    table = data_table("Texts as written, and as compared", ["written", "compared"], rows)
    return f"<h2>Changed texts</h2>\n<details><summary>{counted(len(rows), 'example')}</summary>\n{table}</details>\n"


def _provenance(scores: Scores) -> str:
    files = "; ".join(f"{safe(one.name)} <code>{one.heard.sha256[:16]}</code>" for one in scores.recognisers)
    told = f"acoustigrid {__version__}; manifest <code>{safe(scores.finished.manifest_sha256[:16])}</code>; {files}."
    return f'<p class="remark">{told} Seed {scores.question.seed}. More figures: scores.json.</p>\n'
