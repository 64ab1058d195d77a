"""Measuring speech where the work is done: in worker processes, on other machines, or in this one."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from augment.corpus.measuring import Measurements, Measuring, Recording
from augment.corpus.survey import MeasuredBy
from augment.design.plan import Plan
from augment.errors import AcoustigridError, AudioError, Fault, named
from augment.execute import Afar, Loses, Lost, Way, in_order, opened_way
from augment.files.location import Location
from augment.files.sight import Sight, spread
from augment.files.store import Store
from augment.kept import kept_file
from augment.testset.folder import TOKEN


@contextmanager
def opened_measuring(workers: int | Way, cache: bool) -> Iterator[MeasuredBy]:
    """The means to measure speech for as long as a context lasts.

    Args:
        workers: Number of processes, or an open executor; what is measured does not depend on it.
        cache: Whether to use, and add to, the measurements in the user's cache folder.

    Example:
        >>> with opened_measuring(1, cache=False) as by:
        ...     list(by.run(Measuring(16000), []))
        []
    """
    with opened_way(None, workers) as way:
        yield MeasuredBy(partial(_measured, way), kept_file() if cache else None, partial(tried_here, way))


def tried_here(way: Way, job: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Any]:
    """What workers of this machine make of tasks, in their order; others may see other profiles and recordings.

    Raises:
        AcoustigridError: A task killed its workers, and the job has no result for that.
    """
    if isinstance(way, Afar):
        yield from map(job, tasks)
        return
    for outcome in in_order(way, job, tasks):
        if not isinstance(outcome, Lost):
            yield outcome
        elif isinstance(job, Loses):
            yield job.lost(outcome.task, outcome.fate)
        else:
            message = f"a worker {outcome.fate} while it tried conditions, listened to a noise or painted an item"
            raise AcoustigridError(Fault("", message, "look for what takes its memory"))


def _measured(way: Way, job: Measuring, recordings: Sequence[Recording]) -> Iterator[Measurements]:
    """What workers found; a recording that kills its workers counts as one that cannot be read."""
    refuse_blind(way, spread(recording.path for recording in recordings))
    for outcome in way.run(job, recordings):
        found = job.lost(outcome.task, outcome.fate) if isinstance(outcome, Lost) else outcome
        if isinstance(way, Afar) and not isinstance(outcome, Lost):
            _refuse_contradiction(job, recordings, found)
        yield found


def _refuse_contradiction(job: Measuring, recordings: Sequence[Recording], found: Measurements) -> None:
    """What another machine cannot read must not be readable here: a plan would do without it, and look like any other.

    Raises:
        AcoustigridError: It is.
    """
    refused = {place: error for place, error in found.facts.items() if isinstance(error, AudioError)}
    if not refused:
        return
    (recording,) = (recording for recording in recordings if not refused.keys().isdisjoint(recording.places))
    here = job(recording).facts
    for place, error in refused.items():
        if not isinstance(here[place], AudioError):
            message = f"this machine reads it, another does not: {error.faults[0].message}"
            raise AcoustigridError(Fault(str(recording.path), message, "let all machines see the same corpus"))


def refuse_blind_makers(way: Way, sealed: Store, planned: Plan) -> None:
    """Refuse machines that do not see the set's folder, the corpus, or noises and responses in files.

    A token is drawn for it: any other file may lie in another folder of the same name as well.

    Raises:
        AcoustigridError: With a fault for each machine.
    """
    if not isinstance(way, Afar):
        return
    speech = spread(planned.corpus.audio_path(audio) for audio in planned.utterances["source_audio"])
    sealed.replace(TOKEN, secrets.token_hex(16).encode())
    try:
        refuse_blind(way, [sealed.path / TOKEN, *speech, *spread(planned.loaded.library.read_by_workers())])
    finally:
        sealed.unlink(TOKEN)


def refuse_blind(way: Way, files: Iterable[Location]) -> None:
    """Refuse machines that do not see files which this one sees; workers on this machine do.

    Raises:
        AcoustigridError: With a fault for each machine.
    """
    if not isinstance(way, Afar):
        return
    answers = way.everywhere(Sight.of(files))
    remedy = "all machines need the same folders under the same names"
    faults = [
        Fault(place, f"does not see, as this machine does: {named(lost, 3)}", remedy) for place, lost in answers if lost
    ]
    if faults:
        raise AcoustigridError(faults)
