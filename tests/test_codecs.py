"""Codecs and packet loss, asked by other decoders, other ADPCM, closed forms and odd inputs."""

import hashlib
import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.codecs import libsndfile, pyav
from augment.codecs.link import delay_between, probe
from augment.perturb.channel.cvsd import delta_modulated
from augment.perturb.channel.mp3 import KBPS_OF_RATE_HZ
from conftest import gcc_lag, link, speech_like

ALL = {
    "g711 a": link("g711", law="a"),
    "g711 mu": link("g711", law="mu"),
    "g722": link("g722"),
    **{f"g726 {kbps}": link("g726", kbps=kbps) for kbps in (16, 24, 32, 40)},
    "gsm_fr": link("gsm_fr"),
    "amr_nb 4.75": link("amr_nb", kbps=4.75),
    "amr_nb 12.2": link("amr_nb", kbps=12.2),
    "opus 6": link("opus", kbps=6),
    "opus 24": link("opus", kbps=24),
    "opus 64": link("opus", 48000, kbps=64, application="audio"),
    "mp3 8": link("mp3", kbps=8),
    "mp3 64": link("mp3", 48000, kbps=64),
    "aac": link("aac", kbps=32),
    "msbc": link("msbc"),
    "cvsd": link("cvsd"),
}
WAVEFORM = [name for name in ALL if name.split()[0] not in ("amr_nb", "opus")]


def as_pcm(signal: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(32768 * signal), -32768, 32767).astype(np.int16)


def voice(rate: int, seconds: float = 2.0) -> np.ndarray:
    return as_pcm(speech_like(seconds, seed=3, rate=rate))


def snr_db(reference: np.ndarray, other: np.ndarray) -> float:
    reference, other = reference.astype(float), other.astype(float)
    return 10 * np.log10(np.sum(reference**2) / max(np.sum((reference - other) ** 2), 1e-9))


def level_db(block: np.ndarray) -> float:
    return 10 * np.log10(np.mean((block / 32768.0) ** 2) + 1e-12)


class TestDelay:
    def test_the_estimator_finds_a_delay_of_a_fraction_of_a_sample(self):
        sent = probe(16000)
        size = 2 * sent.size
        turned = np.fft.rfft(sent, size) * np.exp(-2j * np.pi * np.arange(sent.size + 1) / size * 41.25)
        assert delay_between(sent, np.fft.irfft(turned, size), 16000) == pytest.approx(41.25, abs=1 / 16)

    @pytest.mark.parametrize(
        ("codec", "known"),
        [
            (link("g711", law="mu"), 0),
            (link("g722"), 22),
            (link("g726", kbps=32), 0),
            (link("gsm_fr"), 0),
            (link("amr_nb", kbps=7.4), 40),
            (link("aac", kbps=32), 1024),
            (link("mp3", kbps=64), 0),
            (link("mp3", kbps=24), 1105),
            (link("msbc"), 73),
            (link("cvsd"), 0),
            (link("opus", 48000, kbps=64, application="audio"), 312),
        ],
        ids=str,
    )
    def test_known_delays(self, codec, known):
        """Two filters of 24 taps in G.722, 5 ms ahead in AMR, 529 + 576 in LAME, one AAC block, 6.5 ms in Opus."""
        assert codec.delay_samples == known

    @pytest.mark.parametrize("name", WAVEFORM)
    def test_the_delay_lies_well_off_the_half_sample_where_it_could_be_rounded_either_way(self, name):
        found = ALL[name].measured_delay()
        assert abs(found - round(found)) <= 0.25


