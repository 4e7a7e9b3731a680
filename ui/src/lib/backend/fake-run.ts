import type {
  AdvanceView,
  EvidenceProcess,
  HistoryRow,
  LimitsView,
  ProcessEnd,
  QuietTimes,
  RunDetail,
  RunView,
  TimelineEvent,
} from './types';
import type { Script } from './fake-data';
import { limitsOf, limitsOfType } from './fake-types';

const MIN = 60;

/** A run that is over, with all that is known of it. */
export function endedDetail(row: HistoryRow): RunDetail {
  const start = Date.parse(row.started_at);
  const end = Date.parse(row.ended_at);
  const isStall = row.reason === 'stalled';
  const limits = row.job === 'nightly-fuzz' ? limitsOf(10 * MIN, 20 * MIN, 30) : limitsOfType(row.type);
  const stopAt = end - 31_000;
  const before = row.outcome === 'aborted' ? (isStall ? limits.stall_after_s + 31 : 31) : 20;
  // The computer slept through a part of one run.
  const slept = row.run === 40 ? 17 * MIN : 0;
  const gaps = gapsWithin(row.duration_s - before - slept, row.advances, row.longest_gap_s ?? 60, isStall);
  const advances = advancesOf(start, gaps, row, slept);
  const isRemoved = row.run < 30;
  return {
    run: row.run,
    tag: `0193a1de-7b5e-7c7c-9d8a-${String(row.run).padStart(12, '0')}`,
    job: row.job,
    type: row.type,
    phase: 'ended',
    command: ['claude', '-p', 'Split the parser into modules and keep the tests green.'],
    cwd: '/home/ann/work/parser',
    marker: '/home/ann/work/parser/.nightkeep/progress.json',
    started_at: row.started_at,
    limits,
    observe: false,
    ended: row,
    message: row.message,
    cause: isStall ? causeOf(row, stopAt, limits) : [row.message],
    total: row.outcome === 'lost' ? null : 40,
    totals: row.run === 47 ? TOTALS : null,
    claim: row.run === 47 ? { succeeded: true, message: 'All 40 pages are swept.' } : null,
    quiet: quietOf(row, advances, stopAt, limits, slept),
    advances,
    timeline: row.outcome === 'aborted' ? stopStory(row, start, stopAt, limits) : plainStory(row),
    result: row.run === 47 ? { pages: 40, broken_links: 3 } : null,
    evidence:
      row.outcome === 'aborted'
        ? {
            taken_at: new Date(stopAt).toISOString(),
            processes: treeOf(row),
            sockets: [
              {
                pid: 48190,
                protocol: 'tcp',
                local: '192.168.1.20:51514',
                remote: '203.0.113.7:443',
                state: 'established',
              },
            ],
            output: { lines: OUTPUT, bytes: 181_204, dropped_bytes: 0, removed: false, path: null },
            marker: {
              path: '/home/ann/work/parser/.nightkeep/progress.json',
              modified_at: advances.at(-1)?.at ?? null,
              size_bytes: 74,
              step: row.last_step,
              trouble: null,
            },
            missing:
              row.method === 'forced'
                ? ['The memory of pid 48203 could not be read: permission denied.']
                : [],
          }
        : null,
    output: isRemoved
      ? {
          lines: [],
          bytes: 0,
          dropped_bytes: 0,
          removed: true,
          // Older ones went before that was put on record.
          ...(row.run > 20 && { removed_at: new Date(end + 14 * 86_400_000).toISOString() }),
          path: null,
        }
      : {
          lines: row.run === 46 ? [...OUTPUT, '── standard error ──', ...ERRORS] : OUTPUT,
          bytes: 181_204,
          dropped_bytes: 0,
          removed: false,
          path: `/home/ann/.local/share/nightkeep/runs/${row.run}/output.log`,
          ...(row.run === 46 && { stderr_from: OUTPUT.length + 1 }),
        },
  };
}

