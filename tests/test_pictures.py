"""Pictures: their figures are those of what they show, and names in them stay text."""

import json
import math
import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
import scipy
import soundfile

import augment
from augment.acoustics.portrait import decay_portrait, noise_portrait
from augment.acoustics.room import room_measures, whole_decay
from augment.acoustics.spectrum import THIRD_OCTAVE_EDGE
from augment.api import draw_profiles
from augment.errors import AcoustigridError, TestSetError
from augment.profiles.library import FOLDERS, Library, bundled_names
from augment.profiles.taken_for import TakenFor
from augment.report.looked_at import looked_at
from augment.report.pictures.decays import decay_panel
from augment.report.pictures.drawing import PLOT_BOTTOM, PLOT_LEFT, PLOT_TOP, RIGHT, WIDTH
from augment.report.pictures.evenness import exposure_of
from augment.report.pictures.grid import cells_of, design_map
from augment.report.pictures.noises import noise_panels
from augment.report.pictures.responses import OCTAVES_HZ, response_panels, response_table
from augment.report.profile_pictures import drawn, picture
from augment.report.profile_text import comparison, description, refuse_unlike
from augment.testset.figures import SetFigures, read_figures
from conftest import RATE
from test_datasheet import Page

NAMES = [name for kind in FOLDERS for name in bundled_names(kind)]
ODD = '<script>alert("1")</script> \u202e=1+1'


def places(path):
    """The points of a path, in pixels."""
    return [tuple(map(float, pair.split())) for pair in path.removeprefix("M").split("L")]


def curves(svg):
    return [places(path) for path in re.findall(r'<path class="curve" d="([^"]*)"', svg)]


def figures_below(svg):
    """Places across, and the figures that stand there."""
    found = re.findall(rf'<text x="([\d.]+)" y="{PLOT_BOTTOM + 17}"[^>]*>([\d.k-]+)<', svg)
    return [(float(x), float(text.replace("k", "e3"))) for x, text in found]


def figures_beside(svg):
    found = re.findall(rf'<text x="{PLOT_LEFT - 6}" y="([\d.]+)"[^>]*>([\d.k-]+)<', svg)
    return [(float(y) - 4, float(text.replace("k", "e3"))) for y, text in found]


def read_off(svg, log=True):
    """Values of the curves, read off the axes as a person would."""
    across, up = figures_below(svg), figures_beside(svg)
    x_fit = np.polyfit([x for x, _ in across], [math.log10(v) if log else v for _, v in across], 1)
    y_fit = np.polyfit([y for y, _ in up], [v for _, v in up], 1)
    return [
        [(10 ** np.polyval(x_fit, x) if log else np.polyval(x_fit, x), np.polyval(y_fit, y)) for x, y in curve]
        for curve in curves(svg)
    ]


@pytest.mark.parametrize("name", ["itu_p48_handset", "phone_android"])
def test_a_response_is_drawn_as_its_table_says(name):
    profile = Library(".").microphone(name)
    frequency, level = profile.table()
    (panel,) = response_panels([(name, profile.portrait(RATE))])
    (curve,) = read_off(panel.html())
    hz, drawn_db = np.array(curve).T
    for octave in (hz_ for hz_ in OCTAVES_HZ if frequency[0] <= hz_ <= min(frequency[-1], RATE / 2)):
        expected = np.interp(np.log(octave), np.log(frequency), level)
        if expected > -50:
            assert np.interp(np.log(octave), np.log(hz), drawn_db) == pytest.approx(expected, abs=0.6)
            assert f"{expected:+.1f}" in response_table([(name, profile.portrait(RATE))])
    assert ('class="unknown"' in panel.html()) == (frequency[0] > 50 or frequency[-1] < RATE / 2)


