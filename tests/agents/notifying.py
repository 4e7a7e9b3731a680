"""An agent that speaks sd_notify with nothing but the standard library, as clients in many programs do."""
import argparse
import array
import os
import socket


def notify(text, descriptors=()):
    address = os.environ["NOTIFY_SOCKET"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(address)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        sender.sendmsg([text.encode()], rights)


def barrier(seconds):
    """Waits until whoever receives has closed the other end of a pipe."""
    ours, theirs = os.pipe()
    notify("BARRIER=1", [theirs])
    os.close(theirs)
    import select

    poll = select.poll()
    poll.register(ours, select.POLLHUP)
    if not poll.poll(seconds * 1000):
        raise SystemExit("the barrier was not answered within %s s" % seconds)
    os.close(ours)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--flood", type=int, default=0, help="this many datagrams in between")
    parser.add_argument("--descriptors", type=int, default=0, help="send as many descriptors along with one datagram")
    options = parser.parse_args()
    notify("READY=1")
    for step in range(1, options.steps + 1):
        notify("X_PROGRESS=%d/%d\nSTATUS=part %d" % (step, options.steps, step))
    for count in range(options.flood):
        notify("STATUS=%d" % count)
    if options.descriptors:
        kept = [os.open(os.devnull, os.O_RDONLY) for _ in range(options.descriptors)]
        notify("FDSTORE=1", kept)
    notify("EXTEND_TIMEOUT_USEC=90000000")
    barrier(4)
    notify("STOPPING=1\nEXIT_STATUS=0")


if __name__ == "__main__":
    main()
