"""Large objects: sent in parts, and there when all of them are."""

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from augment.files import remote
from augment.files.content import larger
from augment.files.location import Url

PART_BYTES = 32 * 2**20
"""Sent at a time."""
MOST_WHOLE_BYTES = 3 * PART_BYTES
"""Of an object in memory that is sent as it is; s3fs sends one of 100 MiB in parts of its own, without their hashes."""


def put_large(place: Url, data: bytes) -> None:
    """Write an object that is in memory, in parts if it is very large.

    Raises:
        OSError: As for :func:`~augment.files.remote.attempted`.
    """
    if len(data) <= MOST_WHOLE_BYTES:
        remote.put(place, data)
        return
    put_pieces(place, (data[start : start + PART_BYTES] for start in range(0, len(data), PART_BYTES)))


def put_pieces(place: Url, pieces: Iterable[bytes]) -> None:
    """Write an object of which no more than a part is held: a large one is sent in parts, and there when all are.

    Raises:
        OSError: As for :func:`~augment.files.remote.attempted`.
    """
    parts = larger(pieces, PART_BYTES)
    first, second = next(parts, b""), next(parts, None)
    if second is None:
        remote.put(place, first)
    elif remote.is_s3(place):
        _put_parts(place, itertools.chain([first, second], parts))
    else:
        remote.put(place, b"".join([first, second, *parts]))


def _put_parts(place: Url, parts: Iterable[bytes]) -> None:
    store, key = remote.filesystem(place), place.key.partition("/")[2]
    at = {"Bucket": place.bucket, "Key": key}
    begun = remote.attempted(place, lambda: store.call_s3("create_multipart_upload", **at))
    upload = {**at, "UploadId": begun["UploadId"]}
    try:
        sent = [_put_part(store, place, upload, number, part) for number, part in enumerate(parts, start=1)]
        told = {"Parts": [{"PartNumber": number, "ETag": part.etag} for number, part in enumerate(sent, start=1)]}
        try:
            remote.attempted(place, lambda: store.call_s3("complete_multipart_upload", **upload, MultipartUpload=told))
        except FileNotFoundError:  # of a second try, after an answer that was lost: then all is there
            if not _is_made_of(place, sent):
                raise
    except BaseException:
        with suppress(OSError):
            remote.attempted(place, lambda: store.call_s3("abort_multipart_upload", **upload))
        raise


class _Sent(NamedTuple):
    """A part that was sent: what the store calls it, its MD5, and its size in bytes."""

    etag: str
    md5: bytes
    size: int


def _is_made_of(place: Url, sent: Sequence[_Sent]) -> bool:
    """Whether an object holds just these parts: by its name for them, or, where it is encrypted, by reading it."""
    found = remote.found_at(place)
    if found is None or found.size != sum(part.size for part in sent):
        return False
    every = b"".join(part.md5 for part in sent)
    if found.etag == f"{hashlib.md5(every, usedforsecurity=False).hexdigest()}-{len(sent)}":
        return True
    start = 0
    for part in sent:
        piece = remote.get_between(place, start, start + part.size)
        if hashlib.md5(piece, usedforsecurity=False).digest() != part.md5:
            return False
        start += part.size
    return True


def _put_part(store: Any, place: Url, upload: Mapping[str, str], number: int, part: bytes) -> _Sent:
    more = {"PartNumber": number, "Body": part, "ContentMD5": remote.content_md5(part)}
    answer = remote.attempted(place, lambda: store.call_s3("upload_part", **upload, **more))
    return _Sent(str(answer["ETag"]), hashlib.md5(part, usedforsecurity=False).digest(), len(part))
