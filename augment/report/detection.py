"""What a design can detect, as text."""

from collections.abc import Sequence

from augment.corpus.table import Corpus
from augment.design.detection import Shown, needed_speakers, needed_utterances
from augment.design.freedom import FEWEST_SPEAKERS, unequal
from augment.design.plan import Plan
from augment.design.voices import Detection, asked_of
from augment.recipe.experiment import Statistics
from augment.recipe.model import Recipe
from augment.report.text import counted, table


def detection_text(plan: Plan) -> str:
    """Differences in word error rate that the plan can detect, and what the desired one would need."""
    if len(plan.selection.groups) < 2:
        return ""
    statistics = plan.loaded.recipe.statistics
    found = plan.detection
    rows = [[g, c.words, c.utterances, c.speakers, f"{c.effect:.2f}"] for g, c in found.cells.items()]
    about = f"what one cell can show ({assumed_text(statistics)})"
    smallest = table(["group, its weakest cell", "words", "utterances", "speakers", "design effect"], rows)
    asked = asked_text(plan.corpus, plan.loaded.recipe, len(plan.conditions))
    score = judged_text([cell.speakers for cell in found.cells.values()])
    return "\n".join([about, *asked, smallest, _worst(found), *score, *_wished(found, statistics)])


def asked_text(corpus: Corpus, recipe: Recipe, conditions: int) -> list[str]:
    """What the design that the recipe asks for could show, whether or not the corpus can carry it."""
    asked = asked_of(corpus.frame, (recipe.balance, recipe.assignment, recipe.statistics), conditions)
    if asked is None:
        return []
    spoken = f"{counted(asked.utterances, 'utterance')} of {counted(asked.speakers, 'speaker')}"
    size = f"{spoken}, {asked.words:.1f} words each"
    return [f"a cell as the recipe asks for it ({size}) shows {_points(asked.difference, asked.speakers)}"]


def judged_text(speakers: Sequence[int]) -> list[str]:
    """How scores go by the numbers of speakers of groups, where these are few or very unequal; and so do plans.

    Example:
        >>> judged_text([4, 40])
        ['where one group has more than twice as many speakers as the other, `score` goes by the smaller one alone']
        >>> judged_text([3, 40]), judged_text([8, 8])
        (['`score` gives no intervals for groups of fewer than 4 speakers'], [])
    """
    return scored_text([], min(speakers)) or ([UNEQUAL] if unequal(speakers) and min(speakers) > 1 else [])


UNEQUAL = "where one group has more than twice as many speakers as the other, `score` goes by the smaller one alone"


def scored_text(differences: Sequence[float | None], fewest: int, what: str = "differences") -> list[str]:
    """What scores will make of it, where they go by fewer degrees of freedom than the rest of the text.

    Args:
        differences: What they can show where speakers are very unequal in number; empty where they are not.
        fewest: Speakers of the smallest group.
        what: What they are.

    Example:
        >>> scored_text([0.1586, None], 4)[0].split(": ")[1]
        'it shows differences from 15.9 points on, and the other way round none'
        >>> scored_text([], 3), scored_text([], 8)
        (['`score` gives no intervals for groups of fewer than 4 speakers'], [])
    """
    if 1 < fewest < FEWEST_SPEAKERS:
        return [f"`score` gives no intervals for groups of fewer than {FEWEST_SPEAKERS} speakers"]
    if fewest < FEWEST_SPEAKERS or not differences:
        return []
    figures = ["none" if one is None else f"from {100 * one:.1f} points on" for one in differences]
    return [f"{UNEQUAL}: it shows {what} {', and the other way round '.join(figures)}"]


def _points(difference: float | None, speakers: int) -> str:
    if difference is None:
        return f"no difference; {too_few(speakers)}"
    return f"a difference in word error rate of {100 * difference:.1f} points or more"


def too_few(speakers: int) -> str:
    """Why a group of so many speakers shows nothing."""
    return "a group with one speaker cannot be told from that person" if speakers < 2 else "it is too small"


def assumed_text(statistics: Statistics, alike: bool = False) -> str:
    """Assumptions, power and significance.

    Args:
        statistics: What is assumed.
        alike: Whether groups are to be shown to be alike, and not to differ.

    Example:
        >>> assumed_text(Statistics(family=12)).split("; ")[2]
        'power 80%, 12 comparisons at 5% two-sided in all, 0.417% each (Bonferroni)'
    """
    correlated = f"{statistics.within_utterance:g} within an utterance, {statistics.within_speaker:g} within a speaker"
    level = f"{100 * statistics.significance:.3g}%{'' if alike else ' two-sided'}"
    test = f"{level}, a single comparison"
    if statistics.family > 1:
        each = f"{100 * statistics.significance / statistics.family:.3g}% each (Bonferroni)"
        test = f"{statistics.family} comparisons at {level} in all, {each}"
    power = (
        f"power {100 * statistics.power:.3g}%{' where there is no difference, two one-sided tests' if alike else ''}"
    )
    return (
        f"assumed: word error rate {statistics.wer:.0%}; correlation of words, estimates, {correlated}; {power}, {test}"
    )


def _worst(found: Detection) -> str:
    one, other = found.pair or ("", "")
    if found.difference is None:
        why = "a group with one speaker cannot be told from that person"
        few = min(cell.speakers for cell in found.cells.values())
        text = f"between {one} and {other} no difference can be shown"
        text += f": {why}" if few < 2 else ": the cells are too small"
    else:
        text = f"between {one} and {other} a difference of {100 * found.difference:.1f} points or more"
    if found.best is None:
        return text
    best = f"{100 * found.best:.1f} points"
    same = found.difference is not None and best == f"{100 * found.difference:.1f} points"
    return text if same else f"{text}; at best, between other groups, of {best}"


def _wished(found: Detection, statistics: Statistics) -> list[str]:
    wished = statistics.detect
    if wished is None:
        return []
    speakers = min(cell.speakers for cell in found.cells.values())
    utterances = min(cell.utterances for cell in found.cells.values())
    if found.difference is not None and found.difference <= wished:
        return [can_be_shown(wished)]
    needed = needed_text((utterances, speakers, found.words), wished, statistics)
    return [f"a difference of {100 * wished:g} points (statistics.detect) would need {needed}"]


def can_be_shown(wished: float) -> str:
    """That nothing more is needed."""
    return f"the difference of {100 * wished:g} points that is wished for (statistics.detect) can be shown"


def needed_text(size: tuple[int, int, float], wished: float, statistics: Statistics, shown: Shown | None = None) -> str:
    """What a difference would need, of utterances or of speakers.

    Args:
        size: Utterances and speakers of a group in one cell, and words in an utterance.
        wished: The difference, or the margin.
        statistics: Assumptions, power and significance.
        shown: What groups of a size can show; if not given, that of two groups.

    Example:
        >>> needed_text((200, 20, 10.0), 0.05, Statistics())
        '43 speakers with 10 utterances each (no number of utterances is enough with 20 speakers)'
    """
    utterances, speakers, words = size
    speakers = max(2, speakers)
    each = utterances / speakers
    enough = needed_utterances(wished, words, speakers, statistics, shown)
    many = needed_speakers(wished, words, each, statistics, shown)
    of_each = f"{many} speakers with {counted(max(1, round(each)), 'utterance')} each" if many else ""
    if enough:
        return ", or ".join(filter(None, [f"{enough} utterances per cell from {speakers} speakers", of_each]))
    never = f"no number of utterances is enough with {speakers} speakers"
    return f"{of_each} ({never})" if of_each else f"more speakers ({never})"
