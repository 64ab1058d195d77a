"""A finished test set in the formats of other tools."""

from collections.abc import Iterator, Sequence

from augment.errors import AcoustigridError, Fault, nearest
from augment.export import Exporter, exporters
from augment.files.content import Content
from augment.files.location import Location, location
from augment.progress import SILENT, Progress, Step
from augment.testset.exports import refuse_in_the_way, write_export
from augment.testset.folder import MANIFEST
from augment.testset.reading import read_finished


def write_formats(folder: str | Location, formats: Sequence[str], progress: Progress = SILENT) -> dict[str, int]:
    """Export a finished test set: one folder in it for each format.

    Args:
        folder: The test set.
        formats: Names of formats: files of ``augment/export``.
        progress: Told how far it has got.

    Returns:
        How many files each format has.

    Raises:
        AcoustigridError: There is no such format, an extra is missing, there is no finished test set in the folder, or
            it cannot be written. Formats that were finished by then stay.

    Example: ``write_formats("testset", ["kaldi"])``, or :meth:`augment.TestSet.export`.
    """
    chosen = known_formats(formats)
    with progress.step("reading the test set"):
        finished = read_finished(location(folder), chosen)
    refuse_in_the_way(finished.folder, chosen)
    made: dict[str, int] = {}
    for name, module in chosen.items():
        made_of = {file: finished.identity["checksums"][file] for file in (MANIFEST, *getattr(module, "BESIDE", ()))}
        with progress.step(f"exporting to {name}", unit="file") as step:
            files = _told(module.files(finished), step)
            made[name] = write_export(finished.folder, name, files, made_of)
    return made


def _told(files: Iterator[tuple[str, Content]], step: Step) -> Iterator[tuple[str, Content]]:
    for file in files:
        yield file
        step.advance()


def exported(folder: Location, name: str) -> Iterator[tuple[str, Content]]:
    """The files of a format as an export would write them now, with their paths in its folder.

    Args:
        folder: The test set.
        name: Name of the format.

    Raises:
        AcoustigridError: There is no such format, an extra is missing, or there is no finished test set in the folder.
    """
    module = known_formats([name])[name]
    yield from module.files(read_finished(folder))


def known_formats(names: Sequence[str]) -> dict[str, Exporter]:
    """Exporters by name.

    Raises:
        AcoustigridError: There is no such format, or its extra is not installed.

    Example:
        >>> list(known_formats(["csv"]))
        ['csv']
    """
    known = exporters()
    odd = [name for name in names if not isinstance(name, str)]
    expected = "expected the names of formats, each by itself, such as export('nemo', 'csv')"
    faults = [Fault("format", f"{expected}; found {name!r}") for name in odd]
    others = [name for name in names if isinstance(name, str) and name not in known]
    faults += [Fault("format", f"there is no format '{name}'", nearest(name, list(known))) for name in others]
    if faults:
        raise AcoustigridError(faults)
    chosen = {name: known[name] for name in names}
    for name, module in chosen.items():
        if module.EXTRA is not None and not getattr(module, "installed")():  # noqa: B009 - only those with an extra have it
            remedy = f"pip install 'acoustigrid[{module.EXTRA}]'"
            faults.append(Fault("format", f"'{name}' needs the extra '{module.EXTRA}'", remedy))
    if faults:
        raise AcoustigridError(faults)
    return chosen
