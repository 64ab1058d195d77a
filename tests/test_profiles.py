"""Bundled profiles: their sources, and whether they are what they say."""

import re

import numpy as np
import pytest
import soundfile

from augment.acoustics.filters import response_db
from augment.bundled import bundled
from augment.errors import ProfileError
from augment.profiles.library import FOLDERS, Library, Need, bundled_names
from augment.profiles.microphone import from_impulse_response
from augment.profiles.noise import NoiseProfile
from augment.streams import generator
from conftest import RATE, near


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path)


def test_names_are_unique_over_all_kinds():
    names = [name for room in FOLDERS for name in bundled_names(room)]
    assert len(names) == len(set(names))


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
    assert _closest_repeat(np.tile(noise[: 3 * RATE], 3)) < 1e-8  # the measure does find a loop


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
@pytest.mark.parametrize("name", sorted(bundled_names("noise_profile")))
def test_noise_keeps_its_promises_at_every_rate(library, name, rate):
    profile = library.noise_profile(name)
    counted = profile.prominent(rate)
    assert any(counted)

    def sound(seconds, lead_s=0.0, seed=1):
        noise, on = profile.render(
            round(seconds * rate), rate, lambda n: generator(seed, n), counted, round(lead_s * rate)
        )
        return noise, np.ones(noise.size, dtype=bool) if on is None else on

    (plain, on), (led, on_led), (longer, _) = sound(1.5), sound(1.5, 0.7), sound(2.5, 0.7)
    lead = led.size - plain.size
    assert np.all(np.isfinite(longer))
    assert near(led[lead:], plain, 1e-9 * np.abs(plain).max())
    assert np.array_equal(on_led[lead:], on)
    assert near(longer[: led.size], led, 1e-9 * np.abs(plain).max())
    for seed in range(5):
        noise, on = sound(0.15, seed=seed)
        assert on[: rate // 10 + 1].any()
        assert np.sum(noise[on] ** 2) > 0


@pytest.mark.parametrize("name", sorted(bundled_names("noise_profile")))
def test_what_is_said_of_a_noise_is_said_in_words(library, name):
    profile = library.noise_profile(name)
    assert re.search(r"[Nn]ot modelled|NC curves are bounds", profile.about), name
    if profile.level is not None:
        # All but a few profiles are drawn up in dB SPL or around 0 dB; either way the gain must be a likely one.
        gain = profile.level.dba - profile.a_level_db()
        assert -5 < gain < 120
        assert len(profile.level.source) > 10


@pytest.mark.parametrize(
    ("name", "strongest_hz"),
    [
        ("mains_hum_60", 60),
        ("transformer_50", 2 * 50),
        ("transformer_60", 2 * 60),
        ("ground_loop_50", 3 * 50),
        ("refrigerator_compressor", 2916 / 60),
        ("car_idle", 4 / 2 * 800 / 60),
        ("mri_gradient_echo", 6 / 0.0092),
        ("mri_tse", 3 / 0.0098),
        ("server_fans", 596),
        ("dental_drill", 348_000 / 60),
        ("syringe_pump", 2761),
    ],
)
def test_the_strongest_line_is_where_the_machine_has_it(library, name, strongest_hz):
    noise, _ = library.noise_profile(name).render(20 * RATE, RATE, lambda n: generator(1, n))
    spectrum = np.abs(np.fft.rfft(noise * np.hanning(noise.size)))
    assert np.argmax(spectrum) / 20 == pytest.approx(strongest_hz, rel=0.015)


@pytest.mark.parametrize(
    ("name", "rate_hz", "band_hz"),
    [
        ("adult_ventilator", 15 / 60, (0.1, 1)),
        ("neonatal_ventilator", 40 / 60, (0.3, 1.2)),
        ("hfov_ventilator", 10, (5, 15)),
        ("ct_gantry", 2, (1, 8)),
        ("press", 48 / 60, (0.5, 1.5)),
        ("mri_tse", 1 / 0.15, (4, 12)),
        ("patient_monitor", 1 / 0.79, (0.5, 1.5)),
    ],
)
def test_the_rhythm_is_the_machines(library, name, rate_hz, band_hz):
    noise, _ = library.noise_profile(name).render(60 * RATE, RATE, lambda n: generator(1, n))
    envelope = (noise**2).reshape(-1, 160).sum(axis=1)
    spectrum = np.abs(np.fft.rfft(envelope - envelope.mean()))
    frequency = np.fft.rfftfreq(envelope.size, 160 / RATE)
    inside = (frequency > band_hz[0]) & (frequency < band_hz[1])
    assert frequency[inside][np.argmax(spectrum[inside])] == pytest.approx(rate_hz, rel=0.03)


@pytest.mark.parametrize(("frequency", "weight"), [(100, -19.1), (1000, 0.0), (4000, 1.0), (10000, -2.5)])
def test_a_level_is_weighted_as_iec_61672_tabulates(frequency, weight):
    part = {"kind": "harmonics", "source": "test", "fundamental_hz": float(frequency), "levels_db": {1: 60.0}}
    pausing = part | {"bursts": {"on_s": 0.5, "off_s": 1.5}}
    for component in (part, pausing):
        profile = NoiseProfile(title="tone", about="tone", components=(component,))
        assert profile.a_level_db() == pytest.approx(60 + weight, abs=0.15)


def test_a_level_is_that_of_the_profile_and_not_of_the_rate(library):
    """A drill keeps its gain where its tone cannot be heard."""
    drill = library.noise_profile("dental_drill")
    assert drill.a_level_db(8000) < drill.a_level_db() - 6


def test_a_typical_level_is_told_and_changes_no_bytes(tmp_path):
    text = (
        "title: my fan\nabout: my fan\ncomponents: [{kind: octave_noise, source: test, octave_levels_db: {500: 0}}]\n"
    )
    digests = []
    for said in ("", "level: {dba: 50, at_m: 1.0, source: test}\n", "level: {dba: 51, at_m: 1.0, source: test}\n"):
        (tmp_path / "fan.yaml").write_text(text + said)
        digests.append(Library(tmp_path).digest(Need("profile", "noise_profile", "fan.yaml")))
    assert len(set(digests)) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("pulse_hz: [400, 500]", "pulse_hz has 2 values for 3 pulses"),
        ("rise_s: 0.12", "the pulses run into one another: rise and fall take 0.24 s, and the shortest gap is 0.2 s"),
        ("bursts: {on_s: 1, off_s: 1}", "an alarm has pauses of its own"),
        ("standard: iec_60601_1_8", "'standard' and 'priority' belong together"),
        (
            "standard: iec_60601_1_8, priority: medium",
            "this is no medium-priority alarm by IEC 60601-1-8: a pulse frequency of 400 Hz has 0 harmonics of use",
        ),
        (
            "standard: iec_60601_1_8, priority: high, levels_db: {1: 0, 2: -1, 3: -2, 4: -3, 5: -4}",
            "a burst has 3 pulses; expected 10; spacing 1 is 0.2 s; expected 0.05 to 0.125 s",
        ),
        ("standard: iec_60601_1_8, priority: urgent", "expected 'high', 'medium' or 'low'"),
    ],
)
def test_wrong_alarms_are_refused_in_words(library, change, words):
    figures = {
        "kind": "alarm",
        "source": "test",
        "pulse_s": "0.2",
        "rise_s": "0.03",
        "spacings_s": "[0.2, 0.2]",
        "interval_s": "3",
        "pulse_hz": "[400]",
        "levels_db": "{1: 0}",
    }
    changed = dict(re.findall(r"(\w+): (\{.*?\}|\[.*?\]|[^,]+)(?:, |$)", change))
    spelled = ", ".join(f"{key}: {value}" for key, value in {**figures, **changed}.items())
    (library.base / "a.yaml").write_text(f"title: alarm\nabout: alarm\ncomponents:\n  - {{{spelled}}}\n")
    with pytest.raises(ProfileError) as caught:
        library.noise_profile("a.yaml")
    assert words in str(caught.value)


