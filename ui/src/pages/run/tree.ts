import type { EvidenceProcess, ProcessEnd } from '../../lib/backend/types';

export interface Branch {
  process: EvidenceProcess;
  children: Branch[];
}

/** The processes as a tree, from their depths: parents come before their children. */
export function treeOf(processes: readonly EvidenceProcess[]): Branch[] {
  const roots: Branch[] = [];
  const path: Branch[] = [];
  for (const process of processes) {
    path.length = Math.min(path.length, process.depth);
    const branch = { process, children: [] };
    (path.at(-1)?.children ?? roots).push(branch);
    path.push(branch);
  }
  return roots;
}

/** What became of a process; the same words as Rust's report. */
export const endWords: Record<ProcessEnd, string> = {
  gone: 'already gone',
  obeyed: 'ended on TERM',
  ignored: 'ignored TERM, killed',
  killed: 'killed at once',
  alive: 'still alive',
};
