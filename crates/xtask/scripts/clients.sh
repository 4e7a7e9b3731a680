#!/usr/bin/env bash
# Fetches clients that others wrote into $NIGHTKEEP_CLIENTS_DIR (of Healthchecks the Python packages `healthchecks-io` and
# `healthchecks-decorator` and the Rust crate `healthchecks`, of `sd_notify` the Python package `sdnotify`) and runs the
# tests that need them. `curl` has to be there.
#
# Ends with 0 when all is well, 1 when a test fails, 77 when a client cannot be had here: then nothing was tested.
set -euo pipefail
cd "$(dirname "$0")/../../.."

python_packages="healthchecks-io==0.4.4 healthchecks-decorator==0.5.0 sdnotify==0.3.2"
dir=${NIGHTKEEP_CLIENTS_DIR:-target/clients}

skip() { echo "clients: SKIPPED: $*" >&2; exit 77; }

command -v curl >/dev/null || skip "there is no curl"

# A folder that is complete has the name of what is in it.
venv=$dir/python-$(echo "$python_packages" | cksum | cut -d' ' -f1)
if [ ! -e "$venv/.complete" ]; then
  python3 -m venv --clear "$venv" || skip "there is no Python that can make a virtual environment"
  # shellcheck disable=SC2086 # a list of words
  "$venv/bin/pip" install --quiet --disable-pip-version-check $python_packages ||
    skip "the Python packages $python_packages cannot be had from their registry"
  touch "$venv/.complete"
fi

# They have a workspace, a lock file and a target folder of their own.
manifest=tests/clients/Cargo.toml
cargo fetch --quiet --locked --manifest-path "$manifest" ||
  skip "the Rust crate healthchecks cannot be had from its registry"
cargo build --quiet --locked --offline --manifest-path "$manifest" --target-dir "$dir/rust"

# They speak to a real engine.
cargo build --quiet --locked --package nightkeep --package nightkeep-tests --bins
NIGHTKEEP_CLIENTS_PYTHON=$(realpath --no-symlinks "$venv/bin/python") \
  NIGHTKEEP_CLIENTS_RUST=$(realpath "$dir/rust/debug/nightkeep-clients") \
  cargo test --locked --package nightkeep-tests --test clients
