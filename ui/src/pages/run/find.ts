/** A place in a text of several lines. */
export interface Hit {
  line: number;
  from: number;
  to: number;
}

export interface Segment {
  text: string;
  /** Which hit it is; `null` for what stands between. */
  hit: number | null;
}

/** More are not counted: whoever looks for a single letter wants something else. */
export const HITS_MAX = 1000;

/** Where `wanted` stands, whatever its case. */
export function find(lines: readonly string[], wanted: string): Hit[] {
  const hits: Hit[] = [];
  if (wanted === '') return hits;
  const sought = wanted.toLowerCase();
  for (const [line, text] of lines.entries()) {
    const lower = text.toLowerCase();
    // Letters that grow in lower case would shift what follows them.
    const searched = lower.length === text.length ? lower : text;
    for (let at = searched.indexOf(sought); at !== -1; at = searched.indexOf(sought, at + sought.length)) {
      hits.push({ line, from: at, to: at + sought.length });
      if (hits.length === HITS_MAX) return hits;
    }
  }
  return hits;
}

/** A line, cut where the hits in it begin and end. */
export function segments(text: string, line: number, hits: readonly Hit[]): Segment[] {
  const cut: Segment[] = [];
  let at = 0;
  for (const [index, hit] of hits.entries()) {
    if (hit.line !== line) continue;
    if (hit.from > at) cut.push({ text: text.slice(at, hit.from), hit: null });
    cut.push({ text: text.slice(hit.from, hit.to), hit: index });
    at = hit.to;
  }
  if (at < text.length || cut.length === 0) cut.push({ text: text.slice(at), hit: null });
  return cut;
}
