"""Test sets, corpora and noises in object stores, without a server: in fsspec's ``memory://``, and what fails there."""

import dataclasses
import errno
import hashlib
import json
import pickle
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import fsspec
import pytest

import augment
from augment.api import building
from augment.api.corpus import corpus_of
from augment.errors import AcoustigridError, CorpusError, StoreError, TestSetError
from augment.files import multipart, object_lock, remote
from augment.files.location import Url, location
from augment.files.object_lock import Holder
from augment.files.objects import ObjectStore
from augment.files.refusals import RefusedError, refusal_of
from augment.files.sealed import SealedFolder
from augment.files.store import Kind, Written
from augment.profiles.library import Library
from augment.testset.folder import writing
from augment.testset.resume import Folder, refuse_no_set
from conftest import command, tree

PLACE = Url("memory", "bucket/sets/ward")
OUT = str(PLACE)
LEFT = [f".acoustigrid/{name}" for name in (".gitignore", "name", "where.json")]
"""Beside every finished set."""


@pytest.fixture(autouse=True)
def memory():
    """The store, empty; and nobody waits for it."""
    found = fsspec.filesystem("memory")
    found.store.clear()
    found.pseudo_dirs[:] = [""]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remote.time, "sleep", lambda seconds: None)
        yield found
    found.store.clear()


def upload(memory, folder: Path, bucket: str) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            memory.pipe_file(f"/{bucket}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def objects(place: Url = PLACE) -> dict[str, bytes]:
    """As :func:`conftest.tree`."""
    store = ObjectStore(place)
    return {name: store.read(name) for name in store.files() if not name.startswith(".acoustigrid/")}


class Flaky:
    """A filesystem of which some requests fail.

    Args:
        faults: For each request in turn, an error, or a change of what it returns; None lets it through.
        only: Methods that are counted.
    """

    def __init__(self, faults, only=("cat_file", "pipe_file", "info", "ls", "rm_file")) -> None:
        self.memory, self.faults, self.only, self.asked = fsspec.filesystem("memory"), iter(faults), only, []

    def __getattr__(self, name):
        method = getattr(self.memory, name)
        if name not in self.only:
            return method

        def asked(path, *args, **kwargs):
            self.asked.append((name, path))
            fault = next(self.faults, None)
            if isinstance(fault, Exception):
                raise fault
            found = method(path, *args, **kwargs)
            return fault(found) if fault else found

        return asked


@pytest.fixture
def flaky(monkeypatch):
    def made(*faults, only=("cat_file", "pipe_file", "info", "ls", "rm_file")):
        found = Flaky(faults, only)
        monkeypatch.setattr(remote, "_filesystem", lambda scheme: found)
        return found

    return made


def answered(code: str, status: int = 400, kind: type[Exception] = OSError) -> Exception:
    """An error of fsspec that stands for an answer of S3."""
    behind = Exception(f"An error occurred ({code})")
    behind.response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error = kind(code)
    error.__cause__ = behind
    return error


# Places


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("s3://AKIA:geheim@bucket/set", "the URL holds a user or a password"),
        ("s3://AKIA:abc/geheim@bucket/set", "s3://...: the URL holds a user or a password"),
        ("s3://AKIA:geheim#1@bucket/set", "the URL holds a user or a password"),
        ("http://AKIA:12/geheim@host/a.wav", "the URL holds a user or a password"),
        ("S3://AKIA:geheim@bucket/set", "the URL holds a user or a password"),
        ("s3:/AKIA:geheim@bucket/set", "neither a URL nor a folder"),
        ("s3://bucket/set?X-Amz-Signature=geheim", "the URL has a query or a fragment"),
        ("s3://bucket/../other", "without empty parts and without '..'"),
        ("s3://bucket//set", "without empty parts and without '..'"),
        ("s3://", "without empty parts and without '..'"),
    ],
)
def test_urls_that_cannot_be_used_are_refused_without_their_secrets(written, shown):
    with pytest.raises(AcoustigridError, match=shown) as refused:
        location(written)
    assert "geheim" not in str(refused.value)
    assert "AKIA" not in str(refused.value)


