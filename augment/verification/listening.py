"""Reading every audio file of a set and comparing those of each utterance: in workers, a few utterances at a time."""

import itertools
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.bounds import SLOWEST, STARTUP_S
from augment.corpus.speech import LONGEST_S
from augment.dealt import read_dealt
from augment.design.conditions import Condition
from augment.errors import Fault, counted
from augment.execute import Lost, Way
from augment.files.json_rows import JsonRows, PickedRows, Row, rows_between
from augment.files.location import Location
from augment.files.store import Store
from augment.progress import Progress
from augment.recipe.model import Recipe
from augment.sequences import MadeSequence
from augment.testset.folder import MANIFEST
from augment.verification.audio import read_file, row_faults
from augment.verification.differences import Comparison, effects_of
from augment.verification.disk import Disk
from augment.verification.heard import Findings, Heard
from augment.verification.sources import SelfDescription
from augment.verification.verdict import RENDER_ALL, Protocol, Unchecked

AT_ONCE = 64
"""Number of items after which a portion ends, once the utterance is complete."""


@dataclass(frozen=True)
class Portion:
    """Some rows of a manifest, all those of a few utterances: where their lines stand.

    Attributes:
        number: Number of the portion.
        lines: Beginning and end of each stretch of the manifest, in bytes.
        seconds: Audio that the rows claim, together.
    """

    number: int
    lines: tuple[tuple[int, int], ...]
    seconds: float


