"""Examining clean speech before planning with it."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from augment.api.working import opened_measuring
from augment.auditing.groups import SAMPLE, Audit
from augment.auditing.groups import audit as audit_corpus
from augment.corpus.durations import measured_durations
from augment.corpus.presence import absent_fault, absent_rows
from augment.corpus.spec import corpus_at
from augment.corpus.table import Corpus, read_corpus
from augment.corpus.unusable import usable_corpus
from augment.corpus.writing import manifest_bytes
from augment.design.conditions import requested_snrs_db
from augment.design.selection.grouping import refuse_labels
from augment.errors import AcoustigridError, CorpusError, Fault
from augment.execute import Way
from augment.files.atomic import write_atomically
from augment.files.json_text import json_text
from augment.notes import Effect, Note
from augment.progress import SILENT, Progress
from augment.recipe.loader import LoadedRecipe, RecipeLike, bundled_recipes, load_recipe

READING = "reading the corpus"
MANIFEST_RATE_HZ = 16000
"""Sample rate at which recordings are examined without a recipe."""


def audit(
    source: RecipeLike,
    by: Sequence[str] | None = None,
    sample: int | None = SAMPLE,
    columns: Mapping[str, str] | None = None,
    progress: Progress = SILENT,
    layout: str | None = None,
    pattern: str | None = None,
    workers: int | Way = 1,
    cache: bool = True,
) -> Audit:
    """Audit a corpus: how its groups are labelled and recorded, and what may spoil a comparison between them.

    Args:
        source: A recipe: its path or name, a dict, or a loaded one; or a manifest, or a corpus with a layout.
        by: Labels that make the groups; by default, those of the recipe.
        sample: Recordings of each group that are read, chosen by the hash of their ids; None for all, 0 for none.
        columns: Columns with other names, such as ``{"audio_filepath": "audio"}``; a recipe says so itself.
        progress: Told how far it has got.
        layout: Layout of the corpus, if it is not a manifest in this program's own format.
        pattern: How the files of a plain folder are named.
        workers: Number of processes that measure the speech, or an open executor; the audit does not depend on it.
        cache: Whether to use, and add to, the measurements in the user's cache folder.

    Raises:
        AcoustigridError: The recipe or the manifest has faults, or the corpus has no such labels.

    Example:
        >>> [group.speakers for group in audit("demo", sample=0).groups]
        [3, 3, 3, 3]
    """
    if isinstance(source, str | Path) and (layout is not None or _is_corpus(str(source))):
        with progress.step(READING):
            corpus = _looked_up(read_corpus(corpus_at(source, layout, pattern, columns or {}), Path()))
        if not by:
            message = "which labels make the groups? say so: --by LABEL"
            raise AcoustigridError(Fault(str(source), message, corpus.known_labels))
        rate, labels, snrs = MANIFEST_RATE_HZ, tuple[str, ...](), list[float]()
    else:
        with progress.step("reading the recipe"):
            loaded = load_recipe(source)
        wanted = loaded.recipe
        by = by or wanted.balance.by
        with progress.step(READING):
            corpus = _looked_up(usable_corpus(wanted.corpus, loaded.base, by))
        rate, labels, snrs = wanted.output.sample_rate_hz, wanted.balance.labels, requested_snrs_db(loaded)
    with opened_measuring(workers, cache) as who:
        return audit_corpus(corpus, by, rate, sample, labels, snrs, progress, who)


def corpus_of(loaded: LoadedRecipe) -> Corpus:
    """The corpus of a recipe, with a note on audio that is not there.

    Args:
        loaded: The recipe.

    Raises:
        AcoustigridError: Rows have faults, none of their audio is there, or the recipe balances by labels that they do
            not have.

    Example:
        >>> corpus_of(load_recipe("demo")).frame.height
        48
    """
    wanted = loaded.recipe
    corpus = usable_corpus(wanted.corpus, loaded.base, wanted.balance.by, loaded.text)
    refuse_labels(corpus, wanted.balance)
    return _looked_up(corpus, needed=True)


def _looked_up(corpus: Corpus, needed: bool = False) -> Corpus:
    """A corpus with a note on missing audio, even if all of it is missing; if some is needed, that is an error."""
    absent = absent_rows(corpus)
    fault = absent_fault(corpus, absent)
    if fault is None:
        return corpus
    if needed and absent.height == corpus.frame.height:
        raise CorpusError(fault)
    return dataclasses.replace(corpus, notes=(Note(str(fault), Effect.LEFT_OUT, fault.message), *corpus.notes))


def _is_corpus(source: str) -> bool:
    path = Path(source)
    return path.is_dir() or (source not in bundled_recipes() and path.suffix.lower() not in {"", ".yaml", ".yml"})


def write_audit(found: Audit, path: str | Path) -> None:
    """Write the figures, warnings and notes of an audit as JSON: whole or not at all.

    Args:
        found: An audit.
        path: File to write, ``.json``; an existing one is replaced.

    Raises:
        AcoustigridError: The name has another ending.
        OSError: It cannot be written.

    Example:
        >>> import json, tempfile
        >>> target = Path(tempfile.mkdtemp()) / "audit.json"
        >>> write_audit(audit("demo", sample=0), target)
        >>> json.loads(target.read_text())["utterances"]
        48
    """
    target = Path(path)
    if target.suffix != ".json":
        raise AcoustigridError(Fault(str(target), "expected a file name that ends in .json"))
    write_atomically(target, json_text(found.record))


def import_corpus(
    layout: str,
    path: str | Path,
    out: str | Path,
    pattern: str | None = None,
    columns: Mapping[str, str] | None = None,
    replace: bool = False,
    durations: bool = False,
    progress: Progress = SILENT,
) -> Corpus:
    """Read a corpus in another tool's layout and write a manifest of it, NeMo JSON Lines; audio stays where it is.

    Labels and speakers stay as they are written, also those that say that there is no value: a recipe may name them.

    Args:
        layout: Name of the layout: a file of ``augment/corpus/readers``.
        path: Its manifest or folder.
        out: Manifest to write, ``.jsonl``. Audio paths are relative to its folder.
        pattern: How the files of a plain folder are named.
        columns: Columns with other names, such as ``{"speaker": "client_id"}``.
        replace: Replace an existing manifest.
        durations: Measure the length of utterances whose rows do not say it, for designs that match durations.
        progress: Told how far it has got.

    Returns:
        What was read.

    Raises:
        AcoustigridError: There is no such layout, or rows have faults: up to 50 are named, and nothing is written.

    Example:
        >>> import tempfile
        >>> from augment.bundled import bundled
        >>> target = Path(tempfile.mkdtemp()) / "corpus.jsonl"
        >>> import_corpus("jsonl", bundled("recipes") / "demo" / "corpus.jsonl", target).frame.height
        48
    """
    target = Path(out)
    if target.suffix != ".jsonl":
        raise AcoustigridError(Fault(str(target), "expected a file name that ends in .jsonl"))
    spec = corpus_at(path, layout, pattern, columns or {})
    if target.exists() and (not replace or target.resolve() == Path(path).resolve()):
        remedy = "write to another file" if replace else "write to another file, or allow it with --replace"
        raise AcoustigridError(Fault(str(target), "this file exists already", remedy))
    with progress.step(READING):
        corpus = _looked_up(read_corpus(spec, Path(), as_written=True))
    if durations:
        corpus = measured_durations(corpus, progress)
    with progress.step("writing the manifest"):
        write_atomically(target, manifest_bytes(corpus, target.parent))
    return corpus
