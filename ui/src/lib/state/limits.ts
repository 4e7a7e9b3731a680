import type { LimitsSpec, LimitsView, PaceMs, TypeView } from '../backend/types';
import { dollars } from '../format/count';
import { writtenDuration } from '../format/duration';

/** Every limit that a job or a type can set, as the engine names them. */
export const LIMIT_FIELDS = [
  'warn_after',
  'stall_after',
  'grace',
  'start_allowance',
  'max_runtime',
  'tool_warn_after',
  'tool_stall_after',
  'subagent_warn_after',
  'subagent_stall_after',
  'compacting_warn_after',
  'compacting_stall_after',
  'expect_cap',
  'beat',
  'degraded_after',
  'unreachable_after',
  'on_unreachable',
  'repeats_max',
  'empty_turns_max',
  'on_circling',
  'max_cost',
  'max_cost_per_day',
  'on_max_cost',
] as const satisfies readonly (keyof LimitsSpec)[];
export type LimitField = (typeof LIMIT_FIELDS)[number];

/** Limits as they stand in a form: all text, nothing left out. */
export type LimitTexts = Record<LimitField, string>;

export type InputKind = 'length' | 'count' | 'dollars' | 'deed';

export interface LimitInput {
  field: LimitField;
  label: string;
  help?: string;
  kind: InputKind;
}

const length = (field: LimitField, label: string, help?: string): LimitInput => ({
  field,
  label,
  kind: 'length',
  ...(help !== undefined && { help }),
});

export const MAIN_LIMITS: readonly LimitInput[] = [
  length('warn_after', 'Warn after', 'Without an advance for this long.'),
  length('stall_after', 'Stop after', 'Without an advance for this long.'),
  length('grace', 'Grace', 'Between the polite signal and the forced one.'),
  length('start_allowance', 'Start allowance', 'More time before the first advance.'),
  length('max_runtime', 'Longest run time', 'Stops it even while it advances; off: never.'),
];

export const ACTIVITY_LIMITS: readonly LimitInput[] = [
  length('tool_warn_after', 'In a tool: warn after'),
  length('tool_stall_after', 'In a tool: stop after'),
  length('subagent_warn_after', 'In a sub-agent: warn after'),
  length('subagent_stall_after', 'In a sub-agent: stop after'),
  length('compacting_warn_after', 'Compacting: warn after'),
  length('compacting_stall_after', 'Compacting: stop after'),
  {
    field: 'expect_cap',
    label: 'More time, at most',
    kind: 'count',
    help: 'So many times the stop limit, where a run asks for more time for a step.',
  },
];

export const OTHER_LIMITS: readonly LimitInput[] = [
  length('beat', 'A beat every', 'For runs that send signs of life; off: none.'),
  length('degraded_after', 'Degraded after', 'Without a beat for this long.'),
  length('unreachable_after', 'Unreachable after', 'Without a beat for this long.'),
  { field: 'on_unreachable', label: 'When unreachable', kind: 'deed' },
  {
    field: 'repeats_max',
    label: 'Same call in a row',
    kind: 'count',
    help: 'So many times is going round in circles; 0: never.',
  },
  {
    field: 'empty_turns_max',
    label: 'Turns of words alone',
    kind: 'count',
    help: 'So many in a row are, too; 0: never.',
  },
  { field: 'on_circling', label: 'When going round in circles', kind: 'deed' },
  {
    field: 'max_cost',
    label: 'Cap for a run, in dollars',
    kind: 'dollars',
    help: 'By its own report; off: none.',
  },
  {
    field: 'max_cost_per_day',
    label: 'Cap for 24 hours, in dollars',
    kind: 'dollars',
    help: 'For all runs of the job; off: none.',
  },
  { field: 'on_max_cost', label: 'When a cap is reached', kind: 'deed' },
];

export function textsOf(spec: LimitsSpec): LimitTexts {
  return Object.fromEntries(LIMIT_FIELDS.map((field) => [field, spec[field] ?? ''])) as LimitTexts;
}

/** The limits as they are saved: what is empty is left out, so that it is inherited. */
export function limitsOfTexts(texts: LimitTexts): LimitsSpec {
  const written = LIMIT_FIELDS.map((field) => [field, texts[field].trim()] as const);
  return Object.fromEntries(written.filter(([, text]) => text !== ''));
}

