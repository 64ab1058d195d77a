"""Made-up rows of test sets, and hypotheses for them."""

import json
import random
import re

from augment.files.sealed import SealedFolder
from augment.scoring.scores import ScoreOptions, score
from augment.testset.reading import Finished

WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def rows_of(speakers=8, utterances=6, groups=("North", "South"), conditions=("quiet", "fan_10db", "fan_0db")):
    """Rows of a manifest: crossed, with texts that all speakers of a group share or not."""
    rows = []
    for group in groups:
        for speaker in range(speakers):
            for utterance in range(utterances):
                for condition in conditions:
                    level = {"quiet": None}.get(condition, float(re.findall(r"-?\d+", f"{condition}_0")[0]))
                    own = f"{group}_{speaker}_{utterance}"
                    text = " ".join(WORDS[(n + speaker * 3 + utterance) % 10] for n in range(10)) + f" {own}"
                    rows.append({
                        "id": f"{own}__{condition}", "audio_filepath": f"audio/{condition}/{own}.flac", "text": text,
                        "speaker": f"{group}{speaker}", "group": group, "accent": group, "condition": condition,
                        "noise": condition, "utterance": own, "snr_requested_db": level, "snr_full_band_db": level,
                        "noise_step": None if level is None else "noise/fan/fan", "noise_segment": None,
                        "gender": "fm"[speaker % 2],
                    })  # fmt: skip
    return rows


def finished_of(rows, tmp_path) -> Finished:
    conditions = list(dict.fromkeys(row["condition"] for row in rows))
    identity = {"name": "made up", "labels": ["accent", "gender"], "factors": ["noise"], "conditions": conditions}
    return Finished(SealedFolder(tmp_path), identity, rows, "0" * 64)


def heard(rows, share, seed=0):
    """Hypotheses in which each word is wrong with the probability that ``share`` says of its row."""
    rng = random.Random(seed)
    return [" ".join("xx" if rng.random() < share(row) else word for word in row["text"].split()) for row in rows]


def written(path, rows, texts):
    path.write_text("".join(json.dumps({"id": r["id"], "text": t}) + "\n" for r, t in zip(rows, texts, strict=True)))
    return path


def scored(rows, texts, tmp_path, **options):
    file = written(tmp_path / "h.jsonl", rows, texts)
    return score(finished_of(rows, tmp_path), {"it": file}, ScoreOptions(audio=False, **options))
