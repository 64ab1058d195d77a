"""Every place where a test set keeps its files, looked at before anything is written."""

from collections.abc import Iterable

from augment.errors import Fault, TestSetError
from augment.files.store import Kind, Store
from augment.files.walk import STATE
from augment.testset import folder as names
from augment.testset.exports import read_exports

FILES = (
    names.MANIFEST, names.IDENTITY, names.RECIPE, names.PLAN, names.PROFILES, names.FIGURES, names.COVERAGE, names.CSV,
    names.DATASHEET, names.PAGE, names.CROISSANT, names.FAILURES, names.EXPORTS, names.LOCK, names.NAME,
    names.NO_PART, f"{STATE}/{names.WHERE}", f"{STATE}/{names.PLAN}", f"{STATE}/{names.FAILURES}",
)  # fmt: skip
FOLDERS = (STATE, names.SOUND, names.PARTS, names.SCRATCH)


def strange_places(folder: Store, formats: Iterable[str]) -> list[Fault]:
    """What stands where a test set keeps its files, and is none: links, pipes, devices, folders in place of files.

    Args:
        folder: The test set.
        formats: Exports that it has or will have, each in a folder of that name.

    Returns:
        One fault for each, sorted by place; none of them was followed.
    """
    expected = {**dict.fromkeys(FILES, Kind.FILE), **dict.fromkeys((*FOLDERS, *formats), Kind.FOLDER)}
    found: dict[str, Kind] = {}
    for name in (name for name in expected if "/" not in name):
        found[name] = folder.kind(name)
        if (found[name], expected[name]) == (Kind.FOLDER, Kind.FOLDER):
            found |= dict(folder.below(name))
    return [
        folder.fault(name, kind, expected[name].value if name in expected else "a file or a folder")
        for name, kind in sorted(found.items())
        if kind in (Kind.LINK, Kind.OTHER) or (kind is not Kind.NOTHING and kind is not expected.get(name, kind))
    ]


def refuse_strange_places(folder: Store, formats: Iterable[str] = ()) -> None:
    """Refuse a folder in which a link, or anything else that is no file, stands where a test set keeps its files.

    Args:
        folder: The test set.
        formats: Exports that it has not yet; those that it has are looked at anyway.

    Raises:
        TestSetError: With one fault for each such place, or its list of exports is damaged.
    """
    listed = read_exports(folder) if folder.kind(names.EXPORTS) is Kind.FILE else ()
    faults = strange_places(folder, (*formats, *listed))
    if faults:
        raise TestSetError(faults)
