import type { LimitsView, RunView } from '../backend/types';
import { count, dollars, share } from './count';
import { duration } from './duration';
import { recently } from './time';

/** Something that a run reports of itself, in a few words. */
export interface Remark {
  text: string;
  tone: 'plain' | 'warn' | 'stop';
}

/** What a run does, waits for and says; what needs a look first. `age` is how many seconds ago `run` was the case. */
export function remarksOf(run: RunView, now: number, age: number): Remark[] {
  if (run.phase === 'queued') return [];
  return [
    ...livenessRemarks(run, age),
    ...(run.circling ? [{ text: 'Busy, but not advancing', tone: 'warn' } as const] : []),
    ...(run.totals?.slow ? [{ text: 'The last call took 20 times the usual', tone: 'warn' } as const] : []),
    ...plain(doingWords(run, now)),
    ...plain(run.expected_s !== null && `Up to ${duration(run.expected_s)} for this step`),
    ...plain(run.totals && run.totals.cost_usd > 0 && dollars(run.totals.cost_usd)),
    ...plain(run.claim && claimWords(run.claim)),
    ...plain(
      run.signals_dropped > 0 && `${count(run.signals_dropped, 'signal')} left out: they came too fast`,
    ),
    ...plain(
      run.signals_foreign > 0 &&
        `${count(run.signals_foreign, 'signal')} left out: sent by a process that is not the run’s`,
    ),
  ];
}

function plain(text: string | false | null): Remark[] {
  return text ? [{ text, tone: 'plain' }] : [];
}

function livenessRemarks(run: RunView, age: number): Remark[] {
  const since = duration((run.since_beat_s ?? 0) + age);
  switch (run.liveness) {
    case 'unknown':
      return [];
    case 'healthy':
      return [{ text: 'Healthy', tone: 'plain' }];
    case 'degraded':
      return [{ text: `Degraded: no beat for ${since}`, tone: 'warn' }];
    case 'unreachable':
      return [{ text: `Unreachable: no beat for ${since}`, tone: 'stop' }];
  }
}

function doingWords(run: RunView, now: number): string | null {
  if (run.activity === 'waiting-limit') {
    return run.waits_until === null ? null : `Until ${recently(run.waits_until, now)}`;
  }
  return run.doing === null ? null : run.activity === 'waiting-human' ? `Asks: ${run.doing}` : run.doing;
}

function claimWords(claim: NonNullable<RunView['claim']>): string {
  const word = claim.succeeded ? 'Reported success' : 'Reported failure';
  return claim.message ? `${word}: ${claim.message}` : word;
}

/** What the work of a run took so far, as names and values. */
export function totalsOf(run: Pick<RunView, 'totals'>): [string, string][] {
  const { totals } = run;
  if (!totals) return [];
  const calls = totals.succeeded + totals.failed;
  const facts: [string, string][] = [];
  if (totals.success_rate !== null) {
    facts.push(['Calls that went well', `${share(totals.success_rate)} of ${calls.toLocaleString('en')}`]);
  }
  if (totals.mean_latency_s !== null) {
    const last =
      totals.slow && totals.last_latency_s !== null ? `, the last ${duration(totals.last_latency_s)}` : '';
    facts.push(['Time of a call', `${duration(totals.mean_latency_s)}${last}`]);
  }
  if (totals.turns > 0) facts.push(['Turns', totals.turns.toLocaleString('en')]);
  if (totals.cost_usd > 0) facts.push(['Cost', dollars(totals.cost_usd)]);
  return facts;
}

/** The limits of what a run reports, as names and values; what is not limited is left out. */
export function reportLimits({ reports }: LimitsView): [string, string][] {
  const facts: [string, string][] = [];
  if (reports.beats) {
    const { degraded_ms, unreachable_ms, stop } = reports.beats;
    facts.push(['Degraded without a beat for', duration(degraded_ms / 1000)]);
    facts.push([
      stop ? 'Stop without a beat for' : 'Unreachable without one for',
      duration(unreachable_ms / 1000),
    ]);
  }
  const paces = [
    ['Stop after, in a tool', reports.tool],
    ['Stop after, in a sub-agent', reports.subagent],
    ['Stop after, compacting', reports.compacting],
  ] as const;
  for (const [name, pace] of paces) if (pace) facts.push([name, duration(pace.stall_ms / 1000)]);
  const deed = reports.stop_spent ? 'Stop at a cost of' : 'Told at a cost of';
  const caps = [
    [deed, reports.max_microusd],
    [`${deed}, in 24 h`, reports.day_microusd],
  ] as const;
  for (const [name, max] of caps) if (max !== undefined) facts.push([name, dollars(max / 1e6)]);
  return facts;
}