/** A run that goes on. */
export function runningDetail(script: Script, run: RunView): RunDetail {
  const start = Date.parse(run.started_at);
  const lasted = (script.now - start) / 1000 - run.since_advance_s;
  const row = script.row(run.run, run.job, 0, lasted, { last_step: run.step });
  const gaps = gapsWithin(lasted, run.step ?? 5, 8 * MIN, true);
  const advances = advancesOf(start, gaps, row, 0);
  const message = `It is at step ${run.step ?? 0} and last advanced a while ago.`;
  const warned = new Date(script.now - (run.since_advance_s - run.warn_after_s) * 1000).toISOString();
  const isLate = run.since_advance_s >= run.warn_after_s;
  return {
    ...endedDetail(row),
    phase: run.phase,
    started_at: run.started_at,
    type: run.type,
    limits: limitsOfType(run.type),
    ended: null,
    message,
    cause: [message],
    total: run.total,
    advances,
    quiet: {
      teeth: advances.map(({ at, step, gap_s }) => ({ at, step, gap_s, advances: 1 })),
      bands: [],
      marks: isLate ? [{ at: warned, kind: 'warning' }] : [],
    },
    timeline: [{ at: run.started_at, kind: 'started', text: `Started as pid ${run.pid ?? 0}.` }],
    result: null,
    evidence: null,
  };
}

const TOTALS: RunDetail['totals'] = {
  succeeded: 118,
  failed: 2,
  success_rate: 118 / 120,
  mean_latency_s: 9.4,
  last_latency_s: 7.1,
  slow: false,
  cost_usd: 1.86,
  turns: 64,
};

function causeOf(row: HistoryRow, stopAt: number, limits: LimitsView): string[] {
  const clock = (at: number): string => new Date(at).toLocaleTimeString('en-GB');
  const stalled = limits.stall_after_s / 60;
  const first = `The marker stopped advancing at ${clock(stopAt - limits.stall_after_s * 1000)}.`;
  const stayed = `It stayed at step ${row.last_step ?? 0} of 40, \`${row.last_note ?? ''}\`, for ${stalled} min (limit ${stalled} min, warning at ${limits.warn_after_s / 60} min).`;
  return row.method === 'forced'
    ? [
        first,
        stayed,
        `It was asked to stop at ${clock(stopAt)}; 3 of 4 processes ended.`,
        `The last one was killed at ${clock(stopAt + 30_000)}; nothing of it is left.`,
        '`parser-e2e` (pid 48211) held out longest; just before the stop it used 0.0 % CPU.',
      ]
    : [
        first,
        stayed,
        `It was asked to stop at ${clock(stopAt)}; all 4 processes ended.`,
        '`parser-e2e` (pid 48211) was last in the tree; just before the stop it used 0.0 % CPU.',
      ];
}

function quietOf(
  row: HistoryRow,
  advances: readonly AdvanceView[],
  stopAt: number,
  limits: LimitsView,
  slept: number,
): QuietTimes {
  const at = (ms: number): string => new Date(ms).toISOString();
  const marks: QuietTimes['marks'] = [];
  if (row.reason === 'stalled') {
    const last = stopAt - limits.stall_after_s * 1000;
    marks.push({ at: at(last + limits.warn_after_s * 1000), kind: 'warning' });
  }
  if (row.outcome === 'aborted') marks.push({ at: at(stopAt), kind: 'asked' });
  if (row.method === 'forced') marks.push({ at: at(stopAt + 30_080), kind: 'killed' });
  const fell = Date.parse(advances[6]?.at ?? row.started_at) + 60_000;
  const broke = Date.parse(advances[2]?.at ?? row.started_at) + 20_000;
  return {
    teeth: advances.map(({ at: when, step, gap_s }) => ({ at: when, step, gap_s, advances: 1 })),
    bands:
      slept > 0
        ? [
            { kind: 'unreadable', from: at(broke), to: at(broke + 70_000) },
            { kind: 'asleep', from: at(fell), to: at(fell + slept * 1000) },
          ]
        : [],
    marks,
  };
}

function treeOf(row: HistoryRow): EvidenceProcess[] {
  const ends: Record<number, ProcessEnd> = row.method === 'forced' ? { 48203: 'gone', 48211: 'ignored' } : {};
  return TREE.map((one) => ({ ...one, end: ends[one.pid] ?? 'obeyed' }));
}