class TestRoundTrip:
    @pytest.mark.parametrize("name", ALL)
    @settings(max_examples=6, deadline=None)
    @given(samples=st.integers(0, 2500))
    def test_any_length(self, name, samples):
        codec = ALL[name]
        pcm = voice(codec.rate_hz, 0.4)[:samples]
        heard = codec.transmit(pcm)
        assert heard.shape == pcm.shape
        assert heard.dtype == np.int16

    @pytest.mark.parametrize("name", ALL)
    def test_same_samples_from_several_threads_at_once(self, name):
        codec = ALL[name]
        pcm = voice(codec.rate_hz)
        kept, once = pcm.copy(), codec.transmit(pcm)
        with ThreadPoolExecutor(4) as pool:
            for again in pool.map(lambda _: codec.transmit(pcm), range(4)):
                assert np.array_equal(once, again)
        assert np.array_equal(pcm, kept)

    def test_same_samples_in_another_process(self):
        codecs = [ALL[name] for name in ("amr_nb 12.2", "opus 24", "aac", "mp3 64", "g726 32", "msbc")]
        digest = "".join(hashlib.sha256(codec.transmit(as_pcm(probe(codec.rate_hz)))).hexdigest() for codec in codecs)
        script = (
            "import hashlib, numpy as np\n"
            "from augment.codecs.link import Link, probe\n"
            + "".join(f"from {type(at.codec).__module__} import {type(at.codec).__name__}\n" for at in codecs)
            + f"codecs = {codecs!r}\n"
            "pcm = lambda rate: np.rint(32768 * probe(rate)).astype(np.int16)\n"
            "print(''.join(hashlib.sha256(c.transmit(pcm(c.rate_hz))).hexdigest() for c in codecs))\n"
        )
        other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert other.stdout.strip() == digest

    @pytest.mark.parametrize("name", ALL)
    def test_silence_stays_silent(self, name):
        heard = ALL[name].transmit(np.zeros(ALL[name].rate_hz, dtype=np.int16))
        assert level_db(heard) < -65

    @pytest.mark.parametrize("name", WAVEFORM)
    def test_full_scale_noise_does_not_wrap_around(self, name):
        codec = ALL[name]
        loud = as_pcm(np.sign(np.random.default_rng(2).standard_normal(2 * codec.rate_hz)))
        heard = codec.transmit(loud).astype(float)
        assert np.corrcoef(loud, heard)[0, 1] > 0.3  # what wraps around comes out upside down
        assert level_db(heard) > -10

    @pytest.mark.parametrize("kbps", [16, 24, 32, 40])
    def test_g726_saturates_where_ffmpegs_decoder_wraps_around(self, kbps):
        loud = as_pcm(np.sign(np.random.default_rng(2).standard_normal(16000)))
        assert np.corrcoef(loud, link("g726", kbps=kbps).transmit(loud))[0, 1] > 0.95

    @pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 48000])
    @pytest.mark.parametrize("name", ["g711 mu", "amr_nb 12.2", "opus 24"])
    def test_at_any_rate_of_the_test_set(self, name, rate):
        speech = speech_like(2, seed=1, rate=rate)
        heard = replace(ALL[name], sample_rate_hz=rate).carry(speech)
        assert heard.shape == speech.shape
        assert abs(gcc_lag(speech, heard, rate)) <= 0.25e-3 * rate

    @pytest.mark.parametrize("name", ALL)
    @pytest.mark.parametrize("samples", [1, 2, 5])
    def test_a_few_samples_at_a_high_rate(self, name, samples):
        codec = replace(ALL[name], sample_rate_hz=24000 if name == "mp3 8" else 48000)  # MP3 has 8 kb/s up to there
        heard = codec.carry(np.full(samples, 0.5))
        assert heard.shape == (samples,)
        assert np.isfinite(heard).all()

    def test_what_the_band_limit_lifts_above_full_scale_is_not_clipped(self):
        square = 0.99 * np.sign(np.sin(2 * np.pi * 1100 * np.arange(48000) / 48000))
        heard = link("g711", 48000, law="a").carry(square)
        tone = 4 / np.pi * 0.99  # the first harmonic of a square wave is louder than the wave
        assert np.abs(heard).max() > 1.05
        assert np.abs(np.fft.rfft(heard))[1100] / 24000 == pytest.approx(tone, rel=0.01)


