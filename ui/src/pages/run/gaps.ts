import type { RunDetail } from '../../lib/backend/types';
import { count } from '../../lib/format/count';
import { axisDuration, duration } from '../../lib/format/duration';
import { clockTime, day } from '../../lib/format/time';

/** A stretch without an advance: it begins at zero and has grown to `height` seconds when it ends. */
export interface Tooth {
  from: number;
  to: number;
  height: number;
  /** The step that ended it; `null` for the last one, which no advance ended. */
  step: number | null;
}

export interface Tick {
  at: number;
  label: string;
}

export interface GapModel {
  start: number;
  end: number;
  top: number;
  warn: number;
  stall: number;
  teeth: Tooth[];
  marks: Tick[];
  times: Tick[];
  lengths: Tick[];
  description: string;
}

/** What the chart "time since the last advance" shows. `open` is the stall clock of a run that is not over. */
export function gapModel(run: RunDetail, now: number, open: number | null): GapModel {
  const start = Date.parse(run.started_at);
  const end = Math.max(run.ended ? Date.parse(run.ended.ended_at) : now, start + 1000);
  const teeth = teethOf(run, start, end, open);
  const { warn_after_s: warn, stall_after_s: stall } = run.limits;
  const top = Math.max(stall * 1.12, ...teeth.map((tooth) => tooth.height * 1.05));
  const from = teeth[0]?.from ?? start;
  return {
    start: from,
    end,
    top,
    warn,
    stall,
    teeth,
    marks: marksOf(run),
    times: timeTicks(from, end),
    lengths: lengthTicks(top),
    description: describe(teeth, run, open !== null),
  };
}

function teethOf(run: RunDetail, start: number, end: number, open: number | null): Tooth[] {
  const teeth: Tooth[] = [];
  // Only the last advances are known: the first of them began its own gap, not the run.
  const [first] = run.advances;
  let from = first ? Math.max(start, Date.parse(first.at) - first.gap_s * 1000) : start;
  for (const advance of run.advances) {
    const to = Date.parse(advance.at);
    teeth.push({ from, to, height: advance.gap_s, step: advance.step });
    from = to;
  }
  teeth.push({ from, to: Math.max(from, end), height: open ?? lastGap(run, from, end), step: null });
  return teeth;
}

/** The last gap of an ended run. The limit was reached when the stop began, however long the computer slept before. */
function lastGap(run: RunDetail, from: number, end: number): number {
  const stop = run.timeline.find((event) => event.kind === 'stop-intended');
  if (run.ended?.reason === 'stalled' && stop) {
    return run.limits.stall_after_s + Math.max(0, end - Date.parse(stop.at)) / 1000;
  }
  return Math.max(0, end - from) / 1000;
}

function marksOf(run: RunDetail): Tick[] {
  const labels: Record<string, string> = { warned: 'warning', 'stop-intended': 'stop' };
  const marks: Tick[] = [];
  for (const event of run.timeline) {
    const label = labels[event.kind];
    if (label) marks.push({ at: Date.parse(event.at), label });
  }
  return marks;
}

const TIME_STEPS = [
  10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 604_800,
];
const LENGTH_STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
];

function stepFor(length: number, steps: readonly number[], most: number): number {
  return steps.find((step) => length / step <= most) ?? length / most;
}

function timeTicks(from: number, to: number): Tick[] {
  const step = stepFor((to - from) / 1000, TIME_STEPS, 6) * 1000;
  const shift = new Date(from).getTimezoneOffset() * 60_000;
  const ticks: Tick[] = [];
  for (let at = Math.ceil((from - shift) / step) * step + shift; at <= to; at += step) {
    const time = step < 60_000 ? new Date(at).toLocaleTimeString('en-GB') : clockTime(at);
    ticks.push({ at, label: step >= 86_400_000 ? day(at) : time });
  }
  return ticks;
}

function lengthTicks(top: number): Tick[] {
  const step = stepFor(top, LENGTH_STEPS, 5);
  const ticks: Tick[] = [];
  for (let at = 0; at <= top; at += step) ticks.push({ at, label: axisDuration(at) });
  return ticks;
}

function describe(teeth: readonly Tooth[], run: RunDetail, isOpen: boolean): string {
  const between = teeth.slice(0, -1);
  const last = teeth.at(-1);
  const sentences: string[] = [];
  if (between.length === 0) sentences.push('It never advanced.');
  else {
    const longest = Math.max(...between.map((tooth) => tooth.height));
    const known =
      between.length < (run.ended?.advances ?? 0)
        ? `the last ${between.length} of ${run.ended?.advances ?? 0}`
        : count(between.length, 'advance');
    sentences.push(
      `${known.charAt(0).toUpperCase()}${known.slice(1)}, the longest time before one of them ${duration(longest)}.`,
    );
  }
  const tail = last?.height ?? 0;
  const { warn_after_s: warn, stall_after_s: stall } = run.limits;
  const verdict =
    tail >= stall
      ? `, past the limit of ${duration(stall)}`
      : tail >= warn
        ? `, past the warning at ${duration(warn)}`
        : '';
  sentences.push(
    `${isOpen ? 'Without an advance so far for' : 'Without an advance before the end for'} ${duration(tail)}${verdict}.`,
  );
  return sentences.join(' ');
}
