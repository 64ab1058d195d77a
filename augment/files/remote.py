"""Objects of a store, reached through fsspec: every request is tried again within limits, in this one place.

s3fs and botocore under it try again by themselves, each in its own way: both are told not to. Neither keeps what it
has listed, since others may write meanwhile. Connections belong to a process and are opened in the one that uses them.
"""

import base64
import hashlib
import io
import itertools
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO, TypeVar, cast

from augment.errors import AcoustigridError, Fault
from augment.files.location import Url
from augment.files.refusals import RefusedError, refusal_of

MOST_TRIES = 8
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 10.0
"""Waiting doubles from try to try: 23 s in all, in which a store that was asked for too much finds time again."""
CONNECTIONS = 32
PIECE_BYTES = 16 * 2**20
"""Of a large object, fetched at a time."""

Result = TypeVar("Result")

OPTIONS: dict[str, dict[str, Any]] = {
    "s3": {
        "config_kwargs": {
            "retries": {"mode": "standard", "total_max_attempts": 1},
            "max_pool_connections": CONNECTIONS,
            # Checksums that came with later versions make trailers that other stores take for a part of the data; what
            # we write has its MD5 with it, which every store knows and compares.
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        },
    }
}
OPTIONS["s3a"] = OPTIONS["s3"]
EXTRAS = {"s3": "s3", "s3a": "s3"}
"""Our extras, by the schemes that need them."""


@dataclass(frozen=True)
class Found:
    """An object, or a folder of objects, as a listing tells it.

    Attributes:
        key: Bucket and name.
        folder: Whether it stands for all objects whose names go on after a slash.
        size: In bytes.
        md5: Of its content, where the store tells it; None otherwise.
        etag: What the store calls its content; empty where it does not tell.
    """

    key: str
    folder: bool
    size: int
    md5: str | None
    etag: str = ""


def attempted(place: Url, request: Callable[[], Result]) -> Result:
    """The result of a request, which is made again when the store was busy or a connection broke.

    Raises:
        OSError: It was refused for good, or too often: a :class:`RefusedError` with what to do, a FileNotFoundError or
            a FileExistsError.
    """
    wait_s = FIRST_WAIT_S
    for tries in range(1, MOST_TRIES + 1):
        try:
            return request()
        except Exception as error:
            refused = refusal_of(error, place)
            if refused is error:
                raise
            if not getattr(refused, "passing", False):
                raise refused from error
            if tries == MOST_TRIES:
                message = f"{refused.strerror} ({tries} tries)"
                raise RefusedError(message, str(place), "try again later") from error
        time.sleep(wait_s)
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)
    raise AssertionError  # the last try returns or raises


def _asked(place: Url, request: Callable[[], Result]) -> Result:
    """As :func:`attempted`, for requests that change nothing: what is refused is a reading."""
    try:
        return attempted(place, request)
    except RefusedError as refused:
        refused.reading = True
        raise


_opening = threading.Lock()


def filesystem(place: Url) -> Any:
    """The fsspec filesystem of a place, one for each scheme and process.

    Raises:
        AcoustigridError: A package for it is missing, or nobody knows the scheme.
    """
    with _opening:
        return _filesystem(place.scheme)


def forget() -> None:
    """Open connections anew from now on: the environment names another store."""
    with _opening:
        _filesystem.cache_clear()


@cache
def _filesystem(scheme: str) -> Any:
    place, extra = f"{scheme}://", EXTRAS.get(scheme)
    try:
        import fsspec

        options = OPTIONS.get(scheme, {})
        found = fsspec.filesystem(scheme, skip_instance_cache=True, use_listings_cache=False, **options)
    except ImportError as error:
        if extra is None:
            message = f"stores of this kind need a package that is not installed: {error}"
            raise AcoustigridError(Fault(place, message, "install it beside acoustigrid")) from None
        message = f"this store needs the extra '{extra}', which is not installed"
        raise AcoustigridError(Fault(place, message, f"pip install 'acoustigrid[{extra}]'")) from None
    except ValueError as error:
        raise AcoustigridError(Fault(place, f"stores of this kind are not known: {error}")) from None
    if extra == "s3":
        found.retries = 1
    return found


def found_at(place: Url) -> Found | None:
    """An object, or a folder of objects; None if there is none of the name.

    Raises:
        OSError: As for :func:`attempted`.
    """
    store = filesystem(place)
    try:
        return _found(_asked(place, lambda: store.info(place.key)))
    except FileNotFoundError:
        return None


def listed(place: Url) -> list[Found]:
    """Objects and folders directly below a place, sorted; none if there is no such folder.

    Raises:
        OSError: As for :func:`attempted`.
    """
    if is_s3(place):
        entries = list(_pages(place, Delimiter="/"))
    else:
        store = filesystem(place)
        try:
            entries = _asked(place, lambda: [_found(entry) for entry in store.ls(place.key, detail=True)])
        except (FileNotFoundError, NotADirectoryError):
            return []
    found = {entry.key: entry for entry in entries if entry.key != place.key}
    return [found[key] for key in sorted(found)]


def below(place: Url) -> Iterator[Found]:
    """All objects below a place, however deep, sorted within what the store tells at once.

    Raises:
        OSError: As for :func:`attempted`.
    """
    if is_s3(place):
        yield from _pages(place)
        return
    store = filesystem(place)
    try:
        entries = _asked(place, lambda: store.find(place.key, detail=True))
    except FileNotFoundError:
        return
    yield from (found for found in map(_found, entries.values()) if found.key != place.key)


