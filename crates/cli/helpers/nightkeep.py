"""Tell Nightkeep that the work moved forward. Copy this file beside your agent; it needs Python 3.8 and nothing else.

    from nightkeep import mark_progress
    mark_progress(3, "draft written")
"""
import json
import os
import threading
import time


def mark_progress(step, note="", total=None, path=None):
    """Stamp `step` into the marker. Call it when something is done, never on a timer.

    Without a path and without the variable NIGHTKEEP_PROGRESS it does nothing. It never raises: a full disk
    must not end the work. Says whether the marker was written.
    """
    path = path or os.environ.get("NIGHTKEEP_PROGRESS")
    if not path:
        return False
    marker = {"step": step, "note": note, "ts": time.time()}
    if total is not None:
        marker["total"] = total
    # Written aside and swapped in, so that nobody ever reads half a marker.
    aside = "%s.%d-%d.tmp" % (path, os.getpid(), threading.get_ident())
    try:
        with open(aside, "w", encoding="utf-8") as file:
            json.dump(marker, file)
        os.replace(aside, path)
        return True
    except OSError:
        try:
            os.unlink(aside)
        except OSError:
            pass
        return False
