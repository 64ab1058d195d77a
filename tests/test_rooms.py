"""Rooms: the decay against closed forms and an outsider, the simulator against geometry, bad files in words."""

import json
import math
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

import augment
from augment.acoustics.convolution import ImpulseResponse
from augment.acoustics.response_edges import shifted_to_start, trimmed
from augment.acoustics.room import (
    Decay,
    clarity_db,
    decay,
    direct_index,
    direct_to_reverberant_db,
    reverberation_time,
)
from augment.dealt.standing import Standing
from augment.errors import DesignError, ProfileError, RenderError
from augment.external.shoebox import draw_pair, draw_source, shoebox_response
from augment.files.audio import read_channels
from augment.perturb import kinds
from augment.profiles.library import Library, Need, bundled_names
from augment.scene import Block, Draw, Scene, Shelf, Stem, Track, Weighting
from conftest import RATE, ROOT, gcc_lag, speech_like, tree

PACK = ROOT.parent / "shared" / "dev_pack" / "ir" / "room"


def decaying(t60_s: float, seconds: float, seed: int = 0, rate: int = RATE) -> np.ndarray:
    time = np.arange(int(seconds * rate)) / rate
    return np.random.default_rng(seed).standard_normal(time.size) * 10 ** (-3 * time / t60_s)


def response(
    rate: int = RATE, before: float = 0.02, t60_s: float = 0.4, gain: float = 1.0, seed: int = 0
) -> np.ndarray:
    """Delay, direct sound, 2 ms of nothing, reverberation."""
    late = 0.05 * decaying(t60_s, 2 * t60_s, seed, rate)
    late[: int(0.002 * rate)] = 0
    late[0] = 1.0
    return gain * np.concatenate([np.zeros(int(before * rate)), late])


class TestDecay:
    @pytest.mark.parametrize("t60_s", [0.1, 0.3, 0.7, 1.5, 4.0])
    def test_closed_form(self, t60_s):
        times = [reverberation_time(decaying(t60_s, 1.5 * t60_s, seed), RATE) for seed in range(10)]
        assert {name for _, name in times} == {"T30"}
        assert np.mean([time for time, _ in times]) == pytest.approx(t60_s, rel=0.02)

    @pytest.mark.parametrize(("noise_db", "expected"), [(-60, "T30"), (-50, "T30"), (-42, "T20"), (-25, None)])
    def test_noise_decides_on_the_range_and_not_on_the_time(self, noise_db, expected):
        for seed in range(5):
            noise = 10 ** (noise_db / 20) * np.random.default_rng(100 + seed).standard_normal(2 * RATE)
            found = reverberation_time(decaying(0.5, 2.0, seed) + noise, RATE)
            assert (None if found is None else found[1]) == expected
            if found is not None:
                assert found[0] == pytest.approx(0.5, rel=0.07)

    def test_end_is_where_decay_meets_noise(self):
        noise = 1e-2 * np.random.default_rng(1).standard_normal(2 * RATE)
        assert decay(decaying(0.6, 2.0) + noise, RATE).end / RATE == pytest.approx(0.4, abs=0.03)

    def test_without_noise_there_is_none(self):
        assert decay(decaying(0.5, 0.4), RATE).noise_power == 0

    def test_steps_of_a_16_bit_file_are_noise(self):
        quiet = np.round(30 * decaying(0.3, 1.0))
        assert decay(quiet, RATE).end > 1.2 * decay(quiet, RATE, 0.5).end

    @pytest.mark.parametrize("t60_s", [0.3, 1.0])
    def test_an_outsider_measures_the_same(self, t60_s):
        import pyroomacoustics as pra

        for seed in range(3):
            late = decaying(t60_s, 1.5 * t60_s, seed)
            ours, _ = reverberation_time(late, RATE)
            assert ours == pytest.approx(float(pra.measure_rt60(late, RATE, decay_db=30)), rel=0.03)

    @pytest.mark.parametrize("short", [np.ones(1), np.ones(5), np.zeros(100), np.eye(1, 1000)[0], np.ones(20000)])
    def test_what_does_not_decay_has_no_time(self, short):
        assert reverberation_time(short, RATE) is None


