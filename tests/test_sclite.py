"""Counts of errors, held against NIST's own scorer (Debian's package ``sctk``)."""

import random
import re
import subprocess

import pytest

from augment.scoring.counting import counted
from augment.scoring.wording import Wording

pytestmark = pytest.mark.consumers
WORDS = [f"w{number}" for number in range(40)]


def misheard(said, rng):
    """Words of a text with some lost, some replaced and some added."""
    heard = []
    for word in said:
        chance = rng.random()
        if chance >= 0.08:
            heard.append(rng.choice(WORDS) if chance < 0.2 else word)
        if rng.random() < 0.06:
            heard.append(rng.choice(WORDS))
    return heard


def test_counts_are_those_of_sclite(tmp_path):
    rng = random.Random(3)
    said = [rng.choices(WORDS, k=rng.randrange(1, 26)) for _ in range(1000)]
    references, hypotheses = (
        [" ".join(words) for words in texts] for texts in (said, [misheard(s, rng) for s in said])
    )
    for name, texts in (("ref", references), ("hyp", hypotheses)):
        lines = (f"{text} (s{number % 7}-{number:04d})\n" for number, text in enumerate(texts))
        (tmp_path / f"{name}.trn").write_text("".join(lines))
    command = ["sctk", "sclite", "-r", "ref.trn", "trn", "-h", "hyp.trn", "trn", "-i", "rm", "-o", "pra", "stdout"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    scores = re.findall(r"id: \(s\d-(\d+)\)\nScores: \(#C #S #D #I\) (\d+) (\d+) (\d+) (\d+)", told)
    assert len(scores) == len(said)
    found, alike = counted(references, hypotheses, Wording()), 0
    for number, correct, *errors in (map(int, row) for row in scores):
        # Of several alignments with the fewest errors each may choose its own, but there are as many errors in all.
        assert found.errors[number] == sum(errors)
        assert found.words[number] == correct + errors[0] + errors[1]
        alike += [found.substitutions[number], found.deletions[number], found.insertions[number]] == errors
    assert alike >= 900