def test_third_octaves_of_noise_are_those_of_another_filter_bank():
    """White noise through filters of known edges: against the closed form, and Butterworth bands of scipy."""
    noise = np.random.default_rng(1).standard_normal(30 * RATE)
    seen = dict(noise_portrait([(noise, None)], RATE).third_octaves_db)
    for centre, nominal in ((100.0, 100.0), (1000.0, 1000.0), (10**3.6, 4000.0)):
        share = centre * (THIRD_OCTAVE_EDGE - 1 / THIRD_OCTAVE_EDGE) / (RATE / 2)
        assert seen[nominal] == pytest.approx(10 * math.log10(share), abs=0.5)
    tone = np.sin(2 * np.pi * 1000 * np.arange(10 * RATE) / RATE) + 1e-3 * noise[: 10 * RATE]
    assert dict(noise_portrait([(tone, None)], RATE).third_octaves_db)[1000.0] == pytest.approx(0, abs=0.1)
    coloured = scipy.signal.lfilter([1], [1, -0.9], noise)
    seen = dict(noise_portrait([(coloured, None)], RATE).third_octaves_db)
    for centre, nominal in ((500.0 * 10**0.0, 500.0), (2000.0, 2000.0)):
        exact = 1000 * 10 ** (0.1 * round(10 * math.log10(centre / 1000)))
        edges = (exact / THIRD_OCTAVE_EDGE, exact * THIRD_OCTAVE_EDGE)
        band = scipy.signal.sosfilt(scipy.signal.butter(8, edges, "bandpass", fs=RATE, output="sos"), coloured)
        assert seen[nominal] == pytest.approx(10 * math.log10(np.mean(band**2) / np.mean(coloured**2)), abs=0.2)
    svg = noise_panels([("n", noise_portrait([(noise, None)], RATE))])[0].html()
    ((*points,),) = read_off(svg)
    told = [level for _, level in noise_portrait([(noise, None)], RATE).third_octaves_db]
    assert [level for _, level in points] == pytest.approx(told, abs=0.1)


@pytest.mark.parametrize(("rate_hz", "depth"), [(4.0, 0.5), (10.0, 0.8)])
def test_a_swing_of_the_power_is_found_with_its_index(rate_hz, depth):
    t = np.arange(20 * RATE) / RATE
    swing = np.sqrt(1 + depth * np.cos(2 * np.pi * rate_hz * t)) * np.sin(2 * np.pi * 1000 * t)
    seen = noise_portrait([(swing, None)], RATE)
    assert seen.swing_hz == rate_hz
    assert dict(seen.rhythm)[rate_hz] == pytest.approx(depth, abs=0.02)
    assert max(index for hz, index in seen.rhythm if not 0.7 < hz / rate_hz < 1.4) < 0.02


