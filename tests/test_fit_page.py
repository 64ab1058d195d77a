"""The page of a fit: what it says and plays, and that texts of strangers stay texts."""

import base64
import io
import re
from html import escape, unescape

import numpy as np
import pytest
import soundfile

from augment.fitting.goodness import judged
from augment.fitting.likeness import Stretch
from augment.fitting.look import LeftOut, Why
from augment.profiles.components import ThirdOctaveNoise
from augment.profiles.noise import NoiseProfile
from augment.report.fit_page import ComponentRow, FitShown, fit_page, heard_of
from conftest import RATE

ODD = ("<script>alert(1)</script>", '"onmouseover="alert(3)', "\u202egnihton\u202c", "&lt;b&gt; &amp;")


def noise(samples: int, seed: int) -> np.ndarray:
    t = np.arange(samples) / RATE
    return 0.05 * np.random.default_rng(seed).standard_normal(samples) + 0.1 * np.sin(2 * np.pi * 440 * t)


def fit_shown(odd=("a", "b", "c", "d"), seconds=5.0, synthesis=noise) -> FitShown:
    """A fit of a hum, a second of which was left out."""
    samples = noise(round(seconds * RATE), 1)
    usable = np.ones(samples.size, np.bool_)
    usable[:RATE] = False
    recording = Stretch(samples, RATE, usable)
    part = ThirdOctaveNoise(
        kind="third_octave_noise", source="estimate", third_octave_levels_db={1000.0: 0.0, 1250.0: -3.0}
    )
    return FitShown(
        profile=NoiseProfile(title=f"A {odd[0]} hum", about=f"About {odd[1]}", components=(part,)),
        source=f"{odd[0]}.wav",
        recording=recording,
        synthesis=synthesis(samples.size, 9),
        goodness=judged(*recording.parts(2), synthesis, draws=2),
        components=(ComponentRow(odd[0], odd[1], odd[2]),),
        lines_hz=(440.0, 30000.0),
        left_out=(LeftOut(0.0, 1.0, Why.HANDLING),),
        unexplained=0.123,
        unidentified=(odd[0],),
        remarks=(odd[1],),
        yaml=f"title: {odd[0]} {odd[3]}\n",
    )


@pytest.fixture(scope="module")
def page() -> str:
    return fit_page(fit_shown(ODD)).decode()


def played(page: str) -> list[np.ndarray]:
    found = re.findall(r'<audio [^>]*src="data:audio/flac;base64,([^"]*)"', page)
    return [soundfile.read(io.BytesIO(base64.b64decode(data)))[0] for data in found]


def test_the_verdict_comes_first(page):
    body = page.partition("<main>")[2]
    verdict = fit_shown(ODD).goodness.summary
    assert body.index(escape(verdict[1:])) < body.index("<audio") < body.index("<table")
    assert "12.3 % of the recording" in body
    assert "4.0 s of 5.0 s were used" in body


def test_all_that_is_beyond_the_halves_is_listed():
    """Words of a verdict are ours, and not cut short."""
    shown = fit_shown(synthesis=lambda samples, seed: 0.1 * noise(samples, seed) ** 3)
    beyond = [one.words for one in shown.goodness.judgements if not one.within]
    assert len(beyond) > 2
    assert f"<ul>{''.join(f'<li>{words}</li>' for words in beyond)}</ul>" in fit_page(shown).decode()


def test_both_are_heard_equally_loud_and_equally_long(page):
    recording, synthesis = played(page)
    assert recording.size == synthesis.size == 4 * 32_000
    levels = [10 * np.log10(np.mean(sound**2)) for sound in (recording, synthesis)]
    assert levels == pytest.approx([-26, -26], abs=0.1)


def test_peaks_make_both_softer():
    """A click so high that it would clip at -26 dBov."""

    def clicking(samples: int, seed: int) -> np.ndarray:
        return noise(samples, seed) * np.where(np.arange(samples) == 2 * RATE, 3000, 1)

    made = fit_page(fit_shown(synthesis=clicking)).decode()
    recording, synthesis = played(made)
    softer = float(re.search(r"softer by ([\d.]+) dB", made)[1])
    assert softer > 3
    assert 10 * np.log10(np.mean(recording**2)) == pytest.approx(-26 - softer, abs=0.1)
    assert np.max(np.abs(synthesis)) <= 1


def test_lines_that_were_found_are_marked_where_they_are(page):
    panel = page.partition("<figcaption>fine spectra")[2].partition("</figure>")[0]
    assert "with 1 line found" in panel  # what lies above half the rate is not drawn
    marks = re.findall(r'class="marks" d="(M[^"]*)"', panel)
    x, y = map(float, re.match(r"M([\d.]+) ([\d.]+)", marks[0]).groups())
    curve = re.findall(r'<path class="curve" d="M([^"]*)"', panel)[-1]
    points = [tuple(map(float, pair.split())) for pair in curve.split("L")]
    assert (x, y) == pytest.approx(min(points, key=lambda point: point[1]), abs=1.5)


def test_envelope_spectra_are_those_of_the_figures():
    """A swing at 4 Hz that the recording does not have stands out of the synthesis."""

    def swinging(samples: int, seed: int) -> np.ndarray:
        return noise(samples, seed) * (1 + 0.9 * np.sin(8 * np.pi * np.arange(samples) / RATE))

    made = fit_page(fit_shown(synthesis=swinging)).decode()
    panel = re.search(r"<figcaption>envelope spectra.*?</figure>", made)[0]
    curves = re.findall(r'"curve" d="M([^"]*)"', panel)
    synthesis, recording = ([float(pair.split()[1]) for pair in curve.split("L")] for curve in curves)
    above = [low - high for high, low in zip(synthesis, recording, strict=True)]  # pixels count downwards
    assert len(above) == 6  # halves of two seconds tell of 2 Hz and more, in octaves
    assert np.argmax(above) == 1
    assert above[1] > 30


def test_texts_of_strangers_stay_texts(page):
    assert "<script" not in page
    assert not re.search(r"<[^>]*\sonmouseover=", page)
    assert "\u202e" not in page
    shown = unescape(re.sub(r"<[^>]*>", " ", page))
    assert all(text in shown for text in (ODD[0], ODD[1], ODD[3], Why.HANDLING))


def test_it_fetches_nothing(page):
    assert "default-src 'none'" in page
    assert not re.search(r'(?:src|href)="(?!data:)', page)


def test_a_short_recording_is_shown_without_a_judgement():
    made = fit_page(fit_shown(seconds=2.0)).decode()
    assert "cannot be said" in made
    assert "How good it is" not in made
    assert [sound.size for sound in played(made)] == [32_000] * 2


def test_what_cannot_be_shown_is_refused():
    with pytest.raises(ValueError, match="in one piece"):
        heard_of(Stretch(np.ones(RATE), RATE, np.arange(RATE) % 100 < 50))
    with pytest.raises(ValueError, match="not silent"):
        fit_page(fit_shown(seconds=2.0, synthesis=lambda samples, seed: np.zeros(samples)))