/** Quiet times that add up to `total`, of an irregular but always equal shape. */
function gapsWithin(total: number, steps: number, longest: number, exact: boolean): number[] {
  const shape = [5, 3, 8, 4, 9, 6, 2, 7, 10, 5, 11, 6, 3, 8];
  const number = Math.max(1, Math.min(steps, 50));
  const raw = Array.from({ length: number }, (_, at) => shape[at % shape.length] ?? 5);
  const sum = raw.reduce((all, gap) => all + gap, 0);
  const scale = exact ? total / sum : Math.min(total / sum, longest / 11);
  return raw.map((gap) => gap * scale);
}

function advancesOf(start: number, gaps: readonly number[], row: HistoryRow, slept: number): AdvanceView[] {
  let at = start;
  return gaps.map((gap, index) => {
    at += gap * 1000;
    if (index === 7) at += slept * 1000;
    const step = (row.last_step ?? gaps.length) - gaps.length + index + 1;
    return {
      at: new Date(Math.round(at)).toISOString(),
      step,
      note: index === gaps.length - 1 ? row.last_note : `module ${step}`,
      gap_s: gap,
      source: null,
    };
  });
}

function stopStory(row: HistoryRow, start: number, stopAt: number, limits: LimitsView): TimelineEvent[] {
  const at = (ms: number): string => new Date(ms).toISOString();
  const events: TimelineEvent[] = [{ at: at(start), kind: 'started', text: 'Started as pid 48190.' }];
  if (row.reason === 'stalled') {
    const lastAdvance = stopAt - limits.stall_after_s * 1000;
    events.push(
      { at: at(lastAdvance), kind: 'advanced', text: `Last advance, to step ${row.last_step ?? 0}.` },
      {
        at: at(lastAdvance + limits.warn_after_s * 1000),
        kind: 'warned',
        text: `No advance for ${limits.warn_after_s / 60} min: warning.`,
      },
    );
  }
  events.push(
    {
      at: at(stopAt),
      kind: 'stop-intended',
      text:
        row.reason === 'user'
          ? 'A person asked for the stop.'
          : `No advance for ${limits.stall_after_s / 60} min: the stop begins.`,
    },
    { at: at(stopAt + 80), kind: 'signalled', text: 'SIGTERM to pid 48190.' },
    { at: at(stopAt + 15_080), kind: 'signalled', text: 'SIGTERM to the 3 processes that were left.' },
  );
  if (row.method === 'forced')
    events.push({
      at: at(stopAt + 30_080),
      kind: 'killed',
      text: 'SIGKILL to the 1 process that was left (pid 48211).',
    });
  events.push({ at: row.ended_at, kind: 'ended', text: 'Nothing of it is left: the kernel says so.' });
  return events;
}

function plainStory(row: HistoryRow): TimelineEvent[] {
  return [
    { at: row.started_at, kind: 'started', text: 'Started as pid 48190.' },
    { at: row.ended_at, kind: 'ended', text: row.message },
  ];
}

const process = (
  pid: number,
  parent: number | null,
  depth: number,
  name: string,
  command: string,
  memory: number,
): EvidenceProcess => ({
  pid,
  parent,
  depth,
  name,
  command,
  state: 'sleeping',
  cpu_s: 12.4,
  cpu_percent: 0,
  memory_bytes: memory,
  age_s: 8200 - depth * 900,
});

const TREE: EvidenceProcess[] = [
  process(
    48190,
    null,
    0,
    'claude',
    'claude -p Split the parser into modules and keep the tests green.',
    212_000_000,
  ),
  process(48203, 48190, 1, 'bash', 'bash -c cargo test --workspace', 3_100_000),
  process(48207, 48203, 2, 'cargo', 'cargo test --workspace', 41_000_000),
  process(48211, 48207, 3, 'parser-e2e', 'target/debug/deps/parser_e2e-93fe1c2b', 18_400_000),
];

const OUTPUT = [
  '   Compiling parser v0.4.1 (/home/ann/work/parser)',
  '    Finished `test` profile [unoptimized + debuginfo] target(s) in 38.14s',
  '     Running tests/e2e.rs (target/debug/deps/parser_e2e-93fe1c2b)',
  '',
  'running 212 tests',
  'test parse::deep_nesting ... ok',
  'test parse::empty_input ... ok',
  '[marker] step 14/40',
  'test parse::unclosed_quote has been running for over 60 seconds',
];

const ERRORS = ['error: 2 vulnerabilities found', 'caused by: exit status 101'];
