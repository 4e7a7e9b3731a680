import type { Script } from './fake-data';
import type { HistoryRow, RunView } from './types';

function running(script: Script, at: 0 | 1): RunView {
  const run = script.running()[at];
  if (!run) throw new Error('the script has two runs');
  return run;
}

/** The sample agent, just started. */
export function demo(script: Script): RunView {
  return {
    ...running(script, 1),
    run: 1,
    job: 'demo',
    type: 'generic',
    step: 1,
    total: 6,
    note: 'found 5 sources',
    since_advance_s: 1,
    warn_after_s: 8,
    stall_after_s: 20,
    processes: 1,
    cpu_percent: 0,
    started_at: script.ago(3),
  };
}

/** The same, stuck. */
export function demoStuck(script: Script): RunView {
  const note = 'asked the model for the second';
  return {
    ...demo(script),
    step: 5,
    note,
    since_advance_s: 10,
    progress: 'warning',
    started_at: script.ago(18),
  };
}

/** The same, over. */
export function demoOver(script: Script): HistoryRow {
  return script.row(1, 'demo', 20, 28, {
    type: 'generic',
    outcome: 'aborted',
    reason: 'stalled',
    method: 'graceful',
    exit_code: null,
    signal: 15,
    last_step: 5,
    last_note: 'asked the model for the second',
    advances: 5,
    longest_gap_s: 20,
    seen: false,
    message: 'The marker stayed at step 5 for 20 s, the limit of this job. It ended within the grace.',
  });
}

/** As many runs as nobody has, all but the first one advancing. */
export function many(script: Script, count: number): RunView[] {
  const others = Array.from({ length: count - 1 }, (_, at) => ({
    ...running(script, 1),
    run: 100 + at,
    job: `part-${String(at).padStart(3, '0')}`,
    step: at,
  }));
  return [running(script, 0), ...others];
}
