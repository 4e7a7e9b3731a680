import { asApiError, type ApiError } from '../backend/types';

/** Something that is fetched, and fetched again whenever it may have changed. A late reply never replaces a newer one. */
export class Fetched<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  #asked = 0;
  #fetch: () => Promise<T>;

  constructor(fetch: () => Promise<T>) {
    this.#fetch = fetch;
  }

  async refresh(): Promise<void> {
    this.#asked += 1;
    const turn = this.#asked;
    try {
      const value = await this.#fetch();
      if (turn !== this.#asked) return;
      this.value = value;
      this.error = null;
    } catch (thrown) {
      if (turn === this.#asked) this.error = asApiError(thrown);
    }
  }
}
