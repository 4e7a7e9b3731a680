import { count } from '../format/count';
import { duration } from '../format/duration';
import { day } from '../format/time';
import { boundsOfNight, dayAfter, nightKey } from '../state/nights';
import type { Script } from './fake-data';
import type { HistoryPage, HistoryPageQuery, HistoryRow, NightReport, ResultKind, Spared } from './types';

const KINDS: Record<ResultKind, (row: HistoryRow) => boolean> = {
  finished: (row) => row.outcome === 'succeeded',
  failed: (row) => row.outcome === 'failed',
  'no-progress': (row) => row.reason === 'stalled' || row.reason === 'circling',
  'other-limit': (row) => ['unresponsive', 'max-runtime', 'budget'].includes(row.reason ?? ''),
  'hard-kill': (row) => row.outcome === 'aborted' && row.method === 'forced',
  'by-you': (row) => row.reason === 'user',
  lost: (row) => row.outcome === 'lost',
  recovered: (row) => row.recovered,
  'not-started': () => false,
};

/** What the engine does with such a question. */
export function pageOf(all: readonly HistoryRow[], query: HistoryPageQuery): HistoryPage {
  const { filter = {}, order = 'ended', ascending = false, after, limit = 100 } = query;
  const { text = '', jobs = [], results = [], from, to } = filter;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const key = (row: HistoryRow): number =>
    order === 'duration'
      ? row.duration_s * 1000
      : Date.parse(order === 'started' ? row.started_at : row.ended_at);
  const turn = ascending ? 1 : -1;
  const found = all
    .filter((row) => {
      const hay = `${row.run} ${row.job} ${row.type} ${row.last_note ?? ''} ${row.message}`.toLowerCase();
      return words.every((word) => hay.includes(word));
    })
    .filter((row) => jobs.length === 0 || jobs.includes(row.job))
    .filter((row) => results.length === 0 || results.some((kind) => KINDS[kind](row)))
    .filter((row) => !from || row.ended_at >= from)
    .filter((row) => !to || row.ended_at < to)
    .sort((a, b) => turn * (key(a) - key(b) || a.run - b.run));
  const start = after ? found.findIndex((row) => row.run === after.run) + 1 : 0;
  const rows = found.slice(start, start + limit);
  const last = rows.at(-1);
  const hasMore = start + limit < found.length;
  return {
    rows,
    total: found.length,
    next: last && hasMore ? { key: key(last), run: last.run } : null,
    jobs: [...new Set(all.map((row) => row.job))].sort(),
  };
}

/** The report of a night, in the engine's words. */
export function nightOf(
  all: readonly HistoryRow[],
  running: number,
  wanted: string | null,
  now: number,
): NightReport {
  const isEvening = new Date(now).getHours() >= 18;
  const latest = isEvening ? nightKey(now) : dayAfter(nightKey(now + 12 * 3_600_000), -1);
  const date = wanted ?? latest;
  const { from, to } = boundsOfNight(date);
  const rows = all.filter((row) => row.ended_at >= from && row.ended_at < to);
  const of = (outcome: HistoryRow['outcome']): number => rows.filter((row) => row.outcome === outcome).length;
  const counts = {
    finished: of('succeeded'),
    failed: of('failed'),
    stopped: of('aborted'),
    lost: of('lost'),
  };
  const spared = sparedOf(rows, Math.min(Date.parse(to) - 2 * 3_600_000, now), now);
  const saved = spared.reduce((sum, one) => sum + one.seconds, 0);
  const quiet = rows
    .filter((row) => row.outcome === 'succeeded' && row.longest_gap_s !== null)
    .sort((a, b) => (b.longest_gap_s ?? 0) - (a.longest_gap_s ?? 0))[0];
  const label = date !== latest ? `Night of ${day(from)}` : isEvening ? 'Tonight so far' : 'Last night';
  const parts = Object.entries(counts).filter(([, number]) => number > 0);
  return {
    date,
    is_last: date >= latest,
    from,
    to,
    counts,
    headline: `${label}: ${rows.length === 0 ? 'no runs' : `${count(rows.length, 'run')} – ${parts.map(([what, number]) => `${number} ${what}`).join(', ')}`}.`,
    not_wasted: saved >= 60 ? `About ${duration(saved)} not wasted.` : null,
    rule: 'Counted for each run that Nightkeep stopped: from its end until 08:00, or until its longest run time or the next start of its job if that comes first. Not counted when the job was started again within 5 minutes, and not for runs that you stopped yourself.',
    spared,
    longest_quiet: quiet
      ? {
          run: quiet.run,
          job: quiet.job,
          gap_s: quiet.longest_gap_s ?? 0,
          stall_after_s: quiet.stall_after_s,
        }
      : null,
    sentences: [
      ...(rows.length === 0 ? ['Nothing ran between 18:00 and 10:00.'] : []),
      ...(quiet
        ? [
            `Longest quiet time in a good run: ${duration(quiet.longest_gap_s ?? 0)} (${quiet.job}, limit ${duration(quiet.stall_after_s ?? 0)}).`,
          ]
        : []),
      ...(running > 0 && date >= latest ? [`${count(running, 'run is', 'runs are')} still going on.`] : []),
    ],
    stopped: rows.filter((row) => row.outcome === 'aborted'),
  };
}

function sparedOf(rows: readonly HistoryRow[], end: number, now: number): Spared[] {
  return rows
    .filter((row) => row.outcome === 'aborted' && row.reason !== 'user')
    .map((row) => ({
      run: row.run,
      job: row.job,
      from: row.ended_at,
      until: new Date(end).toISOString(),
      because: end === now ? ('now' as const) : ('morning' as const),
      seconds: Math.max(0, (end - Date.parse(row.ended_at)) / 1000),
    }));
}

/** A long history, of which the newest runs are those of the script. */
export function manyRows(script: Script, runs: number): HistoryRow[] {
  const known = script.history().map((row) => ({ ...row, run: row.run + runs }));
  const jobs = ['docs-sweep', 'nightly-fuzz', 'refactor-parser', 'translate-manual', 'changelog'];
  const more = Array.from({ length: Math.max(0, runs - known.length) }, (_, at) => {
    const failed = at % 7 === 3 ? ({ outcome: 'failed', exit_code: 101 } as const) : {};
    return script.row(
      runs - at,
      jobs[at % jobs.length] ?? 'job',
      (30 + 11 * 36 + at * 1.5) * 3600,
      600 + (at % 90) * 60,
      {
        type: 'llm',
        ...failed,
      },
    );
  });
  return [...known, ...more];
}
