# Tell Nightkeep that the work moved forward. For any POSIX shell: `. ./nightkeep.sh`, then
#
#     nightkeep_on_stop 'rm -f half-written'   # what to clean up when Nightkeep asks to stop
#     nightkeep_mark 3 "draft written"         # when something is done, never on a timer
#     nightkeep_beat 30                        # once, at the start: says every 30 s that this shell lives
#     nightkeep_ok 840 0.012                   # a call went well: after 840 ms, for 0.012 dollars
#
# Outside of Nightkeep all of it does nothing. Nothing here fails or prints. Beats need `nightkeep` on the PATH.

# nightkeep_mark STEP [NOTE [TOTAL]]
nightkeep_mark() {
  [ -n "${NIGHTKEEP_PROGRESS:-}" ] || return 0
  _nk_note=${2:-}
  case $_nk_note in
    # Control characters become spaces; quotes and backslashes are escaped.
    *[\"\\[:cntrl:]]*) _nk_note=$(printf '%s' "$_nk_note" | LC_ALL=C tr '\001-\037' ' ' | LC_ALL=C sed 's/[\\"]/\\&/g') ;;
  esac
  # Written aside and swapped in, so that nobody ever reads half a marker.
  _nk_aside=$NIGHTKEEP_PROGRESS.$$.tmp
  {
    printf '{"step": %d, "note": "%s", "ts": %d%s}\n' \
      "$1" "$_nk_note" "$(date +%s)" "${3:+, \"total\": $3}" >"$_nk_aside" &&
      mv -f "$_nk_aside" "$NIGHTKEEP_PROGRESS"
  } 2>/dev/null || rm -f "$_nk_aside" 2>/dev/null
  return 0
}

# nightkeep_on_stop COMMANDS: run them when asked to stop, say so in the marker, and end with 143.
nightkeep_on_stop() {
  _nk_cleanup=$1
  trap 'trap "" TERM; eval "$_nk_cleanup"; nightkeep_mark -1 aborted; exit 143' TERM
}

# nightkeep_beat [SECONDS]: beats come from a process of their own, which ends with this shell. It is no job of the shell,
# so that a `wait` does not wait for it.
nightkeep_beat() {
  _nk_say --every "${1:-30}" --pid $$
}

# nightkeep_ok [MILLISECONDS [DOLLARS]], nightkeep_failed [MILLISECONDS [DOLLARS]]
nightkeep_ok() {
  _nk_say --ok ${1:+--latency-ms "$1"} ${2:+--cost-usd "$2"}
}
nightkeep_failed() {
  _nk_say --failed ${1:+--latency-ms "$1"} ${2:+--cost-usd "$2"}
}

_nk_say() {
  [ -n "${NIGHTKEEP_RUN:-}" ] || return 0
  (nightkeep beat --quiet "$@" </dev/null >/dev/null 2>&1 &) 2>/dev/null
  return 0
}
