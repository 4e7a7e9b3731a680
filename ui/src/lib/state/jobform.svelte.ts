import {
  asApiError,
  type ApiError,
  type Backend,
  type FieldFault,
  type JobCheck,
  type Validation,
} from '../backend/types';
import { specOf, textFaults, type Draft } from './draft';

/** How long nobody must have typed before the job is judged. */
const REST_MS = 250;

/** A job in the making. The engine judges it; the form only remembers what was touched. */
export class JobForm {
  draft: Draft;
  validation = $state.raw<Validation>({ errors: [], warnings: [] });
  failure = $state.raw<ApiError | null>(null);
  saving = $state(false);
  /** What the last test found; `null` before the first one, and again as soon as anything is changed. */
  readonly checks = $derived.by<readonly JobCheck[] | null>(() =>
    this.#tested?.of === JSON.stringify(specOf(this.draft)) ? this.#tested.checks : null,
  );
  testFailure = $state.raw<ApiError | null>(null);
  #tested = $state.raw<{ of: string; checks: JobCheck[] } | null>(null);
  #touched = $state.raw<readonly string[]>([]);
  #submitted = $state(false);
  #initial: string;
  #backend: Backend;
  #original: string | null;
  #asked = 0;
  #rest: ReturnType<typeof setTimeout> | undefined;

  /** `original` is the name of the job that is edited; without it one is added. */
  constructor(backend: Backend, draft: Draft, original: string | null) {
    this.draft = $state(draft);
    this.#initial = JSON.stringify(specOf(draft));
    this.#backend = backend;
    this.#original = original;
  }

  readonly isDirty = $derived.by(() => JSON.stringify(specOf(this.draft)) !== this.#initial);

  /** Faults of fields that were left or, after an attempt to save, of all of them. */
  readonly errors = $derived.by<FieldFault[]>(() =>
    this.validation.errors.filter((fault) => this.#submitted || this.#touched.includes(fault.field)),
  );
  /** The faults as the summary lists them: only after an attempt to save. */
  readonly summary = $derived.by<FieldFault[]>(() => (this.#submitted ? this.validation.errors : []));

  error(field: string): string | null {
    return this.errors.find((fault) => fault.field === field)?.message ?? null;
  }

  warning(field: string): string | null {
    return this.validation.warnings.find((fault) => fault.field === field)?.message ?? null;
  }

  /** A field was left: from here on its faults are shown. */
  async left(field: string): Promise<void> {
    this.typedInto(field);
    await this.validate();
  }

  /** Something is being typed: faults that are shown come and go with it, a little later. */
  typed(): void {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => void this.validate(), REST_MS);
  }

  /** The form is gone: nobody waits for a judgement any more. */
  stop(): void {
    clearTimeout(this.#rest);
  }

  /** A field whose faults are shown while it is filled in. */
  typedInto(field: string): void {
    if (!this.#touched.includes(field)) this.#touched = [...this.#touched, field];
  }

  /** Asks the engine. Says whether it answered. */
  async validate(): Promise<boolean> {
    clearTimeout(this.#rest);
    this.#asked += 1;
    const turn = this.#asked;
    const own = textFaults(this.draft);
    try {
      const said = await this.#backend.validateJob(specOf(this.draft), this.#original);
      if (turn !== this.#asked) return true;
      const named = own.map((fault) => fault.field);
      this.validation = {
        ...said,
        errors: [...own, ...said.errors.filter((fault) => !named.includes(fault.field))],
      };
      return true;
    } catch (thrown) {
      if (turn !== this.#asked) return true;
      this.validation = { errors: own, warnings: [] };
      this.#fail(thrown);
      return false;
    }
  }

  /** Has the job as it stands here checked, saved or not. */
  async test(): Promise<void> {
    const spec = specOf(this.draft);
    this.testFailure = null;
    try {
      const checks = await this.#backend.preflight(spec, this.#original);
      this.#tested = { of: JSON.stringify(spec), checks };
    } catch (thrown) {
      this.#tested = null;
      this.testFailure = asApiError(thrown);
    }
  }

  /** Saves the job. Says whether that was possible; if not, `summary` or `failure` says why. */
  async save(): Promise<boolean> {
    this.#submitted = true;
    this.failure = null;
    this.saving = true;
    try {
      const isJudged = await this.validate();
      if (!isJudged || this.validation.errors.length > 0) return false;
      const spec = specOf(this.draft);
      await (this.#original === null
        ? this.#backend.addJob(spec)
        : this.#backend.replaceJob(this.#original, spec));
      this.#initial = JSON.stringify(spec);
      return true;
    } catch (thrown) {
      this.#fail(thrown);
      return false;
    } finally {
      this.saving = false;
    }
  }

  #fail(thrown: unknown): void {
    const error = asApiError(thrown);
    if (error.field === null) {
      this.failure = error;
    } else {
      const fault = { field: error.field, message: sentence(error.message) };
      this.validation = { ...this.validation, errors: [...this.validation.errors, fault] };
    }
  }
}

/** A message of the engine as a sentence of its own. */
export function sentence(message: string): string {
  // A file's or a program's name keeps its small letter.
  const text = /^[a-z]+[\s,;:]/.test(message) ? message.charAt(0).toUpperCase() + message.slice(1) : message;
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