def test_a_path_that_was_a_url_is_refused(tmp_path, monkeypatch):
    """pathlib has made one slash of two: whoever wrote it did not mean a folder called ``s3:``."""
    with pytest.raises(AcoustigridError, match="give the URL as text"):
        augment.open(Path("s3://bucket/set"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s3:").mkdir()
    assert location(Path("s3:/bucket")) == Path("s3:/bucket")


def test_urls_may_be_written_otherwise(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert location("S3://bucket/Set") == Url("s3", "bucket/Set")
    assert location("http://host:8080/a.wav") == Url("http", "host:8080/a.wav")
    assert location("file://localhost/tmp/set") == location("FILE:///tmp/set") == Path("/tmp/set")
    (tmp_path / "s3:").mkdir()
    assert location("s3:/bucket") == Path("s3:/bucket")


def test_relative_paths_do_not_leave_the_bucket():
    assert str(Url("s3", "bucket/corpus") / "../audio/a.wav") == "s3://bucket/audio/a.wav"
    with pytest.raises(AcoustigridError, match="leads out of the bucket"):
        Url("s3", "bucket/corpus") / "../../other/a.wav"


# What a store promises, on a disk as in an object store


@pytest.fixture(params=["folder", "objects"])
def store(request, tmp_path):
    return SealedFolder(tmp_path, ".acoustigrid/temp") if request.param == "folder" else ObjectStore(PLACE)


def test_files_are_written_listed_read_and_removed(store):
    store.replace("audio/quiet/b.flac", b"b")
    store.replace("audio/quiet/b.flac", b"new")
    store.replace("audio/a.flac", b"a")
    store.replace("top.json", b"")
    assert store.files() == ["audio/a.flac", "audio/quiet/b.flac", "top.json"]
    assert list(store.below("audio"))[0:2] == [("audio/a.flac", Kind.FILE), ("audio/quiet", Kind.FOLDER)]
    assert [store.kind(name) for name in ("audio", "top.json", "none")] == [Kind.FOLDER, Kind.FILE, Kind.NOTHING]
    assert (store.read("audio/quiet/b.flac"), store.read("top.json")) == (b"new", b"")
    assert store.sha256("audio/a.flac") == hashlib.sha256(b"a").hexdigest()
    assert [store.stretch("audio/quiet/b.flac", *ends) for ends in ((1, 2), (1, 9), (3, 9))] == [b"e", b"ew", b""]
    store.rename("audio/a.flac", "audio/c.flac")
    store.rename("audio/c.flac", "audio/a.flac")
    with store.open("audio/quiet/b.flac") as file:
        assert (file.read(1), file.read()) == (b"n", b"ew")
    store.unlink("audio/a.flac")
    store.unlink("audio/a.flac")
    store.remove_folder("audio")
    store.remove_empty_folders("audio")
    assert store.files() == ["top.json"]
    for missing in (store.read, store.sha256, store.open):
        with pytest.raises(FileNotFoundError):
            missing("audio/a.flac")


def test_nothing_leads_out_of_a_store(store):
    for name in ("../other", "/etc/hosts", "a//b", "a/../b"):
        with pytest.raises(TestSetError, match="not a path below this folder"):
            store.read(name)


def test_a_file_larger_than_what_is_read_is_refused(store):
    store.replace("a", b"12345")
    with pytest.raises(TestSetError, match="the file has 5 bytes; at most 4 are read"):
        store.read("a", 4)


def test_what_was_written_and_is_there_counts_as_whole(store):
    for name in ("audio/a", "audio/changed"):
        store.replace(name, name.encode())
    store.replace("audio/changed", b"other")
    names = ["audio/a", "audio/changed", "audio/none"]
    written = [Written(name, hashlib.sha256(name.encode()).hexdigest()) for name in names]
    assert [file.name for file in store.damaged(written)] == names[1:]


def test_files_may_come_in_pieces(store, monkeypatch):
    monkeypatch.setattr(multipart, "PART_BYTES", 4)
    store.replace("a", (piece for piece in (b"abc", b"def", b"ghi")))
    store.replace("b", iter([]))
    with store.renewed("kaldi") as renewed:
        renewed.add("text", [b"abc", b"def"])
        renewed.commit()
    assert [store.read(name) for name in ("a", "b", "kaldi/text")] == [b"abcdefghi", b"", b"abcdef"]


def test_staged_files_are_there_after_the_commit(store):
    with store.staged(".acoustigrid/temp/one", ["audio/x/a", "audio/y/b"]) as staged:
        staged.add("audio/x/a", b"a")
        staged.add("audio/y/b", b"b")
        staged.commit()
        assert [store.read(name) for name in ("audio/x/a", "audio/y/b")] == [b"a", b"b"]
    assert store.files() == ["audio/x/a", "audio/y/b"]


def test_what_is_left_of_a_staging_that_was_cut_off_is_known(store):
    def cut_off():
        with store.staged(".acoustigrid/temp/one", ["audio/x/a", "audio/x/b"]) as staged:
            staged.add("audio/x/a", b"a")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_off()
    assert set(store.files("audio")) <= set(store.abandoned())


def test_a_renewed_folder_replaces_the_one_before(store):
    for files in (("a", "b"), ("b", "c")):
        with store.renewed("kaldi") as renewed:
            for name in files:
                renewed.add(name, b"".join(map(str.encode, files)))
            renewed.commit()
    assert (store.files(), store.read("kaldi/b")) == (["kaldi/b", "kaldi/c"], b"bc")


def test_a_store_goes_to_other_processes(store):
    store.replace("a", b"1")
    assert pickle.loads(pickle.dumps(store)).read("a") == b"1"


# Building


def test_a_set_in_a_store_is_the_one_on_the_disk(stocked, set_of_stock):
    result = augment.build(stocked.folder / "recipe.yaml", OUT)
    assert objects() == tree(set_of_stock)
    assert result.identity == augment.open(set_of_stock).identity == augment.open(OUT).identity
    verdict = augment.verify(OUT, sample=3)
    assert verdict.sound
    assert (verdict.unchecked, verdict.rendered) == ((), 3)
    assert ObjectStore(PLACE).files(".acoustigrid") == LEFT


def test_commands_take_urls(stocked):
    command("build", stocked.folder / "recipe.yaml", "--out", OUT, "--quiet")
    assert f"{OUT}/csv: 1 files" in command("export", OUT, "--format", "csv").stdout
    assert "all as it should be" in command("verify", OUT, "--sample", "2").stdout
    assert "64 items" in command("score", OUT, "--write-list", stocked.folder / "list.jsonl").stdout
    first = json.loads((stocked.folder / "list.jsonl").read_text().splitlines()[0])
    assert first["audio_filepath"].startswith(f"{OUT}/audio/")
    again = command("build", stocked.folder / "recipe.yaml", "--out", OUT).stdout
    assert "64 of them were there before" in again


class CutOffError(Exception):
    """A build is cut off."""


@pytest.fixture
def cut_off(monkeypatch):
    """Builds end without notice in their second shard; what they hold, they go on holding."""

    def end(shards):
        def run(way, writer, work):
            for number, shard in enumerate(work):
                if number == shards:
                    with writer.folder.staged(
                        "cut", [i.audio_filepath for u in shard.utterances for i in u.items]
                    ) as s:
                        s.add(shard.utterances[0].items[0].audio_filepath, b"half a shard")
                        s.commit()
                        raise CutOffError
                yield writer(shard)

        monkeypatch.setattr(building, "render_shards", run)

    yield end
    monkeypatch.undo()


def test_a_build_that_was_cut_off_goes_on(stocked, set_of_stock, cut_off, monkeypatch):
    recipe = stocked.folder / "recipe.yaml"
    cut_off(2)
    with pytest.raises(CutOffError):
        augment.build(recipe, OUT)
    monkeypatch.undo()
    assert "testset.json" not in ObjectStore(PLACE).files()
    with pytest.raises(TestSetError, match="no finished test set"):
        augment.open(OUT)
    result = augment.build(recipe, OUT)
    assert 0 < result.reused < result.made
    assert objects() == tree(set_of_stock)


def test_what_a_cut_off_build_left_behind_goes_when_the_plan_has_changed(stocked, cut_off, monkeypatch):
    """It may be there under its name without being listed: still it is ours and nobody has to move it away."""
    recipe = stocked.folder / "recipe.yaml"
    cut_off(0)
    with pytest.raises(CutOffError):
        augment.build(recipe, OUT)
    monkeypatch.undo()
    assert ObjectStore(PLACE).files("audio")
    recipe.write_text(recipe.read_text().replace("studio", "bare"))
    result = augment.build(recipe, OUT)
    assert result.removed > 0
    assert {name.split("__")[1].split("/")[0] for name in ObjectStore(PLACE).files("audio")} == {"bare", "handset"}


def test_finished_items_that_changed_or_went_are_made_again(stocked):
    recipe, store = stocked.folder / "recipe.yaml", ObjectStore(PLACE)
    before = augment.build(recipe, OUT)
    first, second, *_ = store.files("audio")
    whole = store.read(first)
    store.replace(first, whole[:-1] + bytes([whole[-1] ^ 1]))
    store.unlink(second)
    again = augment.build(recipe, OUT)
    assert (again.reused, again.identity) == (before.made - 2, before.identity)


def test_the_stores_own_md5_spares_reading_and_tells_what_changed(monkeypatch):
    store = ObjectStore(PLACE)
    kept, etag = Written("audio/a", "0" * 64, hashlib.md5(b"a").hexdigest()), hashlib.md5(b"a").hexdigest()
    assert remote._found({"name": "/b/a", "type": "file", "size": 1, "ETag": f'"{etag}"'}).md5 == etag
    assert remote._found({"name": "/b/a", "type": "file", "size": 1, "ETag": f'"{etag}-2"'}).md5 is None
    for md5, broken in ((etag, []), (hashlib.md5(b"b").hexdigest(), [kept]), (None, [kept])):
        found = [remote.Found("bucket/sets/ward/audio/a", False, 1, md5)]
        monkeypatch.setattr(remote, "listed", lambda place, found=found: found)
        assert list(store.damaged([kept])) == broken  # nothing is there to be read
    store.replace("audio/a", b"a")  # which an encrypted bucket calls by something else
    assert list(store.damaged([kept._replace(sha256=hashlib.sha256(b"a").hexdigest())])) == []


def test_an_export_that_was_cut_off_is_written_again(stocked, monkeypatch):
    augment.build(stocked.folder / "recipe.yaml", OUT)
    augment.write_formats(OUT, ["kaldi"])
    whole, put = objects(), remote.put

    def broken(place, data, **how):
        if "/kaldi/" in str(place) and place.name == "text":
            raise RefusedError("the store answers 500", str(place))
        put(place, data, **how)

    with monkeypatch.context() as patch:
        patch.setattr(remote, "put", broken)
        with pytest.raises(TestSetError, match="cannot be written: the store answers 500"):
            augment.write_formats(OUT, ["kaldi"])
    assert not augment.verify(OUT, sample=0).sound
    augment.write_formats(OUT, ["kaldi"])
    assert objects() == whole
    assert augment.verify(OUT, sample=0).sound


def test_a_folder_in_a_store_that_holds_something_else_is_refused(stocked, memory):
    memory.pipe_file("/bucket/sets/ward/thesis.pdf", b"x")
    with pytest.raises(TestSetError, match="holds something that is no test set"):
        augment.build(stocked.folder / "recipe.yaml", OUT)
    assert list(memory.store) == ["/bucket/sets/ward/thesis.pdf"]


def test_a_probe_that_was_left_over_makes_no_set(memory, monkeypatch):
    probe, other = "/bucket/sets/ward/.acoustigrid/probe-00", "/bucket/sets/ward/thesis.pdf"
    memory.pipe_file(probe, b"probe")
    refuse_no_set(PLACE)
    memory.pipe_file(other, b"x")
    monkeypatch.setattr(ObjectStore, "refuse_unwritable", lambda *_: pytest.fail("something was written"))
    with pytest.raises(TestSetError, match="holds something that is no test set"):
        refuse_no_set(PLACE)
    assert set(memory.store) == {probe, other}


# Failures


def test_requests_are_made_again_when_a_store_is_busy_or_a_connection_breaks(flaky):
    store = flaky(ConnectionResetError("reset"), answered("SlowDown", 503), TimeoutError(), only=("pipe_file",))
    remote.put(PLACE, b"data")
    assert remote.get(PLACE) == b"data"
    assert len(store.asked) == 4


def test_tries_have_an_end(flaky):
    store = flaky(*[answered("SlowDown", 503)] * 100, only=("cat_file",))
    remote.put(PLACE, b"data")
    with pytest.raises(RefusedError, match=r"the store answers SlowDown \(8 tries\)"):
        remote.get(PLACE)
    assert len(store.asked) == remote.MOST_TRIES


def test_what_will_not_pass_is_not_tried_again(flaky):
    store = flaky(answered("AccessDenied", 403, PermissionError))
    with pytest.raises(RefusedError, match="refuses access"):
        remote.put(PLACE, b"data")
    assert len(store.asked) == 1


def test_a_torn_answer_is_fetched_again(flaky):
    flaky(lambda data: data[:2], only=("cat_file",))
    remote.put(PLACE, b"data")
    assert remote.get(PLACE) == b"data"
    flaky(*[lambda data: data[:2]] * 100, only=("cat_file",))
    with pytest.raises(RefusedError, match="2 bytes came where 4 were expected"):
        remote.get(PLACE)


def test_a_large_file_is_fetched_in_pieces(monkeypatch, flaky):
    monkeypatch.setattr(remote, "PIECE_BYTES", 3)
    store = flaky(None, ConnectionResetError("reset"), only=("cat_file",))
    remote.put(PLACE, b"0123456789")
    with remote.fetched(PLACE) as file:
        assert file.read() == b"0123456789"
    assert len(store.asked) == 5


def test_a_file_that_is_replaced_while_it_is_read_is_told(monkeypatch, flaky):
    monkeypatch.setattr(remote, "PIECE_BYTES", 3)
    remote.put(PLACE, b"0123456789")
    flaky(None, lambda told: {**told, "size": 11}, only=("info",))
    with pytest.raises(RefusedError, match="somebody replaced it while it was read"):
        remote.fetched(PLACE)


@pytest.mark.parametrize(
    ("code", "status"),
    [("ConditionalRequestConflict", 409), ("TooManyRequests", 429), ("SlowDown", 503), ("RequestTimeout", 400)],
)
def test_what_passes_is_known_by_code_or_status(code, status):
    assert refusal_of(answered(code, status), PLACE).passing
    assert refusal_of(answered("", status), PLACE).passing == (status != 400)


class Parts:
    """S3, as far as an object in parts needs it; the answer to its completion is lost, and it is asked again.

    Args:
        kept: What is there then.
        encrypted: Whether its name says nothing of its content.
    """

    def __init__(self, kept: bytes, encrypted: bool) -> None:
        self.kept, self.encrypted, self.aborted, self.md5s = kept, encrypted, False, []

    def call_s3(self, method, **asked):
        if method == "complete_multipart_upload":
            raise answered("NoSuchUpload", 404, FileNotFoundError)
        if method == "upload_part":
            self.md5s.append(hashlib.md5(asked["Body"]).digest())
        self.aborted |= method == "abort_multipart_upload"
        return {"UploadId": "1", "ETag": "part"}

    def info(self, key):
        etag = f"{hashlib.md5(b''.join(self.md5s)).hexdigest()}-{len(self.md5s)}"
        return {"name": key, "type": "file", "size": len(self.kept), "ETag": "other-2" if self.encrypted else etag}

    def cat_file(self, key, start, end):
        return self.kept[start:end]


@pytest.mark.parametrize(
    ("kept", "encrypted"), [(b"abcdef", False), (b"abcdef", True), (b"abcdeX", True), (b"a", True)]
)
def test_a_completion_whose_answer_is_lost_counts_if_these_parts_are_there(monkeypatch, kept, encrypted):
    monkeypatch.setattr(multipart, "PART_BYTES", 3)
    store = Parts(kept, encrypted)
    monkeypatch.setattr(remote, "_filesystem", lambda scheme: store)
    if kept == b"abcdef":
        multipart.put_pieces(Url("s3", "bucket/a"), [b"abc", b"def"])
    else:
        with pytest.raises(FileNotFoundError):
            multipart.put_pieces(Url("s3", "bucket/a"), [b"abc", b"def"])
    assert store.aborted == (kept != b"abcdef")


@pytest.mark.parametrize(
    ("error", "said", "remedy"),
    [
        (answered("NoSuchBucket", 404, FileNotFoundError), "there is no such bucket", "create it"),
        (answered("AccessDenied", 403, PermissionError), "refuses access", "ask its owner"),
        (answered("InvalidAccessKeyId", 403, PermissionError), "does not know these", "AWS_ACCESS_KEY_ID"),
        (answered("SignatureDoesNotMatch", 403, PermissionError), "does not fit the access key", "AWS_SECRET_ACCESS"),
        (answered("RequestTimeTooSkewed", 403, PermissionError), "differ too much", "set the clock"),
        (answered("QuotaExceeded", 403, OSError), "the store is full", "make room"),
        (answered("XMinioStorageFull", 507, OSError), "the store is full", "make room"),
        (answered("", 507, OSError), "the store is full", "make room"),
        (answered("EntityTooLarge", 400, OSError), "larger than the store takes", "another store"),
        (answered("ExpiredToken", 400, PermissionError), "have expired", "get new ones"),
        (answered("PermanentRedirect", 301, OSError), "another region", "AWS_DEFAULT_REGION"),
        (type("NoCredentialsError", (Exception,), {})("x"), "no credentials", "AWS_ACCESS_KEY_ID"),
        (answered("Strange", 400, OSError), "answers Strange", ""),
    ],
)
def test_refusals_are_told_in_words(error, said, remedy):
    found = refusal_of(error, PLACE)
    assert isinstance(found, RefusedError)
    assert not found.passing
    assert said in str(found)
    assert remedy in found.remedy
    assert str(pickle.loads(pickle.dumps(found))) == str(found)


def test_a_store_that_gets_full_is_one_fault_and_the_build_goes_on_later(stocked, set_of_stock, monkeypatch):
    put, room = remote.put, 60

    def filling(place, data, **how):
        nonlocal room
        room -= place.suffix == ".flac"
        if room < 0 and place.suffix == ".flac":
            raise refusal_of(answered("QuotaExceeded", 403), place)
        put(place, data, **how)

    with monkeypatch.context() as patch:
        patch.setattr(remote, "put", filling)
        with pytest.raises(TestSetError, match="the store is full - make room there") as refused:
            augment.build(stocked.folder / "recipe.yaml", OUT)
    assert len(refused.value.faults) == 1
    augment.build(stocked.folder / "recipe.yaml", OUT)
    assert objects() == tree(set_of_stock)


@pytest.mark.parametrize(
    ("method", "error", "said"),
    [
        ("pipe_file", answered("AccessDenied", 403, PermissionError), "cannot be written: the store refuses access"),
        (
            "pipe_file",
            answered("NoSuchBucket", 404, FileNotFoundError),
            "memory://bucket: cannot be written: there is no",
        ),
        ("rm_file", answered("AccessDenied", 403, PermissionError), "cannot be written: the store refuses access"),
        ("pipe_file", answered("RequestTimeTooSkewed", 403, PermissionError), "clock of this machine"),
    ],
)
def test_what_can_be_known_is_told_before_anything_is_planned(stocked, flaky, monkeypatch, method, error, said):
    flaky(error, only=(method,))
    monkeypatch.setattr(building, "plan", lambda *_: pytest.fail("it was planned"))
    with pytest.raises(TestSetError, match=said):
        augment.build(stocked.folder / "recipe.yaml", OUT)


def test_a_store_that_keeps_something_else_is_refused(stocked, flaky):
    flaky(lambda data: b"other", only=("cat_file",))
    with pytest.raises(TestSetError, match="does not give back what was written"):
        augment.build(stocked.folder / "recipe.yaml", OUT)


def test_a_missing_extra_is_told_with_its_command(monkeypatch):
    remote.forget()
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(AcoustigridError, match=r"needs the extra 's3'.*pip install 'acoustigrid\[s3\]'"):
        augment.open("s3://bucket/set")
    with pytest.raises(AcoustigridError, match="stores of this kind are not known"):
        augment.open("nonsense://bucket/set")


# Locks


def holder(**changes) -> bytes:
    return dataclasses.replace(Holder.myself(), token="other", **changes).written()


LOCK = ".acoustigrid/lock"


def test_a_lock_is_held_by_one_and_says_by_whom():
    store = ObjectStore(PLACE)
    with store.locked(LOCK):
        said = rf"process \d+ on '{socket.gethostname()}', since 20.*remove the object {OUT}/{LOCK}"
        with pytest.raises(TestSetError, match=said), store.locked(LOCK):
            pytest.fail("two hold it")
    assert store.files() == []
    with store.locked(LOCK):
        pass


def test_the_lock_of_a_process_that_has_ended_here_is_taken_over():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    began = object_lock._began(ended.pid)
    ended.wait()
    store = ObjectStore(PLACE)
    for dead in (holder(process=ended.pid, began=began), holder(began="0")):  # and one whose number went to another
        store.replace(LOCK, dead)
        with store.locked(LOCK):
            assert Holder.read(store.read(LOCK)) != Holder.read(dead)


def test_whether_a_process_elsewhere_has_ended_only_people_can_say():
    """Whatever its clock says, and even if it has our name."""
    store = ObjectStore(PLACE)
    for other in (holder(host="far", since="1970-01-01"), holder(machine="other boot", process=2**22), b"", b"[1]"):
        store.replace(LOCK, other)
        with pytest.raises(TestSetError, match="another acoustigrid process is writing here"), store.locked(LOCK):
            pytest.fail("it was taken")
        assert store.read(LOCK) == other


def test_of_two_at_the_same_moment_one_has_the_lock_even_where_stores_know_no_condition(monkeypatch):
    """The other one writes over ours between our writing and our reading."""
    put = remote.put

    def unconditional(place, data, new=False, before=None):
        put(place, data)
        if new:
            put(place, holder(process=1))

    monkeypatch.setattr(remote, "put", unconditional)
    with pytest.raises(TestSetError, match="process 1 on"), ObjectStore(PLACE).locked(LOCK):
        pytest.fail("two hold it")


def test_what_is_unknown_is_no_proof_that_a_process_has_ended(monkeypatch):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    gone = Holder.read(holder(process=ended.pid))
    assert gone.is_dead()
    alive = Holder.read(holder(began="0"))
    assert alive.is_dead()
    assert not dataclasses.replace(alive, began="").is_dead()
    with monkeypatch.context() as patch:
        patch.setattr(object_lock, "_began", lambda process: "")  # as with hidepid
        assert not alive.is_dead()
    monkeypatch.setattr(object_lock, "_machine", lambda: "")
    assert not dataclasses.replace(gone, machine="").is_dead()


def test_who_removes_a_dead_holder_does_it_alone(monkeypatch):
    store, dead, remove = ObjectStore(PLACE), holder(began="0"), object_lock._remove
    store.replace(LOCK, dead)

    def meanwhile(asked, whose):
        if whose == Holder.read(dead):
            with pytest.raises(TestSetError, match="another acoustigrid process"), ObjectStore(PLACE).locked(LOCK):
                pytest.fail("two remove it")
            assert store.read(LOCK) == dead
        remove(asked, whose)

    monkeypatch.setattr(object_lock, "_remove", meanwhile)
    with store.locked(LOCK):
        assert store.read(LOCK) != dead
    assert store.files() == []


def test_who_is_late_to_remove_a_dead_holder_leaves_the_next_one_alone(monkeypatch):
    """Somebody has removed it and holds the lock since we looked."""
    store, dead, remove = ObjectStore(PLACE), holder(began="0"), object_lock._remove
    store.replace(LOCK, dead)

    def late(asked, whose):
        if whose == Holder.read(dead):
            store.replace(LOCK, holder(host="far"))
        remove(asked, whose)

    monkeypatch.setattr(object_lock, "_remove", late)
    with pytest.raises(TestSetError, match=r"process .* on 'far'"), store.locked(LOCK):
        pytest.fail("two hold it")
    assert store.files() == [LOCK]


def test_a_lock_of_others_is_not_removed_when_an_answer_is_lost(flaky, memory):
    """Ours was removed, the answer got lost, and somebody else came before the second try."""
    theirs, asked = holder(host="far"), []

    def rm_file(key):
        asked.append(key)
        memory.rm_file(key)
        memory.pipe_file(key, theirs)
        raise ConnectionResetError("reset")

    flaky(only=()).rm_file = rm_file
    with ObjectStore(PLACE).locked(LOCK):
        pass
    assert (len(asked), ObjectStore(PLACE).read(LOCK)) == (1, theirs)


def test_a_lock_of_others_is_not_written_over_by_a_late_try(flaky, memory):
    asked = []

    def pipe_file(key, data, **how):
        asked.append(key)
        memory.pipe_file(key, holder(host="far"))
        raise answered("ConditionalRequestConflict", 409)

    flaky(only=()).pipe_file = pipe_file
    with pytest.raises(TestSetError, match=r"process .* on 'far'"), ObjectStore(PLACE).locked(LOCK):
        pytest.fail("two hold it")
    assert len(asked) == 1


def test_a_set_is_not_finished_under_a_lost_lock(stocked, monkeypatch):
    refuse = Folder.refuse_miscount

    def lost(self, rows, expected):
        refuse(self, rows, expected)
        self.sealed.replace(LOCK, holder(host="far"))

    monkeypatch.setattr(Folder, "refuse_miscount", lost)
    with pytest.raises(TestSetError, match="the lock was taken away meanwhile"):
        augment.build(stocked.folder / "recipe.yaml", OUT)
    assert ObjectStore(PLACE).kind("testset.json") is Kind.NOTHING


def test_a_lock_may_be_shared():
    """Builders of shards share it; who wants the set alone waits for all of them, and they for that one."""
    store = ObjectStore(PLACE)
    refused = pytest.raises(TestSetError, match="another acoustigrid process is writing here")
    with store.locked(LOCK, shared=True), store.locked(LOCK, shared=True), refused, store.locked(LOCK):
        pytest.fail("one is alone and two are there")
    with store.locked(LOCK), refused, store.locked(LOCK, shared=True):
        pytest.fail("one is alone and another is there")
    with store.locked(LOCK):
        assert store.files() == [LOCK]
    assert store.files() == []


def test_a_set_is_built_in_shards(stocked, set_of_stock):
    augment.plan_into(stocked.folder / "recipe.yaml", OUT)
    for number in (2, 1):
        augment.build_shard(OUT, f"{number}/2")
    augment.finish(OUT)
    assert objects() == tree(set_of_stock)
    assert ObjectStore(PLACE).files(".acoustigrid") == LEFT
    augment.plan_into(stocked.folder / "recipe.yaml", OUT)
    assert objects() == tree(set_of_stock), "the plan changes nothing"
    assert augment.build_shard(OUT, "1/1").made == augment.open(OUT).frame.height
    augment.finish(OUT)
    assert objects() == tree(set_of_stock)
    assert ObjectStore(PLACE).files(".acoustigrid") == LEFT


def test_a_lock_that_was_taken_away_is_told():
    store = ObjectStore(PLACE)
    with pytest.raises(TestSetError, match="the lock was taken away meanwhile"), store.locked(LOCK):
        store.replace(LOCK, holder(host="far"))
    assert store.files() == [LOCK]  # it is theirs


# Inputs


def test_corpus_and_noise_in_a_store_make_the_same_set(stocked, set_of_stock, memory):
    upload(memory, stocked.folder, "data")
    shutil.rmtree(stocked.folder)
    result = augment.build("memory://data/recipe.yaml", OUT)
    assert objects() == tree(set_of_stock)
    verdict = augment.verify(OUT, sample=3)
    assert (verdict.sound, verdict.rendered, verdict.unchecked) == (True, 3, ())
    assert result.identity == verdict.identity


def test_rows_may_name_audio_by_url(stocked, memory, set_of_stock):
    """Whole URLs stay in the plan, as whole paths do; the sound is the same."""
    upload(memory, stocked.folder / "audio", "elsewhere")
    rows = [json.loads(line) for line in (stocked.folder / "corpus.jsonl").read_text().splitlines()]
    stocked.manifest(
        [{**row, "audio_filepath": f"memory://elsewhere/{Path(row['audio_filepath']).name}"} for row in rows]
    )
    folder = augment.build(stocked.folder / "recipe.yaml", stocked.folder / "set").folder
    sound = {name: data for name, data in tree(set_of_stock).items() if name.startswith("audio/")}
    assert {name: data for name, data in tree(folder).items() if name.startswith("audio/")} == sound


def test_verify_tells_what_it_could_not_read(stocked, memory, flaky):
    """It says nothing about the set."""
    upload(memory, stocked.folder, "data")
    augment.build("memory://data/recipe.yaml", OUT)
    outage(memory, flaky, "data/noise")
    verdict = augment.verify(OUT, sample=3)
    assert verdict.deviations == ()
    assert "the credentials have expired" in " ".join(map(str, verdict.unchecked))


def test_audio_that_is_not_in_the_store_is_told(stocked, memory):
    upload(memory, stocked.folder, "data")
    memory.rm_file("/data/audio/north_0.wav")
    with pytest.raises(CorpusError, match=r"memory://data/audio/north_0\.wav: there is no such file"):
        augment.plan("memory://data/recipe.yaml")
    memory.rm("/data/audio", recursive=True)
    with pytest.raises(CorpusError, match="the audio of 9 of 9 rows is not there: memory://data/audio/"):
        corpus_of(augment.load_recipe("memory://data/recipe.yaml"))


def test_layouts_that_look_around_in_folders_are_refused(memory):
    memory.pipe_file("/data/corpus/wav.scp", b"a a.wav\n")
    with pytest.raises(CorpusError, match=r"from folders of this machine only - fetch the corpus"):
        augment.audit("memory://data/corpus", by=["accent"], layout="kaldi")


def test_a_store_that_refuses_to_be_read_says_so(stocked, memory, flaky):
    upload(memory, stocked.folder, "data")
    flaky(answered("AccessDenied", 403, PermissionError))
    with pytest.raises(AcoustigridError, match="the store refuses access"):
        augment.plan("memory://data/recipe.yaml")


def outage(memory, flaky, name):
    """Reading some objects is refused from now on."""

    def refused(key, *args, **kwargs):
        if name in key:
            raise answered("ExpiredToken", 400, PermissionError)
        return memory.cat_file(key, *args, **kwargs)

    flaky(only=()).cat_file = refused


def test_an_outage_leaves_no_utterance_out(stocked, memory, flaky):
    recipe = stocked.folder / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("corpus: {", "corpus: {unusable: leave_out, ", 1))
    assert "leave_out" in recipe.read_text()
    upload(memory, stocked.folder, "data")
    outage(memory, flaky, "north_0.wav")
    with pytest.raises(StoreError, match=r"north_0\.wav: cannot be read: the credentials have expired - get new ones"):
        augment.plan("memory://data/recipe.yaml")


@pytest.mark.parametrize("what", ["north_0.wav", "noise"])
def test_an_outage_while_a_set_is_built_makes_no_failures(stocked, memory, flaky, what):
    upload(memory, stocked.folder, "data")
    planned = augment.plan("memory://data/recipe.yaml")
    planned.loaded.library._samples.clear()
    outage(memory, flaky, what)
    with pytest.raises(StoreError, match="cannot be read: the credentials have expired"):
        augment.build(planned, OUT)
    assert ObjectStore(PLACE).kind("testset.json") is Kind.NOTHING


def test_a_refused_look_at_a_noise_is_no_bad_name(flaky):
    flaky(*[answered("SlowDown", 503)] * 8, only=("info",))
    with pytest.raises(StoreError, match=r"cannot be read: the store answers SlowDown \(8 tries\)"):
        Library(Url("memory", "data")).find("recording", "hum.wav")


def test_what_is_refused_while_a_set_is_written_is_told_as_what_it_was(flaky):
    flaky(answered("AccessDenied", 403, PermissionError), only=("info",))
    with pytest.raises(TestSetError, match="cannot be read: the store refuses access"), writing(PLACE):
        ObjectStore(PLACE).read("a")


def test_errors_of_stores_keep_their_number():
    assert RefusedError("x", "s3://b").errno == errno.EIO
