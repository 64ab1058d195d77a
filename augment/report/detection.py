"""What a design can show, as text."""

from augment.design.detection import Detection, detection_of, needed_speakers, needed_utterances
from augment.design.plan import Plan
from augment.recipe.experiment import Statistics
from augment.report.text import table


def detection_text(plan: Plan) -> str:
    """Differences in word error rate that the plan can detect, and what a wished-for one would need."""
    if len(plan.selection.groups) < 2:
        return ""
    statistics = plan.loaded.recipe.statistics
    found = detection_of(plan.items, statistics)
    rows = [[g, w, n, s, f"{effect:.2f}"] for g, (w, n, s, effect) in found.cells.items()]
    about = (
        f"what one cell can show (assumed: word error rate {statistics.wer:.0%}, correlation of words "
        f"{statistics.within_utterance:g} within an utterance, {statistics.within_speaker:g} within a speaker; "
        f"power {statistics.power:.0%}, {statistics.significance:.0%} two-sided, a single comparison)"
    )
    smallest = table(["group, its smallest cell", "words", "utterances", "speakers", "design effect"], rows)
    return "\n".join([about, smallest, _worst(found), *_wished(found, statistics)])


def _worst(found: Detection) -> str:
    one, other = found.pair or ("", "")
    if found.difference is None:
        why = "a group with one speaker cannot be told from that person"
        few = min(speakers for _, _, speakers, _ in found.cells.values())
        text = f"between {one} and {other} no difference can be shown"
        text += f": {why}" if few < 2 else ": the cells are too small"
    else:
        text = f"between {one} and {other} a difference of {100 * found.difference:.1f} points or more"
    best = "" if found.best is None else f"; at best, between other groups, of {100 * found.best:.1f} points"
    return text + (best if found.best != found.difference else "")


def _wished(found: Detection, statistics: Statistics) -> list[str]:
    if statistics.detect is None:
        return []
    wished = statistics.detect
    speakers = max(2, min(speakers for _, _, speakers, _ in found.cells.values()))
    each = min(utterances for _, utterances, _, _ in found.cells.values()) / speakers
    if found.difference is not None and found.difference <= wished:
        return [f"the difference of {100 * wished:g} points that is wished for (statistics.detect) can be shown"]
    enough = needed_utterances(wished, found.words, speakers, statistics)
    many = needed_speakers(wished, found.words, each, statistics)
    parts = [
        f"{enough} utterances per cell from {speakers} speakers" if enough else f"more than {speakers} speakers",
        f"{many} speakers with {max(1, round(each))} utterances each" if many else "",
    ]
    return [
        f"a difference of {100 * wished:g} points (statistics.detect) would need {', or '.join(filter(None, parts))}"
    ]
