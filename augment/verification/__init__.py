"""Checking a finished test set from its files.

Every file is read again and held against the manifest; a sample of items is rendered again from the plan and compared
byte by byte, and its SNR is measured on the stems by code that the renderer does not use.
"""

from dataclasses import dataclass
from pathlib import Path

from augment.corpus.speech import Progress
from augment.errors import Fault
from augment.streams import rank
from augment.testset.exports import export_faults
from augment.testset.folder import opened_set, read_identity, read_rows
from augment.testset.places import strange_places
from augment.verification.again import rendered_again
from augment.verification.audio import file_faults, row_faults, strangers
from augment.verification.books import bookkeeping, read_plan, side_files


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes:
        folder: The test set.
        files: Audio files that were read.
        rendered: Items that were rendered again.
        deviations: Everything that is not as it should be.
    """

    folder: Path
    files: int
    rendered: int
    deviations: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing deviates."""
        return not self.deviations


def verify(
    folder: str | Path, sample: int = 20, recipe_folder: str | Path | None = None, progress: Progress = iter
) -> Verdict:
    """Check a test set: every file against the manifest, and a sample of items against a new rendering.

    Args:
        folder: The test set.
        sample: How many items to render again; 0 for none, which needs no sources.
        recipe_folder: Where the recipe was, if it has moved since with its corpus and noise.
        progress: Wraps what is iterated over, to show how far it is.

    Raises:
        TestSetError: There is no test set in the folder, or its manifest or plan cannot be read.
    """
    path = Path(folder)
    sealed = opened_set(path)
    identity = read_identity(sealed)
    strange = strange_places(sealed)
    if strange:  # nothing is read through a link, so that no more can be said
        return Verdict(path, 0, 0, tuple(strange))
    rows = read_rows(sealed)
    planned = read_plan(path)
    deviations = [*side_files(path, identity), *bookkeeping(path, identity, rows, planned)]
    deviations += export_faults(sealed, identity["checksums"])
    whole = [row for row in rows if not row_faults(path, row)]
    deviations += [fault for row in rows for fault in row_faults(path, row)]
    for row in progress(whole):
        deviations += file_faults(path, row)
    deviations += strangers(path, rows)
    chosen = sorted(whole, key=lambda row: rank("verify", row["id"]))[:sample]
    again = 0
    if chosen:
        found, again = rendered_again(path, identity, chosen, planned, recipe_folder, progress)
        deviations += found
    return Verdict(path, len(whole), again, tuple(deviations))