def test_third_octaves_are_neighbours(library):
    (library.base / "n.yaml").write_text(
        "title: noise\nabout: noise\n"
        "components: [{kind: third_octave_noise, source: test, third_octave_levels_db: {500: 0, 1000: 0}}]\n"
    )
    with pytest.raises(ProfileError, match="500 and 1000 Hz are not neighbouring third-octave bands"):
        library.noise_profile("n.yaml")


def test_further_components_of_the_readme_load(library):
    text = (bundled("noise_profiles") / "README.md").read_text()
    (block,) = re.findall(r"\n```\n(level:.*?)```", text, re.DOTALL)
    (library.base / "more.yaml").write_text(f"title: more\nabout: more\n{block}")
    profile = library.noise_profile("more.yaml")
    assert [part.kind for part in profile.components] == ["alarm", "knocks", "third_octave_noise"]
    assert profile.level.dba == 62


@pytest.mark.parametrize(
    ("title", "kinds"),
    [
        ("What a machine keeps time by", ["harmonics", "pulses", "partials", "octave_noise"]),
        ("Knocks that are not alike", ["knocks"]),
        ("Noise that lives", ["fluctuating_noise"]),
    ],
)
def test_what_the_readme_says_of_machines_loads(library, title, kinds):
    text = (bundled("noise_profiles") / "README.md").read_text()
    (block,) = re.findall(rf"### {title}\n.*?\n```\n(.*?)```", text, re.DOTALL)
    (library.base / "more.yaml").write_text(f"title: more\nabout: more\n{block}")
    assert [part.kind for part in library.noise_profile("more.yaml").components] == kinds


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
    (recording,) = library.recordings("n.wav").recordings
    soundfile.write(tmp_path / "n.wav", 0.1 * rng.standard_normal(RATE), RATE)
    with pytest.raises(ProfileError, match="changed since it was planned"):
        library.samples("n.wav", recording.name, recording.sha256, RATE)


def test_noise_has_no_offset(tmp_path):
    soundfile.write(tmp_path / "n.wav", 0.1 * np.random.default_rng(1).standard_normal(RATE) + 0.2, RATE)
    library = Library(tmp_path)
    (recording,) = library.recordings("n.wav").recordings
    assert abs(library.samples("n.wav", recording.name, recording.sha256, RATE).mean()) < 1e-3


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
    (recording,) = Library(tmp_path).recordings("n.wav").recordings
    assert recording.silent == (False, False, True, True, False, False, False, False)
