/** What goes with a report of a fault, as the engine's own library writes it. */
export const DIAGNOSTICS = `# Diagnostics of Nightkeep

This goes with a report of a fault. The values of environments, the output of runs and what looks like a secret are left out, and home directories are \`~\`. It was sent nowhere: read it before you send it.

## Versions

- Nightkeep 0.1.0 (API 1)
- Engine 0.1.0 (API 1), process 4000, since 2026-11-20T17:02:11.000Z
- Linux 6.1.0-40-amd64 on x86_64
- Debian GNU/Linux 12 (bookworm)
- Desktop: GNOME, wayland
- Made at 2026-11-22T07:40:00.000Z

## Checks

\`\`\`
✓ places         runs are kept in \`~/.local/share/nightkeep/runs\`
✓ engine         runs as process 4000, logs to \`~/.local/share/nightkeep/log\`
✓ versions       engine and program are of version 0.1.0
✓ runs           2 are watched, and each is accounted for
✓ configuration  \`~/.config/nightkeep/config.toml\` is good and has 4 jobs
! tray host      nothing shows tray icons
                 hint: on GNOME, install the AppIndicator extension; the window opens with \`nightkeep open\`
\`\`\`

## Runs and faults

- 2 runs not over, 1 of them past the warning limit; 0 waiting for a slot

| runs that are over | 48 |
| --- | --- |
| finished | 39 |
| failed | 3 |
| stopped for no progress | 6 |
| of all: by force | 2 |

## On the disk

- 4.3 MB of history
- 212 MB of output, folders of 48 runs

## Settings

\`\`\`
icon_style        colour
keep_awake        never
keep_days         30
keep_output_days  14
listen            none
max_running       4  (usually none)
max_runtime       none
morning_report    on
notifications     true
output_max        20MB
output_total_max  1GB
quiet_days        every day
quiet_hours       23:00-07:00
show.breaker      banner
show.failed       per-job
show.finished     per-job
show.needs_you    banner
show.recovered    banner
show.stopped      banner
show.warning      off
sound             true
\`\`\`

## Jobs and types

\`\`\`
[jobs.docs-sweep]
type = "agent"
command = ["claude", "-p", "sweep the docs"]
cwd = "~/work/docs"
env = { API_TOKEN = "[hidden]" }
\`\`\`

## The end of the engine's log

\`\`\`
2026-11-22T02:16:11.203Z WARN nightkeep_engine::actor: a run stands still run=41
2026-11-22T02:16:43.911Z INFO nightkeep_engine::actor: stopped run=41 method=forced
\`\`\`
`;
