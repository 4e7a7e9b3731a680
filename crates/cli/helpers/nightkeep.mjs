// Tell Nightkeep that the work moved forward. Copy this file beside your agent; it needs Node and nothing else.
//
//   import { markProgress } from "./nightkeep.mjs";
//   markProgress(3, "draft written");
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { pid } from "node:process";
import { threadId } from "node:worker_threads";

/**
 * Stamps `step` into the marker. Call it when something is done, never on a timer.
 *
 * Without a path and without the variable NIGHTKEEP_PROGRESS it does nothing. It never throws: a full disk must not
 * end the work. Says whether the marker was written.
 */
export function markProgress(step, note = "", total = undefined, path = process.env.NIGHTKEEP_PROGRESS) {
  if (!path) return false;
  // Written aside and swapped in, so that nobody ever reads half a marker.
  const aside = `${path}.${pid}-${threadId}.tmp`;
  try {
    writeFileSync(aside, JSON.stringify({ step, note, ts: Date.now() / 1000, total }));
    renameSync(aside, path);
    return true;
  } catch {
    try {
      rmSync(aside, { force: true });
    } catch {
      // Nothing is left to do: the folder is gone or may not be written.
    }
    return false;
  }
}
