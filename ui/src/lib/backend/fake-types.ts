import type { LimitsView, TypeView } from './types';

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

const TYPE_LIMITS: [string, LimitsView][] = [
  ['generic', limitsOf(5 * MIN, 10 * MIN, 20)],
  ['quick', limitsOf(MIN, 2 * MIN, 10)],
  ['llm', limitsOf(5 * MIN, 15 * MIN, 20)],
  ['agent', limitsOf(10 * MIN, 30 * MIN, 30)],
  ['build', limitsOf(20 * MIN, 60 * MIN, 30)],
  ['research', limitsOf(30 * MIN, 120 * MIN, 30)],
  ['sentinel', limitsOf(20 * MIN, 30 * MIN, 20)],
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