class TestDirectSound:
    @given(arrival=st.floats(50, 400), later=st.integers(20, 200), strength=st.floats(1.0, 5.0))
    def test_between_two_samples_and_before_a_stronger_reflection(self, arrival, later, strength):
        n = np.arange(800)
        found = direct_index(
            np.sinc(n - arrival) * np.exp(-(((n - arrival) / 8) ** 2)) + strength * (n == int(arrival) + later), RATE
        )
        assert abs(found - arrival) <= 1

    @given(delay=st.floats(45, 300))
    def test_a_known_fraction_is_taken_out(self, delay):
        n = np.arange(600)
        pulse = np.sinc(n - delay) * np.cos(np.pi * np.clip((n - delay) / 82, -0.5, 0.5)) ** 2
        taps = shifted_to_start(pulse, delay)
        assert np.argmax(np.abs(taps)) == 0
        assert taps[0] == pytest.approx(1.0, abs=0.03)
        assert np.max(np.abs(taps[1:])) < 0.03

    @pytest.mark.parametrize("drr_db", [-10.0, 0.0, 10.0])
    def test_ratios_are_those_of_theory(self, drr_db):
        """Direct sound and a smooth exponential behind it: both ratios have closed forms."""
        t60_s, n = 0.6, np.arange(2 * RATE)
        late = 10 ** (-3 * n / (t60_s * RATE)) * np.where(n % 2, -1.0, 1.0)
        late /= math.sqrt(np.sum(late**2))
        h = 10 ** (-drr_db / 20) * late
        h[0] = 1.0
        k, left = 10 ** (drr_db / 10), lambda s: math.exp(-13.816 * s / t60_s)
        assert clarity_db(h, 0, RATE) == pytest.approx(10 * math.log10((k + 1 - left(0.05)) / left(0.05)), abs=0.05)
        expected = 10 * math.log10((k + 1 - left(0.0025)) / left(0.0025))
        assert direct_to_reverberant_db(h, 0, RATE) == pytest.approx(expected, abs=0.1)

    def test_trimmed_keeps_the_rising_edge(self):
        rise = np.array([0.2, 0.6, 1.0, 0.5])
        taps, advance = trimmed(np.concatenate([np.full(500, 0.001), rise, np.zeros(50)]), 502, RATE, Decay(52, 0, 0))
        assert advance == 16
        assert np.array_equal(taps[14:18], rise)
        assert abs(taps[0]) < 1e-4

    @pytest.mark.parametrize("advance", [0, 10])
    def test_tail_is_what_falls_behind_the_end(self, advance):
        rng = np.random.default_rng(3)
        x, taps = rng.standard_normal(300), rng.standard_normal(80)
        whole = np.convolve(x, taps)[advance:]
        lost = 10 * math.log10(np.sum(whole[300:] ** 2) / np.sum(whole**2))
        assert Track(x, RATE, Shelf()).tail_behind_db(ImpulseResponse(taps, advance)) == pytest.approx(lost, abs=1e-6)

    def test_silence_loses_nothing(self):
        assert Track(np.zeros(10), RATE, Shelf()).tail_behind_db(ImpulseResponse(np.ones(5))) is None


def scene_of(speech: np.ndarray, rate: int = RATE) -> Scene:
    return Scene(Stem.of(speech, rate), (), rate, Weighting())


def draw_of(library: Library, block: int = 0, seed: int = 1, family: str = "family", places: int = 4) -> Draw:
    """A block that is dealt one of some places."""
    dealt = Standing(str(block % places + 1), block % places)
    return Draw((seed, f"block {block}", "room", family, "step"), library, Block(block, 4 * RATE), dealt)


