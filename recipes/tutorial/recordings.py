"""Stands in for your own recordings: the demo's synthetic voices as wav files with their texts beside them.

    python recordings.py

writes ``recordings/ACCENT/SPEAKER/ID.wav`` and ``.txt``. With recordings of your own, leave this step out.
"""

import json
from pathlib import Path

import soundfile

from augment.bundled import bundled

demo = bundled("recipes") / "demo"
for line in (demo / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
    row = json.loads(line)
    place = Path("recordings") / row["accent"] / row["speaker"] / row["id"]
    place.parent.mkdir(parents=True, exist_ok=True)
    samples, rate = soundfile.read(demo / row["audio_filepath"], dtype="int16")
    soundfile.write(place.with_suffix(".wav"), samples, rate)
    place.with_suffix(".txt").write_text(row["text"] + "\n", encoding="utf-8")
