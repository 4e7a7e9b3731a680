import type { BandKind, MarkKind, QuietBand, RunDetail } from '../../lib/backend/types';
import { count } from '../../lib/format/count';
import { axisDuration, duration } from '../../lib/format/duration';
import { clockTime, day, exactTime } from '../../lib/format/time';

/** A stretch without an advance: it begins at zero and has grown to `height` seconds when it ends. */
export interface Tooth {
  from: number;
  to: number;
  height: number;
  /** The step that ended it; `null` for the last one, which no advance ended. */
  step: number | null;
  /** For how many advances it stands. */
  advances: number;
  /** Moment and length, from zero on: it stands still where the stall clock does. */
  points: [number, number][];
}

export interface Tick {
  at: number;
  label: string;
}

export interface Band {
  from: number;
  to: number;
  kind: BandKind;
  label: string;
}

export interface GapModel {
  start: number;
  end: number;
  top: number;
  warn: number;
  stall: number;
  teeth: Tooth[];
  bands: Band[];
  marks: Tick[];
  times: Tick[];
  lengths: Tick[];
  description: string;
}

const bandWords: Record<BandKind, string> = {
  asleep: 'Computer asleep',
  unreadable: 'Marker not readable',
  waiting: 'Waiting, as it said',
};

const markWords: Record<MarkKind, string> = {
  warning: 'warning',
  'would-stop': 'would stop',
  asked: 'TERM',
  killed: 'KILL',
};

/** What the chart "time since the last advance" shows. `open` is the stall clock of a run that is not over. */
export function gapModel(run: RunDetail, now: number, open: number | null): GapModel {
  const start = Date.parse(run.started_at);
  const over = Math.max(run.ended ? Date.parse(run.ended.ended_at) : now, start + 1000);
  const bands = run.quiet.bands.map((band) => bandOf(band, start, over));
  const teeth = teethOf(run, start, over, open, bands);
  const { warn_after_s: warn, stall_after_s: stall } = run.limits;
  const top = Math.max(stall * 1.12, ...teeth.map((tooth) => tooth.height * 1.05));
  const end = over + (over - start) * 0.05;
  const model = {
    start,
    end,
    top,
    warn,
    stall,
    teeth,
    bands,
    marks: run.quiet.marks.map(({ at, kind }) => ({ at: Date.parse(at), label: markWords[kind] })),
    times: timeTicks(start, end),
    lengths: lengthTicks(top),
  };
  return { ...model, description: describe(model, run, open !== null) };
}

/** What a person reads of one tooth. */
export function toothWords(tooth: Tooth, total: number | null): string {
  const length = duration(tooth.height);
  if (tooth.step === null) return `${exactTime(tooth.to)}: ${length} without an advance.`;
  const step = `${exactTime(tooth.to)} step ${tooth.step}${total === null ? '' : ` of ${total}`}`;
  return tooth.advances > 1
    ? `${step}: ${tooth.advances} advances, ${length} the longest time before one of them.`
    : `${step}, ${length} after the one before.`;
}

function bandOf({ kind, from, to }: QuietBand, start: number, over: number): Band {
  const [begin, end] = [Math.max(start, Date.parse(from)), to === null ? over : Date.parse(to)];
  const until = to === null ? ' on' : `–${clockTime(end)}`;
  const label = `${bandWords[kind]} ${to === null ? 'from ' : ''}${clockTime(begin)}${until}`;
  return { from: begin, to: Math.max(begin, Math.min(over, end)), kind, label };
}

function teethOf(
  run: RunDetail,
  start: number,
  end: number,
  open: number | null,
  bands: readonly Band[],
): Tooth[] {
  const still = bands.filter((band) => band.kind !== 'unreadable');
  const tooth = (from: number, to: number, height: number, step: number | null, advances: number): Tooth => ({
    from,
    to,
    height,
    step,
    advances,
    points: pointsOf(from, to, height, still),
  });
  let from = start;
  const teeth = run.quiet.teeth.map(({ at, gap_s, step, advances }) => {
    const to = Math.max(from, Date.parse(at));
    const made = tooth(from, to, gap_s, step, advances);
    from = to;
    return made;
  });
  const over = Math.max(from, end);
  teeth.push(tooth(from, over, open ?? lastGap(run, from, over, still), null, 1));
  return teeth;
}

