"""Change each file that the program reads, by seeds, and print what is raised that is no message for the user.

Run: ``python scripts/fuzz_inputs.py [SEEDS] [WORD]``: so many seeds for each file whose name has the word.
"""

import sys
import tempfile
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from mutants import escapes, targets

if __name__ == "__main__":
    given = dict(enumerate(sys.argv))
    seeds, word = int(given.get(1, 200)), given.get(2, "")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "fuzz"
        escaped = 0
        for name, target in targets(folder).items():
            if word not in name:
                continue
            places: dict[str, int] = {}
            for seed, error in escapes(target, folder, range(seeds)):
                last = traceback.extract_tb(error.__traceback__)[-1]
                said = f"{type(error).__name__}: {str(error)[:100]} ({Path(last.filename).name}:{last.lineno})"
                places.setdefault(said, seed)
            escaped += len(places)
            print(f"{name}: {seeds} mutants, {len(places)} kinds of escapes", flush=True)
            for said, seed in places.items():
                print(f"  seed {seed}: {said}")
    sys.exit(1 if escaped else 0)
