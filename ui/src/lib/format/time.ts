const clockFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const exactFormat = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const dayFormat = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });

const dateFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const yearFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

type Moment = string | number | Date;

/** `01:31`, in local time. */
export function clockTime(at: Moment): string {
  return clockFormat.format(new Date(at));
}

/** `01:31:12`, in local time. */
export function exactTime(at: Moment): string {
  return exactFormat.format(new Date(at));
}

/** `Sun 22 Nov`, in local time. */
export function day(at: Moment): string {
  return dayFormat.format(new Date(at)).replace(',', '');
}

/** `22 Nov`, with its year unless that is the present one, in local time. */
export function date(at: Moment, now: Moment): string {
  const isOfThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return (isOfThisYear ? dateFormat : yearFormat).format(new Date(at));
}

/** `Sun 22 Nov 01:31:12`. */
export function dayAndTime(at: Moment): string {
  return `${day(at)} ${exactTime(at)}`;
}

/** A start and an end; the end's day is named only when it is another one. */
export function period(from: Moment, to: Moment): string {
  const end = day(from) === day(to) ? exactTime(to) : dayAndTime(to);
  return `${dayAndTime(from)} → ${end}`;
}

/** `today 01:31`, `yesterday 23:05`, else `Sat 14 Nov 23:05`. */
export function recently(at: Moment, now: number): string {
  const days = Math.round((startOfDay(now) - startOfDay(at)) / 86_400_000);
  if (days === 0) return `today ${clockTime(at)}`;
  if (days === 1) return `yesterday ${clockTime(at)}`;
  return `${day(at)} ${clockTime(at)}`;
}

function startOfDay(at: Moment): number {
  return new Date(at).setHours(0, 0, 0, 0);
}
