"""What is said and drawn of a set is what its files hold: nothing that nobody hears, and no two things as one."""

import dataclasses
import json
import shutil

import numpy as np
import polars
import pytest
from pydantic import TypeAdapter

import augment
from augment.acoustics.portrait import DecayPortrait, modulation, noise_portrait
from augment.acoustics.spectrum import THIRD_OCTAVE_EDGE
from augment.design.wording import words_of
from augment.errors import AcoustigridError, TestSetError
from augment.profiles.library import Library
from augment.report.croissant import words_in
from augment.report.pictures.decays import decay_panel
from augment.report.pictures.drawing import round_step
from augment.report.pictures.evenness import balance_panels, balance_table, exposure_panels
from augment.report.pictures.grid import cells_of, design_map
from augment.report.pictures.noises import noise_panels
from augment.report.pictures.of_set import SetPictures
from augment.report.pictures.responses import response_panels
from augment.testset import figures as module
from augment.testset.figures import (
    DeviceFigures,
    NoiseFigures,
    RoomFigures,
    SetFigures,
    read_figures,
    set_figures,
)
from conftest import RATE

RUSTLE = np.random.default_rng(3).standard_normal(10 * RATE)
NOISE = noise_portrait([(RUSTLE, None)], RATE)
PLACE = DecayPortrait("1", 0.01, (0.0, -1.0, -2.0), (0.0, -1.0, -2.0), 0.5, "T30", 12.0, None)


@pytest.fixture
def spoken(workshop):
    """A corpus of utterances of 1.0 to 1.2 s."""
    workshop.corpus({"North": 4, "South": 4})
    return workshop


def lines_near(portrait, hz):
    return [line for line in portrait.lines if abs(line.hz - hz) < 5]


@pytest.mark.parametrize(("from_s", "heard"), [(0.0, True), (3.0, False)])
def test_a_tone_is_drawn_only_if_a_file_holds_it(spoken, from_s, heard):
    """One stretch of ten seconds, of which utterances of a second hear the beginning."""
    t = np.arange(10 * RATE) / RATE
    tone = 0.1 * np.sin(2 * np.pi * 2000 * t) * ((t >= from_s) & (t < from_s + 3))
    spoken.noise("tram.wav", 0.001 * RUSTLE + tone)
    recipe = spoken.recipe(
        noise="{segment_s: 10}",
        factors="{noise: {tram: [{kind: background_noise, source: noise/tram.wav, snr_db: 0}]}}",
    )
    planned = augment.plan(recipe)
    (noise,) = set_figures(planned).noises
    assert bool(lines_near(noise.portrait, 2000)) == heard
    assert noise.portrait.seconds == pytest.approx(planned.items["samples"].max() / RATE, abs=0.001)
    assert noise.portrait.sounds == 1


def test_babble_is_looked_at_for_as_long_as_blocks_hear_it(spoken):
    planned = augment.plan(spoken.recipe(factors="{noise: {bar: [{kind: babble, talkers: 2, snr_db: 0}]}}"))
    (noise,) = set_figures(planned).noises
    longest = planned.items.group_by("block").agg(polars.col("samples").max())["samples"].sum() / RATE
    assert noise.portrait.sounds == planned.items["block"].n_unique()
    assert noise.portrait.seconds == pytest.approx(longest, abs=0.001)


def test_only_blocks_that_hear_a_noise_are_looked_at(spoken):
    factors = "{noise: {quiet: [], bar: [{kind: babble, talkers: 2, snr_db: 0}]}}"
    planned = augment.plan(spoken.recipe(factors=factors, assignment="{rotated: 1}"))
    (noise,) = set_figures(planned).noises
    heard = planned.items.filter(polars.col("condition") == "bar")["block"].n_unique()
    assert noise.portrait.sounds == heard < planned.items["block"].n_unique()


def test_a_recording_that_is_gone_has_no_picture_and_stops_nothing(spoken):
    spoken.noise("tram.wav", 0.1 * RUSTLE)
    recipe = spoken.recipe(factors="{noise: {tram: [{kind: background_noise, source: noise/tram.wav, snr_db: 0}]}}")
    planned = augment.plan(recipe)
    fresh = Library(planned.loaded.library.base)
    shutil.rmtree(spoken.folder / "noise")
    found = set_figures(dataclasses.replace(planned, loaded=dataclasses.replace(planned.loaded, library=fresh)))
    assert found.noises[0].portrait is None
    assert "gone when the set was finished" in SetPictures(figures=found).heard()