class TestOutsiders:
    """The same bits, decoded by somebody else; or the same algorithm, written by somebody else."""

    @pytest.mark.parametrize(("kbps", "container"), [(24, "G723_24"), (32, "G721_32"), (40, "G723_40")])
    def test_g726_is_as_good_as_suns_adpcm(self, kbps, container):
        sent = voice(8000, 4)
        file = libsndfile.write(sent, 8000, "AU", container)
        sun = libsndfile.read(file, 8000, "AU", container)[: sent.size]
        assert snr_db(sent, link("g726", kbps=kbps).transmit(sent)) == pytest.approx(snr_db(sent, sun), abs=2)

    def test_g726_gains_a_few_db_with_every_bit(self):
        sent = voice(8000, 4)
        snr = [snr_db(sent, link("g726", kbps=kbps).transmit(sent)) for kbps in (16, 24, 32, 40)]
        assert all(2 < gained < 8 for gained in np.diff(snr))

    @pytest.mark.parametrize("kbps", [4.75, 12.2])
    def test_amr_against_ffmpegs_own_decoder(self, kbps):
        sent = voice(8000, 4)[: 160 * 190]
        packets, _ = pyav.encode("libopencore_amrnb", sent, 8000, {"b": str(round(1000 * kbps))})
        ours, other = (pyav.decode(name, packets, 8000, {}) for name in ("libopencore_amrnb", "amrnb"))
        assert snr_db(ours, other) > 15

    @pytest.mark.parametrize(("kbps", "agree_db"), [(12, 15), (128, 60)])
    def test_opus_against_ffmpegs_own_decoder(self, kbps, agree_db):
        """At low bit rates the two resample what is coded at 16 kHz by different filters."""
        packets, _ = pyav.encode("libopus", voice(48000), 48000, {"b": str(1000 * kbps), "vbr": "off"})
        assert {len(packet) for packet in packets} == {kbps * 20 // 8}
        ours, other = (pyav.decode(name, packets, 48000, {}) for name in ("libopus", "opus"))
        assert snr_db(ours, other) > agree_db

    def test_aac_against_the_fixed_point_decoder(self):
        packets, header = pyav.encode("aac", voice(16000), 16000, {"b": "32000"}, "fltp")
        decoder = av.CodecContext.create("aac_fixed", "r")
        decoder.sample_rate, decoder.layout, decoder.extradata = 16000, "mono", header
        frames = [frame for data in packets for frame in decoder.decode(av.Packet(data))]
        other = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]) / 65536
        assert snr_db(pyav.decode("aac", packets, 16000, {}, header)[: other.size], other) > 60

    @pytest.mark.parametrize("rate", KBPS_OF_RATE_HZ)
    def test_mp3_has_the_bit_rate_that_was_asked_for(self, rate):
        rates = KBPS_OF_RATE_HZ[rate]
        for kbps in (rates[0], rates[3], rates[-1]):
            level = min((rates[-1] - kbps) / (rates[-1] - rates[0]), 0.999)
            data = libsndfile.write(
                voice(rate), rate, "MP3", "MPEG_LAYER_III", bitrate_mode="CONSTANT", compression_level=level
            )
            with av.open(io.BytesIO(data)) as file:
                sizes = [packet.size for packet in file.demux(audio=0) if packet.size]
            frame = 1152 if rate >= 32000 else 576
            assert np.mean(sizes[1:-1]) * 8 * rate / frame == pytest.approx(1000 * kbps, rel=0.01)

    def test_mp3_against_ffmpegs_decoder(self):
        sent = voice(16000)
        data = libsndfile.write(
            sent, 16000, "MP3", "MPEG_LAYER_III", bitrate_mode="CONSTANT", compression_level=96 / 152
        )
        with av.open(io.BytesIO(data)) as file:
            other = np.concatenate([frame.to_ndarray().reshape(-1) for frame in file.decode(audio=0)])
        assert snr_db(link("mp3", kbps=64).transmit(sent), 32768 * other[: sent.size]) > 60

    def test_cvsd_decoder_needs_the_bits_only(self):
        """Coder and decoder of the Bluetooth specification, written apart, with a bit stream between them."""

        def grown(bits: list[int], step: float) -> float:
            same = len(bits) >= 4 and len(set(bits[-4:])) == 1
            return min(step + 10, 1280) if same else max(step * (1 - 1 / 1024), 10)

        def decoded(bits: list[int]) -> list[float]:
            out, held, step = [], 0.0, 10.0
            for place, bit in enumerate(bits):
                step = grown(bits[max(0, place - 3) : place + 1], step)
                out.append(min(max(held + bit * step, -32768), 32767))
                held = out[-1] * (1 - 1 / 32)
            return out

        sent = 30000 * np.sin(2 * np.pi * 700 * np.arange(6000) / 64000) * np.linspace(0, 1.3, 6000)
        bits, held, step = [], 0.0, 10.0
        for wanted in sent:
            bits.append(1 if wanted >= held else -1)
            step = grown(bits, step)
            held = min(max(held + bits[-1] * step, -32768), 32767) * (1 - 1 / 32)
        assert delta_modulated(sent).tolist() == decoded(bits)

    def test_cvsd_slope_overload(self):
        """The largest step at every bit: no faster than 1280 a bit, less what leaks."""
        out = delta_modulated(np.where(np.arange(4000) % 400 < 200, 32767.0, -32768.0))
        assert np.abs(np.diff(out)).max() <= 1280 + 32768 / 32
        assert np.abs(out).max() <= 32768
