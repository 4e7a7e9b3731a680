import type { GlyphKind } from '../../lib/format/words';
import type { HistoryRow, RunView } from '../../lib/backend/types';
import { count, list } from '../../lib/format/count';
import { clockTime } from '../../lib/format/time';
import { resultOf, stateOf } from '../../lib/format/words';

/** One night on one axis: every job has a row, every run a band on it. */
export interface NightModel {
  from: number;
  to: number;
  now: number;
  hours: { at: number; label: string }[];
  jobs: JobNight[];
  /** Jobs for which there is no room. */
  more: number;
  description: string;
}

export interface JobNight {
  job: string;
  bands: Band[];
}

export interface Band {
  run: number;
  job: string;
  from: number;
  to: number;
  /** What became of it, or what it does. */
  state: { glyph: GlyphKind; text: string };
  isOver: boolean;
  /** `23:10 to 00:22: Finished`, for whoever points at it and for the table. */
  told: string;
}

const HOUR = 3_600_000;
/** A night begins at six in the evening, and its morning ends at ten. */
const [EVENING, MORNING] = [18, 10];
export const ROWS_MAX = 10;
/** An axis as short as a phone has room for one hour in four. */
const HOUR_STEP = 2;

/** From the last evening to ten in the morning, or to the next full hour when it is later than that. */
export function axisOf(now: number): { from: number; to: number } {
  const begin = new Date(now);
  const isEvening = begin.getHours() >= EVENING;
  begin.setHours(EVENING, 0, 0, 0);
  if (!isEvening) begin.setDate(begin.getDate() - 1);
  const end = new Date(begin);
  end.setDate(end.getDate() + 1);
  end.setHours(MORNING, 0, 0, 0);
  const hour = new Date(now);
  hour.setHours(hour.getHours() + 1, 0, 0, 0);
  return { from: begin.getTime(), to: now <= end.getTime() ? end.getTime() : hour.getTime() };
}

export function nightOf(rows: readonly HistoryRow[], runs: readonly RunView[], now: number): NightModel {
  const { from, to } = axisOf(now);
  const bands = [
    ...rows
      .filter((row) => Date.parse(row.ended_at) > from && Date.parse(row.started_at) < to)
      .map(bandOfRow),
    ...runs.filter((run) => run.phase !== 'queued').map((run) => bandOfRun(run, now)),
  ].sort((a, b) => a.from - b.from);
  const jobs = [...new Set(bands.map((band) => band.job))].map((job) => ({
    job,
    bands: bands.filter((band) => band.job === job),
  }));
  // Those with something to look at keep their place when there are too many.
  const shown = [...jobs].sort((a, b) => Number(isTroubled(b)) - Number(isTroubled(a))).slice(0, ROWS_MAX);
  return {
    from,
    to,
    now,
    hours: hoursOf(from, to),
    jobs: jobs.filter((job) => shown.includes(job)),
    more: jobs.length - shown.length,
    description: describe(jobs, from),
  };
}

function bandOfRow(row: HistoryRow): Band {
  const [from, to] = [Date.parse(row.started_at), Date.parse(row.ended_at)];
  const state = resultOf(row);
  const told = `${clockTime(from)} to ${clockTime(to)}: ${state.text}`;
  return { run: row.run, job: row.job, from, to, state, isOver: true, told };
}

function bandOfRun(run: RunView, now: number): Band {
  const from = Date.parse(run.started_at);
  const state = stateOf(run);
  const told = `since ${clockTime(from)}: ${state.text}`;
  return { run: run.run, job: run.job, from, to: Math.max(now, from), state, isOver: false, told };
}

function isTroubled({ bands }: JobNight): boolean {
  return bands.some(({ state }) => ['stopped', 'failed', 'lost', 'warning'].includes(state.glyph));
}

function hoursOf(from: number, to: number): NightModel['hours'] {
  const hours: NightModel['hours'] = [];
  for (let at = from; at <= to; at += HOUR) hours.push({ at, label: clockTime(at) });
  return hours.filter((_, index) => index % HOUR_STEP === 0);
}

/** What the picture says, in a sentence. */
function describe(jobs: readonly JobNight[], from: number): string {
  const all = jobs.flatMap((job) => job.bands);
  const since = `since ${clockTime(from)}`;
  if (all.length === 0) return `No run ${since}.`;
  const stopped = all.filter(({ state, isOver }) => isOver && state.glyph === 'stopped');
  const ends = stopped.map((band) => `${band.job} at ${clockTime(band.to)}`);
  const what = ends.length === 0 ? 'none was stopped' : `stopped: ${list(ends)}`;
  return `${count(all.length, 'run')} of ${count(jobs.length, 'job')} ${since}; ${what}.`;
}
