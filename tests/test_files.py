"""Reading that notices damage, writing that leaves nothing half done."""

import signal
import struct
import threading
import time

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from augment.acoustics.pcm import duration_s, quantise
from augment.errors import AudioError, TestSetError
from augment.files.atomic import locked, write_atomically
from augment.files.audio import decode, encode, read_audio
from conftest import RATE, speech_like


@pytest.fixture
def wav() -> bytes:
    return encode(quantise(speech_like(1))[0], RATE, "wav")


@pytest.mark.parametrize("audio_format", ["flac", "wav"])
def test_integers_come_back_as_they_were(audio_format):
    values = np.array([0, 1, -1, 32767, -32768, 12345], dtype=np.int16)
    audio = decode(encode(values, RATE, audio_format), "x")
    assert np.array_equal(np.rint(audio.samples * 32768), values)
    assert audio.sample_rate_hz == RATE


def test_wav_is_read_by_another_library(wav, tmp_path):
    import wave

    (tmp_path / "x.wav").write_bytes(wav)
    with wave.open(str(tmp_path / "x.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()) == (1, 2, RATE, RATE)
        assert file.readframes(RATE) == wav[44:]


def test_rounding_is_half_to_even_and_unbiased():
    steps = np.array([0.5, 1.5, 2.5, -0.5, -1.5, 0.49, 0.51]) / 32768
    assert quantise(steps)[0].tolist() == [0, 2, 2, 0, -2, 0, 1]
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 10**6)
    assert abs(np.mean(quantise(noise)[0] / 32768 - noise)) < 1e-7


def test_what_is_no_number_is_refused():
    with pytest.raises(ValueError, match="not a finite number"):
        quantise(np.array([0.0, np.nan]))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda b: b[: len(b) // 2], "cut off: it declares 32,000 bytes of sound and holds 15,978"),
        (lambda b: b[:30], "cannot be decoded"),
        (lambda b: b[:40] + struct.pack("<I", 0) + b[44:], "declares no sound although 32,000 bytes follow"),
        (lambda b: b[:24] + struct.pack("<I", 999983) + b[28:], "declares 999,983 Hz"),
        (lambda b: b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (lambda b: b"<html>404</html>", "error page"),
        (lambda b: b"\x1f\x8b" + b, "gzip"),
    ],
    ids=["cut", "header", "zero", "rate", "lfs", "html", "gzip"],
)
def test_damage_is_noticed(wav, damage, words):
    with pytest.raises(AudioError) as caught:
        decode(damage(wav), "x.wav")
    assert words in str(caught.value)
    assert " at 0x" not in str(caught.value)


def test_a_size_left_open_by_a_pipe_is_no_damage(wav):
    endless = wav[:40] + struct.pack("<I", 0xFFFFFFFF) + wav[44:]
    assert decode(endless, "x").samples.shape == (RATE,)


@pytest.mark.parametrize("audio_format", ["FLAC", "OGG", "MP3"])
def test_cut_off_compressed_files_are_noticed(tmp_path, audio_format):
    path = tmp_path / "x"
    soundfile.write(path, speech_like(3), RATE, format=audio_format)
    assert read_audio(path).samples.shape[0] >= 3 * RATE
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(AudioError, match=r"cut off|cannot be decoded"):
        read_audio(path)


@pytest.mark.parametrize("name", ["nothing", "."])
def test_no_file_is_told(tmp_path, name):
    with pytest.raises(AudioError, match=r"no such file|not a file"):
        read_audio(tmp_path / name)


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    target = tmp_path / "a"
    write_atomically(target, b"old")
    with pytest.raises(TypeError):
        write_atomically(target, "no bytes")  # type: ignore[arg-type]
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_lock_is_held_once(tmp_path):
    with (
        locked(tmp_path / "lock"),
        pytest.raises(TestSetError, match="another acoustigrid process"),
        locked(tmp_path / "lock"),
    ):
        pass
    with locked(tmp_path / "lock"):
        pass


@pytest.fixture
def interruptible():
    """What a shell starts in the background ignores the interrupt key."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_interrupt_key_is_not_lost_in_the_encoder(interruptible):
    """libsndfile calls back into Python; an interrupt raised there is printed, forgotten, and spoils the bytes."""
    values = quantise(np.tile(speech_like(10), 20))[0]
    whole = encode(values, RATE, "flac")
    for delay_s in (0.005, 0.02, 0.05):
        timer = threading.Timer(delay_s, signal.raise_signal, [signal.SIGINT])
        timer.start()
        made = None
        try:
            made = encode(values, RATE, "flac")
            timer.join()
            for _ in range(200):  # a busy machine may be late
                time.sleep(0.01)
        except KeyboardInterrupt:
            assert made in (None, whole)
        else:
            pytest.fail("the interrupt was lost")


@given(st.integers(1, 48_000 * 3600), st.sampled_from([8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000]))
def test_a_duration_gives_every_reader_its_samples(samples, rate):
    duration = duration_s(samples, rate)
    assert [int(duration * rate), round(duration * rate)] == [samples, samples]
    assert abs(duration - samples / rate) < 2e-6
    assert float(f"{duration:.6f}") == duration
