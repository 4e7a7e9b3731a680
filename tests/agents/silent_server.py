"""A service on this computer that takes every request and never answers, as a hung API does."""
import socket
import threading


def start():
    """Start it in the background and return its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listener,), daemon=True).start()
    return listener.getsockname()[1]


def _accept(listener):
    taken = []  # kept, so that no connection is closed
    while True:
        taken.append(listener.accept()[0])


if __name__ == "__main__":
    print(start(), flush=True)
    threading.Event().wait()
