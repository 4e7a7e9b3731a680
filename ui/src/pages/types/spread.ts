import type { GapsView } from '../../lib/backend/types';
import { count } from '../../lib/format/count';
import { axisDuration, duration } from '../../lib/format/duration';

export interface Dot {
  run: number;
  x: number;
  y: number;
}

export interface Line {
  kind: 'warn' | 'stop';
  x: number;
  label: string;
  /** Its name stands left of it. */
  toLeft: boolean;
}

export interface Mark {
  x: number;
  label: string;
  /** Names that would stand in each other's way are in rows of their own. */
  row: number;
}

/** Where everything stands in the picture of how quiet runs were. */
export interface SpreadModel {
  top: number;
  floor: number;
  dots: Dot[];
  lines: Line[];
  marks: Mark[];
  ticks: { x: number; label: string }[];
  description: string;
}

export const DOT = 4;
const SIDE = 12;
const LINE_NAME = 78;
const MARK_NAME = 34;
const STEPS = [1, 5, 15, 30, 60, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];

/** Dots stand on each other where runs were quiet for as long; a strip of `width` has `height` for them. */
export function spreadModel(gaps: GapsView, width: number, height: number): SpreadModel {
  const longest = Math.max(gaps.stall_after_s, gaps.max_s ?? 0, 1);
  const top = longest * 1.06;
  const x = (seconds: number): number => SIDE + (seconds / top) * (width - 2 * SIDE);
  return {
    top,
    floor: height,
    dots: dotsOf(gaps, x, height),
    lines: linesOf(gaps, x, width),
    marks: marksOf(gaps, x),
    ticks: ticksOf(longest, x),
    description: describe(gaps),
  };
}

function dotsOf(gaps: GapsView, x: (seconds: number) => number, height: number): Dot[] {
  const stacks = new Map<number, number>();
  const column = DOT * 2 + 1;
  const places = gaps.runs.map(({ run, longest_s }) => {
    const at = Math.round(x(longest_s) / column);
    const level = stacks.get(at) ?? 0;
    stacks.set(at, level + 1);
    return { run, x: at * column, level };
  });
  const highest = Math.max(1, ...stacks.values());
  const rise = Math.min(column, (height - 2 * DOT) / highest);
  return places.map(({ run, x: at, level }) => ({ run, x: at, y: height - DOT - 1 - level * rise }));
}

function linesOf(gaps: GapsView, x: (seconds: number) => number, width: number): Line[] {
  const [warn, stop] = [x(gaps.warn_after_s), x(gaps.stall_after_s)];
  return [
    { kind: 'warn', x: warn, label: `warn ${duration(gaps.warn_after_s)}`, toLeft: stop - warn < LINE_NAME },
    {
      kind: 'stop',
      x: stop,
      label: `stop ${duration(gaps.stall_after_s)}`,
      toLeft: stop > width - LINE_NAME && stop - warn >= LINE_NAME * 2,
    },
  ];
}

function marksOf({ p50_s, p95_s, max_s }: GapsView, x: (seconds: number) => number): Mark[] {
  const marks: Mark[] = [];
  const named = [
    [p50_s, '50 %'],
    [p95_s, '95 %'],
    [max_s, 'max'],
  ] as const;
  for (const [seconds, label] of named) {
    if (seconds === null) continue;
    const at = x(seconds);
    // Of marks at the same place the last one says most: nothing is beyond it.
    const same = marks.findIndex((mark) => at - mark.x < 1);
    if (same !== -1) marks.splice(same, 1);
    const inTheWay = marks.filter((mark) => at - mark.x < MARK_NAME).map((mark) => mark.row);
    marks.push({ x: at, label, row: [0, 1, 2].find((row) => !inTheWay.includes(row)) ?? 0 });
  }
  return marks;
}

function ticksOf(longest: number, x: (seconds: number) => number): { x: number; label: string }[] {
  const step = STEPS.find((one) => longest / one <= 6) ?? longest / 6;
  const ticks = [];
  for (let at = 0; at <= longest * 1.001; at += step) ticks.push({ x: x(at), label: axisDuration(at) });
  return ticks;
}

function describe(gaps: GapsView): string {
  const { runs, p50_s, p95_s, max_s, warn_after_s: warn, stall_after_s: stop } = gaps;
  if (p50_s === null || p95_s === null || max_s === null) return 'No run has finished yet.';
  const above = runs.filter((run) => run.longest_s >= warn).length;
  const late = above === 0 ? 'None of them came to the warning' : `${above} of them came to the warning`;
  return (
    `The longest quiet time of each of ${count(runs.length, 'finished run')}: half of them below ${duration(p50_s)}, ` +
    `95 % below ${duration(p95_s)}, the longest ${duration(max_s)}. ` +
    `${late} at ${duration(warn)}; the stop is at ${duration(stop)}.`
  );
}
