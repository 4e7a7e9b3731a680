import type { HistoryRow, JobStatus, RunView } from '../../lib/backend/types';
import { count } from '../../lib/format/count';
import { recently } from '../../lib/format/time';
import { resultOf } from '../../lib/format/words';

/** What the headline is made of. */
export interface Glance {
  runs: readonly RunView[];
  /** Stopped runs that nobody has looked at, all of them counted. */
  unseen: number;
  connected: boolean;
  /** Jobs that are not started as usual. */
  held?: readonly JobStatus[];
  /** The run that ended last. */
  last?: HistoryRow | undefined;
}

/** The first thing to know: is something wrong, was something stopped, does everything move forward? */
export function headline({ runs, unseen, connected }: Glance): string {
  if (!connected) return 'Not watching.';
  if (unseen > 0) return `${count(unseen, 'run was', 'runs were')} stopped since you last looked.`;
  const late = runs.filter(isClose).length;
  if (late > 0) return `${count(late, 'run is', 'runs are')} close to ${late === 1 ? 'its' : 'their'} limit.`;
  const going = runs.filter((run) => run.phase !== 'queued');
  if (going.length === 0)
    return runs.length === 0
      ? 'Nothing is running.'
      : `${count(runs.length, 'run waits', 'runs wait')} for a slot.`;
  return `${count(going.length, 'run')} in progress${going.every(isAdvancing) ? ', all advancing' : ''}.`;
}

/** The second thing: what goes on beside it, and what comes next. */
export function detail(glance: Glance, now: number): string {
  const { runs, unseen, connected, held = [] } = glance;
  if (!connected)
    return 'Runs go on, but nothing stops them while the engine is away. What you see is as it last was.';
  const going = runs.filter((run) => run.phase !== 'queued');
  const late = going.filter(isClose);
  const sentences: string[] = [];
  if (unseen > 0 && going.length > 0) {
    const close =
      late.length > 0
        ? `, ${late.length === going.length ? '' : `${late.length} of them `}close to the limit`
        : '';
    sentences.push(`${count(going.length, 'run is', 'runs are')} in progress${close}.`);
  } else if (unseen > 0) {
    sentences.push('Nothing else is running.');
  } else if (late.length > 0) {
    sentences.push(`${soonest(late)}.`);
  }
  const queued = runs.length - going.length;
  if (queued > 0 && going.length > 0)
    sentences.push(`${count(queued, 'run waits', 'runs wait')} for a slot.`);
  if (runs.length === 0 && unseen === 0 && glance.last) {
    const { job, ended_at } = glance.last;
    const became = resultOf(glance.last).text.replace(/^./, (first) => first.toLowerCase());
    sentences.push(`The last run was of ${job}, ${recently(ended_at, now)}: ${became}.`);
  }
  sentences.push(...nextStarts(held, now));
  return sentences.join(' ');
}

/** `migrate-tests is stopped in about 16 min unless it advances`: where there is the least time left. */
function soonest(late: readonly RunView[]): string {
  const left = (run: RunView): number => run.stall_after_s - run.since_advance_s;
  const first = late.reduce((least, run) => (left(run) < left(least) ? run : least));
  const time = left(first) < 90 ? 'within two minutes' : `in about ${Math.round(left(first) / 60)} min`;
  return first.observe
    ? `${first.job} reaches its limit ${time}, and is only observed`
    : `${first.job} is stopped ${time} unless it advances`;
}

function nextStarts(held: readonly JobStatus[], now: number): string[] {
  const starts = held.flatMap((job) =>
    job.state === 'restarting' && job.next_start !== null ? [{ ...job, at: job.next_start }] : [],
  );
  const [first] = starts.sort((a, b) => a.at.localeCompare(b.at));
  return first ? [`${first.job} is started again ${recently(first.at, now).replace('today ', 'at ')}.`] : [];
}

function isClose(run: RunView): boolean {
  return run.progress === 'warning' || run.progress === 'stalled';
}

function isAdvancing(run: RunView): boolean {
  return run.progress === 'advancing';
}

/** Those that need a look first; within that, and so that nothing jumps about, in the order of their start. */
export function byUrgency(runs: readonly RunView[]): RunView[] {
  return [...runs].sort((a, b) => rank(a) - rank(b) || a.run - b.run);
}

function rank(run: RunView): number {
  if (run.phase === 'queued') return 2;
  return isClose(run) || run.phase === 'stopping' || run.liveness === 'unreachable' || run.circling ? 0 : 1;
}