/** From zero to the height, on the level where the stall clock stood still. */
function pointsOf(from: number, to: number, height: number, still: readonly Band[]): [number, number][] {
  const rests = still
    .map((band) => [Math.max(from, band.from), Math.min(to, band.to)] as const)
    .filter(([begin, end]) => end > begin);
  const awake = to - from - rests.reduce((sum, [begin, end]) => sum + end - begin, 0);
  const rate = awake > 0 ? height / awake : 0;
  const points: [number, number][] = [[from, 0]];
  let [at, level] = [from, 0];
  for (const [begin, end] of rests) {
    level += Math.max(0, begin - at) * rate;
    points.push([begin, level], [end, level]);
    at = Math.max(at, end);
  }
  points.push([to, height]);
  return points;
}

/** The last gap of an ended run. The limit was reached when the stop began, however long the computer slept before. */
function lastGap(run: RunDetail, from: number, end: number, still: readonly Band[]): number {
  const stop = run.timeline.find((event) => event.kind === 'stop-intended');
  if (run.ended?.reason === 'stalled' && stop) {
    return run.limits.stall_after_s + Math.max(0, end - Date.parse(stop.at)) / 1000;
  }
  const rest = still.reduce(
    (sum, band) => sum + Math.max(0, Math.min(end, band.to) - Math.max(from, band.from)),
    0,
  );
  return Math.max(0, end - from - rest) / 1000;
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
    const time = step < 60_000 ? exactTime(at) : clockTime(at);
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

function describe(model: Omit<GapModel, 'description'>, run: RunDetail, isOpen: boolean): string {
  const { teeth, bands, warn, stall } = model;
  const between = teeth.slice(0, -1);
  const sentences: string[] = [];
  if (between.length === 0) sentences.push('It never advanced.');
  else {
    const longest = Math.max(...between.map((tooth) => tooth.height));
    const advances = between.reduce((sum, tooth) => sum + tooth.advances, 0);
    sentences.push(
      `${count(advances, 'advance')}, the longest time before one of them ${duration(longest)}.`,
    );
  }
  const tail = teeth.at(-1)?.height ?? 0;
  const verdict =
    tail >= stall
      ? `, past the limit of ${duration(stall)}`
      : tail >= warn
        ? `, past the warning at ${duration(warn)}`
        : '';
  sentences.push(
    `${isOpen ? 'Without an advance so far for' : 'Without an advance before the end for'} ${duration(tail)}${verdict}.`,
  );
  if (run.observe && tail >= stall) sentences.push('It is only observed.');
  sentences.push(...bands.map((band) => `${band.label}.`));
  return sentences.join(' ');
}

/** A name of a mark, and where it stands so that no two of them overlap. */
export interface PlacedMark extends Tick {
  x: number;
  toLeft: boolean;
  row: number;
}

const CHARACTER_WIDTH = 7;

export function placeMarks(marks: readonly Tick[], x: (at: number) => number, right: number): PlacedMark[] {
  const taken: [row: number, from: number, to: number][] = [];
  return marks.map((mark, index) => {
    const [at, long] = [x(mark.at), mark.label.length * CHARACTER_WIDTH + 8];
    const isFree = (row: number, left: boolean): boolean => {
      const [from, to] = left ? [at - long, at] : [at, at + long];
      return (
        from >= 0 && to <= right && taken.every(([other, a, b]) => other !== row || to <= a || from >= b)
      );
    };
    // Those before the last one give way to the left, the last one stands to the right of its line.
    const sides = index < marks.length - 1 ? [true, false] : [false, true];
    for (let row = 0; row < marks.length; row += 1) {
      const toLeft = sides.find((left) => isFree(row, left));
      if (toLeft === undefined) continue;
      taken.push(toLeft ? [row, at - long, at] : [row, at, at + long]);
      return { ...mark, x: at, toLeft, row };
    }
    return { ...mark, x: at, toLeft: true, row: marks.length };
  });
}
