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
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO, TypeVar, cast

from augment.errors import AcoustigridError, Fault
from augment.files.content import larger
from augment.files.location import Url
from augment.files.refusals import RefusedError, refusal_of

MOST_TRIES = 8
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 10.0
"""Waiting doubles from try to try: 23 s in all, in which a store that was asked for too much finds time again."""
CONNECTIONS = 32
PART_BYTES = 32 * 2**20
"""Of a large object, sent at a time."""
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
    """

    key: str
    folder: bool
    size: int
    md5: str | None


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


def exists(place: Url) -> bool:
    """Whether there is such an object, or one below it."""
    return found_at(place) is not None


def found_at(place: Url) -> Found | None:
    """An object, or a folder of objects; None if there is none of the name.

    Raises:
        OSError: As for :func:`attempted`.
    """
    store = filesystem(place)
    try:
        return _found(attempted(place, lambda: store.info(place.key)))
    except FileNotFoundError:
        return None


def listed(place: Url) -> list[Found]:
    """Objects and folders directly below a place, sorted; none if there is no such folder.

    Raises:
        OSError: As for :func:`attempted`.
    """
    if _is_s3(place):
        entries = list(_pages(place, Delimiter="/"))
    else:
        store = filesystem(place)
        try:
            entries = attempted(place, lambda: [_found(entry) for entry in store.ls(place.key, detail=True)])
        except (FileNotFoundError, NotADirectoryError):
            return []
    found = {entry.key: entry for entry in entries if entry.key != place.key}
    return [found[key] for key in sorted(found)]


def below(place: Url) -> Iterator[Found]:
    """All objects below a place, however deep, sorted within what the store tells at once.

    Raises:
        OSError: As for :func:`attempted`.
    """
    if _is_s3(place):
        yield from _pages(place)
        return
    store = filesystem(place)
    try:
        entries = attempted(place, lambda: store.find(place.key, detail=True))
    except FileNotFoundError:
        return
    yield from (found for found in map(_found, entries.values()) if found.key != place.key)


def _is_s3(place: Url) -> bool:
    return EXTRAS.get(place.scheme) == "s3"


def _pages(place: Url, **more: str) -> Iterator[Found]:
    """A listing of S3, page by page: a page is asked for again, and not the thousands of them before it."""
    store, prefix = filesystem(place), place.key.removeprefix(place.bucket).strip("/")
    asked = {"Bucket": place.bucket, "Prefix": f"{prefix}/" if prefix else "", **more}
    while True:
        try:
            page = attempted(place, lambda: store.call_s3("list_objects_v2", **asked))
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
    etag = str(entry.get("ETag") or "").strip('"')
    plain = len(etag) == 32 and not {*etag.lower()} - {*"0123456789abcdef"}  # of several parts: another form
    key = str(entry["name"]).strip("/")
    return Found(key, entry["type"] == "directory", int(entry.get("size") or 0), etag.lower() if plain else None)


def get(place: Url, most_bytes: int | None = None) -> bytes:
    """The bytes of an object, as many as the store says it has.

    Raises:
        ValueError: It has more than the given bound.
        OSError: As for :func:`attempted`.
    """
    store = filesystem(place)
    size = int(attempted(place, lambda: store.info(place.key))["size"])
    if most_bytes is not None and size > most_bytes:
        raise ValueError(f"the file has {size:,} bytes; at most {most_bytes:,} are read")
    return attempted(place, lambda: _piece(store, place, 0, size)) if size else b""


def get_between(place: Url, start: int, end: int) -> bytes:
    """A stretch of an object; shorter where that ends.

    Raises:
        OSError: As for :func:`attempted`.
    """
    store = filesystem(place)
    end = min(end, int(attempted(place, lambda: store.info(place.key))["size"]))
    return attempted(place, lambda: _piece(store, place, start, end)) if start < end else b""


def pieces(place: Url) -> Iterator[bytes]:
    """The bytes of an object in pieces that fit into memory.

    Raises:
        OSError: As for :func:`attempted`.
    """
    store = filesystem(place)
    size = int(attempted(place, lambda: store.info(place.key))["size"])
    for start in range(0, size, PIECE_BYTES):
        end = min(start + PIECE_BYTES, size)
        yield attempted(place, lambda start=start, end=end: _piece(store, place, start, end))  # type: ignore[misc]


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


def put(place: Url, data: bytes, new: bool = False) -> None:
    """Write an object whole.

    Args:
        place: Its name.
        data: Its content.
        new: Refuse to replace one. Stores that do not know this condition replace it all the same.

    Raises:
        FileExistsError: There is one already, and ``new`` was asked for.
        OSError: As for :func:`attempted`.
    """
    store, more = filesystem(place), dict[str, Any]()
    if _is_s3(place):
        more["ContentMD5"] = _md5(data)
    mode = "create" if new else "overwrite"
    attempted(place, lambda: store.pipe_file(place.key, data, mode=mode, **more))


def put_pieces(place: Url, pieces: Iterable[bytes]) -> None:
    """Write an object of which no more than a part is held: a large one is sent in parts, and there when all are.

    Raises:
        OSError: As for :func:`attempted`.
    """
    parts = larger(pieces, PART_BYTES)
    first, second = next(parts, b""), next(parts, None)
    if second is None:
        put(place, first)
    elif _is_s3(place):
        _put_parts(place, itertools.chain([first, second], parts))
    else:
        put(place, b"".join([first, second, *parts]))


def _put_parts(place: Url, parts: Iterable[bytes]) -> None:
    store, key = filesystem(place), place.key.partition("/")[2]
    at = {"Bucket": place.bucket, "Key": key}
    upload = {**at, "UploadId": attempted(place, lambda: store.call_s3("create_multipart_upload", **at))["UploadId"]}
    try:
        sent = [_put_part(store, place, upload, number, part) for number, part in enumerate(parts, start=1)]
        told = {"Parts": [{"PartNumber": number, "ETag": etag} for number, etag, _ in sent]}
        try:
            attempted(place, lambda: store.call_s3("complete_multipart_upload", **upload, MultipartUpload=told))
        except FileNotFoundError:  # of a second try, after an answer that was lost: then all is there
            found = found_at(place)
            if found is None or found.size != sum(size for _, _, size in sent):
                raise
    except BaseException:
        with suppress(OSError):
            attempted(place, lambda: store.call_s3("abort_multipart_upload", **upload))
        raise


def _put_part(store: Any, place: Url, upload: Mapping[str, str], number: int, part: bytes) -> tuple[int, str, int]:
    more = {"PartNumber": number, "Body": part, "ContentMD5": _md5(part)}
    answer = attempted(place, lambda: store.call_s3("upload_part", **upload, **more))
    return number, str(answer["ETag"]), len(part)


def _md5(data: bytes) -> str:
    """As S3 takes it."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def copy(place: Url, target: Url) -> None:
    """Copy an object within its store.

    Raises:
        OSError: As for :func:`attempted`.
    """
    store = filesystem(place)
    attempted(place, lambda: store.cp_file(place.key, target.key))


def delete(place: Url) -> None:
    """Remove an object if it is there.

    Raises:
        OSError: As for :func:`attempted`.
    """
    store = filesystem(place)
    try:
        attempted(place, lambda: store.rm_file(place.key))
    except FileNotFoundError:
        return
