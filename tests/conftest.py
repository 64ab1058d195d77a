import contextlib
import io
import json
import shutil
import subprocess
from pathlib import Path
from unittest import mock

import hypothesis
import numpy as np
import pytest
import soundfile

import augment
from augment.cli import app
from augment.cli.ending import ended
from augment.codecs.link import Link
from augment.execute import processes
from augment.perturb import kinds

hypothesis.settings.register_profile("untimed", deadline=None)  # a machine that does something else fails no example
hypothesis.settings.load_profile("untimed")

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "recipes" / "demo"
RATE = 16000
PACK = ROOT.parent / "shared" / "dev_pack"
"""Real recordings, which are no part of the project."""
PACK_CORPUS = (
    "path: manifest.jsonl, columns: {audio_filepath: audio}, labels: {accent: {'American (neutral)': American}}"
)
"""Of a recipe beside them."""


def speech_like(seconds: float, seed: int = 0, rate: int = RATE) -> np.ndarray:
    """Noise with the spectrum and the syllables of speech: enough for the level meter, quick to make."""
    rng = np.random.default_rng(seed)
    n = int(seconds * rate)
    spectrum = np.fft.rfft(rng.standard_normal(n))
    frequency = np.fft.rfftfreq(n, 1 / rate)
    spectrum *= (frequency > 90) / (1 + (frequency / 500) ** 2)
    carrier = np.fft.irfft(spectrum, n)
    syllables = np.clip(np.sin(2 * np.pi * 2.1 * np.arange(n) / rate + rng.uniform(0, 6)), 0, None) ** 0.5
    signal = carrier * syllables
    return 0.25 * signal / max(np.abs(signal).max(), 1e-9)


def link(kind: str, sample_rate_hz: int = RATE, **settings) -> Link:
    """A codec with the settings of a recipe, in a test set of a rate."""
    return kinds()[kind](kind=kind, **settings).link(sample_rate_hz)


def near(found: np.ndarray, wanted: np.ndarray, within: float) -> bool:
    """Whether arrays are alike: ``pytest.approx`` takes half a second for each second of sound, sample by sample."""
    return found.shape == wanted.shape and bool(np.all(np.abs(found - wanted) <= within))


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """No test looks into the user's cache folder, or leaves something there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def demo_speech() -> np.ndarray:
    """One utterance of the demo corpus."""
    samples, rate = soundfile.read(DEMO / "audio" / "american_slt_1.flac")
    assert rate == RATE
    return samples


def gcc_lag(before: np.ndarray, after: np.ndarray, rate: int = RATE) -> float:
    """Samples by which one signal comes later: cross-correlation in 400-3000 Hz, partly whitened."""
    size = 2 * before.size
    cross = np.conj(np.fft.rfft(before, size)) * np.fft.rfft(after, size)
    frequency = np.fft.rfftfreq(size, 1 / rate)
    cross[(frequency < 400) | (frequency > 3000)] = 0
    magnitude = np.abs(cross)
    cross[magnitude > 0] *= magnitude[magnitude > 0] ** -0.7
    correlation = np.fft.irfft(cross, 4 * size)
    place = int(np.argmax(correlation))
    return (place if place < 2 * size else place - 4 * size) / 4


class Workshop:
    """A folder with a corpus, noises and recipes, made for one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "audio").mkdir()
        (folder / "noise").mkdir()

    def corpus(self, groups: dict[str, int], speakers: int = 2, seconds: float = 1.0, name: str = "corpus.jsonl"):
        rows = []
        for group, count in groups.items():
            for index in range(count):
                identity = f"{group.lower()}_{index}"
                path = self.folder / "audio" / f"{identity}.wav"
                seed = sum(map(ord, identity))
                soundfile.write(path, speech_like(seconds + 0.1 * (index % 3), seed), RATE, subtype="PCM_16")
                rows.append(
                    {
                        "id": identity,
                        "audio_filepath": f"audio/{identity}.wav",
                        "text": f"sentence {index}",
                        "speaker": f"{group}{index % speakers}",
                        "accent": group,
                    }
                )
        self.manifest(rows, name)
        return rows

    def manifest(self, rows: list[dict], name: str = "corpus.jsonl") -> None:
        (self.folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))

    def noise(self, name: str, samples: np.ndarray, rate: int = RATE) -> None:
        path = self.folder / "noise" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, rate, subtype="PCM_16")

    def recipe(self, text: str = "", name: str = "recipe.yaml", **fields: str) -> Path:
        default = {
            "name": "test",
            "corpus": "{path: corpus.jsonl}",
            "balance": "{by: [accent]}",
            "factors": "{noise: {quiet: [], hum: [{kind: equipment_noise, profile: mains_hum_50, snr_db: 10}]}}",
        }
        lines = [f"{key}: {value}" for key, value in {**default, **fields}.items() if value]
        path = self.folder / name
        path.write_text(text or "\n".join(lines) + "\n")
        return path


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    folder = tmp_path / "workshop"
    folder.mkdir()
    return Workshop(folder)


