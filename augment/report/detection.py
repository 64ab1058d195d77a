"""What a design can detect, as text."""

from augment.corpus.table import Corpus
from augment.design.detection import (
    Cell,
    Detection,
    asked_of,
    detectable_difference,
    detection_of,
    even,
    needed_speakers,
    needed_utterances,
)
from augment.design.plan import Plan
from augment.recipe.experiment import Statistics
from augment.recipe.model import Recipe
from augment.report.text import counted, table


def detection_text(plan: Plan) -> str:
    """Differences in word error rate that the plan can detect, and what the desired one would need."""
    if len(plan.selection.groups) < 2:
        return ""
    statistics = plan.loaded.recipe.statistics
    found = detection_of(plan.items, statistics)
    rows = [[g, c.words, c.utterances, c.speakers, f"{c.effect:.2f}"] for g, c in found.cells.items()]
    about = f"what one cell can show ({_assumed(statistics)})"
    smallest = table(["group, its weakest cell", "words", "utterances", "speakers", "design effect"], rows)
    asked = asked_text(plan.corpus, plan.loaded.recipe, len(plan.conditions))
    return "\n".join([about, *asked, smallest, _worst(found), *_wished(found, statistics)])


def asked_text(corpus: Corpus, recipe: Recipe, conditions: int) -> list[str]:
    """What the design that the recipe asks for could show, whether or not the corpus can carry it."""
    asked = asked_of(corpus.frame, (recipe.balance, recipe.assignment, recipe.statistics), conditions)
    if asked is None:
        return []
    spoken = f"{counted(asked.utterances, 'utterance')} of {counted(asked.speakers, 'speaker')}"
    size = f"{spoken}, {asked.words:.1f} words each"
    return [f"a cell as the recipe asks for it ({size}) shows {_points(asked.difference, asked.speakers)}"]


def sample_size_text(cell: tuple[int, int, float], statistics: Statistics) -> str:
    """What cells of a given size can show, and what the desired difference needs; no corpus is looked at.

    Args:
        cell: Utterances and speakers of a group in one cell, and words in an utterance.
        statistics: Assumptions, and the desired difference.
    """
    utterances, speakers, words = cell
    even_cell = even(utterances, speakers, words)
    found = detectable_difference(even_cell, even_cell, statistics)
    size = f"{counted(utterances, 'utterance')} of {counted(speakers, 'speaker')}, {words:g} words each"
    lines = [_assumed(statistics), f"a cell of {size} shows {_points(found, speakers)}"]
    wished = Detection({"": Cell(0, utterances, speakers, 1.0)}, None, None, found, found, words)
    return "\n".join([*lines, *_wished(wished, statistics)])


def _points(difference: float | None, speakers: int) -> str:
    if difference is None:
        few = "a group with one speaker cannot be told from that person"
        return f"no difference; {few if speakers < 2 else 'it is too small'}"
    return f"a difference in word error rate of {100 * difference:.1f} points or more"


def _assumed(statistics: Statistics) -> str:
    correlated = f"{statistics.within_utterance:g} within an utterance, {statistics.within_speaker:g} within a speaker"
    test = f"power {statistics.power:.0%}, {statistics.significance:.0%} two-sided, a single comparison"
    return f"assumed: word error rate {statistics.wer:.0%}; correlation of words, estimates, {correlated}; {test}"


def _worst(found: Detection) -> str:
    one, other = found.pair or ("", "")
    if found.difference is None:
        why = "a group with one speaker cannot be told from that person"
        few = min(cell.speakers for cell in found.cells.values())
        text = f"between {one} and {other} no difference can be shown"
        text += f": {why}" if few < 2 else ": the cells are too small"
    else:
        text = f"between {one} and {other} a difference of {100 * found.difference:.1f} points or more"
    if found.best is None or len(found.cells) < 3:
        return text
    best = f"{100 * found.best:.1f} points"
    same = found.difference is not None and best == f"{100 * found.difference:.1f} points"
    return text if same else f"{text}; at best, between other groups, of {best}"


def _wished(found: Detection, statistics: Statistics) -> list[str]:
    if statistics.detect is None:
        return []
    wished = statistics.detect
    speakers = max(2, min(cell.speakers for cell in found.cells.values()))
    each = min(cell.utterances for cell in found.cells.values()) / speakers
    if found.difference is not None and found.difference <= wished:
        return [f"the difference of {100 * wished:g} points that is wished for (statistics.detect) can be shown"]
    enough = needed_utterances(wished, found.words, speakers, statistics)
    many = needed_speakers(wished, found.words, each, statistics)
    parts = [
        f"{enough} utterances per cell from {speakers} speakers"
        if enough
        else f"more than {counted(speakers, 'speaker')}",
        f"{many} speakers with {counted(max(1, round(each)), 'utterance')} each" if many else "",
    ]
    return [
        f"a difference of {100 * wished:g} points (statistics.detect) would need {', or '.join(filter(None, parts))}"
    ]
