#!/bin/sh
# A long piece of work in steps, as a monitor of agents asks for it: STEP.pid at the start, STEP.heartbeat every now and then,
# STEP.result and then STEP.status at the end. `sentinel.sh FOLDER STEP…`; a step ends when the file STEP.go appears, and
# fails when that says so.
folder=$1
shift
for step in "$@"; do
    echo $$ > "$folder/$step.pid"
    until [ -e "$folder/$step.go" ]; do
        touch "$folder/$step.heartbeat"
        sleep 0.1
    done
    if grep -q fail "$folder/$step.go"; then
        echo FAILED > "$folder/$step.status"
        exit 1
    fi
    printf '{"ok": true, "msg": "%s is written", "pages": [1, 2]}\n' "$step" > "$folder/$step.result.tmp"
    mv "$folder/$step.result.tmp" "$folder/$step.result"
    echo SUCCESS > "$folder/$step.status"
done