@dataclass(frozen=True)
class Listened:
    """What was heard in a portion.

    Attributes:
        number: Number of the portion.
        hashes: Hashes of files that are not those of their rows; empty for files that could not be read.
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
        rows = rows_between(self.sealed, MANIFEST, portion.lines)
        for utterance, own in itertools.groupby(rows, key=lambda row: row["utterance"]):
            heard = list(self._heard(disk, own, protocol))
            if self.recipe is not None and heard:
                comparison = Comparison(heard, self.recipe, findings)
                protocol.attempt(f"what differs in '{utterance}'", comparison.run)
        found = ((row["audio_filepath"], disk.hashes.get(row["audio_filepath"], ""), row["sha256"]) for row in rows)
        other = {name: has for name, has, wanted in found if has != wanted}
        return Listened(portion.number, other, findings, protocol.deviations)

    def limit_s(self, portion: Portion) -> float:
        """Seconds after which a worker counts as hanging."""
        return STARTUP_S + SLOWEST * portion.seconds

    def _heard(self, disk: Disk, rows: Iterator[Row], protocol: Protocol) -> Iterator[Heard]:
        for row in rows:
            faults, pcm = read_file(disk, row)
            protocol.deviations += faults
            if pcm is not None and row["condition"] in self.conditions:
                yield Heard(row, self.conditions[row["condition"]], pcm, row["sample_rate"])


@dataclass(frozen=True)
class Whole:
    """Rows of a manifest that lack nothing: what is held of them while their files are listened to.

    Attributes:
        rows: All rows of the manifest.
        numbers: Of those that lack nothing, in order.
        utterance: For each of these the turn of its utterance, in the order of their names.
        claimed_s: For each of these the length that it claims, within bounds.
    """

    rows: JsonRows
    numbers: NDArray[np.int32]
    utterance: NDArray[np.int32]
    claimed_s: NDArray[np.float32]

    @classmethod
    def of(cls, disk: Disk, rows: JsonRows, protocol: Protocol) -> "Whole":
        """Look at all rows, and record what they lack."""
        numbers, turns, claimed, names = array("i"), array("i"), array("f"), dict[str, int]()
        for number, row in enumerate(rows):
            faults = row_faults(disk, row)
            protocol.deviations += faults
            if not faults:
                numbers.append(number)
                turns.append(names.setdefault(row["utterance"], len(names)))
                claimed.append(min(max(float(row["duration"]), 0.0), LONGEST_S))
        places = np.zeros(len(names), np.int32)
        places[[names[name] for name in sorted(names)]] = np.arange(len(names))
        return cls(rows, np.array(numbers, np.int32), places[np.array(turns, np.int32)], np.array(claimed, np.float32))

    @property
    def picked(self) -> PickedRows:
        """The rows themselves."""
        return PickedRows(
            self.rows, self.numbers.tolist() if self.numbers.size < len(self.rows) else range(len(self.rows))
        )

    def portions(self) -> "Portions":
        """What is listened to together."""
        order = np.argsort(self.utterance, kind="stable").astype(np.int32)
        utterance = self.utterance[order]
        ends, begun = array("i"), 0
        for end in (*np.flatnonzero(np.diff(utterance)) + 1, len(order)) if len(order) else ():
            if end - begun >= AT_ONCE or end == len(order):
                ends.append(int(end))
                begun = end
        return Portions(self, order, ends)


@dataclass(frozen=True)
class Portions(MadeSequence[Portion]):
    """Portions, made when somebody asks for them.

    Attributes:
        whole: The rows.
        order: Of what is held of them, by utterance.
        ends: Where each portion ends in this order.
    """

    whole: Whole
    order: NDArray[np.int32]
    ends: "array[int]"

    def __len__(self) -> int:
        return len(self.ends)

    def numbers(self, number: int) -> NDArray[np.int32]:
        """Numbers of the rows of a portion."""
        return self.whole.numbers[self._of(number)]

    def _of(self, number: int) -> NDArray[np.int32]:
        return self.order[self.ends[number - 1] if number else 0 : self.ends[number]]

    def at(self, number: int) -> Portion:
        starts, lines = self.whole.rows.starts, list[tuple[int, int]]()
        for row in self.numbers(number).tolist():
            if lines and lines[-1][1] == starts[row]:
                lines[-1] = lines[-1][0], starts[row + 1]
            else:
                lines.append((starts[row], starts[row + 1]))
        return Portion(number, tuple(lines), float(self.whole.claimed_s[self._of(number)].sum()))


def listen(
    disk: Disk,
    whole: Whole,
    job: Listening,
    way: Way,
    protocol: Protocol,
    progress: Progress,
    told: SelfDescription | None,
) -> NDArray[np.bool_]:
    """Listen to all files of a set.

    Args:
        disk: The set; hashes of files that are not those of their rows are noted there.
        whole: Those rows of the manifest that lack nothing.
        job: What to do with a portion.
        way: Where it is done.
        protocol: Where findings are recorded.
        progress: Shows how far it has got.
        told: The set as its own files describe it, if they do.

    Returns:
        For every row of the manifest whether its file was heard; shape (n,).
    """
    heard, portions = np.zeros(len(whole.rows), bool), whole.portions()
    done, findings, following = dict[int, Listened](), Findings(), 0
    with progress.step("listening to every file", whole.numbers.size, "file") as step:
        for outcome in way.run(job, portions, job.limit_s):
            number = outcome.task.number if isinstance(outcome, Lost) else outcome.number
            numbers = portions.numbers(number)
            heard[numbers] = not isinstance(outcome, Lost)
            done[number] = _lost(disk, outcome, whole.rows, numbers) if isinstance(outcome, Lost) else outcome
            while following in done:  # findings in the order of portions, whoever was first
                listened = done.pop(following)
                disk.hashes.update(listened.hashes)
                protocol.deviations += listened.deviations
                findings.add(listened.findings)
                following += 1
            step.advance(numbers.size)
    files, lost = int(np.count_nonzero(heard)), whole.numbers.size - int(np.count_nonzero(heard))
    if lost:
        protocol.unchecked.append(Unchecked(f"{lost} files", "workers died or hung over them", "verify again"))
    _tell(disk, findings, files, protocol, told)
    return heard


def _lost(disk: Disk, outcome: Lost, rows: JsonRows, numbers: NDArray[np.int32]) -> Listened:
    first, last = (rows[int(number)]["audio_filepath"] for number in (numbers[0], numbers[-1]))
    message = f"a worker {outcome.fate} while it listened to {numbers.size} files from this one to {last}"
    return Listened(outcome.task.number, {}, Findings(), [Fault(disk.place(first), message, "verify again")])


def _tell(disk: Disk, findings: Findings, files: int, protocol: Protocol, told: SelfDescription | None) -> None:
    protocol.deviations += [Fault(disk.place(name), message) for name, message in findings.faults]
    protocol.deviations += [
        Fault(disk.place(name), f"has the samples of {beside}, though its steps are others")
        for name, beside in findings.alike
        if told is None or not _hear_the_same(told, name, beside)
    ]
    protocol.remarks += [
        f"condition {name}: {count} items are their clean control, since its steps had nothing to do there"
        for name, count in findings.idle.items()
    ]
    protocol.checks.append(("files", f"{files} read; hash, length, rate and peak held against their rows"))
    said = f"{findings.compared} items held against the same speech under others: level, noise, effect, timing"
    if findings.mingled:
        said += f"; of {findings.mingled} with several noises that come and go, the noise within bounds only"
    protocol.checks.append(("conditions", said))
    for count, of, why in (
        (findings.alone, "noise", "no file has the same speech without it"),
        (findings.untreated, "effect", "no file has their speech without any step"),
    ):
        if count:
            what = f"{of} of {counted(count, 'item')} from the files alone"
            protocol.unchecked.append(Unchecked(what, why, RENDER_ALL))


def _hear_the_same(told: SelfDescription, *paths: str) -> bool:
    """Whether two items were dealt the same recordings from different places, and do not differ otherwise."""
    named = {condition.name: condition for condition in told.conditions}
    rows = [told.planned.get(path) for path in paths]
    try:
        one, other = (effects_of(named[row["condition"]], read_dealt(row["dealt"])) for row in rows if row is not None)
    except (ValueError, KeyError):  # one is not in the plan, or the plan is damaged, which is told elsewhere
        return False
    return one == other
