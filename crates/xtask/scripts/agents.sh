#!/usr/bin/env bash
# Fetches coding agents into $NIGHTKEEP_AGENTS_DIR (the npm packages `@anthropic-ai/claude-code` and `@openai/codex`) and runs
# the tests that need them, in a network namespace in which there is nothing but loopback: the model is played by the tests.
# Nothing is sent to anybody, and no key is needed. `node`, `npm`, `unshare` and `ip` have to be there.
#
# Ends with 0 when all is well, 1 when a test fails, 77 when something cannot be had here: then nothing was tested.
set -euo pipefail
cd "$(dirname "$0")/../../.."

packages="@anthropic-ai/claude-code@2.1.330 @openai/codex@0.169.0"
dir=${NIGHTKEEP_AGENTS_DIR:-target/agents}

skip() { echo "agents: SKIPPED: $*" >&2; exit 77; }

for tool in node npm unshare ip; do
  command -v "$tool" >/dev/null || skip "there is no $tool"
done

# Nothing but loopback, and a user who may bring it up.
apart() {
  local user=()
  [ "$(id -u)" = 0 ] || user=(--user --map-root-user)
  unshare --net "${user[@]}" -- sh -c 'ip link set lo up && exec "$@"' sh "$@"
}
apart true 2>/dev/null || skip "no network of its own can be made here (unshare --net)"

# A folder that is complete has the name of what is in it.
fetched=$dir/$(echo "$packages" | cksum | cut -d' ' -f1)
if [ ! -e "$fetched/.complete" ]; then
  rm -rf "$fetched"
  mkdir -p "$fetched"
  # shellcheck disable=SC2086 # a list of words
  npm install --prefix "$fetched" --no-audit --no-fund --no-save --loglevel=error --fetch-retries=1 --ignore-scripts $packages ||
    skip "the npm packages $packages cannot be had from their registry"
  # What its install script does: it links the program of this system to its place, and fetches nothing.
  node "$fetched/node_modules/@anthropic-ai/claude-code/install.cjs" || skip "Claude Code has no program for this system"
  touch "$fetched/.complete"
fi
programs=$(realpath "$fetched/node_modules/.bin")
mkdir -p "$fetched/home"
for program in claude codex; do
  HOME=$(realpath "$fetched/home") apart "$programs/$program" --version || skip "$program does not run here"
done

# A real engine watches them.
cargo build --quiet --locked --package nightkeep --package nightkeep-tests --bins
cargo test --quiet --locked --package nightkeep-tests --test coding_agents --no-run
export NIGHTKEEP_AGENTS_CLAUDE=$programs/claude NIGHTKEEP_AGENTS_CODEX=$programs/codex
apart cargo test --locked --offline --package nightkeep-tests --test coding_agents "$@"
