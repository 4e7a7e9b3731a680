"""A nightly article generator: collects sources, makes an outline, asks a model for the draft, verifies, publishes.

The model is a service on this computer that never answers, so the third step hangs for good while the process stays
alive; with `--answer` there is no hang and it gets through. Asked to stop, it removes its half-written file, releases
its lease, stamps that it was aborted, and ends with 143.
"""
import argparse
import os
import signal
import sys
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "crates" / "cli" / "helpers")]

import silent_server  # noqa: E402
from nightkeep import mark_progress  # noqa: E402

TOTAL = 5


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", default=os.environ.get("AGENT_NAME", "articles"), help="what its files are called")
    parser.add_argument("--step-seconds", type=float, default=0.5, help="how long a step takes")
    parser.add_argument("--answer", action="store_true", help="the model answers")
    parser.add_argument("--ignore-term", action="store_true", help="ignore the request to stop")
    return parser.parse_args()


def main():
    options = arguments()
    draft, lease = Path(options.name + ".half-written"), Path(options.name + ".lease")

    def stop(_signal, _frame):
        draft.unlink(missing_ok=True)
        lease.unlink(missing_ok=True)
        mark_progress(-1, "aborted")
        print("asked to stop: cleaned up", flush=True)
        os._exit(143)

    signal.signal(signal.SIGTERM, signal.SIG_IGN if options.ignore_term else stop)

    lease.write_text(str(os.getpid()))
    if os.environ.get("NIGHTKEEP_LAST_OUTCOME"):
        print("the last run:", os.environ["NIGHTKEEP_LAST_OUTCOME"], os.environ.get("NIGHTKEEP_LAST_NOTE", ""))
    work(options.step_seconds)
    mark_progress(1, "12 sources collected", TOTAL)
    work(options.step_seconds)
    mark_progress(2, "outline made", TOTAL)

    draft.write_text("# A draft that")
    print("querying the model", flush=True)
    if options.answer:
        work(options.step_seconds)
    else:
        # Without a timeout, which is the mistake that this agent is about.
        urllib.request.urlopen("http://127.0.0.1:%d/v1/complete" % silent_server.start()).read()
    mark_progress(3, "draft written", TOTAL)
    work(options.step_seconds)
    mark_progress(4, "facts verified", TOTAL)
    draft.rename(options.name + ".article")
    lease.unlink()
    mark_progress(5, "published", TOTAL)


def work(seconds):
    print("working", flush=True)
    time.sleep(seconds)


if __name__ == "__main__":
    main()
