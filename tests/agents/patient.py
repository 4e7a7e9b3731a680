"""A healthy agent with long quiet phases: each advances, late and without a word in between."""
import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "crates" / "cli" / "helpers"))

from nightkeep import mark_progress  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phases", type=int, default=4)
    parser.add_argument("--quiet-seconds", type=float, default=3.0, help="how long each phase takes")
    options = parser.parse_args()
    for phase in range(1, options.phases + 1):
        time.sleep(options.quiet_seconds)
        mark_progress(phase, "phase %d done" % phase, options.phases)
    print("done")


if __name__ == "__main__":
    main()
