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

/** When the night is told, in a sentence. */
export function morningWords({ on, to }: Quiet, notifications: boolean): string {
  if (!notifications) return 'Off, because no notifications are shown. The history has all of it.';
  if (!on) return 'There are no quiet hours, so everything is told when it happens.';
  return `Once, from ${to} on: when you first look at Nightkeep, or half an hour later by itself.`;
}
