import type { HistoryFilter, HistoryOrder, HistoryPageQuery, ResultKind } from '../backend/types';
import { boundsOfNight, isDate } from './nights';

/** What the history is narrowed by and how it is sorted: all of it stands in the address. */
export interface Filters {
  text: string;
  jobs: string[];
  results: ResultKind[];
  period: Period;
  /** The night that the report is about, by the day on whose evening it began; empty for the last one. */
  night: string;
  sort: Sort;
}

export type Period = 'any' | 'night' | 'week' | 'month';

export interface Sort {
  order: HistoryOrder;
  ascending: boolean;
}

const NEWEST_FIRST: Sort = { order: 'ended', ascending: false };

export const resultWords: Record<ResultKind, string> = {
  finished: 'Finished',
  failed: 'Failed',
  'no-progress': 'Stopped: no progress',
  'other-limit': 'Stopped: another limit',
  'hard-kill': 'Stopped: hard kill',
  'by-you': 'Stopped: by you',
  'not-started': 'Never started',
  lost: 'Lost',
  recovered: 'Recovered',
};

export const periodWords: Record<Period, string> = {
  any: 'Any time',
  night: 'This night',
  week: 'Last 7 days',
  month: 'Last 30 days',
};

const ORDERS: readonly string[] = ['ended', 'started', 'duration'] satisfies HistoryOrder[];
const DAYS: Partial<Record<Period, number>> = { week: 7, month: 30 };

export function filtersOf(query: URLSearchParams): Filters {
  const night = query.get('night') ?? '';
  const sort = query.get('sort') ?? '';
  const order = sort.replace(/^-/, '');
  const period = query.get('period') ?? '';
  return {
    text: query.get('text') ?? '',
    jobs: query.getAll('job').filter(Boolean),
    results: query.getAll('result').filter((word): word is ResultKind => word in resultWords),
    // Whoever goes to a night wants its runs.
    period: period in periodWords ? (period as Period) : isDate(night) ? 'night' : 'any',
    night: isDate(night) ? night : '',
    sort: ORDERS.includes(order)
      ? { order: order as HistoryOrder, ascending: !sort.startsWith('-') }
      : NEWEST_FIRST,
  };
}

export function queryOf(filters: Filters): URLSearchParams {
  const { text, jobs, results, period, night, sort } = filters;
  const query = new URLSearchParams();
  if (text) query.set('text', text);
  for (const job of jobs) query.append('job', job);
  for (const result of results) query.append('result', result);
  if (night) query.set('night', night);
  if (period !== (night ? 'night' : 'any')) query.set('period', period);
  if (sort.order !== NEWEST_FIRST.order || sort.ascending)
    query.set('sort', `${sort.ascending ? '' : '-'}${sort.order}`);
  return query;
}

/** Whether anything is held back. The order holds nothing back. */
export function isFiltered({ text, jobs, results, period }: Filters): boolean {
  return text.trim() !== '' || jobs.length > 0 || results.length > 0 || period !== 'any';
}

export function cleared(filters: Filters): Filters {
  return { ...filters, text: '', jobs: [], results: [], period: 'any' };
}

/** The next order when somebody presses the head of a column: most first, least first, newest first again. */
export function sortedBy(sort: Sort, order: HistoryOrder): Sort {
  if (sort.order !== order) return { order, ascending: false };
  return sort.ascending ? NEWEST_FIRST : { order, ascending: true };
}

/** The question to the engine; `night` is the one that the report is about. */
export function pageQueryOf(filters: Filters, night: string, now: number): HistoryPageQuery {
  const { text, jobs, results, period, sort } = filters;
  const days = DAYS[period];
  const filter: HistoryFilter = {
    ...(text.trim() && { text: text.trim() }),
    ...(jobs.length > 0 && { jobs }),
    ...(results.length > 0 && { results }),
    ...(period === 'night' && night && boundsOfNight(night)),
    ...(days !== undefined && { from: new Date(startOfDay(now, days)).toISOString() }),
  };
  return { filter, ...sort };
}

/** A whole day, so that the question stays the same all day long. */
function startOfDay(now: number, daysAgo: number): number {
  const at = new Date(now);
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() - daysAgo).getTime();
}