def simulated(**fields) -> object:
    return kinds()["simulated_room"](kind="simulated_room", **{"profile": "exam_room", "distance_m": 1.0, **fields})


def measured(**fields) -> object:
    return kinds()["measured_room"](kind="measured_room", **{"source": "room.wav", **fields})


def taps_of(step, library: Library, block: int = 0, seconds: float = 1.0, places: int = 4) -> np.ndarray:
    """What a click becomes, half a second in."""
    click = np.zeros(int((0.5 + seconds) * RATE))
    click[RATE // 2] = 1.0
    return step.apply(scene_of(click), draw_of(library, block, places=places)).speech.samples[RATE // 2 :]


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Library:
    folder = tmp_path_factory.mktemp("rooms")
    return Library(folder, folder)


class TestSimulatedRoom:
    def test_direct_sound_falls_as_1_over_r(self):
        for distance in (0.5, 1.0, 2.0):
            taps = shoebox_response((6.0, 5.0, 3.0), 0.3, (1.0 + distance, 2.2, 1.4), (1.0, 2.2, 1.4), RATE, (1, 2))
            assert taps[0] == pytest.approx(1 / distance, rel=0.05)

    @pytest.mark.parametrize("rate", [8000, 44100, 48000])
    def test_any_rate(self, library, rate):
        click = np.eye(1, rate)[0]
        after = simulated(distance_m=0.7).apply(scene_of(click, rate), draw_of(library))
        assert after.speech.samples[0] == pytest.approx(1 / 0.7, rel=0.05)
        assert after.noted_values()["room_t30_s"] == pytest.approx(0.5, rel=0.2)

    def test_a_room_that_is_as_asked_is_not_marked(self, library):
        """Late in a computed response single rays are left: they are no noise that the decay sinks into."""
        from pyroomacoustics.experimental import measure_rt60

        step = simulated(profile="lecture_room", distance_m=2.0, places=12)
        for place in range(12):
            after = step.apply(scene_of(np.eye(1, 16000)[0], 8000), draw_of(library, place, seed=7))
            heard, noted = after.speech.samples, after.noted_values()
            outside_s = measure_rt60(heard, 8000, decay_db=30)
            assert noted["room_t30_s"] == pytest.approx(outside_s, rel=0.1)
            assert noted["room_t60_missed"] is False
            assert reverberation_time(heard, 8000)[0] == pytest.approx(outside_s, rel=0.1), "as of a file, too"

    def test_nothing_comes_before_the_first_wall(self):
        """Talker and microphone in the middle of a large room, 1 m apart: the floor is 3 m away from both."""
        taps = shoebox_response((20.0, 15.0, 6.0), 0.3, (9.0, 7.0, 3.0), (10.0, 7.0, 3.0), RATE, (1, 2))
        first = (math.hypot(1.0, 6.0) - 1.0) / 343 * RATE
        assert np.max(np.abs(taps[2 : int(first) - 40])) < 0.01
        assert np.max(np.abs(taps[int(first) - 2 : int(first) + 3])) > 0.08

    def test_same_place_same_samples_other_place_other_samples(self, library):
        step = simulated(places=3)
        first = [taps_of(step, library, block, places=3) for block in range(5)]
        fresh = taps_of(step, Library(library.base, library.base), 0)
        assert np.array_equal(first[0], fresh)
        assert np.array_equal(first[0], first[3])
        assert np.array_equal(first[1], first[4])
        assert len({taps.tobytes() for taps in first}) == 3

    def test_seed_and_setting_have_places_of_their_own(self, library):
        click, step = np.eye(1, RATE)[0], simulated()
        draws = [draw_of(library), draw_of(library, seed=2), draw_of(library, family="other")]
        heard = {step.apply(scene_of(click), draw).speech.samples.tobytes() for draw in draws}
        assert len(heard) == 3

    def test_timing_is_the_talkers(self, library):
        speech = speech_like(3)
        near = simulated(distance_m=0.5).apply(scene_of(speech), draw_of(library)).speech.samples
        assert abs(gcc_lag(speech, near)) <= 1
        far = taps_of(simulated(distance_m=2.5), library)
        assert direct_index(far, RATE) <= 1

    def test_what_is_recorded(self, library):
        step = simulated(distance_m=2.0)
        after = step.apply(scene_of(speech_like(2)), draw_of(library, 6))
        noted = after.noted_values()
        assert set(noted) == {column.name for column in step.records}
        assert noted["room_position"] == "room/family/step@3"
        assert noted["room_direct_index"] == round(2.0 / 343 * RATE)
        assert noted["room_t60_target_s"] == 0.5
        assert noted["room_t60_missed"] is False
        assert noted["room_t30_s"] == pytest.approx(0.5, rel=0.2)
        assert noted["room_tail_cut_db"] < -5
        assert after.talker_distance_m == 2.0
        json.dumps(noted)

    def test_noises_have_paths_of_their_own(self, library):
        after = simulated().apply(scene_of(speech_like(1)), draw_of(library))
        near, far = after.room.noise_response("noise/a/fan", 0.5), after.room.noise_response("noise/a/fan", 2.0)
        assert near.taps[0] == pytest.approx(2.0, rel=0.05)
        assert far.taps[0] == pytest.approx(0.5, rel=0.05)
        drawn = after.room.noise_response("noise/a/fan", None)
        assert drawn is after.room.noise_response("noise/a/fan", None)
        assert not np.array_equal(drawn.taps, after.room.noise_response("noise/b/fan", None).taps)
        assert after.room.absolute

    def test_blocks_of_one_place_share_the_noises_path(self, library):
        first, again, other = (
            simulated().apply(scene_of(speech_like(1)), draw_of(library, block)).room.noise_response("fan", None).taps
            for block in (0, 4, 1)
        )
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)

    def test_what_does_not_fit_is_refused(self, library):
        with pytest.raises(RenderError, match=r"9 m apart, do not fit into 'exam_room' \(4.1 x 3.6 x 2.7 m\)"):
            simulated(distance_m=9.0).apply(scene_of(speech_like(1)), draw_of(library))
        room = simulated().apply(scene_of(speech_like(1)), draw_of(library)).room
        with pytest.raises(RenderError, match="the noise 'fan' and the microphone"):
            room.noise_response("fan", 30.0)

    @given(distance=st.floats(0.2, 2.5), seed=st.integers(0, 2**32))
    def test_places_lie_in_the_room_at_their_distance(self, distance, seed):
        size, rng = (4.1, 3.6, 2.7), np.random.default_rng(seed)
        talker, microphone = draw_pair(size, distance, rng)
        assert math.dist(talker, microphone) == pytest.approx(distance, abs=1e-9)
        noise = draw_source(size, microphone, talker, None, rng)
        for place in (talker, microphone, noise):
            assert all(0.29 < x < side - 0.29 for x, side in zip(place, size, strict=True))
        assert all(0.7 <= place[2] <= 1.8 for place in (talker, microphone))
        assert math.dist(noise, talker) > 0.29 < math.dist(noise, microphone)

    def test_a_missing_simulator_is_told(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pyroomacoustics", None)  # an import of it fails
        message, remedy = simulated().unfit(RATE)
        assert "pyroomacoustics" in message
        assert remedy == "pip install 'acoustigrid[rooms]'"

    def test_an_installed_one_is_fit(self):
        assert simulated().unfit(RATE) is None

    def test_threads_and_processes_change_nothing(self):
        code = (
            "import hashlib; from augment.external.shoebox import shoebox_response as r;"
            "h = r((5.0, 4.0, 3.0), 0.2, (1.0, 1.3, 1.5), (3.1, 2.2, 1.2), 16000, (7, 8));"
            "print(hashlib.sha256(h.tobytes()).hexdigest())"
        )
        found = set()
        for threads in ("1", "4"):
            environment = {
                **os.environ,
                "PRA_NUM_THREADS": threads,
                "OMP_NUM_THREADS": threads,
                "PYTHONPATH": str(ROOT),
            }
            done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
            found.add(done.stdout)
        assert len(found) == 1

    def test_the_simulators_settings_are_left_alone(self):
        import pyroomacoustics as pra

        before = pra.constants.get("num_threads")
        try:
            pra.constants.set("num_threads", 3)
            shoebox_response((5.0, 4.0, 3.0), 0.5, (1.0, 1.3, 1.5), (3.1, 2.2, 1.2), RATE, (7, 8))
            assert pra.constants.get("num_threads") == 3
        finally:
            pra.constants.set("num_threads", before)


class TestRoomProfile:
    TEXT = "title: mine\nabout: my room\nsource: a tape measure\n"

    def test_a_users_room(self, tmp_path):
        (tmp_path / "mine.yaml").write_text(self.TEXT + "size_m: [5, 4, 2.5]\nt60_s: 0.4\n")
        library = Library(tmp_path, tmp_path)
        assert library.room("mine.yaml").volume_m3 == 50
        step = simulated(profile="mine.yaml")
        assert Need("profile", "room", "mine.yaml") in step.needs()
        noted = step.apply(scene_of(speech_like(1)), draw_of(library)).noted_values()
        assert noted["room_t30_s"] == pytest.approx(0.4, rel=0.2)

    @pytest.mark.parametrize(
        ("figures", "words"),
        [
            ("size_m: [31, 20, 8]\nt60_s: 0.1\n", "cannot have a reverberation time of 0.1 s"),
            ("size_m: [31, 20]\nt60_s: 1\n", "size_m"),
            ("size_m: [0, 4, 3]\nt60_s: 1\n", "greater than or equal to 0.5"),
            ("size_m: [4, 4, 3]\nt60: 1\n", "did you mean 't60_s'?"),
        ],
    )
    def test_an_impossible_room_is_refused_when_the_recipe_is_loaded(self, tmp_path, figures, words):
        (tmp_path / "mine.yaml").write_text(self.TEXT + figures)
        with pytest.raises(ProfileError) as caught:
            Library(tmp_path, tmp_path).digest(Need("profile", "room", "mine.yaml"))
        assert words in str(caught.value)
        assert "mine.yaml:" in str(caught.value)

    def test_digest_is_of_figures(self, tmp_path):
        for name, title in (("a", "one"), ("b", "two")):
            text = self.TEXT.replace("mine", title)
            (tmp_path / f"{name}.yaml").write_text(text + "size_m: [5, 4, 2.5]\nt60_s: 0.4\n")
        library = Library(tmp_path, tmp_path)
        one, two = (library.digest(Need("profile", "room", f"{name}.yaml")) for name in "ab")
        assert one == two != library.digest(Need("profile", "room", "exam_room"))

    @pytest.mark.parametrize("name", sorted(bundled_names("room")))
    def test_bundled_rooms_say_what_is_estimated(self, library, name):
        assert library.room(name).source.startswith("estimate: ")
        assert 0.05 < library.room(name).sabine_absorption < 0.6

    def test_the_nearest_name_is_told(self, library):
        with pytest.raises(ProfileError, match="did you mean 'exam_room'"):
            library.room("exam_rom")


class TestMeasuredRoom:
    @pytest.fixture
    def folder(self, tmp_path) -> Path:
        (tmp_path / "positions").mkdir()
        for index in range(3):
            self.write(tmp_path / "positions" / f"p{index}.wav", response(seed=index, before=0.01 * index))
        self.write(tmp_path / "room.wav", response(48000, gain=0.03), 48000)
        self.write(tmp_path / "stereo.wav", np.stack([response(seed=1), response(seed=2)], axis=1))
        return tmp_path

    @staticmethod
    def write(path: Path, samples: np.ndarray, rate: int = RATE) -> None:
        soundfile.write(path, samples, rate, subtype="FLOAT")

    def test_delay_goes_gain_is_set_rate_is_changed(self, folder):
        library = Library(folder, folder)
        speech = speech_like(3)
        after = measured().apply(scene_of(speech), draw_of(library))
        assert abs(gcc_lag(speech, after.speech.samples)) <= 1
        noted = after.noted_values()
        assert noted["room_direct_index"] == pytest.approx(0.02 * RATE, abs=1)
        assert noted["room_t30_s"] == pytest.approx(0.4, rel=0.1)
        assert (noted["room_t60_target_s"], noted["room_distance_m"], noted["room_channel"]) == (None, None, 0)
        direct = taps_of(measured(), library)[: round(0.0025 * RATE) + 1]
        assert np.sum(direct**2) == pytest.approx(1.0, abs=0.03)
        kept = measured(keep_gain=True, distance_m=2.0)
        assert taps_of(kept, library)[0] == pytest.approx(0.03, rel=0.1)
        assert kept.apply(scene_of(speech), draw_of(library)).room.absolute
        assert not after.room.absolute

    def test_the_response_is_applied_as_it_was_measured(self, folder):
        h = response(seed=0, before=0.0)
        got = taps_of(measured(source="positions/p0.wav"), Library(folder, folder))
        h = h / np.sqrt(np.sum(h[: round(0.0025 * RATE) + 1] ** 2))  # direct sound of energy 1
        assert got[: h.size] == pytest.approx(h[: got.size], abs=1e-6)

    def test_an_inverted_response_is_told(self, folder):
        self.write(folder / "turned.wav", -response(seed=3))
        library = Library(folder, folder)
        (told,) = measured(source="turned.wav").remarks(library, RATE, Weighting())
        assert told == "room turned.wav: the direct sound is inverted in 1 responses, such as turned.wav"
        assert measured(source="positions").remarks(library, RATE, Weighting()) == ()

    def test_a_channel_must_be_chosen(self, folder):
        library = Library(folder, folder)
        with pytest.raises(ProfileError, match="has 2 channels, and the recipe does not say which one"):
            taps_of(measured(source="stereo.wav"), library)
        with pytest.raises(ProfileError, match="channel 2 is asked for, and the file has 2 channels, 0 to 1"):
            taps_of(measured(source="stereo.wav", channel=2), library)
        with pytest.raises(ProfileError, match="channel 1 is asked for, and the file has one channel, 0"):
            taps_of(measured(source="positions", channel=1), library)
        first, second = (taps_of(measured(source="stereo.wav", channel=c), library) for c in (0, 1))
        assert np.std(first - second) > 0.001
        noted = (
            measured(source="stereo.wav", channel=1).apply(scene_of(speech_like(1)), draw_of(library)).noted_values()
        )
        assert noted["room_channel"] == 1

    def test_a_folder_is_several_positions(self, folder):
        library, step = Library(folder, folder), measured(source="positions")
        after = [step.apply(scene_of(speech_like(1)), draw_of(library, block, places=3)) for block in range(4)]
        assert [a.noted_values()["room_position"] for a in after] == ["p0.wav", "p1.wav", "p2.wav", "p0.wav"]
        for scene, block in zip(after, range(4), strict=True):
            own = library.responses("positions", None, False, RATE)[block % 3].response.taps
            path = scene.room.noise_response("fan", None)
            assert path.taps.tobytes() in {
                r.response.taps.tobytes() for r in library.responses("positions", None, False, RATE)
            }
            assert path.taps.tobytes() != own.tobytes()

    def test_noises_take_their_own_responses(self, folder):
        library = Library(folder, folder)
        after = measured(noise_source="positions").apply(scene_of(speech_like(1)), draw_of(library))
        taken = after.room.noise_response("fan", 1.5)
        assert taken.taps.tobytes() in {
            r.response.taps.tobytes() for r in library.responses("positions", None, False, RATE)
        }
        assert measured().apply(scene_of(speech_like(1)), draw_of(library)).room.noise_response("fan", None) is None

    @pytest.mark.parametrize(
        ("samples", "rate", "words"),
        [
            (np.zeros(0), RATE, "holds no samples"),
            (np.zeros(RATE), RATE, "silent"),
            (np.where(np.arange(RATE) == 5, np.nan, 0.1), RATE, "NaN"),
            (np.array([1.0]), RATE, "lasts 0.0625 ms"),
            (np.array([0.0, 1.0, 0.5, 0.2]), RATE, "expected the impulse response of a room"),
            (np.concatenate([response(), np.zeros(21 * RATE)]), RATE, "longer than 20 s"),
            (response()[::-1], RATE, "has no clear beginning"),
            (np.concatenate([np.zeros(RATE), [1.0]]), RATE, "no room follows"),
            (0.1 * np.random.default_rng(1).standard_normal(RATE), RATE, "does not decay"),
            (np.concatenate([[0.5], np.zeros(50), 0.5 * decaying(3.0, 2.0)]), RATE, "is missing"),
            (response(8000), 8000, "is recorded at 8,000 Hz, and a test set at 16,000 Hz needs more"),
        ],
    )
    def test_bad_files_are_refused_in_words(self, folder, samples, rate, words):
        self.write(folder / "bad.wav", samples, rate)
        library = Library(folder, folder)
        with pytest.raises(ProfileError) as caught:
            taps_of(measured(source="bad.wav"), library)
        assert words in str(caught.value)
        assert "bad.wav" in str(caught.value)

    def test_all_bad_files_of_a_folder_are_told_at_once(self, folder):
        self.write(folder / "positions" / "p1.wav", np.zeros(RATE))
        self.write(folder / "positions" / "p2.wav", np.ones(3))
        with pytest.raises(ProfileError) as caught:
            Library(folder, folder).positions("positions")
        assert len(caught.value.faults) == 2

    def test_a_folder_without_audio(self, folder):
        (folder / "none").mkdir()
        with pytest.raises(ProfileError, match="no audio file is here"):
            Library(folder, folder).positions("none")

    def test_a_worker_reads_what_was_planned_or_says_so(self, folder):
        library = Library(folder, folder)
        library.digest(Need("source", "impulse_response", "positions"))
        self.write(folder / "positions" / "p1.wav", response(seed=9))
        worker = pickle.loads(pickle.dumps(library))
        with pytest.raises(ProfileError, match=r"p1\.wav: the impulse response has changed since it was planned"):
            taps_of(measured(source="positions"), worker)

    def test_noise_of_the_measurement_is_cut_off(self, folder):
        noise = 10 ** (-65 / 20) * np.random.default_rng(4).standard_normal(4 * RATE)
        noise[: response().size] += response()
        self.write(folder / "noisy.wav", noise)
        library = Library(folder, folder)
        noted = measured(source="noisy.wav").apply(scene_of(speech_like(1)), draw_of(library)).noted_values()
        assert noted["room_response_s"] < 0.6
        assert noted["room_t30_s"] == pytest.approx(0.4, rel=0.1)

    def test_channels_are_read_apart(self, folder):
        audio = read_channels(folder / "stereo.wav")
        assert audio.samples.shape == (response().size, 2)
        assert audio.samples[:, 1] == pytest.approx(response(seed=2), abs=1e-6)


def test_a_test_set_in_rooms(workshop):
    """Both kinds of rooms, with noises that find their way in them, by one worker and by two."""
    workshop.corpus({"N": 3}, seconds=0.6)
    workshop.noise("a.wav", 0.1 * np.random.default_rng(1).standard_normal(20 * RATE))
    (workshop.folder / "rooms").mkdir()
    soundfile.write(workshop.folder / "rooms" / "a.wav", response(), RATE, subtype="FLOAT")
    (workshop.folder / "closet.yaml").write_text(TestRoomProfile.TEXT + "size_m: [1.9, 1.7, 2.3]\nt60_s: 0.15\n")
    recipe = workshop.recipe(
        factors="{room: {dry: [], closet: {steps: [{kind: simulated_room, profile: closet.yaml, places: 2}],"
        " sweep: {distance_m: [0.3, 1.0]}}, real: [{kind: measured_room, source: rooms/a.wav}]},"
        " noise: {street: [{kind: background_noise, source: noise, snr_db: 10}],"
        " fan: [{kind: equipment_noise, profile: ventilation_fan, snr_db: 10}]}}"
    )
    one = augment.build(recipe, workshop.folder / "one", workers=1)
    two = augment.build(recipe, workshop.folder / "two", workers=2)
    assert tree(one.folder) == tree(two.folder)
    rows = [json.loads(line) for line in (one.folder / "manifest.jsonl").read_text().splitlines()]
    assert len(rows) == 3 * 4 * 2
    places = {row["room_position"] for row in rows}
    assert {None, "a.wav"} < places
    assert {str(place)[-1] for place in places if "@" in str(place)} == {"1", "2"}
    assert all(abs(row["snr_db"] - 10) < 0.05 for row in rows)
    assert augment.verify(one.folder, sample=24).sound


def test_rooms_that_cannot_be_are_told_before_rendering(workshop):
    workshop.corpus({"N": 1})
    soundfile.write(workshop.folder / "noise.wav", 0.1 * np.ones(RATE), RATE)
    recipe = workshop.recipe(factors="{room: {real: [{kind: measured_room, source: noise.wav}]}}")
    with pytest.raises(DesignError, match="does not decay"):
        augment.plan(recipe)


@pytest.mark.real
class TestRealRooms:
    """Four measured responses of real rooms; what is known of them is from their description and an outsider."""

    @pytest.fixture
    def pack(self) -> Library:
        assert PACK.is_dir(), "the recordings are expected in ../shared/dev_pack"
        return Library(PACK, PACK)

    @pytest.mark.parametrize(
        ("name", "channel", "t20_s", "onset_ms"),
        [
            ("room_seminar_clap.wav", None, 0.64, None),
            ("room_sbrain_rir1.wav", None, 0.62, 137),
            ("hall_binaural.wav", 0, 1.9, 76),
            ("hall_binaural.wav", 1, 1.9, 76),
            ("room_sim_1ch.wav", None, None, None),
        ],
    )
    def test_measures_of_real_rooms(self, pack, name, channel, t20_s, onset_ms):
        import pyroomacoustics as pra

        step = measured(source=name, channel=channel)
        speech = speech_like(4)
        after = step.apply(scene_of(speech), draw_of(pack))
        noted = after.noted_values()
        taps = taps_of(step, pack, seconds=4.0)
        assert direct_index(np.concatenate([np.zeros(99), taps]), RATE) - 99 <= 1
        assert noted["room_tail_cut_db"] < -5
        if onset_ms is not None:
            assert noted["room_direct_index"] / RATE * 1000 == pytest.approx(onset_ms, abs=1)
        if t20_s is not None:
            samples, rate = soundfile.read(PACK / name, always_2d=True)
            first = samples[int(noted["room_direct_index"] / RATE * rate) :, channel or 0]
            t20, t30 = (float(pra.measure_rt60(first, rate, decay_db=d)) for d in (20, 30))
            assert t20 == pytest.approx(t20_s, rel=0.1)
            assert 0.95 * min(t20, t30) < noted["room_t30_s"] < 1.05 * max(t20, t30)

    def test_two_channels_need_a_choice(self, pack):
        with pytest.raises(ProfileError, match="channel: 0"):
            taps_of(measured(source="hall_binaural.wav"), pack)
