"""What object stores refuse, in words: whether it passes by itself, and what to do if it does not."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from augment.errors import Fault, StoreError
from augment.files.location import Url


class RefusedError(OSError):
    """A store did not do what it was asked.

    Attributes:
        remedy: What the user can do about it; empty if nobody knows.
        passing: Whether it is worth trying again.
        reading: Whether it was asked for what it holds, and not to change it.

    Example:
        >>> str(RefusedError("there is no such bucket", "s3://none", "create it"))
        's3://none: there is no such bucket'
    """

    def __init__(
        self, message: str, place: str, remedy: str = "", passing: bool = False, reading: bool = False
    ) -> None:
        super().__init__(errno.EIO, message, place)
        self.remedy = remedy
        self.passing = passing
        self.reading = reading

    def __str__(self) -> str:
        return f"{self.filename}: {self.strerror}"

    def __reduce__(self) -> tuple[type["RefusedError"], tuple[str, str, str, bool, bool]]:
        return type(self), (str(self.strerror), str(self.filename), self.remedy, self.passing, self.reading)

    def fault(self, remedy: str = "") -> Fault:
        """As users are told.

        Args:
            remedy: What to do if nobody knows better.
        """
        done = "read" if self.reading else "written"
        return Fault(str(self.filename), f"cannot be {done}: {self.strerror}", self.remedy or remedy)


@contextmanager
def told_as_fault() -> Iterator[None]:
    """What a store refuses to those who read recipes, speech or noise, as an error that ends the whole command.

    Raises:
        StoreError: In place of a :class:`RefusedError`.
    """
    try:
        yield
    except RefusedError as refused:
        raise StoreError(refused.fault()) from refused


@dataclass(frozen=True)
class _Words:
    message: str
    remedy: str


_RIGHTS = "ask its owner for the right to list, read, write and delete there"
_KEYS = "look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or at AWS_PROFILE; AWS_ENDPOINT_URL names another store"
_FULL = _Words("the store is full", "make room there or choose another store, then run the same command again")
WORDS = {
    "NoSuchBucket": _Words("there is no such bucket", "create it, or look at its name and at AWS_ENDPOINT_URL"),
    "InvalidBucketName": _Words("this cannot be the name of a bucket", "look at its name"),
    "AccessDenied": _Words("the store refuses access with these credentials", _RIGHTS),
    "403": _Words("the store refuses access with these credentials", f"{_RIGHTS}; {_KEYS}"),
    "401": _Words("the store does not know these credentials", _KEYS),
    "InvalidAccessKeyId": _Words("the store does not know these credentials", _KEYS),
    "SignatureDoesNotMatch": _Words("the secret key does not fit the access key", _KEYS),
    "ExpiredToken": _Words("the credentials have expired", "get new ones, then run the same command again"),
    "InvalidToken": _Words("the session token is not valid", "get new credentials, then run the same command again"),
    "RequestTimeTooSkewed": _Words(
        "the clock of this machine and that of the store differ too much", "set the clock of this machine (NTP)"
    ),
    "QuotaExceeded": _FULL,
    "XMinioStorageFull": _FULL,
    "XMinioAdminBucketQuotaExceeded": _FULL,
    "InsufficientStorage": _FULL,
    "507": _FULL,
    "EntityTooLarge": _Words("the file is larger than the store takes", "choose another store"),
    "413": _Words("the file is larger than the store takes", "choose another store"),
    "PermanentRedirect": _Words("the bucket is in another region", "say which in AWS_DEFAULT_REGION"),
    "301": _Words("the bucket is in another region", "say which in AWS_DEFAULT_REGION"),
    "AuthorizationHeaderMalformed": _Words("the bucket is in another region", "say which in AWS_DEFAULT_REGION"),
}
"""What codes of S3, and of HTTP where there is no other, mean."""

PASSING = {
    "SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "OperationAborted", "Throttling",
    "ThrottlingException", "RequestLimitExceeded", "BadDigest", "IncompleteBody", "XAmzContentSHA256Mismatch",
    "408", "409", "429",
}  # fmt: skip
"""Codes that are worth another try; a status of 500 and above is, too."""

NOT_IMPLEMENTED = 501
NO_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "CredentialRetrievalError")
CONNECTIONS = (
    "HTTPClientError", "ClientError", "ClientPayloadError", "IncompleteReadError", "ResponseParserError",
    "FSTimeoutError", "ConnectionError", "EndpointConnectionError", "ServerDisconnectedError", "IncompleteRead",
)  # fmt: skip
"""Names of errors of botocore and aiohttp, and their parents, when a connection breaks or its answer is none."""


def refusal_of(error: Exception, place: Url) -> OSError:
    """An error of fsspec, or of what it stands on, as one of ours.

    Args:
        error: The error.
        place: What was asked for.

    Returns:
        A FileNotFoundError or FileExistsError, where it means no more than that; otherwise a :class:`RefusedError`,
        which may be the error itself.
    """
    if isinstance(error, RefusedError):
        return error
    code, status = _code(error)
    known = WORDS.get(code) or WORDS.get(str(status))
    if known is not None and not (code not in WORDS and code in PASSING):
        about = f"{place.scheme}://{place.bucket}" if code in ("NoSuchBucket", "InvalidBucketName") else str(place)
        return RefusedError(known.message, about, known.remedy)
    if isinstance(error, FileExistsError) or code == "PreconditionFailed" or status == 412:
        return error if isinstance(error, FileExistsError) else FileExistsError(errno.EEXIST, "it is there", str(place))
    if isinstance(error, FileNotFoundError):
        return FileNotFoundError(errno.ENOENT, "there is no such file", str(place))
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {*NO_CREDENTIALS}:
        return RefusedError("there are no credentials for this store", str(place), _KEYS)
    if isinstance(error, PermissionError):
        return RefusedError(WORDS["403"].message, str(place), WORDS["403"].remedy)
    passing = {code, str(status)} & PASSING  # each kind of store has names of its own for one status
    if passing or (status is not None and status >= 500 and status != NOT_IMPLEMENTED):
        return RefusedError(f"the store answers {code or status}", str(place), passing=True)
    broken = isinstance(error, ConnectionError | TimeoutError) or (not code and bool(names & {*CONNECTIONS}))
    if broken:
        said = _without_url(str(error)) or type(error).__name__
        return RefusedError(f"the connection to the store broke: {said}", str(place), passing=True)
    said = _without_url(str(error)) or type(error).__name__
    return RefusedError(f"the store answers {code}: {said}" if code else said, str(place))


def _code(error: Exception) -> tuple[str, int | None]:
    """Code and HTTP status of the answer behind an error, as botocore keeps them; nothing where there was none."""
    for one in (error, error.__cause__):
        answer = getattr(one, "response", None)
        if isinstance(answer, dict):
            status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
            return str(answer.get("Error", {}).get("Code", "")), status if isinstance(status, int) else None
    return "", None


def _without_url(said: str) -> str:
    """A message without the queries of URLs in it, which may be signatures.

    Example:
        >>> _without_url('no answer from "http://me:secret@host:9000/b/k?X-Amz-Signature=00"')
        'no answer from "http://host:9000/b/k"'
    """
    return re.sub(r"(\w+://)(?:[^\s\"'/@]*@)?([^\s\"'?]*)(?:\?[^\s\"']*)?", r"\1\2", said)
