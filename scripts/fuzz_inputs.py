"""Change each file that the program reads, by seeds, and print what is raised that is no message for the user.

Run: ``python scripts/fuzz_inputs.py [SEEDS] [WORD]``: so many seeds for each file whose name has the word. It exits
with 1 if something else than a message is raised.
"""

import argparse
import sys
import tempfile
import traceback
from pathlib import Path

from _shared import of_tests


def main() -> None:
    """Try all mutants and print what escapes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", nargs="?", type=int, default=200, metavar="SEEDS", help="for each file (%(default)s)")
    parser.add_argument("word", nargs="?", default="", metavar="WORD", help="in the names of files; all if none")
    given = parser.parse_args()
    mutants = of_tests("mutants")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "fuzz"
        escaped = 0
        for name, target in mutants.targets(folder).items():
            if given.word not in name:
                continue
            places: dict[str, int] = {}
            for seed, error in mutants.escapes(target, folder, range(given.seeds)):
                last = traceback.extract_tb(error.__traceback__)[-1]
                said = f"{type(error).__name__}: {str(error)[:100]} ({Path(last.filename).name}:{last.lineno})"
                places.setdefault(said, seed)
            escaped += len(places)
            print(f"{name}: {given.seeds} mutants, {len(places)} kinds of escapes", flush=True)
            for said, seed in places.items():
                print(f"  seed {seed}: {said}")
    sys.exit(1 if escaped else 0)


if __name__ == "__main__":
    main()
