"""Sound that is in the bytes is read, all of it, or the file is refused: whatever its header says or guesses."""

import io
import os
import struct
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
import scipy
import soundfile

from augment.errors import AudioError
from augment.files.audio import decode, read_audio, read_channels
from augment.files.containers import streams_of
from augment.files.containers.mpeg import frame_at
from augment.files.containers.stream import Remark
from conftest import RATE, speech_like

FORMATS = {
    "mp3": ("MP3", "MPEG_LAYER_III"), "vorbis": ("OGG", "VORBIS"), "opus": ("OGG", "OPUS"), "flac": ("FLAC", "PCM_16"),
    "wav": ("WAV", "PCM_16"), "wav24": ("WAV", "PCM_24"), "wav32": ("WAV", "PCM_32"), "u8": ("WAV", "PCM_U8"),
    "alaw": ("WAV", "ALAW"), "ulaw": ("WAV", "ULAW"), "extensible": ("WAVEX", "PCM_16"), "rf64": ("RF64", "PCM_16"),
    "w64": ("W64", "PCM_16"), "aiff": ("AIFF", "PCM_16"), "caf": ("CAF", "PCM_16"), "alac": ("CAF", "ALAC_16"),
    "au": ("AU", "PCM_16"), "nist": ("NIST", "PCM_16"),
}  # fmt: skip
JOINED_IS_READ = {
    "alaw",
    "ulaw",
    "mp3",
    "vorbis",
    "opus",
    "flac",
    "wav",
    "wav24",
    "wav32",
    "u8",
    "extensible",
    "rf64",
    "w64",
    "aiff",
}


def made(name: str, seconds: float = 2.0, rate: int = RATE, seed: int = 1, channels: int = 1) -> bytes:
    container, coding = FORMATS[name]
    memory = io.BytesIO()
    sound = speech_like(seconds, seed=seed) if rate == RATE else 0.1 * np.sin(np.arange(round(seconds * rate)) / 9)
    soundfile.write(memory, np.stack([sound] * channels, axis=1), rate, format=container, subtype=coding)
    return memory.getvalue()


def bare_mp3(**how) -> bytes:
    """Without the frame that says how many follow."""
    whole = made("mp3", **how)
    return whole[frame_at(whole, 0).size :]


@pytest.mark.parametrize("name", FORMATS)
def test_a_good_file_is_read_whole(name):
    assert decode(made(name), "x").samples.size == 2 * RATE


@pytest.mark.parametrize("name", FORMATS)
def test_joined_files_are_read_to_the_end_or_refused(name):
    data = made(name) + made(name, 1.0, seed=2)
    if name not in JOINED_IS_READ:
        with pytest.raises(AudioError, match=r"header says|another file|cut off"):
            decode(data, "x")
        return
    found = decode(data, "x")
    assert found.samples.size == 3 * RATE
    assert Remark.JOINED in found.remarks
    second = decode(made(name, 1.0, seed=2), "x").samples
    assert np.corrcoef(found.samples[2 * RATE :], second)[0, 1] > 0.999


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_files_that_lost_their_end_are_refused(name, share):
    data = made(name)
    with pytest.raises(AudioError):
        decode(data[: int(len(data) * share)], "x")


def test_joined_files_of_unlike_rates_or_channels_are_refused():
    for second in (made("mp3", rate=22050), made("mp3", channels=2)):
        with pytest.raises(AudioError, match="do not go together"):
            decode(made("mp3") + second, "x")
    with pytest.raises(AudioError, match="do not go together"):
        decode(made("flac") + made("flac", rate=22050), "x")


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
def test_mp3_without_a_length_has_as_many_frames_as_ffmpeg_finds(rate):
    import av

    data = bare_mp3(seconds=4.1, rate=rate)
    with av.open(io.BytesIO(data), format="mp3") as file:
        frames = sum(frame.samples for frame in file.decode(audio=0))
    found = decode(data, "x").samples.size
    assert 0 <= frames - found <= 1152  # a decoder's own delay
    assert found / rate == pytest.approx(4.1, abs=0.1)


def test_an_mp3_with_a_long_tag_and_a_constant_rate_is_read():
    cover = b"ID3\x04\x00\x00" + bytes([0, 8, 0, 0]) + bytes(8 << 14)
    notes = b"TAG" + bytes(125)
    assert decode(cover + bare_mp3() + notes, "x").samples.size == decode(bare_mp3(), "x").samples.size
    twice = decode(cover + made("mp3") + notes + cover + made("mp3") + notes, "x")
    assert twice.samples.size == 4 * RATE


