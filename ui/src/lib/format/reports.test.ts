import { describe, expect, test } from 'vitest';
import { Script } from '../backend/fake-data';
import { limitsOf } from '../backend/fake-types';
import type { RunView, TotalsView } from '../backend/types';
import { MORNING } from '../../test/window';
import { remarksOf, reportLimits, totalsOf } from './reports';

const TOTALS: TotalsView = {
  succeeded: 9,
  failed: 1,
  success_rate: 0.9,
  mean_latency_s: 2.5,
  last_latency_s: 60,
  slow: false,
  cost_usd: 1.234,
  turns: 12,
};

function run(more: Partial<RunView>): RunView {
  const [first] = new Script(MORNING).running();
  if (!first) throw new Error('the script has runs');
  return { ...first, ...more };
}

function told(more: Partial<RunView>, age = 0): string[] {
  return remarksOf(run(more), MORNING, age).map(({ text, tone }) =>
    tone === 'plain' ? text : `${text} (${tone})`,
  );
}

describe('what a run reports', () => {
  test('is left out where it reports nothing', () => {
    expect(told({})).toEqual([]);
    expect(totalsOf(run({}))).toEqual([]);
    expect(reportLimits(limitsOf(300, 600, 20))).toEqual([]);
  });

  test('is told with what needs a look first', () => {
    const busy = {
      liveness: 'degraded',
      since_beat_s: 120,
      circling: true,
      totals: { ...TOTALS, slow: true },
    } as const;
    expect(told({ ...busy, activity: 'tool', doing: 'Bash: cargo test', expected_s: 1500 }, 30)).toEqual([
      'Degraded: no beat for 2 min 30 s (warn)',
      'Busy, but not advancing (warn)',
      'The last call took 20 times the usual (warn)',
      'Bash: cargo test',
      'Up to 25 min for this step',
      '$1.23',
    ]);
    expect(told({ liveness: 'unreachable', since_beat_s: 900 })).toEqual([
      'Unreachable: no beat for 15 min (stop)',
    ]);
    expect(told({ liveness: 'healthy', signals_dropped: 7, signals_foreign: 1 })).toEqual([
      'Healthy',
      '7 signals left out: they came too fast',
      '1 signal left out: sent by a process that is not the run’s',
    ]);
    expect(told({ claim: { succeeded: false, message: 'no key' } })).toEqual(['Reported failure: no key']);
  });

  test('says what it waits for, and until when', () => {
    expect(told({ activity: 'waiting-human', doing: 'Bash: rm -r build' })).toEqual([
      'Asks: Bash: rm -r build',
    ]);
    const [until] = told({
      activity: 'waiting-limit',
      waits_until: new Date(MORNING + 3_600_000).toISOString(),
    });
    expect(until).toMatch(/^Until today \d\d:40$/);
    expect(told({ activity: 'waiting-limit', waits_until: null })).toEqual([]);
  });

  test('comes with what its work took, and its limits', () => {
    expect(totalsOf(run({ totals: { ...TOTALS, slow: true, cost_usd: 0.0042 } }))).toEqual([
      ['Calls that went well', '90 % of 10'],
      ['Time of a call', '2.5 s, the last 60 s'],
      ['Turns', '12'],
      ['Cost', '$0.0042'],
    ]);
    const limits = limitsOf(300, 600, 20);
    const reports = {
      ...limits.reports,
      beats: { degraded_ms: 90_000, unreachable_ms: 300_000, stop: true },
      tool: { warn_ms: 600_000, stall_ms: 1_800_000 },
      max_microusd: 5_000_000,
      stop_spent: true,
    };
    expect(reportLimits({ ...limits, reports })).toEqual([
      ['Degraded without a beat for', '90 s'],
      ['Stop without a beat for', '5 min'],
      ['Stop after, in a tool', '30 min'],
      ['Stop at a cost of', '$5.00'],
    ]);
  });
});
