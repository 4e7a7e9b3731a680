import { count } from '../lib/format/count';
import { pausedWords } from '../lib/format/pause';
import type { GlyphKind } from '../lib/format/words';
import type { LiveStore } from '../lib/state/live.svelte';

/** Whether somebody watches, in one line. */
export function engineLine(live: Pick<LiveStore, 'connected' | 'faults' | 'runs' | 'error' | 'paused'>): {
  glyph: GlyphKind;
  text: string;
} {
  if (!live.connected)
    return { glyph: 'lost', text: live.error ? `Not watching: ${live.error.message}` : 'Not watching' };
  if (live.paused) return { glyph: 'waiting', text: pausedWords(live.paused) };
  if (live.faults.length > 0)
    return { glyph: 'warning', text: `Watching · ${count(live.faults.length, 'fault')}` };
  const going = live.runs.filter((run) => run.phase !== 'queued').length;
  // Where there is no room for one line, the number stays with its word.
  return { glyph: 'advancing', text: `Watching · ${going}\u00a0running` };
}
