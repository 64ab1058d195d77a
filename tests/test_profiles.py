"""Bundled profiles: their sources, and whether they are what they say."""

import numpy as np
import pytest
import soundfile

from augment.acoustics.filters import response_db
from augment.errors import ProfileError
from augment.profiles.library import Library, Need, bundled_names
from augment.profiles.microphone import from_impulse_response
from augment.streams import generator
from conftest import RATE

# Nominal sending sensitivity of the Intermediate Reference System (ITU-T P.48) and of its modification (P.830).
P48 = {200: -19.2, 300: -11.3, 500: -6.9, 1000: -3.7, 2000: 0.3, 3000: 1.5, 3500: -7.3, 4000: -37.2}
P830 = {200: -13.3, 300: -8.5, 500: -6.3, 1000: -3.7, 2000: 0.1, 3000: 2.0, 3500: -0.3, 4000: -3.5, 5000: -9.0}


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path)


@pytest.mark.parametrize(("name", "nominal"), [("itu_p48_handset", P48), ("itu_p830_handset", P830)])
def test_handsets_are_the_itus(library, name, nominal):
    frequency, level = library.microphone(name).table()
    found = response_db(frequency, level, np.array(list(nominal), dtype=float))
    assert found == pytest.approx(np.array(list(nominal.values())) + 3.7, abs=0.01)


def test_phone_lies_in_the_android_mask(library):
    """Android CDD 5.4.7: within 3 dB from 100 to 4000 Hz, whatever the offset."""
    frequency, level = library.microphone("phone_android").table()
    inside = response_db(frequency, level, np.geomspace(100, 4000, 200))
    assert inside.max() - inside.min() <= 6


def test_hum_is_at_50_hz(library):
    hum, active = library.noise_profile("mains_hum_50").render(20 * RATE, RATE, lambda name: generator(1, name))
    assert active is None
    spectrum = np.abs(np.fft.rfft(hum * np.hanning(hum.size)))
    assert np.argmax(spectrum) / 20 == pytest.approx(50, abs=0.2)


def test_scanner_has_its_tone_and_its_beat(library):
    noise, _ = library.noise_profile("mri_epi").render(20 * RATE, RATE, lambda name: generator(1, name))
    spectrum = np.abs(np.fft.rfft(noise * np.hanning(noise.size)))
    assert np.argmax(spectrum) / 20 == pytest.approx(690, abs=2)
    envelope = np.abs(np.fft.rfft(noise**2))
    low = slice(20 * 5, 20 * 30)
    assert (np.argmax(envelope[low]) + 20 * 5) / 20 == pytest.approx(14.1, abs=0.3)


@pytest.mark.parametrize("name", sorted(bundled_names("noise_profile")))
def test_noise_never_repeats(library, name):
    """A loop gives the same samples again one period later, at whatever period; no stretch here comes again."""
    noise, _ = library.noise_profile(name).render(60 * RATE, RATE, lambda n: generator(1, n))
    assert _closest_repeat(noise) > 1e-5  # hum, of nearly steady tones, comes nearest to itself
    assert _closest_repeat(np.tile(noise[: 3 * RATE], 20)) < 1e-8  # the measure does find a loop


