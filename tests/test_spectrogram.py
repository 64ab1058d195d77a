"""Spectrograms: the levels in them, the pictures of them, and what is said of them."""

import base64
import io
import struct
import zlib

import numpy as np
import pytest

from augment.acoustics.spectrogram import BANDS, spectrogram_dbov
from augment.report.listening import spectrogram
from augment.report.listening.spectrogram import COLOURS, Spectrogram, png
from conftest import RATE


def power(levels: np.ndarray) -> np.ndarray:
    return 10 ** (levels / 10)


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize("band", [3, 31, 60])
def test_a_sine_stands_in_its_band_at_its_level(rate, band):
    """The power of a sine of amplitude a is a^2 / 2: -3.01 dB below the square of a."""
    frequency = (band + 0.5) * rate / 2 / BANDS
    sine = 0.1 * np.sin(2 * np.pi * frequency * np.arange(rate) / rate)
    levels = spectrogram_dbov(sine, rate, 40, 1.0)[:, 1:-1]
    assert set(np.argmax(levels, axis=0)) == {band}
    assert 10 * np.log10(np.sum(power(levels), axis=0)) == pytest.approx(-23.01, abs=0.05)


def test_white_noise_is_level_and_its_bands_add_up_to_its_power():
    """64 bands share the power: each has 18.06 dB less."""
    noise = 0.1 * np.random.default_rng(3).standard_normal(20 * RATE)
    mean = np.mean(power(spectrogram_dbov(noise, RATE, 100, 20.0)[:, 1:-1]), axis=1)
    assert 10 * np.log10(mean[1:]) == pytest.approx(-20 - 18.06, abs=0.4)
    assert 10 * np.log10(np.sum(mean)) == pytest.approx(-20, abs=0.1)


def test_a_click_is_seen_where_it_is_however_long_the_axis():
    """Columns may be far longer than a window: nothing between two windows is lost."""
    for seconds, columns in ((1.0, 200), (10.0, 50), (28.0, 200)):
        signal = np.zeros(int(0.95 * seconds * RATE))
        at_s = 0.7 * seconds
        signal[int(at_s * RATE) : int((at_s + 0.002) * RATE)] = 0.5
        levels = spectrogram_dbov(signal, RATE, columns, seconds)
        loudest = int(np.argmax(np.sum(power(np.nan_to_num(levels, nan=-200)), axis=0)))
        assert abs((loudest + 0.5) * seconds / columns - at_s) <= max(seconds / columns, 0.016)


def test_behind_the_end_there_is_nothing_and_silence_is_not_nothing():
    found = Spectrogram.of(np.zeros(RATE // 2), RATE, 2.0)
    assert np.isnan(found.levels_dbov[:, 50:]).all()
    assert (found.shades[:, :50] == 1).all()
    assert (found.shades[:, 50:] == 0).all()
    assert found.told == "Spectrogram of 0.50 s of digital silence"


def test_a_sound_longer_than_the_axis_is_cut_and_portions_do_not_matter(monkeypatch):
    noise = np.random.default_rng(4).standard_normal(8 * RATE)
    whole = spectrogram_dbov(noise, RATE, 30, 3.0)
    monkeypatch.setattr("augment.acoustics.spectrogram.AT_ONCE", 10)
    assert np.array_equal(whole, spectrogram_dbov(noise, RATE, 30, 3.0))
    assert not np.isnan(whole).any()


def test_shades_are_steps_of_5_db_from_minus_85():
    levels = np.array([[-200.0], [-85.01], [-85.0], [-80.01], [-80.0], [-20.01], [-20.0], [3.0]])
    assert Spectrogram(levels, RATE, 1.0).shades[::-1, 0].tolist() == [1, 1, 2, 2, 3, 14, 15, 15]


def test_the_scale_names_the_levels_at_which_shades_begin():
    html = spectrogram.scale_html()
    assert [f">{level}</li>" in html for level in range(-85, -15, 5)] == [True] * 14
    assert html.count("<li>") == len(COLOURS)


def test_colours_rise_in_lightness():
    """CIE lightness of sRGB: told apart by whoever sees no hue."""
    linear = np.where(
        np.array(COLOURS) / 255 <= 0.04045, np.array(COLOURS) / 255 / 12.92,
        ((np.array(COLOURS) / 255 + 0.055) / 1.055) ** 2.4,
    )  # fmt: skip
    lightness = 116 * np.cbrt(linear @ [0.2126, 0.7152, 0.0722]) - 16
    assert (np.diff(lightness) > 3.5).all()


@pytest.mark.parametrize("size", [(64, 200), (64, 199), (1, 1), (700, 301)])
def test_pictures_are_png_that_others_read(size):
    import av

    shades = np.random.default_rng(5).integers(1, 16, size).astype(np.uint8)
    with av.open(io.BytesIO(png(shades))) as file:
        (frame,) = file.decode(video=0)
        found = frame.to_ndarray(format="rgb24")
    wanted = np.array([(0, 0, 0), *COLOURS], np.uint8)[shades]
    assert np.array_equal(found, wanted)


def by_hand(data):
    """Pixels of a PNG of 4 bits a pixel and a palette, whose rows are not filtered; by the chunks' own checksums."""
    chunks, at = {}, 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        chunks[kind] = data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length) == (zlib.crc32(kind + chunks[kind]),)
        at += 12 + length
    width, height, bits, colour_type = struct.unpack_from(">IIBB", chunks[b"IHDR"])
    assert (bits, colour_type, chunks[b"tRNS"]) == (4, 3, b"\0")
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, -1)
    assert not rows[:, 0].any()
    numbers = np.stack([rows[:, 1:] >> 4, rows[:, 1:] & 15], axis=2).reshape(height, -1)[:, :width]
    return np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)[numbers]


@pytest.mark.parametrize("size", [(64, 200), (64, 199), (1, 1), (700, 301)])
def test_pictures_unpacked_by_hand_show_their_shades(size):
    shades = np.random.default_rng(5).integers(0, 16, size).astype(np.uint8)
    assert np.array_equal(by_hand(png(shades)), np.array([(0, 0, 0), *COLOURS], np.uint8)[shades])


def test_pictures_are_stored_and_no_compressor_decides_their_bytes():
    data = png(np.zeros((64, 200), np.uint8))
    start = data.index(b"IDAT") + 4
    length = int.from_bytes(data[start - 8 : start - 4], "big")
    stream = data[start : start + length]
    assert len(zlib.decompress(stream)) == 64 * 101 == length - 2 - 5 - 4
    assert Spectrogram.of(np.zeros(800), RATE, 1.0).uri.startswith("data:image/png;base64,")
    base64.b64decode(Spectrogram.of(np.zeros(800), RATE, 1.0).uri.partition(",")[2], validate=True)


def test_what_is_said_is_what_is_heard():
    """Noise below 2 kHz at -30 dBov, a third of the time 20 dB softer."""
    spectrum = np.fft.rfft(np.random.default_rng(6).standard_normal(3 * RATE))
    spectrum[np.fft.rfftfreq(3 * RATE, 1 / RATE) > 2000] = 0
    noise = np.fft.irfft(spectrum, 3 * RATE)
    noise[2 * RATE :] /= 10
    noise *= 10 ** (-30 / 20) / np.sqrt(np.mean(noise[: 2 * RATE] ** 2))
    told = Spectrogram.of(noise, RATE, 3.0).told
    assert told.startswith("Spectrogram of 3.00 s at -32 dBov, its quietest tenth at -5")
    assert told.endswith(("99 % of the power lie below 2.0 kHz", "99 % of the power lie below 2.1 kHz"))  # 125 Hz apart
