import {
  asApiError,
  type ApiError,
  type Backend,
  type HistoryKey,
  type HistoryPage,
  type HistoryPageQuery,
  type HistoryRow,
} from '../backend/types';

export const PAGE_ROWS = 100;

/** Ended runs that match, page by page. What was loaded stays when the first page is fetched once more. */
export class HistoryStore {
  rows = $state.raw<HistoryRow[]>([]);
  total = $state(0);
  /** Every job of which a run has ended, whatever the filters. */
  jobs = $state.raw<string[]>([]);
  loaded = $state(false);
  error = $state.raw<ApiError | null>(null);
  #next = $state.raw<HistoryKey | null>(null);
  /** How many there are that are not on the screen. */
  readonly older = $derived(this.#next ? Math.max(1, this.total - this.rows.length) : 0);
  #backend: Backend;
  #query: HistoryPageQuery = {};
  #asked = 0;
  /** Nothing takes the place of what somebody asked for. */
  #isGoingDown = false;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Asks another question, from its first page on. */
  async ask(query: HistoryPageQuery): Promise<void> {
    this.#query = query;
    await this.#load({ ...query, limit: PAGE_ROWS }, (page) => {
      this.#next = page.next;
      return page.rows;
    });
  }

  /** Fetches the first page once more; what is below it stays, unless so much has come that there is a hole. */
  async refresh(): Promise<void> {
    if (this.#isGoingDown) return;
    await this.#load({ ...this.#query, limit: PAGE_ROWS }, (page) => {
      const last = page.rows.at(-1)?.run;
      const at = this.rows.findIndex((row) => row.run === last);
      if (at < 0) this.#next = page.next;
      return at < 0 ? page.rows : [...page.rows, ...this.rows.slice(at + 1)];
    });
  }

  async loadOlder(): Promise<void> {
    const after = this.#next;
    if (!after) return;
    this.#isGoingDown = true;
    await this.#load({ ...this.#query, after, limit: PAGE_ROWS }, (page) => {
      this.#next = page.next;
      return [...this.rows, ...page.rows];
    });
    this.#isGoingDown = false;
  }

  /** Shows at once what was just told to the engine. */
  mark(seen: boolean, run?: number): void {
    this.rows = this.rows.map((row) => (run === undefined || row.run === run ? { ...row, seen } : row));
  }

  async #load(query: HistoryPageQuery, take: (page: HistoryPage) => HistoryRow[]): Promise<void> {
    this.#asked += 1;
    const turn = this.#asked;
    try {
      const page = await this.#backend.historyPage(query);
      if (turn !== this.#asked) return;
      this.rows = take(page);
      this.total = page.total;
      this.jobs = page.jobs;
      this.error = null;
    } catch (thrown) {
      if (turn === this.#asked) this.error = asApiError(thrown);
    } finally {
      if (turn === this.#asked) this.loaded = true;
    }
  }
}
