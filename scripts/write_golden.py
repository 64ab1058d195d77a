"""Write down what the demo sounds like, for the test that notices when bytes change.

Only run it together with a higher ``BYTES_VERSION`` and a line under "Bytes changed" in the changelog: everyone's test
sets made before and after are then no longer comparable.

Run: ``python scripts/write_golden.py``
"""

import argparse
import json
from pathlib import Path

import augment
from augment.design.chains import BYTES_VERSION

TARGET = Path(__file__).resolve().parents[1] / "tests" / "data" / "golden_demo.json"
EVERY = 499


def golden() -> dict[str, object]:
    """Keys of all items of the demo, and every 499th sample of four utterances under all conditions."""
    plan = augment.plan("demo")
    chosen = plan.items["utterance"].unique().sort().gather_every(12).to_list()
    samples = {}
    for utterance in chosen:
        for condition, item in augment.render_utterance(plan, utterance).items():
            samples[f"{utterance}__{condition}"] = item.pcm[::EVERY].tolist()
    keys = dict(plan.items.sort("id").select("id", "key").rows())
    return {"bytes_version": BYTES_VERSION, "samples": samples, "keys": keys}


def main() -> None:
    """Write the file, and say so."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    TARGET.write_text(json.dumps(golden()) + "\n")
    print(f"wrote {TARGET.name} for bytes version {BYTES_VERSION}")


if __name__ == "__main__":
    main()
