"""What a service says with the package `sdnotify`, each time a line comes in."""
import sys

import sdnotify

notifier = sdnotify.SystemdNotifier(debug=True)
words = ["READY=1\nSTATUS=warming up", "WATCHDOG=1", "X_PROGRESS=3/10\nSTATUS=drafting", "STOPPING=1\nSTATUS=all is written"]
for said, _ in zip(words, sys.stdin):
    notifier.notify(said)
sys.stdin.readline()
