"""What makes a million rows affordable gives the same as the plain way."""

import re

import numpy as np
import pytest
import soundfile

from augment.corpus.spec import CorpusSpec
from augment.corpus.speech import MOST_AT_ONCE, facts_of, inspect
from augment.corpus.table import read_corpus
from augment.errors import AudioError, CorpusError
from augment.files.audio import read_audio, read_parts
from conftest import RATE, speech_like


def test_stretches_of_one_pass_are_those_of_many(tmp_path):
    """Also where blocks of the decoder end within a stretch, stretches overlap, or one of them cannot be had."""
    rng = np.random.default_rng(1)
    path = tmp_path / "long.wav"
    soundfile.write(path, 0.1 * rng.standard_normal((400_000, 2)), RATE, subtype="PCM_16")
    parts = [(0.0, None), (3.0, 9.5), (0.25, 0.5), (8.0, None), (8.0, 1.0), (24.9, 2.0), (26.0, None), (8.19, 0.004)]
    for part, found in zip(parts, read_parts(path, parts, longest_s=20), strict=True):
        if isinstance(found, AudioError):
            with pytest.raises(AudioError, match=re.escape(str(found))):
                read_audio(path, *part, longest_s=20)
            continue
        alone = read_audio(path, *part, longest_s=20)
        assert np.array_equal(found.samples, alone.samples)
        assert (found.sha256, found.sample_rate_hz, found.channels) == (alone.sha256, RATE, 2)
    assert sum(isinstance(found, AudioError) for found in read_parts(path, parts, longest_s=20)) == 3


def test_many_segments_of_recordings_have_the_facts_they_have_alone(workshop):
    rows = []
    for name in ("a", "b"):
        soundfile.write(workshop.folder / f"{name}.wav", speech_like(40, seed=ord(name)), RATE, subtype="PCM_16")
    for n in range(MOST_AT_ONCE + 10):
        name = "ab"[n % 5 == 0]
        rows.append({"id": f"u{n}", "audio_filepath": f"{name}.wav", "offset": n / 4, "duration": 1.0 + n / 40})
    rows[3]["offset"] = 99.0
    rows[7]["audio_filepath"] = "none.wav"
    workshop.manifest(rows)
    corpus = read_corpus(CorpusSpec(path="corpus.jsonl"), workshop.folder)
    with pytest.raises(CorpusError) as caught:
        inspect(corpus, corpus.frame, RATE)
    assert [fault.where.rsplit(":", 1)[-1] for fault in caught.value.faults] == ["4", "8", ""]
    good = corpus.frame.filter(~corpus.frame["id"].is_in(["u3", "u7"]))
    facts, _ = inspect(corpus, good, RATE)
    assert list(facts) == good["id"].to_list()
    for row in good.rows(named=True):
        path = corpus.audio_path(row["audio_filepath"])
        assert facts[row["id"]] == facts_of(path, row["offset"], row["duration"], RATE)
