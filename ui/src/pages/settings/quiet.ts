/** Quiet hours as they are shown: whether there are any, and from when to when. */
export interface Quiet {
  on: boolean;
  from: string;
  to: string;
}

/** What is offered where there are none. */
const USUAL = { from: '23:00', to: '07:00' };

export function quietOf(written: string): Quiet {
  const [from, to] = written.split('-', 2).map((part) => part.trim());
  return written.trim() === 'off' || !from || !to ? { on: false, ...USUAL } : { on: true, from, to };
}

export function written({ on, from, to }: Quiet): string {
  return on ? `${from}-${to}` : 'off';
}

/** The days of the week, as they are written and as they are said. */
export const DAYS = [
  ['Mon', 'Monday'],
  ['Tue', 'Tuesday'],
  ['Wed', 'Wednesday'],
  ['Thu', 'Thursday'],
  ['Fri', 'Friday'],
  ['Sat', 'Saturday'],
  ['Sun', 'Sunday'],
] as const;

export type Day = (typeof DAYS)[number][0];

const EVERY_DAY = 'every day';

/** The days of a text such as `Sun-Thu` or `Mon, Wed`. */
export function daysOf(text: string): Day[] {
  const all = DAYS.map(([short]) => short);
  if (text.trim() === EVERY_DAY) return all;
  const meant = text.split(',').flatMap((part) => {
    const [first = -1, last = first] = part.split('-', 2).map((name) => all.indexOf(name.trim() as Day));
    if (first === -1 || last === -1) return [];
    const count = ((last - first + 7) % 7) + 1;
    return [...all, ...all].slice(first, first + count);
  });
  return all.filter((day) => meant.includes(day));
}

export function writtenDays(days: readonly Day[]): string {
  return days.length === DAYS.length ? EVERY_DAY : days.join(', ');
}

/** The report of the morning as it is shown: whether there is one, and from when on. */
export interface Report {
  on: boolean;
  from: string;
}

/** When it comes where no time is said. */
function usualTime(quiet: Quiet): string {
  return quiet.on ? quiet.to : USUAL.to;
}

export function reportOf(text: string, quiet: Quiet): Report {
  const from = text === 'on' || text === 'off' || isWithin(text, quiet) ? usualTime(quiet) : text;
  return { on: text !== 'off', from };
}

export function writtenReport({ on, from }: Report, quiet: Quiet): string {
  if (!on) return 'off';
  return from === '' || from === usualTime(quiet) ? 'on' : from;
}

/** The report never comes in quiet hours. Times of the day are compared as texts. */
function isWithin(time: string, { on, from, to }: Quiet): boolean {
  const [at, begin, end] = [time, from, to].map((text) => text.padStart(5, '0')) as [string, string, string];
  if (!on) return false;
  return begin < end ? begin <= at && at < end : begin <= at || at < end;
}

/** When the night is told, in a sentence. */
export function morningWords({ on, from }: Report, notifications: boolean): string {
  if (!notifications) return 'Off, because no notifications are shown. The history has all of it.';
  if (!on) return 'Off: what waits for the morning is told nowhere. The history has all of it.';
  return `Once, from ${from} on: when you first look at Nightkeep, or half an hour later by itself. Not after a night in which nothing ran.`;
}
