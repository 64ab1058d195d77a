"""Nothing that is read from a file may raise past the command: mutants of every input, and the command's last line."""

import json
import sys

import pytest

from augment.cli.ending import EXIT_FAULT_OF_OURS, ended
from augment.errors import AcoustigridError
from conftest import command
from mutants import escapes, targets

SEEDS = range(8)
"""``scripts/fuzz_inputs.py`` tries as many as one likes."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("inputs") / "fuzz"


@pytest.fixture(scope="module")
def known(folder):
    return targets(folder)


def test_whole_inputs_are_read(known):
    for name, target in known.items():
        assert target.read() is not None, name


def test_mutants_of_every_input_are_messages_or_read(known, folder):
    found = {name: list(escapes(target, folder, SEEDS)) for name, target in known.items() if "build" not in name}
    assert {name: errors for name, errors in found.items() if errors} == {}


class Panic(BaseException):
    """As libraries in Rust raise it: no Exception."""


@pytest.mark.parametrize("error", [KeyError("text"), RecursionError("too deep"), MemoryError(), Panic("index\nout of")])
@pytest.mark.parametrize("debug", [False, True])
def test_what_should_not_happen_is_one_line(error, debug, monkeypatch, capsys):
    def run():
        raise error

    monkeypatch.setattr(sys, "argv", ["acoustigrid", "plan", "my recipe.yaml"])
    monkeypatch.setenv("ACOUSTIGRID_DEBUG", "1" if debug else "")
    assert ended(run) == EXIT_FAULT_OF_OURS == 70
    told = capsys.readouterr().err
    first = told.split("\n")[0]
    assert first.startswith("error: acoustigrid plan 'my recipe.yaml': this is a fault of the program, not yours: ")
    assert type(error).__name__ in first
    assert "please report" in first
    assert ("Traceback" in told) == debug
    assert debug or told.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AcoustigridError("x"), 2),
        (OSError(28, "No space left", "out"), 2),
        (KeyboardInterrupt(), 130),
        (SystemExit(3), 3),
        (SystemExit(), 0),
        (SystemExit("no"), 2),
    ],
)
def test_what_may_happen_has_its_exit_code(error, code, capsys):
    def run():
        raise error

    assert ended(run) == code
    assert "fault of the program" not in capsys.readouterr().err
    assert ended(lambda: None) == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("testset.json", "[" * 100_000), ("testset.json", "[]"), ("testset.json", "\ud800"),
        ("testset.json", '{"name": NaN}'),
        ("exports.json", '{"kaldi": []}'), ("exports.json", '{"kaldi": {"made_of": {}, "files": ["a"]}}'),
        ("exports.json", '["kaldi"]'), ("manifest.jsonl", '{"audio_filepath": 1}\n'), ("manifest.jsonl", "[" * 100_000),
        ("plan.parquet", "PAR1"),
    ],
)  # fmt: skip
def test_a_damaged_set_is_a_message_of_the_command(known, folder, name, text):
    place = folder / "set" / name
    whole = place.read_bytes()
    place.write_text(text, errors="surrogatepass")
    try:
        for arguments in (["verify", "set", "--sample", "0"], ["export", "set", "--format", "nemo"]):
            done = command(*arguments, cwd=folder, code=None)
            assert "fault of the program" not in done.stderr
            if arguments[0] == "verify" or name in ("testset.json", "manifest.jsonl"):
                assert done.returncode in (1, 2), done.stdout
                assert name in done.stderr
    finally:
        place.write_bytes(whole)
    assert json.loads((folder / "set" / "testset.json").read_text())["name"] == "test"
