#!/usr/bin/env bash
# A nightly sweep whose third command hangs. Its trap removes the half-written file, releases the lease, stamps that
# it was aborted and ends with 143; the shell runs it only once the hanging command is gone.
#   AGENT_NAME         what its files are called (sweep)
#   AGENT_STEP_SECONDS how long a step takes (0.5)
#   AGENT_HANG_SECONDS how long the third command hangs (86400)
set -eu
. "$(dirname "$0")/../../crates/cli/helpers/nightkeep.sh"

name=${AGENT_NAME:-sweep}
nightkeep_on_stop 'rm -f "$name.half-written" "$name.lease"; echo "asked to stop: cleaned up"'

echo $$ >"$name.lease"
sleep "${AGENT_STEP_SECONDS:-0.5}"
nightkeep_mark 1 "listed" 4
sleep "${AGENT_STEP_SECONDS:-0.5}"
nightkeep_mark 2 "sorted" 4
echo "sweeping" | tee "$name.half-written"
sleep "${AGENT_HANG_SECONDS:-86400}"
nightkeep_mark 3 "swept" 4
rm -f "$name.half-written" "$name.lease"
nightkeep_mark 4 "reported" 4
