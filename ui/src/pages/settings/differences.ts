import type { SettingsSpec } from '../../lib/backend/types';
import { count } from '../../lib/format/count';

/** What each setting is called. */
export const LABELS: Record<keyof SettingsSpec, string> = {
  notifications: 'Notifications',
  warnings: 'Warnings as well',
  quiet_hours: 'Quiet hours',
  keep_days: 'Keep ended runs for',
  keep_output_days: 'Keep their output for',
  output_max: 'Keep of the output of each run',
  output_total_max: 'Keep of all outputs together',
  max_runtime: 'Longest run time',
  max_running: 'Runs side by side',
  keep_awake: 'Keep the computer awake',
  listen: 'Take pings at',
};

/** What it means that one is left out. */
const LEFT_OUT: Partial<Record<keyof SettingsSpec, string>> = {
  max_runtime: 'no limit',
  max_running: 'any number',
  listen: 'nowhere',
};

/** A setting that would be another one. */
export interface Difference {
  field: keyof SettingsSpec;
  label: string;
  before: string;
  after: string;
}

/** The settings that are not the same in both, in the order of `before`. */
export function differences(before: SettingsSpec, after: Partial<SettingsSpec>): Difference[] {
  const fields = Object.keys(before) as (keyof SettingsSpec)[];
  const changed = fields.filter(
    (field) => field in after && JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  );
  return changed.map((field) => ({
    field,
    label: LABELS[field],
    before: shown(field, before[field]),
    after: shown(field, after[field]),
  }));
}

function shown(field: keyof SettingsSpec, value: unknown): string {
  if (value === null || value === undefined) return LEFT_OUT[field] ?? 'none';
  if (field.endsWith('_days') && typeof value === 'number') return count(value, 'day');
  return words(value);
}

function words(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (Array.isArray(value)) return value.length > 0 ? value.map(words).join(', ') : 'none';
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, part]) => `${name}: ${words(part)}`)
      .join(', ');
  return String(value);
}
