import { asApiError, type ApiError, type Backend, type TypeDraft, type Validation } from '../backend/types';
import { limitsOfTexts, textsOf, type LimitTexts } from './limits';
import type { TypeView } from '../backend/types';

/** How long nobody must have typed before the type is judged. */
const REST_MS = 250;

/** A type as it stands in the form: all text. */
export interface TypeTexts {
  name: string;
  maxRunning: string;
  limits: LimitTexts;
}

/** The texts of a type, or of a copy of it: a copy of a built-in type says what the type is. */
export function textsOfType(type: TypeView | null, name: string): TypeTexts {
  return { name, maxRunning: String(type?.max_running ?? ''), limits: textsOf(type?.overrides ?? {}) };
}

/** A job type in the making. The engine judges it; the form only remembers what was touched. */
export class TypeForm {
  texts: TypeTexts;
  failure = $state.raw<ApiError | null>(null);
  saving = $state(false);
  #validation = $state.raw<Validation>({ errors: [], warnings: [] });
  #touched = $state.raw<readonly string[]>([]);
  #submitted = $state(false);
  #initial: string;
  #asked = 0;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly backend: Backend,
    texts: TypeTexts,
    readonly adding: boolean,
  ) {
    this.texts = $state(texts);
    this.#initial = JSON.stringify(texts);
  }

  readonly isDirty = $derived.by(() => JSON.stringify(this.texts) !== this.#initial);
  readonly summary = $derived.by(() => (this.#submitted ? this.#validation.errors : []));

  error(field: string): string | null {
    const isShown = this.#submitted || this.#touched.includes(field);
    return (isShown && this.#validation.errors.find((fault) => fault.field === field)?.message) || null;
  }

  warning(field: string): string | null {
    return this.#validation.warnings.find((fault) => fault.field === field)?.message ?? null;
  }

  /** A field was left: from here on its faults are shown. */
  async left(field: string): Promise<void> {
    if (!this.#touched.includes(field)) this.#touched = [...this.#touched, field];
    await this.validate();
  }

  typed(): void {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => void this.validate(), REST_MS);
  }

  /** The form is gone: nobody waits for a judgement any more. */
  stop(): void {
    clearTimeout(this.#rest);
  }

  #draft(): TypeDraft {
    const text = this.texts.maxRunning.trim();
    return {
      name: this.texts.name.trim(),
      adding: this.adding,
      limits: limitsOfTexts(this.texts.limits),
      max_running: /^\d+$/.test(text) ? Number(text) : null,
    };
  }

  /** Asks the engine. Says whether it answered. */
  async validate(): Promise<boolean> {
    clearTimeout(this.#rest);
    this.#asked += 1;
    const turn = this.#asked;
    try {
      const said = await this.backend.validateType(this.#draft());
      if (turn !== this.#asked) return true;
      const text = this.texts.maxRunning.trim();
      const own = /^\d*$/.test(text)
        ? []
        : [{ field: 'max_running', message: `\`${text}\` is no number of runs.` }];
      this.#validation = { ...said, errors: [...said.errors, ...own] };
      return true;
    } catch (thrown) {
      if (turn === this.#asked) this.failure = asApiError(thrown);
      return false;
    }
  }

  /** Saves the type. Says whether that was possible. */
  async save(): Promise<boolean> {
    this.#submitted = true;
    this.failure = null;
    this.saving = true;
    try {
      if (!(await this.validate()) || this.#validation.errors.length > 0) return false;
      const { name, limits, max_running } = this.#draft();
      await this.backend.setType(name, limits);
      await this.backend.setCapacity(name, max_running);
      this.#initial = JSON.stringify(this.texts);
      return true;
    } catch (thrown) {
      this.failure = asApiError(thrown);
      return false;
    } finally {
      this.saving = false;
    }
  }
}
