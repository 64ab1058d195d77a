"""Bundled microphones: responses as measured, masks that they claim, and what is said of them."""

import numpy as np
import pytest

import augment
from acceptance.devices import MEASURED, magnitude_db, measured, taps_of
from augment.acoustics.convolution import convolve
from augment.acoustics.filters import minimum_phase_fir, response_db, speech_delay_samples
from augment.errors import ProfileError
from augment.notes import texts
from augment.profiles.library import Library, Need, bundled_names
from conftest import gcc_lag, speech_like

NAMES = sorted(bundled_names("microphone"))
ESTIMATED = sorted(set(NAMES) - set(MEASURED))
DEVICES = {
    "electret_cheap",
    "far_field_speaker",
    "headset_wideband",
    "laptop",
    "phone_android",
    "phone_call",
    "phone_handsfree",
}


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path)


def test_the_library_holds_the_itus_filters_and_the_devices():
    assert set(NAMES) == set(MEASURED) | DEVICES


@pytest.mark.parametrize("name", NAMES)
def test_what_was_not_measured_says_so(library, name):
    profile = library.microphone(name)
    assert ("estimate:" in profile.source) == (name in DEVICES)
    assert ("measured:" in profile.source) == (name in MEASURED or name == "phone_call")
    assert "/" not in profile.about
    if name in DEVICES:  # figures of noise and overload are told of devices that exist
        assert 20 <= profile.ein_dba <= 45
        assert 103 <= profile.aop_dbspl <= 140
        assert "EIN and AOP" in profile.source
    else:
        assert profile.ein_dba is None
        assert profile.aop_dbspl is None


@pytest.mark.parametrize(("name", "column"), sorted(MEASURED.items()))
def test_table_goes_through_the_measured_points(library, name, column):
    frequency, wanted = measured(column)
    found = response_db(*library.microphone(name).table(), frequency)
    near = wanted > wanted.max() - 55
    assert found[near] == pytest.approx(wanted[near], abs=0.06)


def test_the_two_designs_of_p830_part_above_5_khz_as_their_texts_say(library):
    at = np.array([200.0, 1000.0, 5000.0, 6300.0, 7000.0])
    one, other = (response_db(*library.microphone(f"itu_p830_handset{end}").table(), at) for end in ("", "_48k"))
    assert np.abs(other - one)[:3].max() <= 0.5
    assert (other - one)[3:] == pytest.approx([7.5, 13.1], abs=0.6)


def half_power_hz(name: str, rate: int) -> np.ndarray:
    """Where the response crosses -3 dB re its highest tenth."""
    at = np.geomspace(20, 0.49 * rate, 4000)
    level = magnitude_db(taps_of(name, rate), rate, at)
    below = level < -3
    return at[np.flatnonzero(below[1:] != below[:-1])]


@pytest.mark.parametrize(
    ("name", "edges"),
    [("mobile_msin", [195]), ("itu_p341", [48.7, 6700]), ("itu_g712_channel", [164, 3614])],
)
def test_half_power_points_are_those_of_the_itus_filters(name, edges):
    found = half_power_hz(name, 16000)
    assert found == pytest.approx(edges, rel=0.02)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_timing_is_kept(library, name, rate):
    taps = minimum_phase_fir(*library.microphone(name).table(), rate)
    speech = speech_like(3, rate=rate)
    heard = convolve(speech, taps, max(0, round(speech_delay_samples(taps, rate))))
    steep = name in {"itu_p48_handset", "itu_hirs_handset"}
    assert abs(gcc_lag(speech, heard, rate)) / rate <= (0.5e-3 if steep else 0.15e-3)


def test_figures_for_the_reader_do_not_change_what_is_rendered(workshop):
    text = "title: mine\nabout: a microphone\nsource: data sheet\nresponse_db: {100: 0, 1000: 3}\n"
    digests = []
    for more in ("", "ein_dba: 30\naop_dbspl: 120\n"):
        (workshop.folder / "m.yaml").write_text(text + more)
        digests.append(Library(workshop.folder).digest(Need("profile", "microphone", "m.yaml")))
    assert digests[0] == digests[1]


@pytest.mark.parametrize("line", ["ein_dba: -3", "ein_dba: loud", "aop_dbspl: 20"])
def test_impossible_figures_are_told(workshop, line):
    (workshop.folder / "m.yaml").write_text(
        f"title: mine\nabout: a microphone\nsource: data sheet\nresponse_db: {{100: 0, 1000: 3}}\n{line}\n"
    )
    with pytest.raises(ProfileError, match=r"m\.yaml:5:"):
        Library(workshop.folder).microphone("m.yaml")


def test_a_response_that_falls_deeper_than_it_is_followed_is_told(workshop):
    """16 dB above 1 kHz at 3 kHz: what lies more than 44 dB below 1 kHz is held there."""
    workshop.corpus({"N": 2})
    figures = "{100: -70, 300: -20, 1000: 0, 3000: 16, 8000: 0}"
    table = f"title: deep\nabout: falls far\nsource: made up\nresponse_db: {figures}\n"
    (workshop.folder / "deep.yaml").write_text(table)
    factors = "{device: {deep: [{kind: microphone, profile: deep.yaml}]}}"
    notes = [note for note in texts(augment.plan(workshop.recipe(factors=factors)).notes) if "its figures" in note]
    assert notes == [
        "microphone deep.yaml: its figures fall to -70 dB re 1 kHz at 100 Hz, and are followed to -44 dB only, "
        "60 dB below its highest point"
    ]
