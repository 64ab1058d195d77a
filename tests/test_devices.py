"""What devices do to sound, against closed forms, scipy and data sheets' definitions."""

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from acceptance.devices import A_WEIGHTING, a_weighted_dbov, distortion, draw, silent_scene
from augment.acoustics.carbon import carbon, carbon_filters
from augment.acoustics.converter import convert
from augment.acoustics.dynamics import automatic_gain
from augment.acoustics.filters import high_pass
from augment.acoustics.overload import PIECE, bent, overload, overload_curve, overload_peak
from augment.acoustics.self_noise import electronic_noise
from augment.acoustics.suppression import noise_power, suppress_noise
from augment.errors import RenderError
from augment.perturb.electrical.adc import Adc
from augment.perturb.microphone.microphone import Microphone
from augment.perturb.microphone.overload import Overload
from augment.perturb.microphone.self_noise import SelfNoise
from augment.scene import Scene, Stem, Weighting
from conftest import RATE, speech_like


def sine(rms_dbov: float, frequency_hz: float = 1000.0, seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return np.sqrt(2) * 10 ** (rms_dbov / 20) * np.sin(2 * np.pi * frequency_hz * time)


def level_dbov(signal: np.ndarray) -> float:
    return 10 * np.log10(np.mean(signal**2))


class TestSelfNoise:
    def test_spectrum_is_white_with_a_rise(self):
        """Welch's estimate in third octaves against the density 1 + 1000 / f."""
        noise = electronic_noise(60 * RATE, RATE, np.random.default_rng(1))
        f, density = scipy.signal.welch(noise, RATE, nperseg=8192)
        for centre in (63, 125, 250, 500, 1000, 2000, 4000, 6300):
            band = (f >= centre / 2 ** (1 / 6)) & (f < centre * 2 ** (1 / 6))
            found, wanted = density[band].mean(), (1 + 1000 / f[band]).mean()
            if centre == 63:
                reference = found / wanted
            assert 10 * np.log10(found / wanted / reference) == pytest.approx(0, abs=0.7)

    @given(st.integers(1, 4000), st.integers(0, 4000), st.sampled_from([8000, 16000, 48000]))
    @settings(max_examples=20, deadline=None)
    def test_longer_begins_with_shorter(self, short, more, rate):
        one = electronic_noise(short, rate, np.random.default_rng(5))
        two = electronic_noise(short + more, rate, np.random.default_rng(5))
        assert two[:short] == pytest.approx(one, abs=1e-9)

    @pytest.mark.parametrize("ein", [20.0, 45.0])
    @pytest.mark.parametrize("full_scale", [86.0, 120.0])
    def test_level_follows_both_figures(self, ein, full_scale):
        step = SelfNoise(kind="self_noise", ein_dba=ein)
        heard = step.apply(silent_scene(10, RATE, full_scale), draw()).mixture()
        assert a_weighted_dbov(heard, RATE) + full_scale == pytest.approx(ein, abs=0.2)

    def test_is_heard_behind_an_overload(self):
        """Both belong to the microphone; a mixture must not swallow what comes later."""
        scene = silent_scene(10, RATE, 112.0).mixed_down()
        after = Overload(kind="overload", aop_dbspl=120.0).apply(scene, draw())
        heard = SelfNoise(kind="self_noise", ein_dba=33.0).apply(after, draw()).mixture()
        assert a_weighted_dbov(heard, RATE) + 112.0 == pytest.approx(33.0, abs=0.3)

    @pytest.mark.parametrize("profile", ["itu_p48_handset", "laptop"])
    def test_a_response_moves_no_sound_pressure_whatever_stands_before_it(self, profile):
        """An overload that nothing reaches makes the chain non-linear, and bends nothing."""
        microphone = Microphone(kind="microphone", profile=profile)
        straight = Overload(kind="overload", aop_dbspl=150.0)
        speech = Scene(Stem.of(0.05 * speech_like(3), RATE), (), RATE, Weighting(), full_scale_dbspl=80.0)
        scenes = [microphone.apply(speech, draw()).mixed_down(), straight.apply(speech.mixed_down(), draw())]
        scenes[1] = microphone.apply(scenes[1], draw())
        distances_db = []
        for scene in scenes:
            heard = SelfNoise(kind="self_noise", ein_dba=40.0).apply(scene, draw()).mixture()
            distances_db.append(level_dbov(scene.mixture()) - a_weighted_dbov(heard - scene.mixture(), RATE))
        assert distances_db[0] == pytest.approx(distances_db[1], abs=0.01)

    @pytest.mark.parametrize(
        "step", [SelfNoise(kind="self_noise", ein_dba=33.0), Overload(kind="overload", aop_dbspl=120.0)]
    )
    def test_unknown_loudness_is_refused(self, step):
        scene = Scene(Stem.of(speech_like(1), RATE), (), RATE, Weighting())
        with pytest.raises(RenderError, match="dB SPL is not known"):
            step.apply(scene.mixed_down(), draw())

    def test_the_weighting_used_here_is_the_standards(self):
        """A sine at each of the table's frequencies reads its weight."""
        for frequency, weight in list(A_WEIGHTING.items())[:-5]:
            assert a_weighted_dbov(sine(0, frequency, 4.0), RATE) == pytest.approx(weight, abs=0.05)


class TestOverload:
    @pytest.mark.parametrize("thd", [0.001, 0.01, 0.1])
    def test_closed_form_against_a_spectrum(self, thd):
        bent_sine = overload_curve(overload_peak(thd) * np.sin(2 * np.pi * np.arange(1000) / 1000))
        heard = np.abs(np.fft.rfft(bent_sine))
        assert np.sqrt(np.sum(heard[2:] ** 2)) / heard[1] == pytest.approx(thd, rel=1e-9)

    def test_distortion_grows_tenfold_in_ten_decibels(self):
        found = [distortion(level, 130.0, 112.0) for level in (100.0, 110.0, 120.0)]
        assert found[1] / found[0] == pytest.approx(10, rel=0.02)
        assert found[2] / found[1] == pytest.approx(10, rel=0.1)

    def test_hard_limit(self):
        loud = overload(sine(20, 100.0), -3.0)
        limit = 10 ** (-3.0 / 20) * np.sqrt(2) / overload_peak()
        assert np.quantile(np.abs(loud), 0.9) == pytest.approx(limit, rel=0.02)

    def test_quiet_sound_passes_unchanged(self):
        speech = 0.01 * speech_like(1)
        assert np.abs(overload(speech, 10.0) - speech).max() < 1e-6 * np.abs(speech).max()

    def test_harmonics_above_the_nyquist_frequency_do_not_fold_back(self):
        """The third harmonic of 3.1 kHz would come back at 6.7 kHz."""
        tone = sine(0, 3100.0)
        folded = np.abs(np.fft.rfft(overload_curve(1.4 * tone)))
        clean = np.abs(np.fft.rfft(bent(1.4 * tone, overload_curve)))
        assert 20 * np.log10(folded[6700] / folded[3100]) > -30
        assert 20 * np.log10(clean[6700] / clean[3100]) < -60

    def test_pieces_do_not_show(self):
        long = np.tile(sine(0, 440.0), 20)[: 2 * PIECE + 1000]
        shifted = overload(long[300:], -3.0)
        assert np.abs(overload(long, -3.0)[5000 + 300 : -5000] - shifted[5000:-5000]).max() < 1e-6


class TestWindFilter:
    @pytest.mark.parametrize("rate", [8000, 16000, 48000])
    @pytest.mark.parametrize("order", [1, 2])
    @pytest.mark.parametrize("cutoff", [20.0, 150.0, 500.0])
    def test_magnitude_is_butterworths(self, cutoff, order, rate):
        """|H|^2 = 1 / (1 + (tan(pi fc / fs) / tan(pi f / fs))^2n)."""
        at = np.geomspace(10, 0.4 * rate, 60)
        _, found = scipy.signal.freqz(high_pass(cutoff, order, rate), worN=at, fs=rate)
        ratio = np.tan(np.pi * cutoff / rate) / np.tan(np.pi * at / rate)
        assert np.abs(found) ** 2 == pytest.approx(1 / (1 + ratio ** (2 * order)), rel=1e-4, abs=1e-7)

    @pytest.mark.parametrize("order", [1, 2])
    def test_is_of_minimum_phase(self, order):
        """Its zeros lie at 0 Hz, on the unit circle: half a turn of the response for each, and no other."""
        response = np.fft.fft(high_pass(100.0, order, 8000), 1 << 16)
        turns = np.angle(response[2:] / response[1:-1]).sum() / (2 * np.pi)
        assert turns == pytest.approx(-order / 2, abs=0.01)


class TestConverter:
    def test_noise_of_sixteen_bits_is_what_arithmetic_says(self):
        """A twelfth of a squared step, -101.1 dBov; with triangular dither a quarter, -96.3 dBov."""
        signal = 0.3 * speech_like(20) + 0.1 * np.random.default_rng(3).standard_normal(20 * RATE)
        plain = convert(signal, 16)[0] - signal
        dithered = convert(signal, 16, 0.0, np.random.default_rng(4))[0] - signal
        assert level_dbov(plain) == pytest.approx(-101.1, abs=0.05)
        assert level_dbov(dithered) == pytest.approx(-96.33, abs=0.05)

    def test_dither_carries_what_lies_below_a_step(self):
        """A sine of a third of a step is lost without dither, and is there with it."""
        small = 2.0**-15 / 3 * np.sin(2 * np.pi * 1000 * np.arange(10 * RATE) / RATE)
        assert not convert(small, 16)[0].any()
        heard = np.abs(np.fft.rfft(convert(small, 16, 0.0, np.random.default_rng(1))[0]))
        assert heard[10000] / (small.size / 2) == pytest.approx(2.0**-15 / 3, rel=0.05)

    @given(st.integers(8, 24), st.floats(-40, 0), st.integers(0, 1000))
    @settings(max_examples=40, deadline=None)
    def test_steps_and_limits(self, bits, full_scale, seed):
        signal = np.random.default_rng(seed).uniform(-1, 1, 500)
        found, clipped = convert(signal, bits, full_scale)
        edge = 10 ** (full_scale / 20)
        step = edge * 2.0 ** (1 - bits)
        assert np.abs(found / step - np.rint(found / step)).max() < 1e-6
        assert found.min() >= -edge - 1e-12
        assert found.max() <= edge - step + 1e-12
        free = np.abs(signal) < edge - step
        assert np.abs(found - signal)[free].max(initial=0) <= step / 2 + 1e-12
        assert clipped == np.count_nonzero(np.abs(found - signal) > 0.5001 * step)

    def test_clipping_is_counted_in_the_manifest(self):
        tone = sine(-3.0103, 1000.0)
        scene = Scene(Stem.of(0.9 * tone, RATE), (), RATE, Weighting()).mixed_down()
        after = Adc(kind="adc", bits=16, full_scale_dbov=-6.0).apply(scene, draw())
        expected = np.count_nonzero(np.abs(0.9 * tone) > 10 ** (-6 / 20))
        assert after.noted_values()["adc_clipped_samples"] == expected > 0
        assert np.abs(after.mixture()).max() == pytest.approx(10 ** (-6 / 20), rel=1e-4)
        free = Adc(kind="adc").apply(scene, draw()).noted_values()
        assert free["adc_clipped_samples"] == 0


class TestAutomaticGain:
    @pytest.mark.parametrize(
        ("before", "after"), [(-6, -20), (-20, -20), (-35, -20), (-40, -20), (-50, -30), (-70, -50)]
    )
    def test_static_curve(self, before, after):
        """To the target where the gain suffices, and 20 dB up where it does not."""
        settled = automatic_gain(sine(before, 1000.0, 6.0), RATE, -20.0, 10.0, 300.0, 20.0)[-RATE:]
        assert level_dbov(settled) == pytest.approx(after, abs=0.1)

    @pytest.mark.parametrize(("step_db", "time_ms"), [(20, 100), (-20, 400)])
    def test_time_constants(self, step_db, time_ms):
        """After a step the gain in dB has come to 1 - 1/e of its way within its time constant."""
        start = -30.0
        tone = np.concatenate([sine(start, 1000.0, 6.0), sine(start + step_db, 1000.0, 3.0)])
        out = automatic_gain(tone, RATE, -20.0, 100.0, 400.0, 40.0)
        at = 6 * RATE + round(time_ms / 1000 * RATE)
        window = slice(at - 80, at + 80)
        moved = level_dbov(out[window]) - level_dbov(tone[window]) - (-20 - start)
        # The detector's 5 ms come before it; a falling level takes it a little longer.
        assert moved == pytest.approx(-step_db * (1 - np.exp(-1)), abs=1.0)

    def test_is_causal(self):
        speech = speech_like(2)
        other = speech.copy()
        other[RATE:] = 0.9
        one, two = (automatic_gain(x, RATE, -20.0, 5.0, 200.0, 30.0) for x in (speech, other))
        assert np.array_equal(one[:RATE], two[:RATE])

    def test_noise_between_words_rises(self):
        noise = 10 ** (-60 / 20) * np.random.default_rng(1).standard_normal(10 * RATE)
        noise[4 * RATE : 5 * RATE] += sine(-20, 500.0)
        out = automatic_gain(noise, RATE, -20.0, 10.0, 200.0, 25.0)
        assert level_dbov(out[8 * RATE :]) - level_dbov(noise[8 * RATE :]) == pytest.approx(25, abs=0.1)


def snr_db(clean: np.ndarray, heard: np.ndarray) -> float:
    return 10 * np.log10(np.sum(clean**2) / np.sum((heard - clean) ** 2))


class TestNoiseSuppressor:
    @pytest.mark.parametrize("rate", [8000, 16000, 48000])
    def test_steady_noise_is_measured_without_bias(self, rate):
        """White noise of power 1 has the energy of the window, half the frame, in every bin."""
        frame = 2 * round(0.016 * rate)
        found = noise_power(np.random.default_rng(1).standard_normal(30 * rate), frame)[:, 5:-5].mean()
        assert 10 * np.log10(found / (frame / 2)) == pytest.approx(0, abs=0.3)

    @pytest.mark.parametrize(("before", "better_by"), [(0, 6), (5, 5), (10, 4)])
    def test_speech_comes_out_of_steady_noise(self, before, better_by, demo_speech):
        noise = np.random.default_rng(2).standard_normal(demo_speech.size)
        noise *= np.sqrt(np.mean(demo_speech**2) / np.mean(noise**2)) * 10 ** (-before / 20)
        heard = suppress_noise(demo_speech + noise, RATE, 15.0)
        assert snr_db(demo_speech, heard) >= before + better_by

    def test_clean_speech_is_left_nearly_alone(self, demo_speech):
        heard = suppress_noise(demo_speech, RATE, 15.0)
        assert snr_db(demo_speech, heard) > 20
        assert level_dbov(heard) - level_dbov(demo_speech) == pytest.approx(0, abs=0.5)

    @pytest.mark.parametrize("most", [6.0, 15.0])
    def test_noise_alone_falls_by_the_attenuation(self, most):
        noise = 0.01 * np.random.default_rng(3).standard_normal(10 * RATE)
        fall = level_dbov(noise) - level_dbov(suppress_noise(noise, RATE, most))
        assert most - 2.5 <= fall <= most

    @pytest.mark.parametrize("samples", [1, 2, 255, 256, 257, 5000])
    def test_without_attenuation_everything_comes_back(self, samples):
        signal = np.random.default_rng(samples).standard_normal(samples)
        assert suppress_noise(signal, RATE, 0.0) == pytest.approx(signal, abs=1e-12)

    def test_louder_in_louder_out(self, demo_speech):
        noisy = demo_speech + 0.01 * np.random.default_rng(4).standard_normal(demo_speech.size)
        quiet, loud = suppress_noise(noisy, RATE, 15.0), suppress_noise(8 * noisy, RATE, 15.0)
        assert loud == pytest.approx(8 * quiet, rel=1e-9, abs=1e-12)


class Still:
    """A generator whose noise is silence."""

    def standard_normal(self, samples):
        return np.zeros(samples)


class TestCarbon:
    @pytest.mark.parametrize(("drive", "thd"), [(0.0, 8.0), (6.0, 16.0), (12.0, 24.0)])
    @pytest.mark.parametrize("rate", [8000, 16000])
    def test_distortion_is_what_its_text_says(self, drive, thd, rate):
        heard = np.abs(np.fft.rfft(carbon(sine(-26, 1000.0, 1.0, rate), rate, drive, Still()) * np.hanning(rate)))
        harmonics = heard[2000 : rate // 2 : 1000]
        assert 100 * np.sqrt(np.sum(harmonics**2)) / heard[1000] == pytest.approx(thd, abs=0.8)

    @pytest.mark.parametrize("rate", [8000, 16000, 48000])
    def test_level_of_speech_shaped_noise_is_kept(self, rate):
        """Long-term average speech spectrum of Byrne et al. 1994, as noise made here."""
        bands = {
            100: 54.4,
            200: 60.2,
            400: 62.1,
            630: 60.5,
            1000: 53.7,
            2000: 48.7,
            4000: 45.6,
            8000: 43.7,
            16000: 40.7,
        }
        white = np.random.default_rng(6).standard_normal(10 * rate)
        f = np.fft.rfftfreq(white.size, 1 / rate)
        centre = np.array(list(bands), dtype=float)
        density = np.interp(
            np.log(np.maximum(f, 90)), np.log(centre), np.array(list(bands.values())) - 10 * np.log10(centre)
        )
        noise = np.fft.irfft(np.fft.rfft(white) * 10 ** (density / 20) * (f > 89), white.size)
        noise *= 1e-4 / np.std(noise)  # quiet: no distortion
        assert level_dbov(carbon(noise, rate, 0.0, Still())) - level_dbov(noise) == pytest.approx(0, abs=1.0)

    def test_band_is_a_telephones(self):
        capsule, line = carbon_filters(16000)
        at = np.array([100.0, 1000.0, 2000.0, 3400.0, 5000.0])
        _, response = scipy.signal.freqz(np.convolve(capsule, line), worN=at, fs=16000)
        level = 20 * np.log10(np.abs(response / response[1]))
        assert level == pytest.approx([-21, 0, 3.3, -5, -50], abs=1)

    def test_noise_follows_the_speech(self):
        tone = np.concatenate([sine(-26, 1000.0), np.zeros(RATE)])
        added = carbon(tone, RATE, 0.0, np.random.default_rng(1)) - carbon(tone, RATE, 0.0, Still())
        assert level_dbov(added[:RATE]) > -70
        assert level_dbov(added[-RATE // 2 :]) < -120
