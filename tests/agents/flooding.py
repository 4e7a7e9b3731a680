"""An agent that says far too much of itself in one of the ways that there are, at a steady rate or as fast as it can."""
import argparse
import http.client
import json
import os
import socket
import sys
import threading
import time
import urllib.parse


class Local(http.client.HTTPConnection):
    """HTTP over the engine's socket."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(os.environ["NIGHTKEEP_SOCKET"])


def signals():
    """A hundred steps in one request; what `beat`, `mark`, the hook and the MCP server send goes the same way."""
    engine = Local("localhost")
    step = 0

    def say():
        nonlocal step
        said = [{"is": "advance", "step": step + count} for count in range(1, 101)]
        step += 100
        body = json.dumps({"run": os.environ["NIGHTKEEP_RUN"], "source": "flood", "signals": said})
        engine.request("POST", "/v1/signals", body, {"Content-Type": "application/json"})
        answer = engine.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise SystemExit("refused: %r" % said)
        return 100

    return say


def pings():
    url = urllib.parse.urlsplit(os.environ["NIGHTKEEP_PING_URL"])
    request = "POST %s/log HTTP/1.1\r\nHost: %s\r\nContent-Length: 9\r\n\r\nstep 7/10" % (url.path, url.netloc)
    request = request.encode()

    def say():
        try:
            with socket.create_connection((url.hostname, url.port)) as sender:
                sender.sendall(request)
                sender.recv(64)
        except OSError:
            pass
        return 1

    return say


def datagrams():
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.connect(os.environ["NOTIFY_SOCKET"])
    count = 0

    def say():
        nonlocal count
        count += 1
        sender.send(b"STATUS=%d" % count)
        return 1

    return say


def printed(text, lines=1):
    count = 0

    def say():
        nonlocal count
        numbers = range(count + 1, count + 101)
        count += 100
        sys.stdout.write("".join(text % ((number,) * lines) for number in numbers))
        sys.stdout.flush()
        return 100 * lines

    return say


def marks():
    path = os.environ["NIGHTKEEP_PROGRESS"]
    count = 0

    def say():
        nonlocal count
        count += 1
        with open(path + ".aside", "w") as marker:
            marker.write('{"step": %d, "note": "n"}' % count)
        os.rename(path + ".aside", path)
        return 1

    return say


CALL = """{"type":"assistant","message":{"id":"m","content":[{"type":"tool_use","id":"t%d","name":"Bash","input":{}}]}}
{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t%d","content":"ok"}]}}
"""
WAYS = {
    "signals": signals,
    "pings": pings,
    "datagrams": datagrams,
    "pattern": lambda: printed("step %d/99999999\n"),
    "stream": lambda: printed(CALL, 2),
    "marks": marks,
}


def flood(say, until, rate, sent):
    begun, own = time.monotonic(), 0
    while True:
        now = time.monotonic()
        if now >= until:
            break
        ahead = own / rate - (now - begun)
        if ahead > 0:
            time.sleep(ahead)
            continue
        own += say()
    sent.append(own)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=sorted(WAYS))
    parser.add_argument("--rate", type=int, default=10000, help="so many a second")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sent", help="the file that says in the end how many were sent")
    options = parser.parse_args()
    until = time.monotonic() + options.seconds
    sent = []
    share = options.rate / options.threads
    threads = [
        threading.Thread(target=flood, args=(WAYS[options.way](), until, share, sent)) for _ in range(options.threads)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open(options.sent + ".aside", "w") as file:
        file.write("%d" % sum(sent))
    os.rename(options.sent + ".aside", options.sent)
    # What it said is looked at while it lives.
    time.sleep(600)


if __name__ == "__main__":
    main()
