import type { HistoryRow } from '../backend/types';
import { duration } from './duration';
import type { State } from './words';

/** How a run ended, in a word; the cause stands beside it. */
export function shortResultOf(row: HistoryRow): State {
  switch (row.outcome) {
    case 'succeeded':
      return { glyph: 'finished', text: 'Finished' };
    case 'failed':
      return { glyph: 'failed', text: 'Failed' };
    case 'aborted':
      return { glyph: 'stopped', text: row.method === 'forced' ? 'Killed' : 'Stopped' };
    case 'lost':
      return { glyph: 'lost', text: 'Lost' };
  }
}

/** Why it ended so, in a few words; nothing for a run that finished. */
export function causeOf(row: HistoryRow): string {
  switch (row.outcome) {
    case 'succeeded':
      return row.recovered ? 'Recovered' : '';
    case 'failed':
      if (row.signal !== null) return `Signal ${row.signal}`;
      return row.exit_code === null ? 'Not started' : `Exit code ${row.exit_code}`;
    case 'aborted':
      return stopCause(row);
    case 'lost':
      return 'End not seen';
  }
}

function stopCause(row: HistoryRow): string {
  switch (row.reason) {
    case 'stalled':
      return 'No progress';
    case 'unresponsive':
      return 'No beats';
    case 'max-runtime':
      return 'Ran too long';
    case 'circling':
      return 'Went in circles';
    case 'budget':
      return 'Budget spent';
    case 'user':
      return 'By you';
    case null:
      return '';
  }
}

/** `14/40 · parse tests`: where it had come to. */
export function lastMarker(row: HistoryRow): string {
  const step = row.last_step === null ? '–' : `${row.last_step}${row.total === null ? '' : `/${row.total}`}`;
  return [step, row.last_note].filter((part) => part !== null).join(' · ');
}

/** `12 / 15 min`, or `74 s / 2 min`: a length against its limit, with the unit once where it is the same. */
export function ofLimit(seconds: number, limit: number): string {
  const [one, other] = [duration(seconds), duration(limit)];
  const [number, unit] = one.split(' ');
  const isSame =
    one.split(' ').length === 2 && other.split(' ').length === 2 && other.endsWith(` ${unit ?? ''}`);
  return `${isSame ? (number ?? '') : one} / ${other}`;
}
