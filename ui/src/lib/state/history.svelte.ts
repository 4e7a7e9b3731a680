import {
  asApiError,
  type ApiError,
  type Backend,
  type HistoryQuery,
  type HistoryRow,
  type Outcome,
} from '../backend/types';

export interface Filters {
  text: string;
  job: string;
  outcome: Outcome | '';
}

const OUTCOMES: readonly string[] = ['succeeded', 'failed', 'aborted', 'lost'] satisfies Outcome[];

export function filtersOf(query: URLSearchParams): Filters {
  const outcome = query.get('outcome') ?? '';
  return {
    text: query.get('text') ?? '',
    job: query.get('job') ?? '',
    outcome: OUTCOMES.includes(outcome) ? (outcome as Outcome) : '',
  };
}

export function queryOf(filters: Filters): URLSearchParams {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(filters) as [string, string][]) if (value) query.set(key, value);
  return query;
}

/** Whether a row holds all words of the filter, in whatever order. */
export function matches(row: HistoryRow, text: string): boolean {
  const hay = `${row.run} ${row.job} ${row.type} ${row.message} ${row.last_note ?? ''}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
}

export const PAGE_ROWS = 100;

/** Ended runs, newest first, page by page. */
export class HistoryStore {
  rows = $state.raw<HistoryRow[]>([]);
  loaded = $state(false);
  hasOlder = $state(false);
  error = $state.raw<ApiError | null>(null);
  #backend: Backend;
  #filters: Filters = { text: '', job: '', outcome: '' };
  #asked = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Fetches what is shown once more, as many rows as there are (at least a page). */
  async refresh(filters: Filters): Promise<void> {
    const sameQuery = filters.job === this.#filters.job && filters.outcome === this.#filters.outcome;
    this.#filters = filters;
    const limit = sameQuery ? Math.min(1000, Math.max(PAGE_ROWS, this.rows.length)) : PAGE_ROWS;
    await this.#load({ limit }, (rows) => {
      this.hasOlder = rows.length >= limit;
      return rows;
    });
  }

  async older(): Promise<void> {
    const last = this.rows.at(-1);
    if (!last) return;
    await this.#load({ limit: PAGE_ROWS, before: last.run }, (rows) => {
      this.hasOlder = rows.length >= PAGE_ROWS;
      return [...this.rows, ...rows];
    });
  }

  async #load(page: HistoryQuery, take: (rows: HistoryRow[]) => HistoryRow[]): Promise<void> {
    this.#asked += 1;
    const turn = this.#asked;
    const { job, outcome } = this.#filters;
    try {
      const rows = await this.#backend.history({ ...page, ...(job && { job }), ...(outcome && { outcome }) });
      if (turn !== this.#asked) return;
      this.rows = take(rows);
      this.error = null;
    } catch (thrown) {
      if (turn === this.#asked) this.error = asApiError(thrown);
    } finally {
      if (turn === this.#asked) this.loaded = true;
    }
  }
}
