"""Codecs as steps of a recipe: what they refuse, record and draw."""

import sys

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML

from augment.errors import RenderError
from augment.perturb import kinds
from augment.recipe.model import Step
from augment.streams import generator
from conftest import speech_like

RECIPES = {
    "g711": "{kind: g711, law: mu}",
    "g722": "{kind: g722}",
    "g726": "{kind: g726}",
    "gsm_fr": "{kind: gsm_fr}",
    "amr_nb": "{kind: amr_nb}",
    "opus": "{kind: opus}",
    "mp3": "{kind: mp3, kbps: 32}",
    "aac": "{kind: aac, kbps: 32}",
    "msbc": "{kind: msbc}",
    "cvsd": "{kind: cvsd}",
}
VOICE = [kind for kind in RECIPES if kind not in ("mp3", "aac")]


class Chain:
    """What a codec asks of a scene, and nothing else."""

    def __init__(self, signal: np.ndarray, rate: int = 16000) -> None:
        self.signal, self.sample_rate_hz, self.columns = signal, rate, {}
        self.samples = signal.size

    def processed(self, name, process):
        hash(name)
        after = Chain(process(self.signal), self.sample_rate_hz)
        after.name = name
        return after

    def noted(self, **columns):
        self.columns = columns
        return self


class Block:
    """A draw of one block."""

    def __init__(self, block: int = 0) -> None:
        self.name = (1, f"block {block}", "channel", "call", "codec")
        self.step = "channel/call/codec"

    def stream(self, decision: str) -> np.random.Generator:
        return generator(*self.name, decision)


def step_of(kind: str, **fields):
    return TypeAdapter(Step).validate_python({**YAML(typ="safe").load(RECIPES[kind]), **fields})


class TestSteps:
    def test_every_codec_is_a_step(self):
        assert set(RECIPES) <= set(kinds())

    @pytest.mark.parametrize("kind", RECIPES)
    def test_records_what_it_declares(self, kind):
        step = step_of(kind)
        after = step.apply(Chain(speech_like(1)), Block())
        assert set(after.columns) == {column.name for column in step.records}
        assert after.signal.shape == (16000,)
        assert not step.linear
        assert after.columns["codec_delay_samples"] >= 0
        assert step.draws == (kind in VOICE)

    @pytest.mark.parametrize("kind", VOICE)
    def test_packets_lost(self, kind):
        speech = speech_like(3)
        step = step_of(kind, loss_percent=20.0, mean_burst=2.0)
        one, again, other = (step.apply(Chain(speech), Block(block)) for block in (0, 0, 1))
        assert one.columns == again.columns
        assert np.array_equal(one.signal, again.signal)
        assert one.columns["codec_lost_packets"] != other.columns["codec_lost_packets"]
        assert one.name != other.name  # or a memo would hand out the wrong one
        lost = one.columns["codec_packets_lost"]
        assert 0 < lost < one.columns["codec_packets"]
        assert np.any(one.signal != step_of(kind).apply(Chain(speech), Block()).signal)

    @pytest.mark.parametrize("kind", VOICE)
    def test_utterances_of_a_block_lose_the_same_packets(self, kind):
        step = step_of(kind, loss_percent=30.0)
        short, long = (
            step.apply(Chain(speech_like(s)), Block()).columns["codec_lost_packets"].split(",") for s in (1, 2)
        )
        assert long[: len(short) - 1] == short[:-1]

    @pytest.mark.parametrize("kind", VOICE)
    def test_without_loss_nothing_is_drawn(self, kind):
        one, other = (step_of(kind).apply(Chain(speech_like(1)), Block(block)) for block in (0, 1))
        assert one.name == other.name
        assert (one.columns["codec_packets_lost"], one.columns["codec_lost_packets"]) == (0, "")

    def test_impossible_losses_are_refused_in_the_recipe(self):
        with pytest.raises(ValidationError, match="60 % cannot be lost in bursts of 1 packets"):
            step_of("g711", loss_percent=60.0, mean_burst=1.0)
        with pytest.raises(ValidationError, match="greater than or equal to 1"):
            step_of("g711", mean_burst=0.5)
        with pytest.raises(ValidationError, match=r"no mode of 12 kb/s \(it has 4.75, 5.15"):
            step_of("amr_nb", kbps=12.0)

    @pytest.mark.parametrize("kind", ["g722", "msbc"])
    def test_wideband_codecs_need_a_wideband_set(self, kind):
        message, remedy = step_of(kind).unfit(8000)
        assert "16000 Hz" in message
        assert "8000 Hz" in message
        assert remedy == "set output.sample_rate_hz to 16000 or more"
        assert step_of(kind).unfit(16000) is None
        with pytest.raises(RenderError, match=r"step channel/call/codec: .* 16000 Hz"):
            step_of(kind).apply(Chain(speech_like(1, rate=8000), 8000), Block())

    @pytest.mark.parametrize("kind", [kind for kind in RECIPES if kind not in ("g722", "msbc")])
    @pytest.mark.parametrize("rate", [8000, 22050, 48000])
    def test_all_others_fit_any_set(self, kind, rate):
        assert step_of(kind).unfit(rate) is None

    def test_bit_rates_that_a_sample_rate_does_not_have(self):
        assert step_of("mp3", kbps=320).unfit(16000)[1].endswith("128, 144, 160")
        assert step_of("mp3", kbps=320).unfit(48000) is None
        assert step_of("aac", kbps=128).unfit(16000) == (
            "AAC has no bit rate of 128 kb/s at 16000 Hz",
            "choose 96 or less",
        )

    def test_a_missing_extra_is_told_with_its_remedy(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "av", None)
        for kind in ("g722", "g726", "amr_nb", "opus", "aac", "msbc"):
            message, remedy = step_of(kind).unfit(16000)
            assert "PyAV" in message
            assert "extra 'codecs'" in message
            assert remedy == "pip install 'acoustigrid[codecs]'"
        for kind in ("g711", "gsm_fr", "mp3", "cvsd"):
            assert step_of(kind).unfit(16000) is None

    def test_a_build_without_the_coder_is_told(self, monkeypatch):
        monkeypatch.setattr(kinds()["amr_nb"], "pyav", (("no_amr", "w"),))
        assert "no coder 'no_amr'" in step_of("amr_nb").unfit(16000)[0]

    def test_opus_may_use_the_band_of_the_set(self):
        assert [step_of("opus").bandwidth_hz(rate) for rate in (8000, 11025, 16000, 24000, 44100)] == [
            4000,
            6000,
            8000,
            12000,
            20000,
        ]
