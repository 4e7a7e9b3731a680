import type { HistoryRow, JobView, RunView } from '../../lib/backend/types';
import { duration } from '../../lib/format/duration';
import { stepWords } from '../../lib/format/words';

/** What the runs of the demonstration are called. */
export const DEMO = 'demo';
/** So often it advances before it gets stuck. */
const DEMO_STEPS = 5;

/** Where a person stands who has just installed it: nothing there, the demonstration under way, or neither. */
export type Stage =
  { is: 'welcome' } | { is: 'demo'; running: RunView | null; ended: HistoryRow | null } | { is: 'over' };

export function stageOf(
  jobs: readonly JobView[],
  rows: readonly HistoryRow[],
  runs: readonly RunView[],
): Stage {
  const names = [...rows.map((row) => row.job), ...runs.map((run) => run.job)];
  if (jobs.length > 0 || names.some((name) => name !== DEMO)) return { is: 'over' };
  if (names.length === 0) return { is: 'welcome' };
  const ended = rows.reduce<HistoryRow | null>(
    (newest, row) => ((newest?.run ?? 0) > row.run ? newest : row),
    null,
  );
  return { is: 'demo', running: runs[0] ?? null, ended };
}

/** The four things that happen, in order. */
export const STEPS = ['It advances', 'It is quiet: a warning', 'It is stopped', 'Read the evidence'] as const;

export interface DemoStep {
  /** Which of the four. */
  at: number;
  headline: string;
  text: string;
}

/** What is to be seen at this moment. `quiet` is what its stall clock shows. */
export function demoStep(running: RunView | null, ended: HistoryRow | null, quiet: number): DemoStep {
  if (running === null) return overStep(ended);
  if (running.phase === 'queued')
    return {
      at: 0,
      headline: 'The demo job waits for a free slot.',
      text: 'It starts by itself when its turn comes.',
    };
  if (running.phase === 'stopping')
    return {
      at: 2,
      headline: 'The demo job is being stopped.',
      text: 'What was seen of it is kept first; then it is asked to end, and gets a few seconds to clean up.',
    };
  const { warn_after_s: warn, stall_after_s: limit } = running;
  if (quiet >= warn)
    return {
      at: 1,
      headline: 'A warning: the demo job is close to its limit.',
      text: `It has not advanced for ${duration(warn)}. Unless it does, it is stopped at ${duration(limit)}.`,
    };
  if ((running.step ?? 0) >= DEMO_STEPS)
    return {
      at: 1,
      headline: 'The demo job is quiet.',
      text: `It waits for an answer that never comes. You are warned at ${duration(warn)}; at ${duration(limit)} it is stopped.`,
    };
  const step = stepWords(running);
  return {
    at: 0,
    headline: 'The demo job advances.',
    text: step
      ? `It is at ${step}. Each step that it stamps sets its stall clock back to 0; what it prints does not.`
      : 'It stamps each step that it is through with; that sets its stall clock back to 0.',
  };
}

function overStep(ended: HistoryRow | null): DemoStep {
  if (ended?.outcome !== 'aborted' || ended.reason !== 'stalled')
    return {
      at: 3,
      headline: 'The demo job is over.',
      text: ended?.message ?? 'How it ended is in the history.',
    };
  return { at: 3, headline: 'The demo job got stuck and was stopped.', text: ended.message };
}

/** Where the icon is to be found, on the system that the window is on. */
export function whereTheIconIs(platform: string): string {
  if (/win/i.test(platform) && !/darwin/i.test(platform))
    return 'New icons are behind the arrow ^ in the taskbar: drag it out to see it at a glance.';
  if (/mac/i.test(platform))
    return 'It is in the menu bar. If you do not see it, allow it in System Settings, Menu Bar.';
  return 'It is in the panel. GNOME shows none without the AppIndicator extension; the window works without it.';
}
