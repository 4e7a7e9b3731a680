import {
  asApiError,
  type Backend,
  type BannersSpec,
  type SettingsSpec,
  type SettingsView,
} from '../backend/types';
import { sentence } from './jobform.svelte';

/** Sets what was changed as it was. */
export type Undo = () => Promise<unknown>;

/** The settings as they are in force. Each change is saved at once; one that is refused is taken back and says why. */
export class SettingsStore {
  view = $state.raw<SettingsView | null>(null);
  /** What was refused, by its field. */
  errors = $state.raw<Partial<Record<string, string>>>({});
  /** How often something was saved: what the page says of it is said each time. */
  saves = $state(0);
  #backend: Backend;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async load(): Promise<SettingsView> {
    const view = await this.#backend.settings();
    this.view = view;
    return view;
  }

  /** Saves one setting, after those before it. Says whether it is in force. */
  change<Field extends keyof SettingsSpec>(field: Field, value: SettingsSpec[Field]): Promise<boolean> {
    return this.update(field, (spec) => (spec[field] === value ? spec : { ...spec, [field]: value }));
  }

  /** The same for what is said of banners, and fails at a field of its own. */
  changeBanners(at: string, change: (banners: BannersSpec) => BannersSpec): Promise<boolean> {
    return this.update(at, (spec) => ({ ...spec, banners: change(spec.banners) }));
  }

  /** Saves what becomes of the settings as they are when those before it are saved. */
  update(at: string, change: (spec: SettingsSpec) => SettingsSpec): Promise<boolean> {
    const saved = this.#queue.then(() => this.#save(at, change));
    this.#queue = saved;
    return saved;
  }

  /** The same for what is not the engine's to keep. */
  async keep(field: string, act: () => unknown): Promise<boolean> {
    const isKept = await this.attempt(field, act);
    if (isKept) this.saves += 1;
    return isKept;
  }

  /** Does something that changes no setting. Says whether it went well, and beside it why not. */
  async attempt(field: string, act: () => unknown): Promise<boolean> {
    this.#blame(field, null);
    try {
      await act();
      return true;
    } catch (thrown) {
      const { message, hint } = asApiError(thrown);
      this.#blame(field, hint ? `${sentence(message)} ${sentence(hint)}` : sentence(message));
      return false;
    }
  }

  /** Sets some at once, and gives back what sets them as they were. What is refused is thrown. */
  async take(changes: Partial<SettingsSpec>): Promise<Undo> {
    const { spec } = await this.load();
    await this.#backend.setSettings(merged(spec, changes));
    return this.#taken(spec, Object.keys(changes));
  }

  /** Sets all as they come, and gives back what sets them as they were. */
  async reset(): Promise<Undo> {
    const { spec, defaults } = await this.load();
    await this.#backend.resetSettings();
    const changed = Object.entries(spec).filter(
      ([field, value]) => JSON.stringify(value) !== JSON.stringify(defaults[field as keyof SettingsSpec]),
    );
    return this.#taken(
      spec,
      changed.map(([field]) => field),
    );
  }

  async #taken(before: SettingsSpec, fields: string[]): Promise<Undo> {
    this.saves += 1;
    await this.load().catch(() => undefined);
    const former = Object.entries(before).filter(([field]) => fields.includes(field));
    return () => this.take(Object.fromEntries(former));
  }

  async #save(at: string, change: (spec: SettingsSpec) => SettingsSpec): Promise<boolean> {
    const before = this.view;
    const spec = before && change(before.spec);
    if (!before || !spec || spec === before.spec) {
      this.#blame(at, null);
      return true;
    }
    this.view = { ...before, spec };
    const isSaved = await this.keep(at, () => this.#backend.setSettings(spec));
    // What was refused, and what somebody wrote by hand meanwhile, shows as it is.
    this.view = before;
    await this.load().catch(() => undefined);
    if (isSaved && this.view === before) this.view = { ...before, spec };
    return isSaved;
  }

  #blame(field: string, message: string | null): void {
    this.errors = { ...this.errors, [field]: message ?? undefined };
  }
}

/** The settings with some of them changed; what a group does not say of its parts stays. */
function merged<Part extends object>(before: Part, changes: Partial<Part>): Part {
  const entries = Object.entries(changes).map(([name, value]: [string, unknown]) => {
    const former = (before as Record<string, unknown>)[name];
    return [name, isGroup(former) && isGroup(value) ? merged(former, value) : value];
  });
  return { ...before, ...Object.fromEntries(entries) } as Part;
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
