"""Which stretches of a recording a fit looks at: speech, handling, clipping, silence, and what is told of the rest."""

import io
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.acoustics.levels import SpeechMeter, power
from augment.acoustics.resample import resample
from augment.acoustics.spectrum import weighted_power
from augment.errors import ProfileError
from augment.fitting.heard import heard
from augment.fitting.look import Why
from augment.profiles.library import Library, bundled_names
from augment.streams import generator
from conftest import DEMO, PACK, RATE

SECONDS = 12
BLEND = 0.03
"""RMS level of the machines."""


@cache
def machine(name: str, rate: int = RATE, seconds: int = SECONDS) -> np.ndarray:
    sound, _ = Library(Path()).noise(name, seconds * rate, rate, lambda stream: generator("heard", name, rate, stream))
    return sound * BLEND / np.sqrt(power(sound))


def with_speech(
    noise: np.ndarray, rate: int, snr_db: float, at_s: float, voice: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Noise with one voice in front of it, and the voice alone."""
    voice = resample(voice, RATE, rate)
    band = (100, 7000) if rate >= RATE else (100, 3800)
    level = SpeechMeter(voice, rate).read().active_level_dbov
    voice = voice * 10 ** ((10 * np.log10(weighted_power(noise, rate, band)) + snr_db - level) / 20)
    alone = np.zeros(noise.size)
    begin = round(at_s * rate)
    alone[begin : begin + voice.size] = voice[: noise.size - begin]
    return noise + alone, alone


def refused(samples: np.ndarray, rate: int = RATE, **asked: float) -> str:
    with pytest.raises(ProfileError) as error:
        heard(samples, rate, name="ward.wav", **asked)
    return str(error.value)


FAN = "ventilation_fan"
STEADY = ("ventilation_fan", "mains_hum_50", "mri_epi", "dental_drill")
ALARMS = ("nicu_monitor_alarm_medium", "ventilator_alarm", "patient_monitor", "infusion_pump")
BLOWS = ("keyboard", "press", "kitchen")


@pytest.mark.parametrize("name", [*STEADY, *ALARMS, *BLOWS])
def test_nothing_of_a_machine_is_left_out(name):
    found = heard(machine(name), RATE)
    assert found.left_out == ()
    assert found.usable.all()


@pytest.mark.parametrize("name", [*STEADY, *ALARMS[:2], "press"])
def test_speech_five_decibels_above_a_machine_is_left_out(name, demo_speech):
    noisy, alone = with_speech(machine(name), RATE, 5.0, 4.0, demo_speech)
    found = heard(noisy, RATE)
    assert np.sum(alone[found.usable] ** 2) < 0.1 * np.sum(alone**2)
    assert {span.why for span in found.left_out} == {Why.SPEECH}
    quiet = alone == 0
    assert np.mean(found.usable[quiet]) > 0.8  # padding and pauses of the phrase cost little
    assert any("speech" in remark for remark in found.remarks)


@settings(max_examples=12, deadline=None)
@given(
    rate=st.sampled_from([8000, 11025, 22050, 44100, 48000]),
    channels=st.integers(1, 3),
    frames=st.integers(0, 999),
    seed=st.integers(0, 2**16),
)
def test_mask_and_spans_agree_at_any_rate(rate, channels, frames, seed):
    rng = np.random.default_rng(seed)
    samples = 0.05 * rng.standard_normal((2 * rate + frames, channels))
    samples[rate // 2 : rate // 2 + rate // 5] = 0.0  # a dropout of a fifth of a second
    found = heard(samples, rate)
    assert found.samples.shape == found.usable.shape == (len(samples),)
    left_out = sum(span.end_s - span.begin_s for span in found.left_out)
    assert left_out * rate == pytest.approx(np.count_nonzero(~found.usable), abs=1e-6 * rate)
    assert left_out == pytest.approx(0.2, abs=0.001)
    assert sum(part.size for part in found.stretches()) == np.count_nonzero(found.usable)
    assert 0 <= found.channel < channels


def test_a_channel_is_chosen_and_never_mixed():
    fan = machine(FAN)
    dead = heard(np.stack([0 * fan, fan], axis=1), RATE)
    assert dead.channel == 1
    assert any("channel 0 is silent" in remark for remark in dead.remarks)
    loud = heard(np.stack([fan, 2 * fan], axis=1), RATE)
    assert loud.channel == 1
    assert loud.level_dbov == pytest.approx(20 * np.log10(2 * BLEND), abs=0.1)
    cut = heard(np.stack([fan, np.clip(9 * fan, -0.3, 0.3)], axis=1), RATE)
    assert cut.channel == 0
    assert any("clipped least" in remark for remark in cut.remarks)


def knock(hertz: float) -> np.ndarray:
    time = np.arange(RATE // 5) / RATE
    return np.exp(-time * 40) * np.sin(2 * np.pi * hertz * time)


def test_knocks_on_the_recorder_are_left_out_and_those_of_a_machine_stay():
    few, many = machine(FAN).copy(), machine(FAN).copy()
    for begin_s in (3.2, 7.9):
        few[round(begin_s * RATE) :][: RATE // 5] += knock(90.0)
    found = heard(few, RATE)
    assert [span.why for span in found.left_out] == [Why.HANDLING] * 2
    assert [span.begin_s for span in found.left_out] == pytest.approx([3.2, 7.9], abs=0.1)
    assert np.max(np.abs(found.samples[found.usable])) < 10 * BLEND
    for begin_s in range(1, SECONDS):  # once a second, as a press
        many[begin_s * RATE :][: RATE // 5] += knock(90.0)
    assert heard(many, RATE).left_out == ()


def test_a_beep_far_above_everything_is_no_knock():
    quiet = 0.01 * machine(FAN)
    beep = 0.3 * np.hanning(RATE // 5) * np.sin(2 * np.pi * 960 * np.arange(RATE // 5) / RATE)
    quiet[RATE * 4 :][: RATE // 5] += beep
    found = heard(quiet, RATE)
    assert found.left_out == ()
    assert any("they count as the machine's" in remark for remark in found.remarks)


@pytest.mark.parametrize(("top", "steps"), [(1.0, 32768), (0.2, 32768), (0.5, 128)])
def test_clipping_is_left_out_wherever_the_tops_are(top, steps):
    """At full scale, below it, and in 8 bit."""
    gain = top / np.quantile(np.abs(machine(FAN)), 0.99)
    loud = np.clip(np.rint(machine(FAN) * gain * steps), -top * steps, top * steps - 1) / steps
    found = heard(loud, RATE)
    clipping = [span for span in found.left_out if span.why is Why.CLIPPED]
    assert clipping
    assert 0 < SECONDS - found.usable_s < 10
    assert np.max(loud[found.usable]) < np.max(loud)
    assert np.min(loud[found.usable]) > np.min(loud)


def test_clipped_all_through_is_refused():
    assert "it is clipped all through" in refused(np.clip(20 * machine(FAN), -0.5, 0.5))


def gated(noise: np.ndarray, floor: float) -> np.ndarray:
    """As a suppressor leaves it that closes at irregular times, with flanks of 10 ms."""
    rng = np.random.default_rng(4)
    opened = np.repeat(np.arange(20) % 2 == 0, rng.integers(RATE // 4, RATE, 20))[: noise.size]
    smooth = np.convolve(np.pad(opened, (0, noise.size - opened.size)), np.ones(160) / 160, "same")
    return noise * (floor + (1 - floor) * smooth)


def test_a_noise_suppressor_is_told_loudly():
    found = heard(gated(machine(FAN), 0.01), RATE)
    assert found.remarks[0].startswith("the recorder's noise suppressor is on")
    assert {span.why for span in found.left_out} == {Why.GATED}
    assert power(found.samples[found.usable]) > 0.5 * BLEND**2
    hiss = gated(machine(FAN), 0.0) + 1e-4 * np.random.default_rng(1).standard_normal(SECONDS * RATE)
    assert "suppressor" in heard(hiss, RATE).remarks[0]
    silent = np.rint(gated(machine(FAN), 0.0) * 32768) / 32768
    assert "digitally silent" in heard(silent, RATE).remarks[0]


def test_padding_of_silence_is_left_out_and_pauses_of_an_alarm_are_not():
    fan = machine(FAN)
    found = heard(np.concatenate([np.zeros(RATE), fan, np.zeros(RATE // 2)]), RATE)
    assert [(round(s.begin_s, 2), round(s.end_s, 2), s.why) for s in found.left_out] == [
        (0.0, 1.0, Why.SILENT),
        (SECONDS + 1.0, SECONDS + 1.5, Why.SILENT),
    ]
    assert found.level_dbov == pytest.approx(20 * np.log10(BLEND), abs=0.05)


@pytest.mark.parametrize("cut_hz", [3400, 11_000, 16_000])
def test_a_band_that_is_cut_off_is_told(cut_hz):
    rate = 48_000
    spectrum = np.fft.rfft(machine(FAN, rate, 4) + 3e-3 * np.random.default_rng(2).standard_normal(4 * rate))
    spectrum[4 * cut_hz :] = 0
    found = heard(np.fft.irfft(spectrum), rate)
    assert found.to_hz == pytest.approx(cut_hz, abs=250)
    assert any(remark.startswith("it is cut off at") for remark in found.remarks)


def test_what_falls_steadily_or_ends_in_lines_is_not_cut_off():
    rng = np.random.default_rng(3)
    red = np.cumsum(rng.standard_normal(4 * RATE))  # 6 dB an octave
    for sound in (0.01 * red / np.std(red), machine("mains_hum_50"), machine("ventilator_alarm")):
        assert heard(sound, RATE).to_hz == RATE / 2


def test_an_mp3_ends_where_its_encoder_stopped():
    encoded = io.BytesIO()
    noise = 0.05 * np.random.default_rng(5).standard_normal(3 * 44_100)
    soundfile.write(encoded, noise, 44_100, format="MP3", bitrate_mode="CONSTANT", compression_level=0.7)
    encoded.seek(0)
    samples, rate = soundfile.read(encoded)
    assert 9000 < heard(samples, rate).to_hz < 21_000


def test_few_bits_offset_and_a_low_level_are_told():
    fan = machine(FAN)
    eight = heard(np.rint(fan * 128) / 128, RATE)
    assert eight.floor_dbov == pytest.approx(-52.9, abs=0.1)  # (1/128)^2 / 12
    assert any("steps are of 1/128" in remark for remark in eight.remarks)
    leaning = heard(fan + 0.1, RATE)
    assert any("DC offset of -20 dBov" in remark for remark in leaning.remarks)
    assert abs(np.mean(leaning.samples)) < 1e-4
    assert any("very quiet" in remark for remark in heard(0.01 * fan, RATE).remarks)


def test_what_cannot_be_used_is_refused_with_the_reason(demo_speech):
    assert "the recording is silent" in refused(np.zeros(3 * RATE))
    assert "0.50 s are to be used" in refused(machine(FAN)[: RATE // 2])
    assert "2000 samples a second" in refused(machine(FAN), 2000)
    assert "not numbers" in refused(np.where(np.arange(3 * RATE) == 7, np.nan, 0.1))
    assert "lasts 12.00 s" in refused(machine(FAN), from_s=13.0)
    speech = np.concatenate([demo_speech] * 3)
    assert "next to nothing but speech is heard" in refused(speech)


def test_two_seconds_are_enough_and_what_they_cannot_say_is_told():
    found = heard(machine(FAN)[: 2 * RATE], RATE)
    assert found.usable_s == 2.0
    assert "rates are known to 0.50 Hz only" in found.remarks[0]


def test_a_stretch_that_is_asked_for_is_used_as_it_is(demo_speech):
    noisy, _ = with_speech(machine(FAN), RATE, 10.0, 4.0, demo_speech)
    found = heard(noisy, RATE, from_s=3.0, to_s=9.0)
    assert found.usable.all()
    assert found.left_out == ()
    assert found.begin_s == 3.0
    assert found.samples.size == 6 * RATE
    assert any("used as it is, with speech" in remark for remark in found.remarks)


def test_of_a_long_recording_the_minute_is_used_that_is_most_like_the_whole():
    rate = 4000
    long = 0.02 * np.random.default_rng(6).standard_normal(200 * rate)
    long[: 90 * rate] *= 8  # somebody hoovers, then the machine runs on
    found = heard(long, rate)
    assert found.samples.size == 60 * rate
    assert found.begin_s >= 90
    assert any("of 200 s the stretch from" in remark for remark in found.remarks)


def test_music_is_told_and_no_alarm_is_music():
    rng = np.random.default_rng(8)
    time = np.arange(round(0.3 * RATE)) / RATE
    notes = 440 * 2 ** ((rng.choice([60, 62, 64, 65, 67, 69, 71, 72, 74, 55, 57, 59], 40) - 69.3) / 12)
    played = [sum(np.sin(2 * np.pi * h * note * time) / h for h in range(1, 6)) * np.exp(-2 * time) for note in notes]
    tune = 0.05 * np.concatenate(played) + np.resize(machine(FAN), 40 * time.size)
    assert heard(tune, RATE).remarks[0].startswith("it sounds like music")
    for name in (*ALARMS, *STEADY):
        assert not any("music" in remark for remark in heard(machine(name), RATE).remarks), name


@pytest.mark.parametrize("every", [1, 2])
def test_many_voices_are_the_noise_itself(every):
    babble = np.zeros(SECONDS * RATE)
    for index, path in enumerate(sorted((DEMO / "audio").glob("*_1.flac"))[::every]):
        voice, _ = soundfile.read(path)
        voice = np.roll(np.resize(voice, babble.size), 7919 * index)
        babble += 0.01 * voice / np.sqrt(power(voice))
    found = heard(babble, RATE)
    assert found.usable.all()
    assert found.remarks[0].startswith("voices are heard all through")


@pytest.mark.real
def test_real_noise_is_not_taken_for_speech():
    for path in sorted((PACK / "noise").glob("*/*.*")):
        samples, rate = soundfile.read(path, always_2d=True)
        found = heard(samples, rate)
        assert found.usable_s > 0.95 * found.samples.size / rate, path.name
        assert any("voices" in remark for remark in found.remarks) == (path.parent.name == "babble"), path.name


TAKEN_FOR_SPEECH = {"label_printer"}
"""A motor that sings through bursts of uneven length: a shortcoming that is known, and told in CONTRIBUTING."""


@pytest.mark.real
@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_no_bundled_machine_but_one_is_taken_for_speech(rate):
    taken = set()
    for name in bundled_names("noise_profile"):
        left_out = heard(machine(name, rate, 30), rate).left_out
        if any(one.why in (Why.SPEECH, Why.HANDLING) for one in left_out):
            taken.add(name)
    assert taken == TAKEN_FOR_SPEECH


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_bursts_of_one_pitch_are_no_speech_however_long_they_are(seed):
    sound, _ = Library(Path()).noise(
        "label_printer", 30 * 48_000, 48_000, lambda stream: generator("one pitch", seed, stream)
    )
    assert heard(sound, 48_000).usable_s > 28
