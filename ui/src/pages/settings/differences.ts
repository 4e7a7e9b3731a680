import type { BannersSpec, SettingsSpec } from '../../lib/backend/types';
import { count } from '../../lib/format/count';
import { EVENTS, PLACES } from './events';

/** What each setting is called. */
export const LABELS: Record<Exclude<keyof SettingsSpec, 'banners'>, string> &
  Record<Exclude<keyof BannersSpec, 'show'>, string> = {
  notifications: 'Notifications',
  warnings: 'Warnings as well',
  quiet_hours: 'Quiet hours',
  sound: 'With a sound',
  quiet_days: 'Days of the quiet hours',
  morning_report: 'Morning report',
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

/** What it means that one is left out. */
const LEFT_OUT: Partial<Record<string, string>> = {
  max_runtime: 'no limit',
  max_running: 'any number',
  listen: 'nowhere',
};

/** A setting that would be another one. */
export interface Difference {
  /** The field of the settings which it is, or is in. */
  field: string;
  /** Where it is, as `banners.show.stopped`. */
  path: string;
  label: string;
  before: string;
  after: string;
}

/** The settings that are not the same in both, in the order of `before`; what `after` does not say stays. */
export function differences(before: SettingsSpec, after: Partial<SettingsSpec>): Difference[] {
  const wanted = new Map(leaves(after));
  return leaves(before)
    .filter(([path, value]) => {
      // `show.warning` in short: where both are said, it is told once.
      const isTold = path === 'warnings' && wanted.has('banners.show.warning');
      return !isTold && wanted.has(path) && JSON.stringify(value) !== JSON.stringify(wanted.get(path));
    })
    .map(([path, value]) => ({
      field: path.split('.')[0] ?? path,
      path,
      label: labelOf(path),
      before: shown(path, value),
      after: shown(path, wanted.get(path)),
    }));
}

/** Every value with the path to it. */
export function leaves(value: object, before = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([name, part]: [string, unknown]): [string, unknown][] => {
    const path = before + name;
    return typeof part === 'object' && part !== null && !Array.isArray(part)
      ? leaves(part, `${path}.`)
      : [[path, part]];
  });
}

export function labelOf(path: string): string {
  const name = path.split('.').at(-1) ?? path;
  const event = path.includes('.show.') ? EVENTS.find((one) => one.event === name) : undefined;
  return event?.label ?? (LABELS as Partial<Record<string, string>>)[name] ?? path;
}

function shown(path: string, value: unknown): string {
  if (value === null || value === undefined) return LEFT_OUT[path] ?? 'none';
  if (path.endsWith('_days') && typeof value === 'number') return count(value, 'day');
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (Array.isArray(value)) return value.map(String).join(', ') || 'none';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return path.includes('.show.') ? ((PLACES as Partial<Record<string, string>>)[text] ?? text) : text;
}