def stock(workshop: Workshop) -> Workshop:
    workshop.corpus({"North": 4, "South": 5})
    rng = np.random.default_rng(5)
    workshop.noise("street/a.wav", 0.1 * rng.standard_normal(3 * RATE))
    workshop.noise("street/b.wav", 0.1 * rng.standard_normal(2 * 48000), 48000)
    workshop.recipe(
        """\
name: stocked
corpus: {path: corpus.jsonl}
balance: {by: [accent], utterances: 4, speakers: {min: 2}}
noise: {segment_s: 1}
factors:
  noise:
    quiet: []
    street: {steps: [{kind: background_noise, source: noise/street}], sweep: {snr_db: [20, 0]}}
    scanner: [{kind: equipment_noise, profile: mri_epi, snr_db: 5}]
  device:
    studio: []
    handset: [{kind: microphone, profile: itu_p48_handset}]
"""
    )
    return workshop


@pytest.fixture
def stocked(workshop: Workshop) -> Workshop:
    """A workshop with a small corpus of two accents, two noises and a recipe for them."""
    return stock(workshop)


@pytest.fixture(scope="module")
def linked_pack(tmp_path_factory) -> Path:
    """The real recordings, linked, so that recipes can lie beside them."""
    assert PACK.is_dir(), "the recordings are expected in ../shared/dev_pack"
    folder = tmp_path_factory.mktemp("pack")
    for path in PACK.iterdir():
        (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture(scope="session")
def set_of_stock(tmp_path_factory) -> Path:
    """The set of a stocked workshop, built once; tests get copies."""
    shop = stock(Workshop(tmp_path_factory.mktemp("stock")))
    return augment.build(shop.folder / "recipe.yaml", shop.folder / "set").folder


@pytest.fixture
def finished(stocked: Workshop, set_of_stock: Path) -> Path:
    """The finished set of a stocked workshop, as if it had been built there."""
    folder = shutil.copytree(set_of_stock, stocked.folder / "finished")
    where = folder / ".acoustigrid" / "where.json"
    where.write_text(where.read_text().replace(str(set_of_stock.parent), str(stocked.folder)))
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of a test set but what belongs to this machine."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and ".acoustigrid" not in p.parts)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


@pytest.fixture
def copied(stocked: Workshop, tmp_path: Path) -> Workshop:
    """The same workshop in another place."""
    shutil.copytree(stocked.folder, tmp_path / "copied")
    other = Workshop.__new__(Workshop)
    other.folder = tmp_path / "copied"
    return other


def ran(job, tasks, workers, limit_s=None) -> list:
    """What worker processes make of tasks."""
    with processes.opened(workers) as way:
        return list(way.run(job, tasks, limit_s))


def command(*arguments, cwd=".", code: int | None = 0) -> subprocess.CompletedProcess[str]:
    """What a command prints: as ``acoustigrid`` in a process of its own, without waiting for its imports.

    Its exit code must be that which is given, if one is.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    given = ["acoustigrid", *map(str, arguments)]
    printing = contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)
    with contextlib.chdir(cwd), mock.patch("sys.argv", given), printing[0], printing[1]:
        found = ended(app)
    printed = [stream.buffer.getvalue().decode() for stream in (out, err)]
    done = subprocess.CompletedProcess(given, found, *printed)
    assert code in (found, None), done.stderr
    assert "Traceback" not in done.stderr
    return done