def test_an_exponential_decay_is_drawn_as_a_line():
    """Energy exp(-13.8 t / T): 60 dB in T, at every time."""
    seconds = 0.6
    click = 10.0 ** (-3 * np.arange(2 * RATE) / (seconds * RATE))
    whole = whole_decay(click)
    seen = decay_portrait("1", click, RATE, whole, room_measures(click, 0, RATE, whole))
    assert seen.t30_s == pytest.approx(seconds, abs=0.001)
    # C50 of such a decay is 10 lg(exp(13.8 * 0.05 / T) - 1).
    assert seen.c50_db == pytest.approx(10 * math.log10(10 ** (6 * 0.05 / seconds) - 1), abs=0.1)
    svg = decay_panel("room", [seen]).html()
    (curve,) = read_off(svg, log=False)
    for second, level in curve[:: len(curve) // 10]:
        assert level == pytest.approx(-60 * second / seconds, abs=0.6)
    (fit,) = re.findall(r'<path class="fit" d="([^"]*)"', svg)
    (x0, y0), (x1, y1) = places(fit)
    per_s = (WIDTH - RIGHT - PLOT_LEFT) / figures_below(svg)[-1][1]
    per_db = (PLOT_BOTTOM - PLOT_TOP) / 60
    assert ((y1 - y0) / per_db) / ((x1 - x0) / per_s) == pytest.approx(60 / seconds, rel=0.01)


def test_the_heat_map_counts_what_the_manifest_holds(finished):
    rows = [json.loads(line) for line in (finished / "manifest.jsonl").read_text().splitlines()]
    words = json.loads((finished / "testset.json").read_text())["conditions_in_words"]
    html = (finished / "datasheet.html").read_text()
    table = html[html.index("Items of each cell</span>") :]
    groups = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', table.partition("</thead>")[0])[2:]
    found = re.findall(
        r'<tr><th scope="row">(.*?)</th><td class="text">(.*?)</td>(.*?)</tr>', table.partition("</tbody>")[0]
    )
    counted = {}
    for row in rows:
        counted[row["condition"], row["group"]] = counted.get((row["condition"], row["group"]), 0) + 1
    drawn_ = {}
    for name, said, cells in found:
        condition = unescape(name.replace("<wbr>", ""))
        assert unescape(said) == words[condition]
        for group, count in zip(groups, re.findall(r">(\d+)</td>", cells), strict=True):
            drawn_[condition, unescape(group)] = int(count)
    assert drawn_ == counted
    assert "MRI scanner at 5 dB" in words["scanner__studio"]


def test_what_a_set_draws_is_what_its_steps_have(finished):
    figures = read_figures((finished / "figures.json").read_bytes(), "figures.json")
    assert figures.written() == (finished / "figures.json").read_bytes()
    (handset,) = figures.devices
    assert handset.portrait == Library(".").microphone(handset.profile).portrait(RATE)
    by_name = {noise.name: noise.portrait for noise in figures.noises}
    assert by_name["MRI scanner"].lines[0].hz == pytest.approx(690, abs=3)
    rows = [json.loads(line) for line in (finished / "manifest.jsonl").read_text().splitlines()]
    assert all(noise.portrait is not None for noise in figures.noises)
    (street,) = {row["noise_step"] for row in rows if row["noise_segment"]}
    heard_s = {row["noise_segment"]: row["duration"] for row in sorted(rows, key=lambda row: row["duration"])}
    heard_s.pop(None)
    played = by_name["Street (recorded)"]
    assert (played.sounds, played.seconds) == (len(heard_s), pytest.approx(sum(heard_s.values()), abs=0.001))
    assert [noise.steps for noise in figures.noises if noise.portrait == played] == [(street,)]
    for step, heard in exposure_of(rows).items():
        own = [row for row in rows if row["noise_step"] == step]
        blocks = {(row["noise_segment"], row["block"]) for row in own}
        assert sum(times * segments for times, segments in heard.items()) == len(blocks)


def test_a_room_that_was_used_is_drawn_with_the_time_of_its_rows(workshop):
    workshop.corpus({"North": 2, "South": 2}, seconds=0.6)
    decay = 10 ** (-3 * np.arange(RATE) / (0.4 * RATE))
    response = np.concatenate([[1.0], 0.1 * np.random.default_rng(2).standard_normal(RATE) * decay])
    soundfile.write(workshop.folder / "hall.wav", response, RATE, subtype="FLOAT")
    recipe = workshop.recipe(factors="{room: {hall: [{kind: measured_room, source: hall.wav}]}}")
    folder = augment.build(recipe, workshop.folder / "set").folder
    row = json.loads((folder / "manifest.jsonl").read_text().splitlines()[0])
    ((place,),) = [room.places for room in read_figures((folder / "figures.json").read_bytes(), "f").rooms]
    assert (place.t30_s, place.name) == (row["room_t30_s"], "hall.wav")
    assert place.t30_s == pytest.approx(0.4, abs=0.03)
    assert augment.verify(folder, 0).sound


@pytest.mark.parametrize("name", NAMES)
def test_every_bundled_profile_is_drawn_and_told_in_80_columns(name):
    seen = looked_at(name)
    panels = drawn([seen])
    for panel in panels:
        html = panel.html()
        assert re.search(r'role="img" aria-label="[^"]+"', html)
        assert "nan" not in html.replace(name, "")
        for curve in curves(html):
            assert all(PLOT_LEFT - 0.1 <= x <= WIDTH and PLOT_TOP - 0.1 <= y <= PLOT_BOTTOM + 0.1 for x, y in curve)
    # A room is traced once: tests of rooms ask that it sounds the same again.
    again = seen if seen.kind == "room" else looked_at(name)
    assert [panel.html() for panel in drawn([again])] == [panel.html() for panel in panels]
    assert max(map(len, description(seen).splitlines())) <= 80


@pytest.fixture
def sounds(tmp_path):
    rng = np.random.default_rng(3)
    decay = 10 ** (-3 * np.arange(RATE) / (0.5 * RATE))
    click = np.concatenate([np.zeros(200), [1.0], 0.1 * rng.standard_normal(RATE) * decay])
    device = np.concatenate(
        [np.zeros(200), scipy.signal.firwin(101, [300, 3400], pass_zero=False, fs=RATE)[50:], np.zeros(800)]
    )
    fan = np.clip(0.2 * rng.standard_normal(3 * RATE), -0.4, 0.4)
    for name, samples in (("hall", click), ("phone", device), ("fan", fan)):
        soundfile.write(tmp_path / f"{name}.wav", samples, RATE, subtype="FLOAT")
    return tmp_path


def test_audio_is_taken_for_what_it_sounds_like(sounds):
    taken = {name: looked_at(str(sounds / f"{name}.wav")) for name in ("hall", "phone", "fan")}
    assert {name: seen.kind for name, seen in taken.items()} == {
        "hall": "room", "phone": "microphone", "fan": "recording"
    }  # fmt: skip
    assert taken["hall"].portrait.t30_s == pytest.approx(0.5, abs=0.03)
    assert taken["phone"].portrait.at(100) < taken["phone"].portrait.at(1000) - 3
    assert "on flat tops" in taken["fan"].facts["clipping"]
    assert taken["fan"].facts["level"].startswith("-14.")
    assert looked_at(str(sounds / "hall.wav"), TakenFor.RECORDING).kind == "recording"


def test_profiles_are_compared_with_their_differences(sounds):
    seen = [looked_at("mri_epi"), looked_at(str(sounds / "fan.wav"))]
    told = comparison(seen)
    assert max(map(len, told.splitlines())) <= 80
    first, second = (dict(one.portrait.third_octaves_db)[1000.0] for one in seen)
    assert ["1000", f"{first:.1f}", f"{second:.1f}", f"{second - first:+.1f}"] in map(str.split, told.splitlines())
    for wrong in (["mri_epi", "itu_p48_handset"], ["mri_epi"]):
        with pytest.raises(AcoustigridError):
            refuse_unlike([looked_at(name) for name in wrong])
    page = picture(seen, "x.html").decode()
    assert Page(page).tags.count("audio") == 2
    assert page.count("data:audio/flac") == 2
    assert str(sounds) not in page
    assert "://" not in page.replace("http://www.w3.org", "")


def test_a_room_that_cannot_be_simulated_here_keeps_its_letter(sounds):
    measured = looked_at(str(sounds / "hall.wav"))
    told = comparison([replace(measured, name="office", portrait=None), measured])
    t30 = f"{measured.portrait.t30_s:.2f}"
    assert ["T30", "(or", "T20),", "s", "-", t30, "-"] in map(str.split, told.splitlines())
    assert "A: not simulated here.\nB: " in told
    assert "A: reverb" not in told


def test_pictures_are_files_of_their_own(sounds, tmp_path):
    seen = [looked_at("itu_p48_handset"), looked_at("laptop")]
    svg = picture(seen, "x.svg").decode()
    assert "var(" not in svg
    assert svg == picture(seen, "x.svg").decode()
    assert picture(seen, "x.png").startswith(b"\x89PNG\r\n")
    draw_profiles(["mains_hum_50"], tmp_path / "hum.svg")
    assert (tmp_path / "hum.svg").read_text().startswith("<svg")
    with pytest.raises(AcoustigridError, match=r"ends in \.html, \.svg or \.png"):
        picture(seen, "x.gif")


def test_untrusted_names_stay_text_in_pictures():
    cells = cells_of([{"condition": ODD, "group": ODD, "snr_db": 5.0, "block": 0}])
    device = Library(".").microphone("laptop").portrait(RATE)
    for html in (
        design_map(cells, {ODD: ODD}),
        response_panels([(ODD, device)])[0].html(),
        response_table([(ODD, device)]),
    ):
        page = Page(html)
        assert not {"script"} & set(page.tags)
        assert "<script>" not in html
        assert "\u202e" not in html
        assert "alert" in html


@pytest.mark.parametrize(
    "damage", [b"{", b'{"noises": 1}', b'{"devices": [{"name": "a", "profile": "b", "portrait": 3}]}', b"\xff"]
)
def test_damaged_figures_are_refused(damage):
    with pytest.raises(TestSetError, match="cannot be read"):
        read_figures(damage, "figures.json")


def test_figures_that_no_axis_can_hold_are_refused():
    empty = {"name": "a", "profile": "b", "portrait": {"title": "x", "sample_rate_hz": 16000, "points": [[0.0, 1.0]]}}
    with pytest.raises(TestSetError, match="no picture"):
        read_figures(json.dumps({"devices": [empty]}).encode(), "figures.json")
    assert read_figures(SetFigures().written(), "figures.json") == SetFigures()
