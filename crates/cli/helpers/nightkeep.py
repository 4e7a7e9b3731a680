"""Tell Nightkeep that the work moved forward. Copy this file beside your agent; it needs Python 3.8 and nothing else.

    from nightkeep import beat_every, failed, mark_progress, ok
    mark_progress(3, "draft written")    # when something is done, never on a timer
    beat_every(30)                       # once, at the start: a thread says that the process lives
    ok(latency=0.84, cost=0.012)         # a call of a model went well; sent with the next beat

Outside of Nightkeep all of it does nothing. Nothing here raises, prints, or holds the work up.
"""
import atexit
import json
import os
import threading
import time

_CALLS_MAX = 100
_calls = []
_lock = threading.Lock()
_beating = False


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


def ok(latency=None, cost=0.0):
    """A call went well. `latency` is in seconds, `cost` in dollars; both are sent with the next beat."""
    _count(1, 0, latency, cost)


def failed(latency=None, cost=0.0):
    """A call did not go well."""
    _count(0, 1, latency, cost)


def beat():
    """Say once that the work is alive. Takes 200 ms at most. Says whether it was heard."""
    return _beat(0.15)


def beat_every(seconds=30):
    """Say so from a thread in the background, for as long as this process lives."""
    global _beating
    with _lock:
        if _beating or not os.environ.get("NIGHTKEEP_SOCKET"):
            return
        _beating = True

    def work():
        while True:
            _beat(2)
            time.sleep(max(_number(seconds), 0.1))

    try:
        threading.Thread(target=work, name="nightkeep", daemon=True).start()
        # What was counted since the last beat.
        atexit.register(beat)
    except RuntimeError:
        pass


def _number(value):
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0.0
    return number if 0 <= number < 1e9 else 0.0


def _count(succeeded, failed, latency, cost):
    call = {"is": "metrics", "succeeded": succeeded, "failed": failed, "cost_usd": _number(cost)}
    if latency is not None:
        call["latency_ms"] = round(_number(latency) * 1000)
    with _lock:
        _keep([call])


def _keep(calls):
    for call in calls:
        if len(_calls) < _CALLS_MAX:
            _calls.append(call)
        else:
            # What does not fit is added up, without its latency.
            for name in ("succeeded", "failed", "cost_usd"):
                _calls[-1][name] += call[name]


def _beat(within):
    path, run = os.environ.get("NIGHTKEEP_SOCKET"), os.environ.get("NIGHTKEEP_RUN")
    if not path or not run:
        return False
    with _lock:
        calls = _calls[:]
        del _calls[:]
    sent, connection = False, None
    try:
        import http.client
        import socket

        connection = http.client.HTTPConnection("nightkeep")
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(within)
        connection.sock.connect(path)
        # What was sent may have been heard, and is not said a second time.
        sent = True
        said = {"run": run, "source": "beat", "signals": [{"is": "beat"}] + calls}
        connection.request("POST", "/v1/signals", json.dumps(said), {"Content-Type": "application/json"})
        return connection.getresponse().status == 200
    except Exception:
        if not sent:
            with _lock:
                _keep(calls)
        return False
    finally:
        if connection is not None:
            connection.close()
