"""A kind of thing that is dealt to blocks is one class, and what asks for it another: nothing else knows of them."""

import json
from dataclasses import dataclass
from typing import ClassVar

import polars
import pytest

import augment
from augment.api.privacy import heard_in
from augment.dealt import Asked, Dealt, Exposure, by_fields, dealt_text, read_dealt
from augment.dealt.segment import Segment
from augment.dealt.standing import Standing
from augment.errors import AcoustigridError
from augment.perturb.noise.coloured_noise import ColouredNoise
from augment.report.tables import plan_text


@dataclass(frozen=True)
class Tape(Dealt):
    tape: str
    owner: str
    file: str | None

    def told(self):
        return {"tape": self.tape, "owner": self.owner, "file": None}

    def labels(self):
        return {"tapes": self.tape}

    def cells(self, sample_rate_hz):
        return {"noise_source": f"tape {self.tape}"}

    def speakers(self):
        return {self.owner}


@dataclass(frozen=True)
class Tapes(Asked):
    number: int
    tie: ClassVar = "tapes are lent by who is tested"
    name = "tapes"

    def deal(self, table):
        cards = table.in_turns(self.number, (table.stock.seed, "tape"))
        owner = table.stock.chosen["speaker"].min()
        tapes = {b: Tape(str(card), owner, "secret.wav") for b, card in zip(table.blocks, cards, strict=True)}
        return Exposure(table.step.path, "tapes", tapes, self.number, -(-len(cards) // self.number), crossed=True)


def test_a_new_kind_is_written_read_hidden_named_and_coupled(workshop, monkeypatch):
    monkeypatch.setattr(ColouredNoise, "asks", lambda step: Tapes("colour", 2))
    workshop.corpus({"North": 4, "South": 4})
    (workshop.folder / "key").write_text("0123456789abcdef" * 4)
    factors = "{noise: {hiss: [{kind: coloured_noise, colour: pink, snr_db: 10}]}}"
    recipe = workshop.recipe(corpus="{path: corpus.jsonl, pseudonyms: key}", factors=factors)
    planned, place = augment.plan(recipe), "noise/hiss/coloured_noise tapes"
    (played,) = planned.exposures.values()
    assert sorted(tape.tape for tape in played.dealt.values()) == ["0", "0", "1", "1"]
    assert "tapes are lent by who is tested" in plan_text(planned)
    assert "tapes x speakers" in {crossing.pair for crossing in planned.crossings}
    set_folder = augment.build(planned, workshop.folder / "set").folder
    told, kept = (polars.read_parquet(set_folder / p / "plan.parquet")["dealt"] for p in ("", ".acoustigrid"))
    assert [{json.loads(t)[place]["file"] for t in texts} for texts in (told, kept)] == [{None}, {"secret.wav"}]
    heard = heard_in(set_folder, augment.pseudonyms(recipe)).filter(polars.col("heard") == "babbles")
    assert set(heard["speaker_pseudonym"]) == {played.dealt[0].owner}
    rows = [json.loads(line) for line in (set_folder / "manifest.jsonl").read_text().splitlines()]
    assert all(row["noise_source"] == f"tape {played.dealt[row['block']].tape}" for row in rows)


@dataclass(frozen=True)
class Seat(Dealt):
    position: str
    seat: int


@dataclass(frozen=True)
class Faded(Segment):
    fade: int = 0


def test_what_was_dealt_is_known_by_all_its_fields():
    dealt = {"a": Standing("door", 2), "b": Seat("door", 3), "c": Faded("a.wav", "e3", 160, 0, fade=5)}
    dealt["d"] = Segment("a.wav", "e3", 160, 0)
    assert read_dealt(dealt_text({played: what.written() for played, what in dealt.items()})) == dealt
    with pytest.raises(ValueError, match="b: nothing that can be dealt has just the fields position, step"):
        read_dealt('{"b": {"position": "door", "step": 1}}')


def test_kinds_that_a_plan_cannot_tell_apart_are_refused():
    @dataclass(frozen=True)
    class Bare:  # no Dealt: all that are would be known to later tests
        pass

    @dataclass(frozen=True)
    class Twin:
        seat: int
        position: str

    with pytest.raises(AcoustigridError) as caught:
        by_fields([Seat, Bare, Twin])
    first, second = map(str, caught.value.faults)
    assert "Bare: what is dealt has no fields" in first
    assert "Twin: its fields have the names of those of test_dealt.Seat" in second