def test_mp3_in_a_wav_is_read_as_mp3(tmp_path):
    """Of which there may be several, or none."""

    def wrapped(sound):
        form = struct.pack("<HHIIHHHHIHHH", 0x55, 1, RATE, 4000, 1, 0, 12, 1, 2, 288, 1, 1393)
        chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(sound)) + sound
        return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks

    for sound in (made("mp3"), bare_mp3(), made("mp3") + made("mp3", seed=2)):
        assert np.array_equal(decode(wrapped(sound), "x").samples, decode(sound, "x").samples)
    assert Remark.JOINED in decode(wrapped(made("mp3")) + wrapped(made("mp3")), "x").remarks
    for nothing in (bytes(4000), b"no sound" * 500):
        with pytest.raises(AudioError, match="no sound"):
            decode(wrapped(nothing), "x")


def test_channels_of_a_file_of_unknown_length_are_read_apart(tmp_path):
    (tmp_path / "a.aac").write_bytes(ffmpeg_file("adts", "aac", 16000, 3 * RATE))
    whole = decode((tmp_path / "a.aac").read_bytes(), "a").samples
    assert whole.size > 2 * RATE
    assert np.array_equal(read_channels(tmp_path / "a.aac").samples[:, 0], whole)


def test_an_mp3_with_a_hole_in_it_is_refused():
    data = bare_mp3()
    places = [place for place in range(len(data)) if frame_at(data, place)]
    hole = next(place for place in places if place > len(data) // 2)
    with pytest.raises(AudioError, match=r"damaged|cut off"):
        decode(data[:hole] + bytes(100) + data[hole + 37 :], "x")


def test_an_mp3_that_says_more_frames_than_it_has_is_cut_off():
    data = bytearray(made("mp3"))
    place = max(data.find(b"Xing"), data.find(b"Info"))
    (frames,) = struct.unpack_from(">I", data, place + 8)
    struct.pack_into(">I", data, place + 8, 2 * frames)
    with pytest.raises(AudioError, match=f"declares {2 * frames} frames of MP3 and holds {frames}"):
        decode(bytes(data), "x")
    struct.pack_into(">I", data, place + 8, frames // 2)
    assert decode(bytes(data), "x").samples.size >= 2 * RATE - 1152


@pytest.mark.parametrize("seconds", [0.5, 2.0, 30.0])
def test_flac_from_a_pipe_is_read_whole(seconds):
    data = bytearray(made("flac", seconds))
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    found = decode(bytes(data), "x")
    assert found.samples.size == round(seconds * RATE)
    assert Remark.OPEN_LENGTH in found.remarks
    with pytest.raises(AudioError, match="cut off"):
        decode(bytes(data[: len(data) * 2 // 3]), "x")


def test_flac_that_says_less_than_it_holds_is_refused():
    data = bytearray(made("flac"))
    struct.pack_into(">I", data, 22, RATE)
    with pytest.raises(AudioError, match="its header says 16,000 frames, and it holds 32,000"):
        decode(bytes(data), "x")


@pytest.mark.parametrize("name", ["vorbis", "opus"])
def test_damaged_and_missing_pages_of_ogg_are_noticed(name):
    data = made(name, 30.0)
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 1
    with pytest.raises(AudioError, match="damaged"):
        decode(bytes(flipped), "x")
    pages = [place for place in range(len(data)) if data[place : place + 4] == b"OggS"]
    assert len(pages) > 4
    with pytest.raises(AudioError, match="page 3 is missing"):
        decode(data[: pages[3]] + data[pages[4] :], "x")


def chunked(*chunks: tuple[bytes, bytes], size: int | None = None, pad: bool = True) -> bytes:
    body = b"".join(n + struct.pack("<I", len(d)) + d + bytes(len(d) % 2 if pad else 0) for n, d in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body) if size is None else size) + b"WAVE" + body


FORM = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
PCM = np.rint(speech_like(1) * 32767).astype("<i2").tobytes()


def test_wav_with_two_chunks_of_sound_is_refused():
    with pytest.raises(AudioError, match="two chunks of sound"):
        decode(chunked((b"fmt ", FORM), (b"data", PCM), (b"data", PCM)), "x")


def test_wav_whose_header_says_less_than_it_holds_is_refused():
    data = bytearray(chunked((b"fmt ", FORM), (b"data", PCM)))
    struct.pack_into("<I", data, 40, len(PCM) // 2)
    with pytest.raises(AudioError, match=r"its header says 16,000 bytes of sound, and it holds 16,000 more bytes"):
        decode(bytes(data), "x")


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize(
    ("form", "told"),
    [
        (struct.pack("<HHIIHH", 0xBEEF, 1, RATE, 2 * RATE, 2, 16), "a codec that is not read .* format tag 0xBEEF"),
        (struct.pack("<HHIIHH", 1, 0, RATE, 2 * RATE, 2, 16), "declares 0 channels at 16,000 Hz"),
        (struct.pack("<HHIIHH", 1, 1, 0, 0, 2, 16), "declares 1 channel at 0 Hz"),
    ],
)
def test_a_form_of_which_nobody_makes_sound_is_refused_by_what_it_says(form, told, long):
    data = bytearray(made("w64") if long else chunked((b"fmt ", FORM), (b"data", PCM)))
    at = data.index(b"fmt ") + (24 if long else 8)
    data[at : at + 16] = form
    with pytest.raises(AudioError, match=told):
        decode(bytes(data), "x")


def test_wav_from_a_pipe_joined_with_another_is_read_whole():
    first = bytearray(chunked((b"fmt ", FORM), (b"data", PCM)))
    struct.pack_into("<I", first, 40, 0xFFFFFFFF)
    found = decode(bytes(first) + chunked((b"fmt ", FORM), (b"data", PCM)), "x")
    assert found.samples.size == 2 * RATE
    assert {Remark.JOINED, Remark.OPEN_LENGTH} <= found.remarks


def test_odd_chunks_are_stepped_over_whether_padded_or_not():
    for pad in (True, False):
        found = decode(chunked((b"LIST", b"odd"), (b"fmt ", FORM), (b"note", b"x"), (b"data", PCM), pad=pad), "x")
        assert np.array_equal(np.rint(found.samples * 32768), np.frombuffer(PCM, "<i2"))


@pytest.mark.parametrize(("scale", "factor"), [(32768.0, 2**-15), (2.0**31, 2**-31)])
def test_floating_point_on_the_scale_of_integers_is_scaled(scale, factor):
    sound = speech_like(1)
    sound /= np.max(np.abs(sound))
    memory = io.BytesIO()
    soundfile.write(memory, scale * sound, RATE, format="WAV", subtype="DOUBLE")
    found = decode(memory.getvalue(), "x")
    assert found.samples == pytest.approx(scale * sound * factor)
    assert Remark.INTEGER_SCALE in found.remarks


def test_floating_point_on_no_known_scale_is_refused():
    memory = io.BytesIO()
    soundfile.write(memory, 100 * np.sin(np.arange(RATE)), RATE, format="WAV", subtype="FLOAT")
    with pytest.raises(AudioError, match=r"neither 1\.0 nor that of integers"):
        decode(memory.getvalue(), "x")


@pytest.mark.parametrize("name", ["aiff", "caf", "au", "w64"])
def test_headers_that_say_less_than_there_is_are_refused(name):
    data = made(name)
    more = data + data[-20_000:]
    with pytest.raises(AudioError, match="header says"):
        decode(more, "x")


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [("ipod", "aac", 48000), ("mp4", "aac", 44100), ("ipod", "alac", 16000), ("webm", "libopus", 48000),
     ("mov", "pcm_s16le", 16000), ("adts", "aac", 16000)],
)  # fmt: skip
def test_what_ffmpeg_reads_has_the_length_that_was_written(container, codec, rate):
    data = ffmpeg_file(container, codec, rate, 2 * rate)
    found = decode(data, "x")
    assert found.sample_rate_hz == rate
    slack = 2100 if container == "adts" else round(0.002 * rate)  # bare frames say nothing of a coder's delay
    assert 0 <= found.samples.size - 2 * rate <= slack
    with pytest.raises(AudioError, match=r"cut off|cannot be decoded"):
        decode(data[: len(data) * 2 // 3], "x")


@pytest.mark.parametrize(
    ("container", "codec"),
    [("ipod", "aac"), ("mp4", "aac"), ("ipod", "alac"), ("mov", "pcm_s16le"), ("mp4", "libopus")],
)
def test_joined_files_of_boxes_are_refused(container, codec):
    """A decoder reads the first of them, and half of the text would stand over nothing."""
    data = ffmpeg_file(container, codec, 48000, 48000)
    assert decode(data, "x").samples.size == pytest.approx(48000, abs=100)
    with pytest.raises(AudioError, match="several files are joined here"):
        decode(data + data, "x")


@pytest.mark.parametrize(
    ("container", "options", "late"),
    [
        ("ipod", {}, 0),
        ("mp4", {"movflags": "+frag_keyframe+empty_moov+delay_moov"}, 0),
        ("matroska", {}, 0),
        ("mp4", {"movflags": "+frag_keyframe+empty_moov"}, 1024),
        ("mov", {"use_editlist": "0"}, 1024),
        ("adts", {}, 1024),
    ],
)
def test_the_delay_of_a_coder_is_cut_off_where_it_is_stated_and_told_where_not(container, options, late):
    time = np.arange(2 * RATE)
    click = 0.5 * np.sin(0.4 * time) * np.exp(-(((time - 9000) / 40) ** 2))
    data = ffmpeg_file(container, "aac", RATE, 2 * RATE, click, options)
    found = decode(data, "x")
    assert int(np.argmax(scipy.signal.correlate(found.samples[:20000], click[:18000], "full"))) - 17999 == late
    assert (Remark.DELAY_UNSTATED in found.remarks) is bool(late)
    if container == "ipod":  # a list of edits that begins with the first sample states no delay
        edits = bytearray(data)
        struct.pack_into(">i", edits, data.find(b"elst") + 16, 0)
        assert Remark.DELAY_UNSTATED in decode(bytes(edits), "x").remarks


def ffmpeg_file(container: str, codec: str, rate: int, samples: int, heard=None, options=None) -> bytes:
    import av

    memory = io.BytesIO()
    sound = (0.3 * np.sin(np.arange(samples) / 20) if heard is None else heard).astype(np.float32)
    with av.open(memory, "w", format=container, options=options or {}) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(sound[np.newaxis], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        coder = stream.codec_context
        fit = av.AudioResampler(format=coder.format, layout="mono", rate=rate, frame_size=coder.frame_size or 0)
        for part in [*fit.resample(frame), *fit.resample(None)]:
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    return memory.getvalue()


def test_flac_in_ogg_is_read_as_flac(tmp_path):
    import av

    whole, paged = made("flac"), io.BytesIO()
    with av.open(io.BytesIO(whole)) as source, av.open(paged, "w", format="ogg") as file:
        stream = file.add_stream_from_template(source.streams[0])
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = stream
                file.mux(packet)
    data = paged.getvalue()
    assert np.array_equal(decode(data, "x").samples, decode(whole, "x").samples)
    twice = decode(data + data, "x")
    assert (twice.samples.size, twice.remarks) == (4 * RATE, frozenset({Remark.JOINED}))
    for broken in (data[: len(data) * 2 // 3], data[:4000] + bytes(8) + data[4008:]):
        with pytest.raises(AudioError, match=r"cut off|damaged"):
            decode(broken, "x")


def test_without_the_extra_the_way_to_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(AudioError, match=r"pip install 'acoustigrid\[codecs\]'"):
        decode(b"\x00\x00\x00\x18ftypM4A " + bytes(100), "a.m4a")


def test_a_stretch_that_ends_just_behind_its_file_is_cut_and_told():
    data = made("wav")
    assert decode(data, "x", 1.0, 1.0).remarks == frozenset()
    found = decode(data, "x", 1.0, 1.049)
    assert (found.samples.size, found.remarks) == (RATE, frozenset({Remark.CUT_AT_END}))
    with pytest.raises(AudioError, match=r"asked for 1-2.06 s, but the file is 2.000 s long"):
        decode(data, "x", 1.0, 1.06)


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_regular_file_is_not_opened(tmp_path, kind):
    path = tmp_path / "x.wav"
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    with pytest.raises(AudioError, match="not a file"):
        read_audio(path)


HUNGRY = """
import resource, sys
import numpy, soundfile, soxr
from pathlib import Path
from augment.corpus.speech import facts_of
from augment.errors import AudioError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    facts_of(Path(sys.argv[1]), None, None, 16000)
except AudioError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize(("rate", "seconds"), [(384_000, 840), (16_000, 3 * 3600)])
def test_a_small_file_of_much_silence_is_refused_before_it_is_decoded(tmp_path, rate, seconds):
    path = tmp_path / "x.flac"
    with soundfile.SoundFile(path, "w", rate, 1, format="FLAC") as file:
        for _ in range(seconds // 60):
            file.write(np.zeros(60 * rate, dtype=np.int16))
    found = subprocess.run([sys.executable, "-c", HUNGRY, path], capture_output=True, text=True, check=True)
    *words, megabytes = found.stdout.splitlines()
    assert "is longer than" in words[0]
    assert int(megabytes) < 100


def test_what_is_no_audio_has_no_streams():
    for data in (b"", b"\0", b"RIFF", b"fLaC", b"OggS", b"ID3", b"\xff\xfb", bytes(1000), b"FORM\0\0\0\0AIFF"):
        try:
            assert streams_of(data, "x") is None
        except AudioError as error:
            assert str(error).startswith("x: ")  # noqa: PT017 - either is right
