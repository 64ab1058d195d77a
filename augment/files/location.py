"""Where something is: a path on this machine, or a URL of an object store.

``pathlib`` makes ``s3:/bucket`` of ``s3://bucket``. So what users write becomes a :data:`Location` once, where it comes
in (:func:`location`), and travels as one from there.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from augment.errors import AcoustigridError, Fault

URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)
SQUASHED = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
"""First part of a path that was a URL before it became a path."""


HERE = ("file", "local")
"""Schemes of this machine."""
PORT = re.compile(r"[^:@]+:\d{1,5}")


@dataclass(frozen=True)
class Url:
    """A place in an object store: it holds no credentials, and can be shown to anyone.

    Attributes:
        scheme: Of the store, such as ``s3``.
        key: Bucket and name of the object, with slashes between.

    Example:
        >>> place = Url("s3", "bucket/sets/ward")
        >>> str(place / "testset.json"), place.name, str(place.parent), str(place / "../other")
        ('s3://bucket/sets/ward/testset.json', 'ward', 's3://bucket/sets', 's3://bucket/sets/other')
    """

    scheme: str
    key: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.key}"

    def __truediv__(self, below: str) -> Self:
        key = posixpath.normpath(f"{self.key}/{below}")
        if key.partition("/")[0] != self.bucket:
            raise AcoustigridError(Fault(f"{self}/{below}", "the path leads out of the bucket"))
        return type(self)(self.scheme, key)

    @property
    def bucket(self) -> str:
        """The first part of it."""
        return self.key.partition("/")[0]

    @property
    def name(self) -> str:
        """The last part of it."""
        return self.key.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """Ending of its name, with the dot."""
        return posixpath.splitext(self.name)[1]

    @property
    def stem(self) -> str:
        """Its name without the ending."""
        return posixpath.splitext(self.name)[0]

    @property
    def parent(self) -> Self:
        """What it lies in; a bucket is its own parent, as the root of a disk is."""
        return type(self)(self.scheme, self.key.rpartition("/")[0] or self.key)

    def resolve(self) -> Self:
        """Itself: there are no links in a store, and a URL does not start from where we are."""
        return self

    absolute = resolve

    # What readers of corpora and recordings ask of a path; a StoreError tells that the store refuses

    def exists(self) -> bool:
        """Whether there is an object of this name, or one below it."""
        return _found(self) is not None

    def is_file(self) -> bool:
        """Whether there is an object of this name."""
        return _found(self) is False

    def is_dir(self) -> bool:
        """Whether there are objects below it."""
        return _found(self) is True

    def iterdir(self) -> Iterator[Self]:
        """What is directly below it."""
        from augment.files.refusals import told_as_fault
        from augment.files.remote import listed

        with told_as_fault():
            there = listed(self)
        for found in there:
            yield type(self)(self.scheme, found.key)

    def read_bytes(self) -> bytes:
        """The bytes of the object."""
        from augment.files.refusals import told_as_fault
        from augment.files.remote import get

        with told_as_fault():
            return get(self)


_known: dict[Url, bool] = {}


def _found(place: Url) -> bool | None:
    """Whether a place is a folder; None if nothing is there.

    What was there is taken to be of the same kind for as long as this process lives, since recordings are asked for
    again and again. Their bytes are read anew each time.
    """
    from augment.files.refusals import told_as_fault
    from augment.files.remote import found_at

    if place not in _known:
        with told_as_fault():
            found = found_at(place)
        if found is None:
            return None
        _known[place] = found.folder
    return _known[place]


Location = Path | Url
"""A path on this machine, or a place in an object store."""


def is_url(written: str) -> bool:
    """Whether a text names a place in an object store.

    Example:
        >>> [is_url(text) for text in ("s3://bucket/set", "set", "file:///tmp/set", "s3:/bucket")]
        [True, False, False, False]
    """
    found = URL.fullmatch(written)
    return found is not None and found[1].lower() not in HERE


def location(given: "str | Location") -> Location:
    """What a user wrote as a location.

    Raises:
        AcoustigridError: It is a URL that cannot be used, or a path that was a URL once.

    Example:
        >>> print(location("s3://bucket/sets/ward/"), location("testset"), location("file:///tmp/set"))
        s3://bucket/sets/ward testset /tmp/set
        >>> location("s3://key:secret@bucket/set")
        Traceback (most recent call last):
        augment.errors.AcoustigridError: s3://...: the URL holds a user or a password - leave them out: \
