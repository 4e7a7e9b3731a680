import { asApiError, type Backend } from '../backend/types';
import { sentence } from './jobform.svelte';

export const LOOKS = 3;
export const LOOK_EVERY_MS = 2000;

/** What one look at a marker found. */
export interface MarkerLook {
  says: string;
  isReadable: boolean;
  step: number | null;
}

/** A marker that is read three times, two seconds apart: whether it moves at this moment. */
export class MarkerLooks {
  looks = $state.raw<readonly MarkerLook[]>([]);
  looking = $state(false);
  #timer: ReturnType<typeof setTimeout> | null = null;
  #turn = 0;

  constructor(readonly backend: Backend) {}

  /** Begins anew; without a path there is nothing to look at. */
  start(path: string, cwd: string): void {
    this.drop();
    this.looks = [];
    if (path.trim() === '') return;
    this.looking = true;
    void this.#look(this.#turn, path.trim(), cwd.trim() || null);
  }

  /** Forgets what is under way. */
  drop(): void {
    this.#turn += 1;
    this.looking = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** What the looks say together, once all are there. */
  readonly verdict = $derived.by(() => {
    if (this.looking || this.looks.length === 0) return null;
    const readable = this.looks.filter((look) => look.isReadable);
    if (readable.length === 0) return 'There is nothing to read yet.';
    const [first] = readable;
    const last = readable.at(-1);
    return first?.step === last?.step
      ? 'It does not move at the moment, which is right while nothing runs.'
      : `It moves: from step ${String(first?.step)} to step ${String(last?.step)}. Something writes it already.`;
  });

  async #look(turn: number, path: string, cwd: string | null): Promise<void> {
    const look = await this.backend.probe({ path, cwd }).then(
      ({ state, message, step }) => ({ says: sentence(message), isReadable: state === 'readable', step }),
      (thrown: unknown) => ({ says: sentence(asApiError(thrown).message), isReadable: false, step: null }),
    );
    if (turn !== this.#turn) return;
    this.looks = [...this.looks, look];
    if (this.looks.length === LOOKS) {
      this.looking = false;
      return;
    }
    this.#timer = setTimeout(() => void this.#look(turn, path, cwd), LOOK_EVERY_MS);
  }
}
