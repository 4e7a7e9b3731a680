#!/usr/bin/env bash
# Prints without end and gets nowhere: it advances twice and then only says that it waits.
#   AGENT_STEP_SECONDS  how long a step takes (0.5)
#   AGENT_PRINT_SECONDS time between two lines (0.1)
set -eu
. "$(dirname "$0")/../../crates/cli/helpers/nightkeep.sh"

nightkeep_mark 1 "started"
sleep "${AGENT_STEP_SECONDS:-0.5}"
nightkeep_mark 2 "request sent"
while :; do
  echo "waiting…"
  sleep "${AGENT_PRINT_SECONDS:-0.1}"
done
