"""Print every acceptance figure: reference, ours, difference, tolerance.

Run: ``python scripts/acceptance.py [NUMBER ...]``; it exits with 1 if a figure does not hold.
"""

import argparse
import sys

from _shared import of_tests


def main() -> None:
    """Print the figures of the tests with these numbers, or of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", nargs="*", type=int, metavar="NUMBER", help="of an acceptance test; all if none")
    wanted = set(parser.parse_args().numbers)

    from augment.report.text import table

    rows, missed = [], 0
    for name, figures in of_tests("acceptance").collected().items():
        number = name[1:3]
        if wanted and int(number) not in wanted:
            continue
        for figure in figures():
            missed += not figure.holds
            values = (figure.reference, figure.ours, figure.difference, figure.tolerance)
            shown = [f"{value:.4g}" for value in values]
            shown[0] = f"at most {shown[0]}" if figure.limit else shown[0]
            rows.append([f"{number} {figure.what}", *shown, figure.unit, "yes" if figure.holds else "NO"])
    if not rows:
        sys.exit(f"no acceptance test has a number of {sorted(wanted)}")
    print(table(["acceptance test", "reference", "ours", "difference", "tolerance", "unit", "holds"], rows))
    print(f"\n{len(rows) - missed} of {len(rows)} figures hold")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
