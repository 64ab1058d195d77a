"""Whether the audio that rows name is there: looked up without being read."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from augment.corpus.source import where
from augment.corpus.table import Corpus
from augment.errors import AudioError, Fault
from augment.files.location import Url, is_url
from augment.files.members import MARK, member_of, tar_members

if TYPE_CHECKING:
    import polars

MOST_SHOWN = 3


def absent_rows(corpus: Corpus) -> "polars.DataFrame":
    """Rows of a corpus whose audio file, or member of an archive, is not there.

    A hundred thousand files take less than a second: each is looked up once, and each archive opened once.
    """
    import polars

    written = corpus.frame["audio_filepath"].unique(maintain_order=True).to_list()
    folders = dict[Url, set[Url]]()
    gone = polars.Series([name for name in written if not _is_there(corpus, name, folders)], dtype=polars.String)
    return corpus.frame.filter(polars.col("audio_filepath").is_in(gone.implode()))


def _is_there(corpus: Corpus, written: str, folders: dict[Url, set[Url]]) -> bool:
    folder = corpus.folder
    if isinstance(folder, Path) and MARK not in written and not is_url(written):
        return os.path.isfile(os.path.join(folder, written))  # noqa: PTH113, PTH118 - a third of the time
    path = corpus.audio_path(written)
    if isinstance(path, Url):  # a listing of a folder instead of a request for each file
        if path.parent not in folders:
            folders[path.parent] = set(path.parent.iterdir())
        return path in folders[path.parent]
    inside = member_of(path)
    if inside is None:
        return path.is_file()
    container, member = inside
    if container.suffix.lower() != ".tar":
        return True  # audio in a row of a table: the row itself was read from there
    state = container.stat()
    try:
        return member in tar_members(container, state.st_mtime_ns, state.st_size)
    except AudioError:
        return False


def absent_fault(corpus: Corpus, absent: "polars.DataFrame") -> Fault | None:
    """The fault of audio that is not there: how much of how much, and the first files with where they were sought.

    Args:
        corpus: The corpus.
        absent: Rows found by :func:`absent_rows`.
    """
    if not absent.height:
        return None
    files = absent["audio_filepath"].unique(maintain_order=True)
    first = ", ".join(str(corpus.audio_path(name)) for name in files.head(MOST_SHOWN))
    more = ", ..." if files.len() > MOST_SHOWN else ""
    message = f"the audio of {absent.height} of {corpus.frame.height} rows is not there: {first}{more}"
    whole = absent.height == corpus.frame.height
    relative = not Path(files[0]).is_absolute()
    folder = "relative paths start from the folder of the manifest" if relative else "are the files on this machine?"
    return Fault(
        where(corpus.manifest, absent["row"][0]), message, folder if whole else "fetch it, or leave the rows out"
    )
