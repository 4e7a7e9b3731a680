import { duration, secondsOf, writtenDuration } from '../format/duration';
import type {
  GapsView,
  HistoryRow,
  LimitsSpec,
  LimitsView,
  PaceMs,
  TypeDraft,
  TypeView,
  Validation,
} from './types';

const MIN = 60;

export function limitsOf(warn: number, stall: number, grace: number): LimitsView {
  return {
    warn_after_s: warn,
    stall_after_s: stall,
    grace_s: grace,
    start_allowance_s: 0,
    max_runtime_s: null,
    reports: { expect_cap: 4, repeats: 12, empty_turns: 0, stop_circling: false, stop_spent: false },
  };
}

const pace = (warn: number, stall: number): PaceMs => ({ warn_ms: warn * 60_000, stall_ms: stall * 60_000 });

function ofAgents(limits: LimitsView): LimitsView {
  const reports = {
    ...limits.reports,
    tool: pace(10, 30),
    subagent: pace(15, 45),
    compacting: pace(5, 15),
  };
  return { ...limits, reports };
}

function ofSentinels(limits: LimitsView): LimitsView {
  const beats = { degraded_ms: 30_000, unreachable_ms: 60_000, stop: true };
  return { ...limits, max_runtime_s: 30 * MIN, reports: { ...limits.reports, beats } };
}

const TYPE_LIMITS: [string, LimitsView][] = [
  ['generic', limitsOf(5 * MIN, 10 * MIN, 20)],
  ['quick', limitsOf(MIN, 2 * MIN, 10)],
  ['llm', ofAgents(limitsOf(5 * MIN, 15 * MIN, 20))],
  ['agent', ofAgents(limitsOf(10 * MIN, 30 * MIN, 30))],
  ['build', limitsOf(20 * MIN, 60 * MIN, 30)],
  ['research', limitsOf(30 * MIN, 120 * MIN, 30)],
  ['sentinel', ofSentinels(limitsOf(20 * MIN, 30 * MIN, 20))],
];

export function limitsOfType(type: string): LimitsView {
  return TYPE_LIMITS.find(([name]) => name === type)?.[1] ?? limitsOf(5 * MIN, 10 * MIN, 20);
}

export function fakeTypes(): TypeView[] {
  return TYPE_LIMITS.map(([name, limits]) => ({
    name,
    built_in: true,
    overrides: {},
    limits,
    max_running: null,
    jobs: 0,
  }));
}

/** A type of which the configuration says this. */
export function typeView(name: string, overrides: LimitsSpec, before: TypeView | undefined): TypeView {
  const base = limitsOfType(name);
  const or = (text: string | undefined, inherited: number): number => secondsOf(text ?? '') ?? inherited;
  const limits = {
    ...base,
    warn_after_s: or(overrides.warn_after, base.warn_after_s),
    stall_after_s: or(overrides.stall_after, base.stall_after_s),
    grace_s: or(overrides.grace, base.grace_s),
    max_runtime_s: secondsOf(overrides.max_runtime ?? '') ?? base.max_runtime_s,
  };
  return { max_running: null, jobs: 0, built_in: false, ...before, name, overrides, limits };
}

/** A small part of what the engine checks of a type. */
export function judgeType({ name, adding, limits }: TypeDraft, names: readonly string[]): Validation {
  const errors: Validation['errors'] = [];
  if (!name) errors.push({ field: 'name', message: 'A name is needed.' });
  if (adding && names.includes(name))
    errors.push({ field: 'name', message: `There is a job type \`${name}\` already.` });
  for (const [field, text] of Object.entries(limits)) {
    if (/_after$|grace/.test(field) && secondsOf(text) === null)
      errors.push({
        field: `limits.${field}`,
        message: `\`${text}\` is no length of time; write \`90s\`, \`10m\` or \`1h30m\`.`,
      });
  }
  return { errors, warnings: [] };
}

const STEPS = [1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120];

/** The quiet times of runs that finished, and what they speak for, by the engine's rule. */
export function fakeGaps(rows: readonly HistoryRow[], limits: LimitsView): GapsView {
  const runs = rows
    .filter((row) => row.outcome === 'succeeded')
    .map((row) => ({
      run: row.run,
      job: row.job,
      ended_at: row.ended_at,
      longest_s: row.longest_gap_s ?? row.duration_s,
    }));
  const sorted = runs.map((run) => run.longest_s).sort((a, b) => a - b);
  const rank = (percent: number): number | null =>
    sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? null;
  const [p95, max] = [rank(95), rank(100)];
  const shown = { runs, needed: 10, p50_s: rank(50), p95_s: p95, max_s: max };
  const held = { warn_after_s: limits.warn_after_s, stall_after_s: limits.stall_after_s };
  if (sorted.length < 10 || p95 === null || max === null)
    return { ...shown, ...held, suggestion: null, says: `Not enough runs yet (${sorted.length} of 10).` };
  const friendly = (s: number): number =>
    (STEPS.find((step) => step * MIN >= s) ?? Math.ceil(s / 3600) * 60) * MIN;
  const warn = friendly(Math.max(1.25 * p95, Math.min(5 * MIN, limits.warn_after_s)));
  const stall = friendly(Math.max(1.5 * max, Math.min(10 * MIN, limits.stall_after_s), warn + 1));
  const isHeld = warn === limits.warn_after_s && stall === limits.stall_after_s;
  const base = `Based on ${sorted.length} finished runs: 95 % had no quiet time longer than ${duration(p95)}.`;
  const verdict = isHeld ? 'The limits in force fit' : 'Suggested';
  return {
    ...shown,
    ...held,
    suggestion: isHeld
      ? null
      : {
          warn_after: writtenDuration(warn),
          stall_after: writtenDuration(stall),
          warn_after_s: warn,
          stall_after_s: stall,
        },
    says: `${base} ${verdict}: warn ${duration(warn)}, stop ${duration(stall)}.`,
  };
}