/** What holds where a field is left empty. */
export function inheritedTexts(limits: LimitsView): LimitTexts {
  const { reports } = limits;
  const or = (seconds: number | null | undefined, none: string): string =>
    seconds ? writtenDuration(seconds) : none;
  const pace = (of: PaceMs | undefined, key: keyof PaceMs): string =>
    of ? writtenDuration(of[key] / 1000) : 'as while working';
  const cap = (micros: number | undefined): string => (micros === undefined ? 'off' : dollars(micros / 1e6));
  const deed = (stops: boolean | undefined): string => (stops ? 'stop' : 'notify');
  return {
    warn_after: writtenDuration(limits.warn_after_s),
    stall_after: writtenDuration(limits.stall_after_s),
    grace: writtenDuration(limits.grace_s),
    start_allowance: or(limits.start_allowance_s, 'none'),
    max_runtime: or(limits.max_runtime_s, 'no limit'),
    tool_warn_after: pace(reports.tool, 'warn_ms'),
    tool_stall_after: pace(reports.tool, 'stall_ms'),
    subagent_warn_after: pace(reports.subagent, 'warn_ms'),
    subagent_stall_after: pace(reports.subagent, 'stall_ms'),
    compacting_warn_after: pace(reports.compacting, 'warn_ms'),
    compacting_stall_after: pace(reports.compacting, 'stall_ms'),
    expect_cap: String(reports.expect_cap),
    beat: 'off',
    degraded_after: or((reports.beats?.degraded_ms ?? 0) / 1000, 'off'),
    unreachable_after: or((reports.beats?.unreachable_ms ?? 0) / 1000, 'off'),
    on_unreachable: deed(reports.beats?.stop),
    repeats_max: String(reports.repeats),
    empty_turns_max: String(reports.empty_turns),
    on_circling: deed(reports.stop_circling),
    max_cost: cap(reports.max_microusd),
    max_cost_per_day: cap(reports.day_microusd),
    on_max_cost: deed(reports.stop_spent),
  };
}

/** Limits of one activity, in seconds. */
export interface ActivityLimits {
  activity: string;
  warn: number;
  stall: number;
}

/** What holds while a run does what; activities without limits of their own have those of working. */
export function byActivity(limits: LimitsView): ActivityLimits[] {
  const { tool, subagent, compacting } = limits.reports;
  const main = { warn: limits.warn_after_s, stall: limits.stall_after_s };
  const of = (pace: PaceMs | undefined): { warn: number; stall: number } =>
    pace ? { warn: pace.warn_ms / 1000, stall: pace.stall_ms / 1000 } : main;
  return [
    { activity: 'Working', ...main },
    { activity: 'In a tool', ...of(tool) },
    { activity: 'In a sub-agent', ...of(subagent) },
    { activity: 'Compacting', ...of(compacting) },
  ];
}

/** What a copy of a type has to say to be the same: a type of one's own inherits from `generic`, and not from it. */
export function copiedTexts({ limits, overrides, built_in }: TypeView): LimitTexts {
  const said = textsOf(overrides);
  if (!built_in) return said;
  const all = inheritedTexts(limits);
  const { reports } = limits;
  const own: Partial<LimitTexts> = {
    warn_after: all.warn_after,
    stall_after: all.stall_after,
    grace: all.grace,
    ...(limits.start_allowance_s > 0 && { start_allowance: all.start_allowance }),
    ...(limits.max_runtime_s !== null && { max_runtime: all.max_runtime }),
    ...(reports.tool && { tool_warn_after: all.tool_warn_after, tool_stall_after: all.tool_stall_after }),
    ...(reports.subagent && {
      subagent_warn_after: all.subagent_warn_after,
      subagent_stall_after: all.subagent_stall_after,
    }),
    ...(reports.compacting && {
      compacting_warn_after: all.compacting_warn_after,
      compacting_stall_after: all.compacting_stall_after,
    }),
    ...(reports.beats && {
      degraded_after: all.degraded_after,
      unreachable_after: all.unreachable_after,
      on_unreachable: all.on_unreachable,
    }),
  };
  const written = Object.entries(said).filter(([, text]) => text !== '');
  return { ...textsOf({}), ...own, ...Object.fromEntries(written) };
}
