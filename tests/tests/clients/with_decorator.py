"""Pings with the package `healthchecks-decorator`, which is told where by `HEALTHCHECK_URL`."""

from healthchecks_decorator import healthcheck


@healthcheck(send_diagnostics=True)
def works():
    return {"articles": 3}


@healthcheck
def breaks():
    raise ValueError("it broke")


works()
try:
    breaks()
except ValueError:
    print("raised")
