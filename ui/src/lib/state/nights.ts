import type { HistoryRow } from '../backend/types';
import { day } from '../format/time';

/** The runs of one night: from noon to noon, so that no night is cut in two. */
export interface Night {
  key: string;
  label: string;
  rows: HistoryRow[];
}

const HALF_DAY = 12 * 3_600_000;
/** A night of the report goes from this hour of an evening to that one of the next morning. */
const EVENING = 18;
const LATE_MORNING = 10;

/** The day on whose evening the night began, as a key that sorts: `2026-11-21`. */
export function nightKey(at: string | number | Date): string {
  return dateKey(new Date(new Date(at).getTime() - HALF_DAY));
}

/** Groups runs by night in the order in which they come. A run belongs to the night in which it ended, or began. */
export function byNight(
  rows: readonly HistoryRow[],
  now: number,
  moment: 'ended_at' | 'started_at' = 'ended_at',
): Night[] {
  const nights = new Map<string, Night>();
  for (const row of rows) {
    const key = nightKey(row[moment]);
    const night = nights.get(key) ?? { key, label: nightLabel(row[moment], now), rows: [] };
    night.rows.push(row);
    nights.set(key, night);
  }
  return [...nights.values()];
}

export function nightLabel(at: string | number | Date, now: number): string {
  const key = nightKey(at);
  const isMorning = new Date(now).getHours() < 12;
  if (key === nightKey(now))
    return isMorning ? 'Last night' : new Date(now).getHours() < EVENING ? 'Today' : 'Tonight';
  if (key === nightKey(now - 2 * HALF_DAY) && !isMorning) return 'Last night';
  return `Night of ${day(new Date(at).getTime() - HALF_DAY)}`;
}

/** From evening to late morning: the night that began on this day. */
export function boundsOfNight(date: string): { from: string; to: string } {
  const { year, month, number } = partsOf(date);
  return {
    from: new Date(year, month, number, EVENING).toISOString(),
    to: new Date(year, month, number + 1, LATE_MORNING).toISOString(),
  };
}

/** The day that comes so many days after this one. */
export function dayAfter(date: string, days: number): string {
  const { year, month, number } = partsOf(date);
  // Noon: no change of the clocks makes another day of it.
  return dateKey(new Date(year, month, number + days, 12));
}

export function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && dayAfter(text, 0) === text;
}

function partsOf(date: string): { year: number; month: number; number: number } {
  const [year = 0, month = 1, number = 1] = date.split('-').map(Number);
  return { year, month: month - 1, number };
}

function dateKey(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