def _closest_repeat(noise: np.ndarray) -> float:
    """Power of the smallest difference between the first half second and any later one, against its own power."""
    piece = noise[: RATE // 2]
    size = 1 << int(np.ceil(np.log2(noise.size + piece.size)))
    cross = np.fft.irfft(np.fft.rfft(noise, size) * np.conj(np.fft.rfft(piece, size)), size)
    energy = np.concatenate([[0.0], np.cumsum(noise**2)])
    last = noise.size - piece.size
    later = energy[piece.size : piece.size + last] - energy[:last]
    difference = later + np.sum(piece**2) - 2 * cross[:last]
    return float(difference[RATE // 2 :].min() / np.sum(piece**2))


@pytest.mark.parametrize("room", ["noise_profile", "microphone"])
def test_every_figure_has_a_source(library, room):
    for name in bundled_names(room):
        profile = library.noise_profile(name) if room == "noise_profile" else library.microphone(name)
        sources = [c.source for c in profile.components] if room == "noise_profile" else [profile.source]
        assert all(len(source) > 10 for source in sources)


def test_users_profiles_and_their_faults(library):
    path = library.base / "mine.yaml"
    path.write_text(
        "title: mine\nabout: my scanner\ncomponents:\n"
        "  - {kind: harmonics, source: measured, fundamental_hz: 731, levels_db: {1: 0},"
        " bursts: {on_s: 0.2, off_s: 0.1}}\n"
    )
    noise, active = library.noise_profile("mine.yaml").render(RATE, RATE, lambda n: generator(1, n))
    assert 0.5 < active.mean() < 0.8
    assert not np.any(noise[~active])
    wrong = library.base / "wrong.yaml"
    wrong.write_text(
        "title: mine\nabout: my scanner\ncomponents:\n"
        "  - {kind: harmonics, source: measured, fundamentl_hz: 731, levels_db: {1: 900}}\n"
    )
    with pytest.raises(ProfileError) as caught:
        library.noise_profile("wrong.yaml")
    told = [str(fault) for fault in caught.value.faults]
    assert len(told) == 3
    assert any("wrong.yaml:4:41" in line and "did you mean 'fundamental_hz'" in line for line in told)


def test_an_impulse_response_becomes_its_magnitude(tmp_path):
    """A first-order low-pass, measured with 20 ms of delay: the delay must go, the slope stay."""
    rate = 48000
    pole = np.exp(-2 * np.pi * 2000 / rate)
    impulse = np.concatenate([np.zeros(960), (1 - pole) * pole ** np.arange(2000)])
    soundfile.write(tmp_path / "mic.wav", impulse, rate, subtype="FLOAT")
    frequency, level = from_impulse_response(tmp_path / "mic.wav").table()
    at = np.array([100.0, 500.0, 2000.0, 8000.0])
    z = np.exp(-2j * np.pi * at / rate)
    exact = 20 * np.log10(np.abs((1 - pole) / (1 - pole * z)))
    reference = 20 * np.log10(abs((1 - pole) / (1 - pole * np.exp(-2j * np.pi * 1000 / rate))))
    assert response_db(frequency, level, at) == pytest.approx(exact - reference, abs=0.1)


@pytest.mark.parametrize(
    ("samples", "words"),
    [(np.zeros(16000), "silent"), (np.sin(np.arange(100)), "lasts 0.006 s"), (np.full(16000, np.nan), "NaN")],
)
def test_bad_noise_is_refused_by_name(tmp_path, samples, words):
    soundfile.write(tmp_path / "n.wav", samples, RATE, subtype="FLOAT")
    with pytest.raises(ProfileError) as caught:
        Library(tmp_path).recordings("n.wav")
    assert words in str(caught.value)
    assert "n.wav" in str(caught.value)


def test_digest_is_of_content_not_of_place(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder / "noise").mkdir(parents=True)
        soundfile.write(
            tmp_path / folder / "noise" / "x.wav", 0.1 * np.random.default_rng(1).standard_normal(RATE), RATE
        )
        (tmp_path / folder / "m.yaml").write_text(
            f"title: a microphone\nabout: in {folder}\nsource: from {folder}\nresponse_db: {{100: 0, 1000: 3}}\n"
        )
    need = Need("profile", "microphone", "m.yaml")
    assert Library(tmp_path / "a").digest(need) == Library(tmp_path / "b").digest(need)
    assert Library(tmp_path / "a").recordings("noise") == Library(tmp_path / "b").recordings("noise")


def test_noise_that_changed_since_the_plan_is_refused(tmp_path):
    rng = np.random.default_rng(1)
    soundfile.write(tmp_path / "n.wav", 0.1 * rng.standard_normal(RATE), RATE)
    library = Library(tmp_path)
    (recording,) = library.recordings("n.wav")
    soundfile.write(tmp_path / "n.wav", 0.1 * rng.standard_normal(RATE), RATE)
    with pytest.raises(ProfileError, match="changed since it was planned"):
        library.samples("n.wav", recording.name, recording.sha256, RATE)


def test_noise_has_no_offset(tmp_path):
    soundfile.write(tmp_path / "n.wav", 0.1 * np.random.default_rng(1).standard_normal(RATE) + 0.2, RATE)
    library = Library(tmp_path)
    (recording,) = library.recordings("n.wav")
    assert abs(library.samples("n.wav", recording.name, recording.sha256, RATE).mean()) < 1e-12


def test_a_response_that_ends_too_soon_is_refused_before_rendering(workshop):
    import augment
    from augment.errors import DesignError

    workshop.corpus({"N": 1})
    soundfile.write(workshop.folder / "h1.wav", np.eye(1, 4000)[0], 8000, subtype="FLOAT")
    recipe = workshop.recipe(factors="{device: {narrow: [{kind: microphone, profile: h1.wav}]}}")
    with pytest.raises(DesignError, match=r"'h1\.wav' is known up to 38\d\d Hz, and 7200 Hz is needed"):
        augment.plan(recipe)


def test_pulses_that_ring_into_one_another_are_refused(library):
    (library.base / "press.yaml").write_text(
        "title: press\nabout: press\ncomponents:\n"
        "  - {kind: pulses, source: test, rate_hz: 50, level_db: 0, resonances: [{frequency_hz: 500, decay_s: 0.1}]}\n"
    )
    with pytest.raises(ProfileError, match="describe them as harmonics"):
        library.noise_profile("press.yaml")


def test_stretches_far_below_the_recording_are_silent(tmp_path):
    noise = 0.1 * np.random.default_rng(1).standard_normal(4 * RATE)
    noise[RATE : 2 * RATE] *= 1e-3
    soundfile.write(tmp_path / "n.wav", noise, RATE, subtype="FLOAT")
    (recording,) = Library(tmp_path).recordings("n.wav")
    assert recording.silent == (False, False, True, True, False, False, False, False)