def test_kept_portraits_are_those_that_would_be_made(spoken):
    def seen(seed):
        return set_figures(augment.plan(spoken.recipe(seed=str(seed)))).noises[0].portrait

    module._KEPT.clear()
    kept = [seen(1), seen(2), seen(1)]
    assert len(module._KEPT) == 2
    module._KEPT.clear()
    assert [seen(1), seen(2)] == kept[:2]
    assert kept[0] == kept[2] != kept[1]
    for number in range(2 * module.MOST_KEPT):
        module._keep((number,), None)
    assert len(module._KEPT) == module.MOST_KEPT


def test_different_things_have_different_names_in_words_and_pictures(spoken):
    for folder in ("a", "b"):
        spoken.noise(f"{folder}/tram.wav", 0.1 * RUSTLE)
        (spoken.folder / f"{folder}.yaml").write_text(
            "title: siemens Prisma\nabout: a phone\nsource: made up\nresponse_db: {100: -9, 1000: 0, 8000: -9}\n"
        )
    factors = """{noise: {
      old: [{kind: background_noise, source: noise/a/tram.wav, snr_db: 5}],
      new: [{kind: background_noise, source: noise/b/tram.wav, snr_db: 5}],
      wind: {steps: [{kind: wind_noise, snr_db: 5}], sweep: {corner_hz: [100, 400]}},
      fan: [{kind: coloured_noise, colour: pink, snr_db: 5}]},
     device: {one: [{kind: microphone, profile: a.yaml}], two: [{kind: microphone, profile: b.yaml}, {kind: cvsd}]}}"""
    planned = augment.plan(spoken.recipe(factors=factors))
    words, found = words_of(planned), set_figures(planned)
    assert len(set(words.values())) == len(words) == 10
    names = [noise.name for noise in found.noises]
    assert names[:2] == ["Tram (recorded) [old]", "Tram (recorded) [new]"]
    assert names[-1] == "Pink noise"
    assert len(set(names)) == 5
    assert [device.name for device in found.devices] == ["siemens Prisma [a.yaml]", "siemens Prisma [b.yaml]"]
    assert words["old__two"] == "Tram (recorded) [old] at 5 dB, siemens Prisma [b.yaml], Bluetooth headset (CVSD)"
    for name in names:
        assert sum(text.startswith(f"{name} at 5 dB, ") for text in words.values()) == 2
    html = SetPictures(figures=found, words=words).heard()
    assert all(name in html for name in names)
    assert "step noise/old/background_noise" in html


def test_the_swing_lies_in_the_band_whose_index_is_told():
    """Many small swings around 12.5 Hz are together larger than a single one at 28 Hz."""
    t = np.arange(2000) * 0.005
    powers = 1 + 0.15 * np.cos(2 * np.pi * 28.2 * t)
    powers += sum(0.09 * np.cos(2 * np.pi * hz * t + hz**2) for hz in (11.5, 12.0, 12.5, 13.0, 13.5))
    rhythm, swing_hz = modulation(powers, 0.005)
    band, index = max(rhythm, key=lambda found: found[1])
    assert band == 12.5
    assert index == pytest.approx(0.09 * 5**0.5, abs=0.02)
    assert band / THIRD_OCTAVE_EDGE < swing_hz < band * THIRD_OCTAVE_EDGE


