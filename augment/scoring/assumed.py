"""What the next design can assume: the figures under ``statistics:`` in a recipe, estimated from scores."""

from dataclasses import dataclass

import numpy as np

from augment.scoring.sample import Cell, Sample


@dataclass(frozen=True)
class Assumed:
    """Figures for ``statistics:``, ready to be pasted.

    Attributes:
        wer: Word error rate over all cells.
        within_utterance: Correlation of the errors of two words of one utterance.
        within_speaker: The same of two utterances of one speaker.
    """

    wer: float
    within_utterance: float
    within_speaker: float


def assumed_of(sample: Sample) -> Assumed | None:
    r"""Estimate the figures by moments, over all cells together; None where there is nothing to estimate from.

    With p the rate of a cell, m words and e errors of an utterance, and M and E those of a speaker, the model of
    :mod:`augment.design.detection` says::

        E[(e - p m)^2] = p (1 - p) (m + r_u m (m - 1))
        E[(E - p M)^2] = p (1 - p) (M + r_u sum(m (m - 1)) + r_s (M^2 - sum(m^2)))

    Sums over all utterances, and over all speakers, are solved for r_u and then for r_s. A cell of one speaker says
    nothing of either. A rate near 1 or above, and
    errors that repel one another, are beyond the model: the figures are cut to 0 and 0.99.
    """
    by_utterance = by_speaker = words = pairs = inner = outer = scale = 0.0
    counts = sample.counts
    for group in sample.groups:
        for condition in sample.conditions:
            items = sample.items(Cell(group, condition))
            e, m = counts.errors[items].astype(np.float64), counts.words[items].astype(np.float64)
            p = float(e.sum() / m.sum()) if m.sum() else 0.0
            if not 0 < p < 1 or np.unique(sample.speaker[items]).size < 2:
                continue
            _, place = np.unique(sample.speaker[items], return_inverse=True)
            of_speaker, squares = np.bincount(place, weights=m), np.bincount(place, weights=m * m)
            both = p * (1 - p)
            total = float(m.sum())  # the rate is fitted to these very errors: what it took from each is given back
            by_utterance += float(np.sum((e - p * m) ** 2 / (1 - m / total)))
            by_speaker += float(np.sum(np.bincount(place, weights=e - p * m) ** 2 / (1 - of_speaker / total)))
            words += both * float(m.sum())
            pairs += both * float(np.sum(m * (m - 1)))
            inner += both * float(np.sum(squares - of_speaker))
            outer += both * float(np.sum(of_speaker**2 - squares))
            scale += float(m.sum())
    if not (scale and pairs and outer):
        return None
    within_utterance = min(max((by_utterance - words) / pairs, 0.0), 0.99)
    within_speaker = (by_speaker - words - within_utterance * inner) / outer
    said = counts.words > 0
    wer = float(counts.errors[said].sum() / counts.words[said].sum())
    return Assumed(round(wer, 4), round(within_utterance, 3), round(min(max(within_speaker, 0.0), within_utterance), 3))
