import type { HistoryRow, JobView, Live, RunDetail, RunView } from './types';
import { endedDetail, runningDetail } from './fake-run';
import { limitsOf, limitsOfType } from './fake-types';

const [MIN, HOUR] = [60, 3600];

const printed = (s: number) => ({ since_output_s: s, since_last_output_s: s, idle_for_s: s });

/** Scripted data, told relative to one moment so that "last night" is always last night. */
export class Script {
  constructor(readonly now: number) {}

  ago(seconds: number): string {
    return new Date(this.now - seconds * 1000).toISOString();
  }

  row(run: number, job: string, endedAgo: number, lasted: number, more: Partial<HistoryRow>): HistoryRow {
    return {
      run,
      job,
      type: 'agent',
      outcome: 'succeeded',
      reason: null,
      method: null,
      exit_code: 0,
      signal: null,
      started_at: this.ago(endedAgo + lasted),
      ended_at: this.ago(endedAgo),
      duration_s: lasted,
      last_step: 40,
      last_note: 'done',
      advances: 40,
      longest_gap_s: 9 * MIN,
      survivors: [],
      recovered: false,
      seen: true,
      message: 'It finished after 40 steps.',
      total: null,
      stall_after_s: (job === 'nightly-fuzz'
        ? limitsOf(10 * MIN, 20 * MIN, 30)
        : limitsOfType(more.type ?? 'agent')
      ).stall_after_s,
      ...more,
    };
  }

  history(): HistoryRow[] {
    const stopped = { outcome: 'aborted', exit_code: null, seen: false } as const;
    const rows = [
      this.row(47, 'docs-sweep', 1.2 * HOUR, 72 * MIN, {
        type: 'llm',
        longest_gap_s: 12.5 * MIN,
        message: 'It finished after 40 steps.',
      }),
      this.row(46, 'dependency-review', 1.9 * HOUR, 12 * MIN, {
        type: 'quick',
        outcome: 'failed',
        exit_code: 101,
        last_step: 9,
        last_note: 'cargo audit',
        advances: 9,
        longest_gap_s: 74,
        message: 'It ended by itself with exit code 101 after step 9.',
      }),
      this.row(45, 'changelog', 2.4 * HOUR, 95, {
        type: 'quick',
        last_step: 3,
        advances: 3,
        longest_gap_s: 31,
        message: 'It finished after 3 steps.',
      }),
      this.row(44, 'nightly-fuzz', 2.6 * HOUR, 43 * MIN, {
        ...stopped,
        type: 'build',
        reason: 'stalled',
        method: 'graceful',
        signal: 15,
        last_step: 2,
        last_note: 'corpus minimised',
        advances: 2,
        longest_gap_s: 20 * MIN,
        message:
          'It did not advance for 20 min after step 2, its limit. All 3 processes ended within the grace.',
      }),
      this.row(41, 'refactor-parser', 3.1 * HOUR, 2.3 * HOUR, {
        ...stopped,
        reason: 'stalled',
        method: 'forced',
        signal: 9,
        last_step: 14,
        last_note: 'parse tests',
        total: 40,
        advances: 12,
        longest_gap_s: 30 * MIN,
        message:
          'The marker stayed at step 14 for 30 min, the limit of this job. One process ignored the polite signal and was killed after 30 s; all 4 processes are gone.',
      }),
      this.row(40, 'translate-manual', 3.6 * HOUR, 51 * MIN, {
        type: 'llm',
        longest_gap_s: 4 * MIN,
        message: 'It finished after 40 steps.',
      }),
      this.row(39, 'docs-sweep', 5.1 * HOUR, 68 * MIN, {
        type: 'llm',
        longest_gap_s: 7 * MIN,
        message: 'It finished after 40 steps.',
      }),
      this.row(38, 'refactor-lexer', 26 * HOUR, 80 * MIN, {
        ...stopped,
        seen: true,
        reason: 'user',
        method: 'graceful',
        signal: 15,
        last_step: 6,
        last_note: 'token table',
        message: 'You stopped it after step 6.',
      }),
      this.row(37, 'docs-sweep', 27 * HOUR, 70 * MIN, { type: 'llm' }),
      this.row(36, 'nightly-fuzz', 29 * HOUR, 3 * HOUR, {
        type: 'build',
        outcome: 'lost',
        exit_code: null,
        recovered: true,
        last_step: 31,
        last_note: 'batch 31',
        message: 'The computer restarted while it ran; how it ended is not known.',
      }),
    ];
    for (let run = 35; run > 0; run -= 1) {
      rows.push(
        this.row(
          run,
          run % 3 ? 'docs-sweep' : 'translate-manual',
          (36 - run) * 11 * HOUR + 30 * HOUR,
          40 * MIN + run * 60,
          { type: 'llm', longest_gap_s: quietMinutes(run) * MIN },
        ),
      );
    }
    return rows;
  }