def test_stretches_shorter_than_a_second_all_count():
    """Of two lengths: the tone is in the longer one."""
    t = np.arange(RATE // 2) / RATE
    soft = 0.01 * RUSTLE
    sounds = [(soft[: RATE // 2 - 80], None), (soft[RATE : RATE + t.size] + np.sin(2 * np.pi * 1000 * t), None)]
    assert lines_near(noise_portrait(sounds, RATE), 1000)


@pytest.mark.parametrize("seconds", [0.5, 1.0, 1.2, 2.0])
def test_steady_noise_has_no_lines_however_short_it_is(seconds):
    """Of a thousand stretches a few have one by chance: more than three of a hundred are no chance."""
    noise = np.random.default_rng(8).standard_normal((100, round(seconds * RATE)))
    assert sum(bool(noise_portrait([(stretch, None)], RATE).lines) for stretch in noise) <= 3


def without(portrait, **fields):
    return dataclasses.replace(portrait, **fields)


DEVICE = Library(".").microphone("laptop").portrait(RATE)
OF_NOISE, OF_DEVICE, OF_ROOM = (
    lambda p: SetFigures((NoiseFigures("n", ("s",), p),)),
    lambda p: SetFigures((), (DeviceFigures("d", "d", p),)),
    lambda p: SetFigures((), (), (RoomFigures("r", (p,)),)),
)


@pytest.mark.parametrize("damaged", [
    *(OF_NOISE(without(NOISE, third_octaves_db=((1000.0, level),))) for level in (1e300, 1e13, -301.0)),
    *(OF_NOISE(without(NOISE, sample_rate_hz=rate)) for rate in (0, -1, 10**9)),
    OF_NOISE(without(NOISE, rhythm=())),
    OF_NOISE(without(NOISE, swing_hz=None)),
    OF_NOISE(without(NOISE, envelope_db=(1e9,))),
    OF_DEVICE(without(DEVICE, sample_rate_hz=0)),
    OF_DEVICE(without(DEVICE, points=((100.0, 0.0), (1000.0, 1e13)))),
    OF_ROOM(without(PLACE, curve_db=(0.0, -1e13))),
    OF_ROOM(without(PLACE, step_s=1e300)),
])  # fmt: skip
def test_figures_that_no_picture_can_hold_are_refused(damaged):
    with pytest.raises(TestSetError, match="no picture"):
        read_figures(damaged.written(), "figures.json")


@pytest.mark.parametrize("level", [-300.0, 300.0])
def test_figures_that_are_accepted_can_be_drawn(level):
    noise = without(NOISE, third_octaves_db=((1000.0, level), (1250.0, 0.0)), envelope_db=(level,), sample_rate_hz=1000)
    device = without(DEVICE, points=((1e-6, level), (1e6, 0.0)), sample_rate_hz=1000)
    room = without(PLACE, curve_db=(0.0, level), energy_db=(level,), step_s=1e6, t30_s=1e6)
    found = read_figures(
        SetFigures(
            (NoiseFigures("n", (), noise),), (DeviceFigures("d", "d", device),), (RoomFigures("r", (room,)),)
        ).written(),
        "figures.json",
    )
    assert "nan" not in SetPictures(figures=found).heard()
    assert noise_panels([("n", noise)])
    assert response_panels([("d", device)])


def test_an_axis_beyond_all_measure_is_an_error_of_values():
    with pytest.raises(ValueError, match="an axis cannot be"):
        round_step(1e300)


@pytest.mark.parametrize("said", [[], "fan", {"fan": 3}, None])
def test_words_that_are_no_texts_are_refused(said):
    with pytest.raises(TestSetError, match=r"testset\.json: 'conditions_in_words' is"):
        words_in({"conditions": ["fan"], "conditions_in_words": said})


def test_damaged_words_of_a_set_are_told_by_verify(finished):
    identity = finished / "testset.json"
    said = json.loads(identity.read_text())
    identity.write_text(json.dumps({**said, "conditions_in_words": []}))
    try:
        told = "\n".join(map(str, augment.verify(finished, sample=0).deviations))
    except AcoustigridError as error:
        told = str(error)
    assert "conditions_in_words" in told


def test_what_is_not_shown_is_said():
    common = {"variable": "accent", "other": "g0", "before": 0.1, "after": 0.1, "chance": 0.2, "matched": True}
    differences = [{**common, "group": f"g{n}"} for n in range(361)]
    assert "30 of 361 groups are shown" in balance_panels(differences)
    assert "360 of 361 differences are shown" in balance_table(differences)
    assert "12 of 13 noise steps are shown" in exposure_panels({f"n/{n}/b": {1: 1} for n in range(13)})
    shown = balance_panels(differences[:2]) + balance_table(differences[:2]) + exposure_panels({"n/a/b": {1: 1}})
    assert "are shown" not in shown


def test_segments_that_are_heard_most_are_drawn():
    html = exposure_panels({"n/a/b": {times: times for times in range(1, 13)}})
    assert "50 segments in 8 or more blocks" in html
    drawn = sum(
        int(part.split(" segment")[0]) for part in html.split("how many blocks: ")[1].split(": n/a")[0].split("; ")
    )
    assert drawn == sum(range(1, 13))


def test_a_room_with_several_places_says_which_place_is_told():
    places = tuple(without(PLACE, name=f"seat {n}") for n in range(4))
    html = SetPictures(figures=SetFigures(rooms=(RoomFigures("Hall", places),))).heard()
    assert "in the first of 4 places" in html
    assert [f"seat {n}</li>" in decay_panel("Hall", places).html() for n in range(4)] == [True] * 4
    one = SetPictures(figures=SetFigures(rooms=(RoomFigures("Hall", places[:1]),))).heard()
    assert "places" not in one
    assert "legend" not in one


def test_the_last_shade_of_a_scale_is_a_number():
    rows = [{"condition": "fan", "group": "a"}] * 12
    html = design_map(cells_of(rows), {})
    assert ">12</span>" in html
    assert "12–12" not in html


def test_figures_are_the_same_however_they_are_read(finished):
    data = (finished / "figures.json").read_bytes()
    found = read_figures(data, "figures.json")
    assert found.written() == data
    assert TypeAdapter(SetFigures).validate_python(dataclasses.asdict(found)) == found
