"""Lost packets: which they are, and what is heard in their place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.acoustics.packet_loss import conceal, gilbert, lost_packets, runs
from augment.codecs.link import probe
from augment.streams import generator
from conftest import link, speech_like

CONCEALING = {
    "amr_nb": link("amr_nb", kbps=12.2),
    "amr_nb low": link("amr_nb", kbps=4.75),
    "opus": link("opus", 48000, kbps=24, application="voip"),
    "opus low": link("opus", 48000, kbps=8, application="voip"),
}


def as_pcm(signal: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(32768 * signal), -32768, 32767).astype(np.int16)


def voice(rate: int, seconds: float = 2.0) -> np.ndarray:
    return as_pcm(speech_like(seconds, seed=3, rate=rate))


def level_db(block: np.ndarray) -> float:
    return 10 * np.log10(np.mean((block / 32768.0) ** 2) + 1e-12)


class TestGilbert:
    @pytest.mark.parametrize(
        ("rate", "burst", "p", "q"),
        [
            (0.01, None, 0.01, 0.99),
            (0.01, 1.5, 0.0067, 0.667),
            (0.03, 2, 0.0155, 0.5),
            (0.05, 2, 0.0263, 0.5),
            (0.05, 3, 0.0175, 0.333),
            (0.1, 1.5, 0.0741, 0.667),
            (0.1, 5, 0.0222, 0.2),
        ],
    )
    def test_tabulated_probabilities(self, rate, burst, p, q):
        begins, ends = gilbert(rate, burst)
        assert begins == pytest.approx(p, abs=5e-5)
        assert ends == pytest.approx(q, abs=5e-4)

    @given(rate=st.floats(0, 0.9), burst=st.one_of(st.none(), st.floats(1, 50)))
    def test_both_states_balance(self, rate, burst):
        if burst is not None and rate / (burst * (1 - rate)) > 1:
            with pytest.raises(ValueError, match="cannot be lost in bursts"):
                gilbert(rate, burst)
            return
        begins, ends = gilbert(rate, burst)
        assert 0 <= begins <= 1
        assert 0 < ends <= 1
        assert (1 - rate) * begins == pytest.approx(rate * ends)

    @pytest.mark.parametrize(("rate", "burst"), [(1.0, None), (-0.1, 2), (0.1, 0.5), (0.6, 1)])
    def test_impossible_networks(self, rate, burst):
        with pytest.raises(ValueError, match=r"not between|impossible|cannot be lost"):
            gilbert(rate, burst)

    @given(short=st.integers(0, 300), more=st.integers(0, 300), rate=st.floats(0, 0.5), burst=st.floats(1, 9))
    def test_more_packets_begin_with_what_fewer_have(self, short, more, rate, burst):
        one = lost_packets(short, generator("x"), rate, burst)
        two = lost_packets(short + more, generator("x"), rate, burst)
        assert np.array_equal(one, two[:short])

    def test_the_first_packet_is_lost_as_often_as_any(self):
        first = [lost_packets(1, generator(number), 0.3, 4)[0] for number in range(2000)]
        assert np.mean(first) == pytest.approx(0.3, abs=3 * np.sqrt(0.3 * 0.7 / 2000))

    @given(st.lists(st.booleans(), max_size=40))
    def test_runs_say_which_packets(self, lost):
        said = set()
        for part in filter(None, runs(np.array(lost, dtype=bool)).split(",")):
            first, _, last = part.partition("-")
            said |= set(range(int(first), int(last or first) + 1))
        assert said == {number for number, gone in enumerate(lost) if gone}


class TestConcealment:
    @given(lost=st.lists(st.booleans(), min_size=1, max_size=12), rule=st.sampled_from(["silence", "repeat"]))
    def test_rule(self, lost, rule):
        samples = np.random.default_rng(1).integers(-32768, 32767, 10 * len(lost) + 3).astype(np.int16)
        out = conceal(samples, np.array(lost), 10, rule)
        for number, gone in enumerate(lost):
            here, last = slice(10 * number, 10 * number + 10), number
            while last >= 0 and lost[last]:
                last -= 1
            if not gone:
                expected = samples[here].astype(float)
            elif rule == "silence" or last < 0:
                expected = np.zeros(10)
            else:
                expected = samples[10 * last : 10 * last + 10] * 10 ** (-0.3 * (number - last - 1))
            assert np.abs(out[here] - expected).max() <= 0.5
        assert np.array_equal(out[-3:], samples[-3:])

    @pytest.mark.parametrize("name", CONCEALING)
    def test_a_decoder_of_its_own_fades_and_recovers(self, name):
        codec = CONCEALING[name]
        size = codec.packet_samples
        spoken = as_pcm(probe(codec.rate_hz))
        lost = np.zeros(codec.packet_count(spoken.size), dtype=bool)
        lost[40:55] = True  # from the middle of a syllable on
        whole, holed = codec.transmit(spoken), codec.transmit(spoken, lost)
        before = 40 * size - codec.delay_samples
        assert np.array_equal(whole[:before], holed[:before])
        below = [
            level_db(holed[k : k + size]) - level_db(whole[before - size : before])
            for k in range(before, before + 15 * size, size)
        ]
        assert -6 < below[0] < 3  # goes on, and is no silence
        assert below[0] > below[2] > -25
        assert max(below[8:]) < -30
        after = before + 20 * size
        assert abs(level_db(holed[after:]) - level_db(whole[after:])) < 0.5

    @pytest.mark.parametrize("name", CONCEALING)
    @pytest.mark.parametrize("which", ["first", "all", "every other"])
    def test_any_packets_may_be_missing(self, name, which):
        codec = CONCEALING[name]
        pcm = voice(codec.rate_hz, 0.5)
        lost = np.zeros(codec.packet_count(pcm.size), dtype=bool)
        lost[{"first": slice(0, 1), "all": slice(None), "every other": slice(None, None, 2)}[which]] = True
        heard = codec.transmit(pcm, lost)
        assert heard.shape == pcm.shape
        if which == "all":
            assert level_db(heard) < -60

    @pytest.mark.parametrize(
        "codec",
        [link("g711", law="a"), link("g722"), link("g726", kbps=32), link("gsm_fr"), link("msbc"), link("cvsd")],
        ids=lambda at: at.codec.kind,
    )
    def test_a_lost_packet_is_replaced_where_it_is_heard(self, codec):
        pcm = voice(codec.rate_hz, 1)
        lost = np.zeros(codec.packet_count(pcm.size), dtype=bool)
        lost[7:9] = True
        whole, holed = codec.transmit(pcm), codec.transmit(pcm, lost, "silence")
        size, start = codec.packet_samples, 7 * codec.packet_samples - codec.delay_samples
        assert not holed[start : start + 2 * size].any()
        assert np.array_equal(
            np.delete(holed, np.s_[start : start + 2 * size]), np.delete(whole, np.s_[start : start + 2 * size])
        )
        repeated = codec.transmit(pcm, lost, "repeat")
        assert np.array_equal(repeated[start : start + size], whole[start - size : start])
