export type Route =
  | { page: 'overview' }
  | { page: 'history'; query: URLSearchParams }
  | { page: 'run'; run: number; stop: boolean }
  | { page: 'jobs' }
  | { page: 'job-new'; query: URLSearchParams }
  | { page: 'job-edit'; job: string }
  | { page: 'types' }
  | { page: 'type-new'; query: URLSearchParams }
  | { page: 'type-edit'; type: string }
  | { page: 'settings' }
  | { page: 'quit' }
  | { page: 'unknown' };

/** Pages that need nothing but their name. */
const SIMPLE = new Set(['overview', 'jobs', 'types', 'settings', 'quit']);

/** The page that a hash names: `#/run/41`, `#/jobs/nightly/edit`. */
export function routeOf(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const parts = path.split('/').filter(Boolean).map(decoded);
  const query = new URLSearchParams(search);
  const [first, second, third] = parts;
  if (first === undefined) return { page: 'overview' };
  if (parts.length === 1) {
    if (SIMPLE.has(first)) return { page: first as 'overview' };
    if (first === 'history') return { page: 'history', query };
  }
  if (first === 'run' && second !== undefined && /^\d+$/.test(second))
    return { page: 'run', run: Number(second), stop: third === 'stop' };
  if (first === 'jobs' && second === 'new' && parts.length === 2) return { page: 'job-new', query };
  if (first === 'jobs' && second !== undefined && third === 'edit') return { page: 'job-edit', job: second };
  if (first === 'types' && second === 'new' && parts.length === 2) return { page: 'type-new', query };
  if (first === 'types' && second !== undefined && third === 'edit')
    return { page: 'type-edit', type: second };
  return { page: 'unknown' };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const links = {
  overview: '#/overview',
  history: '#/history',
  run: (run: number): string => `#/run/${run}`,
  jobs: '#/jobs',
  settings: '#/settings',
  types: '#/types',
  newType: (from: string | null): string =>
    from === null ? '#/types/new' : `#/types/new?from=${encodeURIComponent(from)}`,
  editType: (type: string): string => `#/types/${encodeURIComponent(type)}/edit`,
  quit: '#/quit',
  newJob: '#/jobs/new',
  newJobFromRun: (run: number): string => `#/jobs/new?run=${run}`,
  newJobFromJob: (job: string): string => `#/jobs/new?job=${encodeURIComponent(job)}`,
  editJob: (job: string): string => `#/jobs/${encodeURIComponent(job)}/edit`,
};

/** Where the window is. The hash is the only place that says so. */
export class Router {
  hash = $state(window.location.hash);
  readonly route = $derived(routeOf(this.hash));
  /** What somebody wanted to do while a form had unsaved changes: to go elsewhere, or to close the window. */
  held = $state.raw<(() => void) | null>(null);
  /** The history as it was last looked at, with its filters: where "back" leads. */
  historyHash = $state(links.history);
  #isDirty: (() => boolean) | null = null;

  constructor() {
    this.#show(this.hash);
  }

  start(): () => void {
    const changed = (): void => {
      this.#changed();
    };
    window.addEventListener('hashchange', changed);
    return () => {
      window.removeEventListener('hashchange', changed);
    };
  }

  go(hash: string): void {
    window.location.hash = hash;
  }

  /** Goes to a page as the tray and the command line name it: `run/41`. */
  openPage(page: string): void {
    this.go(`#/${page.replace(/^#?\/?/, '')}`);
  }

  /** Changes the query of the page without leaving it and without a step to go back to. */
  replaceQuery(query: URLSearchParams): void {
    const path = this.hash.split('?', 1)[0] || links.overview;
    const search = query.toString();
    this.#show(search ? `${path}?${search}` : path);
    window.history.replaceState(null, '', this.hash);
  }

  guard(isDirty: (() => boolean) | null): void {
    this.#isDirty = isDirty;
  }

  leave(): void {
    const act = this.held;
    this.held = null;
    this.#isDirty = null;
    act?.();
  }

  hold(act: () => void): void {
    this.held = act;
  }

  stay(): void {
    this.held = null;
  }

  #changed(): void {
    const next = window.location.hash;
    if (next === this.hash) return;
    if (this.#isDirty?.()) {
      this.hold(() => {
        this.go(next);
      });
      window.history.replaceState(null, '', this.hash || links.overview);
      return;
    }
    this.#show(next);
  }

  #show(hash: string): void {
    this.hash = hash;
    if (routeOf(hash).page === 'history') this.historyHash = hash;
  }
}