  running(): RunView[] {
    const common = {
      phase: 'running',
      liveness: 'unknown',
      activity: 'working',
      since_beat_s: null,
      observe: false,
      attached: false,
      marker_note: null,
      queue: null,
      doing: null,
      waits_until: null,
      expected_s: null,
      claim: null,
      totals: null,
      circling: false,
      source_note: null,
      signals_dropped: 0,
      signals_foreign: 0,
    } as const;
    return [
      {
        ...common,
        run: 48,
        job: 'migrate-tests',
        type: 'agent',
        pid: 51022,
        progress: 'warning',
        step: 22,
        total: 60,
        note: 'converting tests/parser',
        since_advance_s: 13.4 * MIN,
        ...printed(11),
        warn_after_s: 10 * MIN,
        stall_after_s: 30 * MIN,
        processes: 5,
        cpu_percent: 3.2,
        memory_bytes: 412_000_000,
        started_at: this.ago(2.2 * HOUR),
      },
      {
        ...common,
        run: 49,
        job: 'release-notes',
        type: 'llm',
        pid: 51377,
        progress: 'advancing',
        step: 7,
        total: null,
        note: 'drafting the section on breaking changes',
        since_advance_s: 42,
        ...printed(1.5),
        warn_after_s: 5 * MIN,
        stall_after_s: 15 * MIN,
        processes: 2,
        cpu_percent: 0.4,
        memory_bytes: 186_000_000,
        started_at: this.ago(17 * MIN),
      },
    ];
  }

  live(revision: number, history: readonly HistoryRow[], runs: RunView[]): Live {
    const unseen = history.filter((row) => row.outcome === 'aborted' && !row.seen);
    return {
      revision,
      at: this.ago(0),
      status: {
        engine: { version: '0.1.0', api: 1, pid: 4711, started_at: this.ago(30 * HOUR) },
        summary: {
          running: runs.filter((run) => run.phase !== 'queued').length,
          queued: runs.filter((run) => run.phase === 'queued').length,
          warning: runs.filter((run) => run.progress === 'warning').length,
          stopped_unseen: unseen.length,
          healthy: 0,
          degraded: 0,
          unreachable: 0,
          killed: 0,
        },
        runs,
        jobs: [],
        paused: null,
        snoozed: [],
      },
      unseen: unseen.slice(0, 20),
      leftovers: [],
      faults: [],
      morning: this.ago(-8 * HOUR),
      quitting: { tray: 0, runs: false },
      icon_style: 'colour',
    };
  }

  jobs(history: readonly HistoryRow[], runs: readonly RunView[]): JobView[] {
    const job = (
      name: string,
      type: string,
      command: string[],
      more: Partial<JobView['spec']> = {},
    ): JobView => {
      const last = history.find((row) => row.job === name);
      return {
        spec: { name, type, command, limits: {}, ...more },
        limits: name === 'nightly-fuzz' ? limitsOf(10 * MIN, 20 * MIN, 30) : limitsOfType(type),
        running: runs.find((run) => run.job === name)?.run ?? null,
        last_outcome: last?.outcome ?? null,
        last_run: last?.run ?? null,
        last_ended_at: last?.ended_at ?? null,
        condition: null,
        snoozed_until: null,
        story: [],
        recent: history
          .filter((row) => row.job === name)
          .slice(0, 30)
          .map(({ run, outcome, reason, ended_at }) => ({ run, outcome, reason, ended_at })),
        check: null,
      };
    };
    return [
      job('docs-sweep', 'llm', ['python3', 'sweep.py', '--all'], {
        cwd: '~/work/docs',
        progress: 'progress.json',
      }),
      job(
        'migrate-tests',
        'agent',
        ['claude', '-p', 'Convert the tests to the new harness, one file at a time.'],
        { cwd: '~/work/parser' },
      ),
      job('nightly-fuzz', 'build', ['make', 'fuzz'], {
        cwd: '~/work/parser',
        limits: { warn_after: '10m', stall_after: '20m' },
      }),
      job(
        'refactor-parser',
        'agent',
        ['claude', '-p', 'Split the parser into modules and keep the tests green.'],
        { cwd: '~/work/parser' },
      ),
      job('release-notes', 'llm', ['./notes.sh'], { cwd: '~/work/site', observe: true }),
    ];
  }

  detail(row: HistoryRow): RunDetail {
    return endedDetail(row);
  }

  runningDetail(run: RunView): RunDetail {
    return runningDetail(this, run);
  }
}

/** The longest quiet time of an older run: mostly some minutes, seldom far more. */
function quietMinutes(run: number): number {
  return run % 11 === 0 ? 13 + (run % 4) : 2 + ((run * 7) % 13) / 2;
}
