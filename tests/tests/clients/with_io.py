"""Pings with the package `healthchecks-io`: URL UUID KEY. Prints what each call came to."""

import sys

from healthchecks_io import CheckTrap, Client

url, check, key = sys.argv[1:]


def said(name, call):
    try:
        print(name, *call())
    except Exception as fault:
        print(name, type(fault).__name__)


with Client(api_key="", ping_key=key, ping_url=url) as client:
    said("start", lambda: client.start_ping(uuid=check))
    said("success", lambda: client.success_ping(uuid=check, data="all is well"))
    said("failure", lambda: client.fail_ping(uuid=check, data="it broke"))
    said("exit", lambda: client.exit_code_ping(3, uuid=check))
    said("slug", lambda: client.success_ping(slug="nightly", data="ä" * 6000))
    said("unknown", lambda: client.success_ping(slug="gone"))
    said("ambiguous", lambda: client.success_ping(slug="a-b"))
    said("capitals", lambda: client.success_ping(slug="Nightly"))
    said("status", lambda: client.exit_code_ping(300, uuid=check))

    def trapped():
        with CheckTrap(client, uuid=check) as trap:
            trap.add_log("step one")
            trap.add_log("step two")
        return ["done"]

    def broken():
        with CheckTrap(client, slug="nightly"):
            raise ValueError("it broke inside")

    said("trap", trapped)
    said("broken trap", broken)
