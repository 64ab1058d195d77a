"""Perturbations of another distribution: one file and one entry point each."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

TILT = '''
"""A talker without bass."""

from typing import ClassVar, Literal

import numpy as np

from augment.acoustics.convolution import ImpulseResponse
from augment.perturb import Perturbation
from augment.scene import Stage


class Tilt(Perturbation):
    """The voice alone, 6 dB brighter with every octave."""

    kind: Literal["tilt"]
    stage: ClassVar = Stage.SOURCE
    draws: ClassVar = False

    def apply(self, scene, draw):
        return scene.filtered(ImpulseResponse(np.array([1.0, -1.0])))
'''
COARSE = '''
"""A codec of few bits."""

from typing import Literal

import numpy as np

from augment.perturb.codec_step import CodecStep, Concealed, PacketLoss


class Coarse(Concealed, PacketLoss, CodecStep):
    """256 steps of one size, half a packet late."""

    kind: Literal["coarse"]

    def run(self, pcm, lost, sample_rate_hz):
        return (np.concatenate([np.zeros(80, np.int16), pcm]) // 256 * 256).astype(np.int16)
'''


def test_a_perturbation_at_the_source_and_a_codec_come_from_outside_as_one_file_each(workshop, tmp_path):
    other = tmp_path / "other"
    (other / "other-1.dist-info").mkdir(parents=True)
    (other / "other-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    points = "[acoustigrid.source]\ntilt = tilt\n[acoustigrid.channel]\ncoarse = coarse\n"
    (other / "other-1.dist-info" / "entry_points.txt").write_text(points)
    (other / "tilt.py").write_text(TILT)
    (other / "coarse.py").write_text(COARSE)
    workshop.corpus({"North": 2})
    recipe = workshop.recipe(
        factors="{voice: {plain: [], bright: [{kind: tilt}]}, "
        "line: {direct: [], coarse: [{kind: coarse, loss_percent: 20}]}}"
    )
    script = f"import augment; augment.build({str(recipe)!r}, 'set'); assert augment.verify('set', sample=8).sound"
    path = {**os.environ, "PYTHONPATH": os.pathsep.join([str(other), *filter(None, sys.path)])}
    subprocess.run([sys.executable, "-c", script], env=path, cwd=tmp_path, check=True)

    rows = [json.loads(line) for line in (tmp_path / "set" / "manifest.jsonl").read_text().splitlines()]
    assert len(rows) == 8
    for row in rows:
        late, lost = row["codec_delay_samples"], row["codec_packets_lost"]
        assert (late, bool(lost)) == ((80, True) if row["line"] == "coarse" else (None, False))
        assert row["line"] == "coarse" or row["speech_level_dbov"] == -26.0  # brighter, and as loud as the others
    heard = {(r["utterance"], r["voice"], r["line"]): tmp_path / "set" / r["audio_filepath"] for r in rows}
    for utterance in {row["utterance"] for row in rows}:
        plain, bright = (
            np.abs(np.fft.rfft(soundfile.read(heard[utterance, v, "direct"])[0])) for v in ("plain", "bright")
        )
        octaves = [np.sum(bright[f : 2 * f] ** 2) / np.sum(plain[f : 2 * f] ** 2) for f in (200, 400, 800)]
        assert 10 * np.log10(octaves[1:]) - 10 * np.log10(octaves[:-1]) == pytest.approx([6, 6], abs=1.5)
