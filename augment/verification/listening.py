"""Reading every audio file of a set and comparing those of each utterance: in workers, a few utterances at a time."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augment.bounds import SLOWEST, STARTUP_S
from augment.corpus.speech import LONGEST_S
from augment.design.conditions import Condition
from augment.errors import Fault
from augment.execute import Lost, Way
from augment.files.location import Location
from augment.files.store import Store
from augment.progress import Progress
from augment.recipe.model import Recipe
from augment.verification.audio import read_file
from augment.verification.differences import Comparison
from augment.verification.disk import Disk
from augment.verification.heard import Findings, Heard
from augment.verification.verdict import Protocol, Unchecked

Row = dict[str, Any]
AT_ONCE = 64
"""Number of items after which a portion ends, once the utterance is complete."""


@dataclass(frozen=True)
class Portion:
    """Some rows of a manifest: all those of a few utterances."""

    number: int
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Listened:
    """What was heard in a portion.

    Attributes:
        number: Number of the portion.
        hashes: Hashes of the files.
        findings: What came of comparing files.
        deviations: What deviates from the rows.
    """

    number: int
    hashes: dict[str, str]
    findings: Findings
    deviations: list[Fault]


@dataclass(frozen=True)
class Listening:
    """Listens to portions, in whichever process it is called.

    Attributes:
        sealed: Folder of the set.
        folder: Where it is, as whoever asked named it.
        recipe: The set's recipe; None if it cannot be read, and files are compared with their rows alone.
        conditions: Conditions by name.
    """

    sealed: Store
    folder: Location
    recipe: Recipe | None
    conditions: Mapping[str, Condition]

    def __call__(self, portion: Portion) -> Listened:
        """Read the files of a portion and compare them."""
        disk, protocol, findings = Disk(self.sealed, self.folder), Protocol(self.folder), Findings()
        for utterance, rows in itertools.groupby(portion.rows, key=lambda row: row["utterance"]):
            heard = list(self._heard(disk, rows, protocol))
            if self.recipe is not None and heard:
                comparison = Comparison(heard, self.recipe, findings)
                protocol.attempt(f"what differs in '{utterance}'", comparison.run)
        return Listened(portion.number, disk.hashes, findings, protocol.deviations)

    def limit_s(self, portion: Portion) -> float:
        """Seconds after which a worker counts as hanging."""
        claimed = (float(row["duration"]) for row in portion.rows)
        return STARTUP_S + SLOWEST * sum(min(max(claim, 0.0), LONGEST_S) for claim in claimed)

    def _heard(self, disk: Disk, rows: Iterator[Row], protocol: Protocol) -> Iterator[Heard]:
        for row in rows:
            faults, pcm = read_file(disk, row)
            protocol.deviations += faults
            if pcm is not None and row["condition"] in self.conditions:
                yield Heard(row, self.conditions[row["condition"]], pcm, row["sample_rate"])


def listen(disk: Disk, rows: Sequence[Row], job: Listening, way: Way, protocol: Protocol, progress: Progress) -> int:
    """Listen to all files of a set.

    Args:
        disk: The set; hashes of its files are noted there.
        rows: Those rows of the manifest that lack nothing.
        job: What to do with a portion.
        way: Where it is done.
        protocol: Where findings are recorded.
        progress: Shows how far it has got.

    Returns:
        How many files were heard.
    """
    ordered = sorted(rows, key=lambda row: row["utterance"])
    done, heard = dict[int, Listened](), len(rows)
    portions = _portions(ordered)
    with progress.step("listening to every file", heard, "file") as step:
        for outcome in way.run(job, portions, job.limit_s):
            if isinstance(outcome, Lost):
                number, lost = outcome.task.number, [row["audio_filepath"] for row in outcome.task.rows]
                message = f"a worker {outcome.fate} while it listened to {len(lost)} files from this one to {lost[-1]}"
                done[number] = Listened(number, {}, Findings(), [Fault(disk.place(lost[0]), message, "verify again")])
                heard -= len(lost)
            else:
                number = outcome.number
                done[number] = outcome
                disk.hashes.update(outcome.hashes)
            step.advance(len(portions[number].rows))
    findings = Findings()
    for number in sorted(done):
        protocol.deviations += done[number].deviations
        findings.add(done[number].findings)
    if heard < len(rows):
        protocol.unchecked.append(
            Unchecked(f"{len(rows) - heard} files", "workers died or hung over them", "verify again")
        )
    _tell(disk, findings, heard, protocol)
    return heard


def _portions(ordered: Sequence[Row]) -> list[Portion]:
    portions, waiting = list[Portion](), list[Row]()
    for _, own in itertools.groupby(ordered, key=lambda row: row["utterance"]):
        waiting += own
        if len(waiting) >= AT_ONCE:
            portions.append(Portion(len(portions), tuple(waiting)))
            waiting = []
    return [*portions, Portion(len(portions), tuple(waiting))] if waiting else portions


def _tell(disk: Disk, findings: Findings, files: int, protocol: Protocol) -> None:
    protocol.deviations += [Fault(disk.place(name), message) for name, message in findings.faults]
    protocol.remarks += [
        f"condition {name}: {count} items are their clean control, since its steps had nothing to do there"
        for name, count in findings.idle.items()
    ]
    protocol.checks.append(("files", f"{files} read; hash, length, rate and peak held against their rows"))
    said = f"{findings.compared} items held against the same speech under others: level, noise, effect, timing"
    protocol.checks.append(("conditions", said))
    if findings.alone:
        what = f"noise and effect of {findings.alone} items from the files alone"
        protocol.unchecked.append(Unchecked(what, "no file has the same speech without noise", "--sample all"))
