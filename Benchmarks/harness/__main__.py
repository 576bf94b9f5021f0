"""Measures the rows that are named and prints the table."""

import importlib
import os
import subprocess
import sys

from .bench import Bench, NoHost, Unmeasured
from .process import TooSlow

HEADINGS = ("row", "figure", "floor or peer beside it", "ratio", "limit", "")


def main(names):
    bench = Bench()
    load = os.getloadavg()[0]
    rows, missing, over, failed, without_host = [], [], 0, 0, 0
    for name in names:
        module = importlib.import_module(f"rows.{name}")
        try:
            # One by one: what was measured before a failure is kept.
            for row in module.measure(bench):
                rows.append(row.cells)
                over += row.is_over
        except NoHost as reason:
            missing.append((name, reason))
            without_host += 1
        except (Unmeasured, TooSlow, OSError, RuntimeError, subprocess.CalledProcessError) as reason:
            missing.append((name, reason))
            failed += getattr(module, "HAS_LIMITS", True)
    show(rows)
    for name, reason in missing:
        print(f"not measured: {name}: {reason}")
    processors = len(os.sched_getaffinity(0))
    print(f"Medians of {bench.rounds}, taken in turns, on {processors} processors, of {bench.agent}")
    if load > processors / 2:
        print(f"This machine was at work before (load {load:.1f}): times are less sure than they look.")
    if over:
        print(f"{over} over the limit.")
    return 1 if over or failed else 77 if without_host else 0


def show(rows):
    table = [HEADINGS, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEADINGS))]
    print()
    for row in table:
        # Figures to the right, words to the left.
        cells = [
            cell.rjust(width) if column in (1, 3) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        ]
        print("  ".join(cells).rstrip())
    print()


try:
    sys.exit(main(sys.argv[1:]))
except KeyboardInterrupt:
    sys.exit(130)
