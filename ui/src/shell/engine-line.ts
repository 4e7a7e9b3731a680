import { count } from '../lib/format/count';
import type { GlyphKind } from '../lib/format/words';
import type { LiveStore } from '../lib/state/live.svelte';

/** Whether somebody watches, in one line. */
export function engineLine(live: Pick<LiveStore, 'connected' | 'faults' | 'runs' | 'error'>): {
  glyph: GlyphKind;
  text: string;
} {
  if (!live.connected)
    return { glyph: 'lost', text: live.error ? `Not watching: ${live.error.message}` : 'Not watching' };
  if (live.faults.length > 0)
    return { glyph: 'warning', text: `Watching · ${count(live.faults.length, 'fault')}` };
  return {
    glyph: 'advancing',
    text: `Watching · ${live.runs.filter((run) => run.phase !== 'queued').length} running`,
  };
}
