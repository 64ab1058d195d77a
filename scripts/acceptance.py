"""Print every acceptance figure: reference, ours, difference, tolerance.

Run: ``python scripts/acceptance.py [NUMBER ...]``
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from acceptance import collected
from augment.report.tables import table

if __name__ == "__main__":
    wanted = {int(number) for number in sys.argv[1:]}
    rows, missed = [], 0
    for name, figures in collected().items():
        if wanted and int(name[1:3]) not in wanted:
            continue
        for figure in figures():
            missed += not figure.holds
            values = (figure.reference, figure.ours, figure.difference, figure.tolerance)
            shown = [f"{value:.4g}" for value in values]
            shown[0] = f"at most {shown[0]}" if figure.limit else shown[0]
            number = name[1:3]
            rows.append([f"{number} {figure.what}", *shown, figure.unit, "yes" if figure.holds else "NO"])
    if not rows:
        sys.exit(f"no acceptance test has a number of {sorted(wanted)}")
    print(table(["acceptance test", "reference", "ours", "difference", "tolerance", "unit", "holds"], rows))
    print(f"\n{len(rows) - missed} of {len(rows)} figures hold")
    sys.exit(1 if missed else 0)