def is_s3(place: Url) -> bool:
    """Whether a place is in a store that speaks S3.

    Example:
        >>> is_s3(Url("s3", "bucket/set")), is_s3(Url("gs", "bucket/set"))
        (True, False)
    """
    return EXTRAS.get(place.scheme) == "s3"


def _pages(place: Url, **more: str) -> Iterator[Found]:
    """A listing of S3, page by page: a page is asked for again, and not the thousands of them before it."""
    store, prefix = filesystem(place), place.key.removeprefix(place.bucket).strip("/")
    asked = {"Bucket": place.bucket, "Prefix": f"{prefix}/" if prefix else "", **more}
    while True:
        try:
            page = _asked(place, lambda: store.call_s3("list_objects_v2", **asked))
        except FileNotFoundError:
            return
        for entry in page.get("Contents", []):
            if not entry["Key"].endswith("/"):  # some tools leave such marks of folders
                yield _found({**entry, "name": f"{place.bucket}/{entry['Key']}", "type": "file", "size": entry["Size"]})
        for entry in page.get("CommonPrefixes", []):
            yield Found(f"{place.bucket}/{entry['Prefix']}".strip("/"), True, 0, None)
        if not page.get("IsTruncated"):
            return
        asked["ContinuationToken"] = page["NextContinuationToken"]


def _found(entry: Mapping[str, Any]) -> Found:
    etag = str(entry.get("ETag") or "").strip('"').lower()
    plain = len(etag) == 32 and not {*etag} - {*"0123456789abcdef"}  # of several parts: another form
    key = str(entry["name"]).strip("/")
    return Found(key, entry["type"] == "directory", int(entry.get("size") or 0), etag if plain else None, etag)


def get(place: Url, most_bytes: int | None = None) -> bytes:
    """The bytes of an object, as many as the store says it has.

    Raises:
        ValueError: It has more than the given bound.
        OSError: As for :func:`attempted`.
    """
    store = filesystem(place)
    size = int(_asked(place, lambda: store.info(place.key))["size"])
    if most_bytes is not None and size > most_bytes:
        raise ValueError(f"the file has {size:,} bytes; at most {most_bytes:,} are read")
    return _asked(place, lambda: _piece(store, place, 0, size)) if size else b""


def get_between(place: Url, start: int, end: int) -> bytes:
    """A stretch of an object; shorter where that ends.

    Raises:
        OSError: As for :func:`attempted`.
    """
    store = filesystem(place)
    end = min(end, int(_asked(place, lambda: store.info(place.key))["size"]))
    return _asked(place, lambda: _piece(store, place, start, end)) if start < end else b""


def pieces(place: Url) -> Iterator[bytes]:
    """The bytes of an object in pieces that fit into memory.

    Raises:
        OSError: As for :func:`attempted`.
    """
    store = filesystem(place)
    size = (whole := _asked(place, lambda: _found(store.info(place.key)))).size
    for start in range(0, size, PIECE_BYTES):
        end = min(start + PIECE_BYTES, size)
        yield _asked(place, lambda start=start, end=end: _piece(store, place, start, end))  # type: ignore[misc]
    if size > PIECE_BYTES and _asked(place, lambda: _found(store.info(place.key))) != whole:
        message, remedy = "somebody replaced it while it was read", "let nobody write there meanwhile"
        raise RefusedError(message, str(place), remedy, reading=True)


def fetched(place: Url) -> BinaryIO:
    """An object as an open file, in memory if it is small and otherwise on the disk; closing it removes it.

    Raises:
        OSError: As for :func:`attempted`.
    """
    parts = pieces(place)
    first = next(parts, b"")
    if len(first) < PIECE_BYTES:
        return io.BytesIO(first)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - who asked for it closes it
    try:
        for piece in itertools.chain([first], parts):
            file.write(piece)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return cast("BinaryIO", file)


def _piece(store: Any, place: Url, start: int, end: int) -> bytes:
    data = bytes(store.cat_file(place.key, start=start, end=end))
    if len(data) != end - start:
        raise ConnectionError(f"{len(data):,} bytes came where {end - start:,} were expected")
    return data


def put(place: Url, data: bytes, new: bool = False, before: Callable[[], None] | None = None) -> None:
    """Write an object whole.

    Args:
        place: Its name.
        data: Its content.
        new: Refuse to replace one. Stores that do not know this condition replace it all the same.
        before: Called ahead of each try; what it raises ends all.

    Raises:
        FileExistsError: There is one already, and ``new`` was asked for.
        OSError: As for :func:`attempted`.
    """
    store, more = filesystem(place), dict[str, Any]()
    if is_s3(place):
        more["ContentMD5"] = content_md5(data)
    mode = "create" if new else "overwrite"

    def request() -> None:
        if before is not None:
            before()
        store.pipe_file(place.key, data, mode=mode, **more)

    attempted(place, request)


def content_md5(data: bytes) -> str:
    """A hash as S3 takes it beside what is sent, to compare it with what comes.

    Example:
        >>> content_md5(b"a")
        'DMF1ucDxtqgxw5niaXcmYQ=='
    """
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def copy(place: Url, target: Url) -> None:
    """Copy an object within its store.

    Raises:
        OSError: As for :func:`attempted`.
    """
    store = filesystem(place)
    attempted(place, lambda: store.cp_file(place.key, target.key))


def delete(place: Url, before: Callable[[], None] | None = None) -> None:
    """Remove an object if it is there.

    Args:
        place: Its name.
        before: Called ahead of each try; what it raises ends all, and a FileNotFoundError means that it is gone.

    Raises:
        OSError: As for :func:`attempted`.
    """
    store = filesystem(place)

    def request() -> None:
        if before is not None:
            before()
        store.rm_file(place.key)

    try:
        attempted(place, request)
    except FileNotFoundError:
        return
