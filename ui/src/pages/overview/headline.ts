import type { RunView } from '../../lib/backend/types';
import { count } from '../../lib/format/count';

/** What the headline is made of. */
export interface Glance {
  runs: readonly RunView[];
  /** Stopped runs that nobody has looked at, all of them counted. */
  unseen: number;
  connected: boolean;
}

/** The first thing to know: is something wrong, was something stopped, does everything move forward? */
export function headline({ runs, unseen, connected }: Glance): string {
  if (!connected) return 'Not watching.';
  if (unseen > 0) return `${count(unseen, 'run was', 'runs were')} stopped since you last looked.`;
  const warned = runs.filter((run) => run.progress === 'warning').length;
  if (warned > 0)
    return `${count(warned, 'run is', 'runs are')} close to ${warned === 1 ? 'its' : 'their'} limit.`;
  if (runs.length === 0) return 'Nothing is running.';
  return `${count(runs.length, 'run')} in progress${runs.every(isAdvancing) ? ', all advancing' : ''}.`;
}

function isAdvancing(run: RunView): boolean {
  return run.progress === 'advancing';
}
