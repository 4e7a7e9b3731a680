import { FakeBackend, SCENES } from './fake';
import { manyRows } from './fake-history';

/** `?scene=empty&theme=dark&now=2026-11-22T07:40&runs=10000`: what a screenshot wants to show. */
export function fakeFromAddress(query: URLSearchParams): FakeBackend {
  const theme = query.get('theme');
  if (theme) document.documentElement.dataset['theme'] = theme;
  const scene = query.get('scene');
  const now = query.get('now');
  if (now) {
    const shift = Date.parse(now) - Date.now();
    const real = Date.now.bind(Date);
    Date.now = () => real() + shift;
  }
  const backend = new FakeBackend({
    now: Date.now(),
    scene: SCENES.find((known) => known === scene) ?? 'full',
  });
  const runs = Number(query.get('runs'));
  if (runs > 0) backend.rows = manyRows(backend.script, runs);
  if (query.get('fault')) {
    const live = backend.script.live.bind(backend.script);
    backend.script.live = (...args) => ({
      ...live(...args),
      faults: [
        {
          kind: 'config',
          message: 'config.toml cannot be read: line 12: expected `=`; the last good one is in force',
        },
      ],
    });
  }
  // So that a test in a browser can make something happen.
  Object.assign(window, { nightkeepFake: backend });
  return backend;
}
