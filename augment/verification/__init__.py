"""Checking a finished test set.

From the files alone, for every item: the file against its row, and against the other files of its utterance. Where the
sources are there: everything but the audio is made again and compared, and a sample of items is rendered again.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from augment.corpus.speech import Progress
from augment.errors import AcoustigridError, DesignError, Fault, TestSetError
from augment.testset.exports import export_faults, read_exports
from augment.testset.finish import versions_here
from augment.testset.folder import IDENTITY, PLAN, opened_set, read_identity, read_rows
from augment.testset.identity import set_identity
from augment.testset.places import strange_places
from augment.testset.planned import read_plan
from augment.verification.again import recipe_faults, rendered_again
from augment.verification.audio import read_file, row_faults
from augment.verification.books import bookkeeping, side_files, strangers
from augment.verification.differences import Comparison, Findings, Heard
from augment.verification.disk import Disk
from augment.verification.labels import label_faults
from augment.verification.remade import Makers, against_exports, against_plan, against_rows
from augment.verification.sample import draw_sample, told_bound
from augment.verification.sources import Told, recipe_folder, recipe_there, told_by
from augment.verification.verdict import Asked, Protocol, Unchecked, Verdict

AGAIN = "say where the recipe was with --recipe-folder"
Row = dict[str, Any]


def examine(path: Path, asked: Asked, makers: Makers, progress: Progress = iter) -> Verdict:
    """Check a test set; see :func:`augment.verify`.

    Args:
        path: The test set.
        asked: How.
        makers: The verbs that make a set.
        progress: Wraps what is iterated over, to show how far it is.

    Raises:
        TestSetError: There is no test set in the folder, it is of another version, or its manifest or plan cannot be
            read.
    """
    sealed = opened_set(path)
    identity = read_identity(sealed)
    strange = strange_places(sealed)
    if strange:  # nothing is read through a link, so that no more can be said
        return Verdict(path, 0, 0, tuple(strange))
    disk, protocol = Disk(sealed), Protocol(path)
    rows, planned = read_rows(sealed), read_plan(disk.read(PLAN), path / PLAN)
    disk.read(IDENTITY)
    told = _books(disk, identity, rows, planned, protocol)
    whole = [row for row in rows if not row_faults(disk, row)]
    protocol.deviations += [fault for row in rows for fault in row_faults(disk, row)]
    _listen(disk, whole, told, protocol, progress)
    rendered = 0 if told is None else _sources(told, whole, asked, makers, protocol, progress)
    found = _identity(disk, identity, rows, asked, protocol)
    return protocol.verdict(len(whole), rendered, found, asked.seed)


def _books(disk: Disk, identity: Row, rows: list[Row], planned: dict[str, Row], protocol: Protocol) -> Told | None:
    """What can be checked without listening; the set as its files describe it, if they do."""
    exported = read_exports(disk.sealed)
    protocol.attempt("files beside the audio", lambda: side_files(disk, identity))
    protocol.attempt("counts", lambda: bookkeeping(disk, identity, rows, planned))
    protocol.attempt("exports", lambda: export_faults(disk.sealed, identity["checksums"]))
    protocol.attempt("files in the folder", lambda: strangers(disk, rows, exported))
    if disk.present[1]:
        left = "left by file managers (.DS_Store, Thumbs.db and the like), no part of the set"
        protocol.remarks.append(f"{disk.present[1]} things in the folder were {left}")
    protocol.checks.append(("folder", f"{len(disk.present[0])} files, each accounted for by manifest or testset.json"))
    told: list[Told] = []

    def understand() -> list[Fault]:
        told.append(told_by(disk, identity, rows, planned))
        return []

    protocol.attempt("recipe", understand)
    return told[0] if told else None


def _listen(disk: Disk, rows: list[Row], told: Told | None, protocol: Protocol, progress: Progress) -> None:
    """Every audio file, and the files of each utterance against each other."""
    conditions = {} if told is None else {condition.name: condition for condition in told.conditions}
    findings = Findings()
    ordered: Iterator[Row] = progress(sorted(rows, key=lambda row: row["utterance"]))
    for own_name, own in itertools.groupby(ordered, key=lambda row: row["utterance"]):
        heard = []
        for row in own:
            faults, pcm = read_file(disk, row)
            protocol.deviations += faults
            if pcm is not None and row["condition"] in conditions:
                heard.append(Heard(row, conditions[row["condition"]], pcm, row["sample_rate"]))
        if told is not None and heard:
            comparison = Comparison(heard, told.loaded.recipe.snr_definition(), findings)
            protocol.attempt(f"what differs in '{own_name}'", comparison.run)
    protocol.deviations += [Fault(disk.place(name), message) for name, message in findings.faults]
    protocol.remarks += [
        f"condition {name}: {count} items are their clean control, since its steps had nothing to do there"
        for name, count in findings.idle.items()
    ]
    protocol.checks.append(("files", f"{len(rows)} read: length, peak and hash are those of their rows"))
    said = f"{findings.compared} items hold the speech of their clean control, and noise and effect as labelled"
    protocol.checks.append(("conditions", said))
    if findings.alone:
        what = f"noise and effect of {findings.alone} items from the files alone"
        protocol.unchecked.append(Unchecked(what, "no file has the same speech without noise", "--sample all"))


def _sources(told: Told, whole: list[Row], asked: Asked, makers: Makers, protocol: Protocol, progress: Progress) -> int:
    """What needs recipe, corpus and noise; how many items were rendered again."""
    protocol.attempt("testset.json", lambda: recipe_faults(told, told.loaded))
    _versions(told, protocol)
    try:
        base = recipe_folder(told.disk, asked.recipe_folder)
        loaded = recipe_there(told, base)
    except AcoustigridError as error:
        what = "text and labels against the corpus, notes, balance, data sheet, and items rendered again"
        protocol.unchecked.append(Unchecked(what, str(error), AGAIN))
        protocol.attempt("files made of others", lambda: against_rows(told, makers))
        return 0
    if not _planned_again(told, loaded, makers, protocol):
        protocol.attempt("files made of others", lambda: against_rows(told, makers))
        try:
            protocol.deviations += label_faults(told, base)
            protocol.checks.append(("labels", "text, speaker, labels, licence and credit are those of the corpus"))
        except AcoustigridError as error:
            protocol.unchecked.append(Unchecked("text and labels against the corpus", str(error), AGAIN))
    _exports(told, makers, protocol)
    return _sampled(told, loaded, base, whole, asked, protocol, progress)


def _planned_again(told: Told, loaded: Any, makers: Makers, protocol: Protocol) -> bool:
    """Make the set again but for its audio; whether that could be done."""
    what = "plan, notes, balance and data sheets made again"
    made_by = told.identity.get("made_by")
    if made_by != makers.version:
        why = f"the set was made by {made_by!r}; here is {makers.version}, which may plan and word otherwise"
        protocol.unchecked.append(Unchecked(what, why))
        return False
    try:
        plan = makers.plan(loaded)
    except DesignError as error:
        place, message = told.disk.place(PLAN), "its own recipe cannot be planned with this corpus"
        protocol.deviations += [Fault(place, f"{message}: {fault}") for fault in error.faults]
        return False
    except AcoustigridError as error:
        protocol.unchecked.append(Unchecked(what, str(error), AGAIN))
        return False
    protocol.attempt("the plan", lambda: against_plan(told, plan, makers))
    made = "made again from recipe, corpus and noise: labels, licences, notes, balance and every derived file"
    protocol.checks.append(("plan", made))
    return True


def _versions(told: Told, protocol: Protocol) -> None:
    """Versions of other packages cannot be checked where others are installed."""
    here, then = versions_here(), told.identity.get("versions")
    if then != here:
        known = then if isinstance(then, dict) else {}
        other = [f"{name} {known.get(name)!r} (here {here.get(name)!r})" for name in {**here, **known}]
        other = [text for text, name in zip(other, {**here, **known}, strict=True) if known.get(name) != here.get(name)]
        protocol.unchecked.append(
            Unchecked("versions in testset.json", f"others are installed: {', '.join(other[:4])}")
        )


def _exports(told: Told, makers: Makers, protocol: Protocol) -> None:
    for name in read_exports(told.disk.sealed):
        try:
            protocol.deviations += against_exports(told, name, makers)
        except AcoustigridError as error:
            protocol.unchecked.append(Unchecked(f"the export '{name}' made again", str(error)))


def _sampled(
    told: Told, loaded: Any, base: Path, whole: list[Row], asked: Asked, protocol: Protocol, progress: Progress
) -> int:
    """Items rendered again."""
    items = [row for row in whole if row["audio_filepath"] in told.planned]
    size = len(items) if asked.size is None else asked.size
    if not items or not size:
        protocol.unchecked.append(Unchecked("samples rendered again", "none was asked for", "--sample 20"))
        return 0
    sample = draw_sample(items, size, asked.seed)
    try:
        faults = rendered_again(told, loaded, base, sample.rows, progress)
    except AcoustigridError as error:
        protocol.unchecked.append(Unchecked("items rendered again", str(error), AGAIN))
        return 0
    protocol.deviations += faults
    drawn = f"{len(sample.rows)} items rendered again to the byte"
    if len(sample.rows) < len(items):
        drawn += f" (--seed {sample.seed} draws them again)"
    if not faults:
        every = "; every condition is among them" if sample.all_conditions and len(sample.rows) < len(items) else ""
        drawn += f": {told_bound(sample, len(items))}{every}"
    protocol.checks.append(("sample", drawn))
    return len(sample.rows)


def _identity(disk: Disk, identity: Row, rows: list[Row], asked: Asked, protocol: Protocol) -> str:
    """One hash of the set as it lies there, held against the one that was published."""
    names = {*identity["checksums"], IDENTITY, *(row["audio_filepath"] for row in rows)}
    for name in names - set(disk.hashes):
        try:
            disk.read(name)
        except TestSetError:
            continue  # told where the file is checked
    found = set_identity({name: disk.hashes[name] for name in names}) if names <= set(disk.hashes) else ""
    if asked.identity is None:
        return found
    if asked.identity.strip().casefold().removeprefix("sha256:") != found:
        message = f"the identity of the set is {found or 'unknown, since files are missing'}; expected {asked.identity}"
        remedy = "it is not the set that was published: fetch it again, or ask its maker"
        protocol.deviations.append(Fault(str(disk.folder), message, remedy))
    else:
        protocol.checks.append(("identity", "it is the set that its maker published"))
    return found
