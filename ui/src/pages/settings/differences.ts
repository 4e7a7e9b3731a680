import type { SettingsSpec } from '../../lib/backend/types';
import { count } from '../../lib/format/count';
import { EVENTS, placesOf } from './events';

/** What each setting is called, by its path in the document. */
export const LABELS: Readonly<Record<string, string>> = {
  notifications: 'Notifications',
  quiet_hours: 'Quiet hours',
  'banners.quiet_days': 'Quiet hours begin on',
  'banners.morning_report': 'Morning report',
  'banners.sound': 'Sound',
  ...Object.fromEntries(EVENTS.map(({ event, label }) => [`banners.show.${event}`, label])),
  keep_days: 'Keep ended runs for',
  keep_output_days: 'Keep their output for',
  output_max: 'Keep of the output of each run',
  output_total_max: 'Keep of all outputs together',
  max_runtime: 'Longest run time',
  max_running: 'Runs side by side',
  keep_awake: 'Keep the computer awake',
  icon_style: 'Icon in the tray',
  listen: 'Take pings at',
};

/** It says in short what one of the others says. */
const IN_SHORT = 'warnings';

/** What it means that one is left out. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  max_runtime: 'no limit',
  max_running: 'any number',
  listen: 'nowhere',
};

/** A setting that would be another one. */
export interface Difference {
  /** Its path in the document. */
  field: string;
  label: string;
  before: string;
  after: string;
}

/** The settings that are not the same in both, in the order of their labels. What `after` does not have stays. */
export function differences(before: SettingsSpec, after: Partial<SettingsSpec>): Difference[] {
  const [known, wanted] = [leaves(before), leaves(after)];
  const changed = [...wanted.keys()].filter(
    (path) => path !== IN_SHORT && known.get(path) !== wanted.get(path),
  );
  const order = Object.keys(LABELS);
  changed.sort((one, other) => order.indexOf(one) - order.indexOf(other));
  return changed.map((path) => ({
    field: path,
    label: LABELS[path] ?? path,
    before: shown(path, known.get(path)),
    after: shown(path, wanted.get(path)),
  }));
}

/** Each value with its path. */
export function leaves(document: object, before = ''): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [name, value] of Object.entries(document) as [string, unknown][]) {
    const path = `${before}${name}`;
    if (typeof value === 'object' && value !== null)
      for (const [below, leaf] of leaves(value, `${path}.`)) found.set(below, leaf);
    else found.set(path, value);
  }
  return found;
}

function shown(path: string, value: unknown): string {
  if (value === null || value === undefined) return LEFT_OUT[path] ?? 'none';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'number') return path.endsWith('_days') ? count(value, 'day') : String(value);
  const { event } = EVENTS.find((known) => path === `banners.show.${known.event}`) ?? {};
  const place = event && placesOf(event).find(([name]) => name === value);
  return place ? place[1] : (value as string);
}
