"""Stands in for a recogniser, and is none: it loses words by their hash, more of them where there is more noise.

    python made_up_recogniser.py testset > transcripts.jsonl

Its transcripts show what the next step makes of transcripts, and say nothing about anybody's speech. With a recogniser
of your own, read ``list.jsonl`` and write one line for each item: ``{"id": ..., "text": ...}``.
"""

import hashlib
import json
import sys
from pathlib import Path

MOST = 2**32
CLEAN_DB = 30.0

for line in (Path(sys.argv[1]) / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
    item = json.loads(line)
    snr_db = CLEAN_DB if item["snr_db"] is None else item["snr_db"]
    lost = 1 / (1 + 10 ** (snr_db / 10))  # half of the words at 0 dB, a tenth at 10 dB
    words = [
        word
        for place, word in enumerate(item["text"].split())
        if int(hashlib.sha256(f"{item['id']} {place}".encode()).hexdigest()[:8], 16) >= lost * MOST
    ]
    print(json.dumps({"id": item["id"], "text": " ".join(words)}))
