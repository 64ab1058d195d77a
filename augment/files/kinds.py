"""What a name on a disk refers to, without following a link."""

import os
import stat

from augment.files.store import Kind


def kind_in(part: str, above: int) -> Kind:
    """Kind of what has a name in an open folder."""
    try:
        return kind_of_mode(os.stat(part, dir_fd=above, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return Kind.NOTHING


def kind_of_mode(mode: int) -> Kind:
    """Kind of what has such a mode, as the system tells it."""
    known = ((stat.S_ISREG, Kind.FILE), (stat.S_ISDIR, Kind.FOLDER), (stat.S_ISLNK, Kind.LINK))
    return next((kind for fits, kind in known if fits(mode)), Kind.OTHER)


def kind_of_entry(entry: "os.DirEntry[str]") -> Kind:
    """Kind according to the folder's own listing, which saves a look at the file."""
    if entry.is_symlink():
        return Kind.LINK
    if entry.is_dir(follow_symlinks=False):
        return Kind.FOLDER
    return Kind.FILE if entry.is_file(follow_symlinks=False) else Kind.OTHER
