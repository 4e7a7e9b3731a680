import type {
  Activity,
  HistoryRow,
  JobStatus,
  Outcome,
  Progress,
  QueuePlace,
  RunView,
  StartReply,
} from '../backend/types';
import { count } from './count';
import { exactTime, recently } from './time';

/** A shape, and the colour that goes with it. Each state has its own silhouette, so that it reads without colour. */
export type GlyphKind =
  'finished' | 'failed' | 'stopped' | 'lost' | 'advancing' | 'quiet' | 'warning' | 'waiting' | 'starting';

export interface State {
  glyph: GlyphKind;
  text: string;
}

type Ended = Pick<HistoryRow, 'outcome' | 'reason' | 'method' | 'exit_code' | 'signal'>;

/** How a run ended, in two or three words. */
export function resultOf(row: Ended): State {
  switch (row.outcome) {
    case 'succeeded':
      return { glyph: 'finished', text: 'Finished' };
    case 'failed':
      return { glyph: 'failed', text: `Failed${failureDetail(row)}` };
    case 'aborted':
      return { glyph: 'stopped', text: stopWords(row) };
    case 'lost':
      return { glyph: 'lost', text: 'Lost' };
  }
}

function failureDetail(row: Ended): string {
  if (row.signal !== null) return `: signal ${row.signal}`;
  return row.exit_code === null ? '' : `: exit ${row.exit_code}`;
}

function stopWords(row: Ended): string {
  switch (row.reason) {
    case 'stalled':
      return 'Stopped: no progress';
    case 'unresponsive':
      return 'Stopped: no beats';
    case 'max-runtime':
      return 'Stopped: ran too long';
    case 'user':
      return 'Stopped by you';
    case 'circling':
      return 'Stopped: busy, but not advancing';
    case 'budget':
      return 'Stopped: budget spent';
    case null:
      return 'Stopped';
  }
}

export const outcomeWords: Record<Outcome, string> = {
  succeeded: 'Finished',
  failed: 'Failed',
  aborted: 'Stopped',
  lost: 'Lost',
};

/** Why a job is not started as usual, in a sentence. */
export function heldWords(job: JobStatus, now: number): string {
  switch (job.state) {
    case 'killed':
      return `Kept stopped${job.since === null ? '' : ` since ${recently(job.since, now)}`}.`;
    case 'breaker-open':
      return `Will not start again: it failed or was stopped ${String(job.failures)} times in a row.`;
    case 'restarting':
      return job.next_start === null
        ? 'It stalled and is being started again.'
        : `It stalled and is started again at ${exactTime(job.next_start)}.`;
  }
}

const progressStates: Record<Progress, State> = {
  starting: { glyph: 'starting', text: 'Starting' },
  advancing: { glyph: 'advancing', text: 'Advancing' },
  quiet: { glyph: 'quiet', text: 'Quiet' },
  warning: { glyph: 'warning', text: 'Close to its limit' },
  stalled: { glyph: 'stopped', text: 'Stalled' },
  waiting: { glyph: 'waiting', text: 'Waiting' },
};

const activityWords: Partial<Record<Activity, string>> = {
  tool: 'in a tool',
  subagent: 'in a sub-agent',
  compacting: 'compacting',
  'waiting-human': 'for a person',
  'waiting-limit': 'for a usage limit',
  asleep: 'computer asleep',
};

/** What a run that is not over is doing. */
export function stateOf(run: Pick<RunView, 'phase' | 'progress' | 'activity'>): State {
  switch (run.phase) {
    case 'queued':
      return { glyph: 'waiting', text: 'Queued' };
    case 'stopping':
      return { glyph: 'stopped', text: 'Stopping' };
    case 'starting':
    case 'running':
    case 'ended': {
      const state = progressStates[run.progress];
      const doing = activityWords[run.activity];
      return doing ? { ...state, text: `${state.text}, ${doing}` } : state;
    }
  }
}

/** `2 of 2 llm runs are running; 1 run is before it`: why a run waits for a free slot. */
export function queueWords(place: QueuePlace): string {
  const kind = place.type === null ? '' : `${place.type} `;
  const runs = place.slots === 1 ? `${kind}run is` : `${kind}runs are`;
  const ahead =
    place.ahead === 0
      ? 'it is the next one'
      : `${count(place.ahead, 'run')} ${place.ahead === 1 ? 'is' : 'are'} before it`;
  return `${place.running} of ${place.slots} ${runs} running; ${ahead}`;
}

/** What is said when a job was started. */
export function startedWords(job: string, { run, queued }: StartReply): string {
  return queued
    ? `${job} waits for a free slot as run ${run}: ${queueWords(queued)}.`
    : `${job} was started as run ${run}.`;
}

/** `step 14 of 40 – parse tests`, or what there is of it. */
export function stepWords(run: { step: number | null; total?: number | null; note: string | null }): string {
  const step = run.step === null ? '' : run.total ? `step ${run.step} of ${run.total}` : `step ${run.step}`;
  return [step, run.note ?? ''].filter(Boolean).join(' – ');
}
