import type { HistoryRow } from '../backend/types';
import { count, list } from '../format/count';
import { day } from '../format/time';

/** The runs of one night: from noon to noon, so that no night is cut in two. */
export interface Night {
  key: string;
  label: string;
  rows: HistoryRow[];
}

const HALF_DAY = 12 * 3_600_000;

/** The day on whose evening the night began, as a key that sorts: `2026-11-21`. */
export function nightKey(at: string | number | Date): string {
  const began = new Date(new Date(at).getTime() - HALF_DAY);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${began.getFullYear()}-${two(began.getMonth() + 1)}-${two(began.getDate())}`;
}

/** Groups runs, newest first, by night. A run belongs to the night in which it ended: that is when it was news. */
export function byNight(rows: readonly HistoryRow[], now: number): Night[] {
  const nights = new Map<string, Night>();
  for (const row of rows) {
    const key = nightKey(row.ended_at);
    const night = nights.get(key) ?? { key, label: nightLabel(row.ended_at, now), rows: [] };
    night.rows.push(row);
    nights.set(key, night);
  }
  return [...nights.values()].sort((a, b) => b.key.localeCompare(a.key));
}

export function nightLabel(at: string | number | Date, now: number): string {
  const key = nightKey(at);
  const isMorning = new Date(now).getHours() < 12;
  if (key === nightKey(now))
    return isMorning ? 'Last night' : new Date(now).getHours() < 18 ? 'Today' : 'Tonight';
  if (key === nightKey(now - 2 * HALF_DAY) && !isMorning) return 'Last night';
  return `Night of ${day(new Date(at).getTime() - HALF_DAY)}`;
}

/** The night that the report is about: in the morning and all day long the last one, in the evening this one. */
export function reportNight(nights: readonly Night[], now: number): Night {
  const tonight = nights.find((night) => night.label === 'Tonight');
  const last = nights.find((night) => night.label === 'Last night');
  const isMorning = new Date(now).getHours() < 12;
  const empty: Night = { key: nightKey(isMorning ? now : now - 2 * HALF_DAY), label: 'Last night', rows: [] };
  return tonight ?? last ?? empty;
}

/** `Last night: 7 runs – 5 finished, 2 stopped.` */
export function nightSentence(night: Night): string {
  const label = night.label === 'Tonight' ? 'Tonight so far' : night.label;
  if (night.rows.length === 0) return `${label}: no run ended.`;
  const parts: [HistoryRow['outcome'], string][] = [
    ['succeeded', 'finished'],
    ['failed', 'failed'],
    ['aborted', 'stopped'],
    ['lost', 'lost'],
  ];
  const counts = parts
    .map(([outcome, word]) => [night.rows.filter((row) => row.outcome === outcome).length, word] as const)
    .filter(([number]) => number > 0);
  const [only] = counts;
  if (counts.length === 1 && only)
    return `${label}: ${count(night.rows.length, 'run')}, ${allWord(only[0])}${only[1]}.`;
  return `${label}: ${count(night.rows.length, 'run')} – ${counts.map(([number, word]) => `${number} ${word}`).join(', ')}.`;
}

function allWord(number: number): string {
  if (number === 1) return '';
  return number === 2 ? 'both ' : 'all ';
}

/** The second sentence of the report: what needs a person, and how close the good runs came to their limits. */
export function nightDetail(night: Night, running: number, longest: (row: HistoryRow) => string): string {
  const sentences: string[] = [];
  const survivors = night.rows.filter((row) => row.survivors.length > 0);
  if (survivors.length > 0) {
    sentences.push(`Processes of ${list(survivors.map((row) => row.job))} are still alive after the stop.`);
  }
  const quietest = night.rows
    .filter((row) => row.outcome === 'succeeded' && row.longest_gap_s !== null)
    .reduce<HistoryRow | null>(
      (best, row) => ((best?.longest_gap_s ?? -1) >= (row.longest_gap_s ?? 0) ? best : row),
      null,
    );
  if (quietest)
    sentences.push(`Longest quiet time in a run that finished: ${longest(quietest)} (${quietest.job}).`);
  if (running > 0) sentences.push(`${count(running, 'run is', 'runs are')} still going on.`);
  return sentences.join(' ');
}