credentials come from the environment, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE
    """
    if isinstance(given, Url):
        return given
    if isinstance(given, Path):
        _refuse_squashed(given, "a Path cannot hold a URL: it has lost a slash", "give the URL as text")
        return given
    found = URL.fullmatch(given)
    if found is None:
        path = Path(given)
        scheme = given.partition(":")[0]
        _refuse_squashed(path, "this is neither a URL nor a folder that is there", f"write {scheme}://BUCKET/NAME")
        return path
    if is_url(given):
        return _url(found[1].lower(), found[2])
    host, slash, rest = found[2].partition("/")
    return Path(f"{slash}{rest}" if host.lower() == "localhost" else found[2])


def _refuse_squashed(path: Path, message: str, remedy: str) -> None:
    """Refuse a path that was meant as a URL; what follows its scheme is not shown, since it may hold a password."""
    first = path.parts[0] if path.parts else ""
    if SQUASHED.fullmatch(first) and len(path.parts) > 1 and not Path(first).exists():
        raise AcoustigridError(Fault(f"{first}/...", message, remedy))


def _url(scheme: str, rest: str) -> Url:
    """A URL without what must not be in one; its message shows neither users nor queries.

    A password may hold slashes, and then nobody knows where it ends: so whatever has a colon or an @ before its first
    slash is refused, but for the port of a host, where no @ follows.
    """
    authority = rest.partition("/")[0]
    port = not scheme.startswith("s3") and PORT.fullmatch(authority) and "@" not in rest
    if {":", "@"} & {*authority} and not port:
        remedy = "leave them out: credentials come from the environment, such as AWS_ACCESS_KEY_ID and "
        remedy += "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        raise AcoustigridError(Fault(f"{scheme}://...", "the URL holds a user or a password", remedy))
    bare = re.split("[?#]", rest, maxsplit=1)[0]
    shown = f"{scheme}://{bare}"
    if bare != rest:
        raise AcoustigridError(Fault(shown, "the URL has a query or a fragment", "leave out what follows ? or #"))
    whole = bare.rstrip("/")
    if {"", ".", ".."} & set(whole.split("/")) or "\0" in whole:
        message = "expected SCHEME://BUCKET/NAME, without empty parts and without '..'"
        raise AcoustigridError(Fault(shown, message))
    return Url(scheme, whole)


def below(place: Location, folder: Location) -> str:
    """The path of something from a folder that it lies in, with slashes.

    Example:
        >>> below(Path("noise/bar/1.wav"), Path("noise")), below(Url("s3", "b/noise/1.wav"), Url("s3", "b/noise"))
        ('bar/1.wav', '1.wav')
    """
    if isinstance(place, Path) and isinstance(folder, Path):
        return place.relative_to(folder).as_posix()
    return str(place).removeprefix(f"{folder}/")


def lies_in(place: Location, folder: Location) -> bool:
    """Whether a place is a folder, or below it.

    Example:
        >>> lies_in(Url("s3", "b/set/key"), Url("s3", "b/set")), lies_in(Path("set/key"), Url("s3", "b/set"))
        (True, False)
    """
    if isinstance(place, Path) and isinstance(folder, Path):
        return place.resolve().is_relative_to(folder.resolve())
    return f"{place}/".startswith(f"{folder}/")


def joined(base: Location, written: str) -> Location:
    """A place that starts from another one, unless it is a whole path or URL by itself.

    Example:
        >>> print(joined(Path("corpus"), "a.wav"), joined(Path("corpus"), "s3://b/a.wav"))
        corpus/a.wav s3://b/a.wav
        >>> print(joined(Url("s3", "b/corpus"), "a.wav"), joined(Url("s3", "b/corpus"), "/data/a.wav"))
        s3://b/corpus/a.wav /data/a.wav
    """
    if is_url(written):
        return location(written)
    if isinstance(base, Url):
        return Path(written) if written.startswith("/") else base / written
    return base / written
