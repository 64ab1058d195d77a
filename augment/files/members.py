"""Files within files: ``shard.tar!/name`` is a member of an archive, ``part.parquet!/audio/17`` a row of a table."""

import tarfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath

from augment.bounds import LARGEST_FILE_BYTES, LARGEST_TAR_HEADER_BYTES, MOST_MEMBERS
from augment.errors import AudioError, Fault
from augment.files.parquet import ask_parquet

MARK = "!/"


def member_path(container: str, member: str) -> str:
    """The path that stands for a member.

    Example:
        >>> member_path("a/shard.tar", "utt1.wav")
        'a/shard.tar!/utt1.wav'
    """
    return f"{container}{MARK}{member}"


def member_of(path: Path) -> tuple[Path, str] | None:
    """The container and the member that a path names; None for the path of a plain file.

    Example:
        >>> member_of(Path("a!/b.wav"))
    """
    head, mark, member = path.as_posix().partition(MARK)
    container = Path(head)
    if not mark or container.suffix.lower() not in (".tar", ".parquet") or not container.is_file():
        return None
    return container, member


def read_member(container: Path, member: str, most_bytes: int = LARGEST_FILE_BYTES) -> bytes:
    """The bytes of a member.

    Args:
        container: An archive or a table.
        member: Its name.
        most_bytes: Largest file of an archive that is read.

    Raises:
        AudioError: There is no such member, it is too large, or the container cannot be read.
    """
    if container.suffix.lower() == ".tar":
        return _of_tar(container, member, most_bytes)
    return _of_parquet(container, member)


def _of_tar(container: Path, member: str, most_bytes: int) -> bytes:
    state = container.stat()
    places = tar_members(container, state.st_mtime_ns, state.st_size)
    if member not in places:
        raise AudioError(Fault(str(container), f"the archive has no file '{member}'"))
    offset, size = places[member]
    if size > most_bytes:
        message = f"'{member}' has {size:,} bytes; at most {most_bytes:,} are read"
        raise AudioError(Fault(str(container), message))
    with container.open("rb") as file:
        file.seek(offset)
        data = file.read(size)
    if len(data) < size:
        raise AudioError(Fault(str(container), f"the archive is cut off inside '{member}'", "fetch or copy it again"))
    return data


def tar_members(container: Path, changed_ns: int, size: int) -> Mapping[str, tuple[int, int]]:
    """Offset and size of every regular file in an archive, in order; ``./a`` and ``a`` are the same name.

    Args:
        container: An uncompressed archive.
        changed_ns: When it was last changed, so that the cache does not mistake it for another one of the same name.
        size: Its size, for the same reason.

    Raises:
        AudioError: It is not an archive, is damaged, or has a name twice.
    """
    return _contents(container, changed_ns, size)[0]


def tar_links(container: Path) -> int:
    """How many members of an archive are links to others, and so not among :func:`tar_members`.

    Raises:
        AudioError: It is no archive, is damaged, or has a name twice.
    """
    state = container.stat()
    return _contents(container, state.st_mtime_ns, state.st_size)[1]


def _contents(container: Path, changed_ns: int, size: int) -> tuple[Mapping[str, tuple[int, int]], int]:
    found = _of_archive(container, changed_ns, size)
    if isinstance(found, AudioError):
        raise AudioError(found.faults)
    return found


class _Member(tarfile.TarInfo):
    """A member whose header is no larger than names require, and that holds what it declares."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        heads = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
        if self.type in (*heads, *GNU_NAMES) and self.size > LARGEST_TAR_HEADER_BYTES:
            raise ValueError(f"a header has {self.size:,} bytes; at most {LARGEST_TAR_HEADER_BYTES:,} are read")
        found: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]  # documented for subclasses
        if found.issparse():
            raise ValueError(f"'{found.name}' is a sparse file, whose holes are not kept")
        return found


GNU_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)


@lru_cache(maxsize=64)
def _of_archive(container: Path, changed_ns: int, size: int) -> tuple[Mapping[str, tuple[int, int]], int] | AudioError:
    """What :func:`_walked` finds or raises, cached: a damaged archive is not walked again for every row."""
    try:
        return _walked(container, size)
    except AudioError as error:
        return error


def _walked(container: Path, size: int) -> tuple[Mapping[str, tuple[int, int]], int]:
    """Offset and size of every regular file, and the number of links."""
    places: dict[str, tuple[int, int]] = {}
    links = 0
    try:
        with tarfile.open(container, "r:", tarinfo=_Member) as archive:
            for info in archive:
                links += info.issym() or info.islnk()
                name = PurePosixPath(info.name).as_posix()
                if not info.isreg():
                    continue
                if name in places:
                    raise AudioError(Fault(str(container), f"the archive has two files '{name}'"))
                if info.offset_data + info.size > size:
                    raise ValueError(f"it is cut off inside '{name}'")
                if len(places) >= MOST_MEMBERS:
                    raise ValueError(f"it has more than {MOST_MEMBERS:,} files")
                places[name] = (info.offset_data, info.size)
            end = archive.offset
        with container.open("rb") as file:
            file.seek(end)
            if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise ValueError("it is cut off or damaged: the end mark after its last file is missing")
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        remedy = "unpack it, or make an uncompressed .tar of it"
        raise AudioError(Fault(str(container), f"cannot be read as an archive: {error}", remedy)) from None
    return places, links


def _of_parquet(container: Path, member: str) -> bytes:
    import polars

    column, _, number = member.rpartition("/")
    if not number.isdecimal():
        raise AudioError(Fault(str(container), f"the table has no row '{number[:40]}'"))
    row = polars.col(column)
    cells = ask_parquet(container, AudioError, lambda table: table.select(row).slice(int(number), 1).collect())
    data = next((cell.get("bytes") for (cell,) in cells.rows() if isinstance(cell, dict)), None)
    if not isinstance(data, bytes):
        raise AudioError(Fault(str(container), f"row {number} of '{column}' holds no audio"))
    return data
