import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

test('the type check of components finds a planted fault', () => {
  // Beside the sources, for only there the packages are found; `node_modules` itself is never checked.
  const folder = mkdtempSync(join(ROOT, '.canary-'));
  try {
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), include: ['*.svelte'] }),
    );
    writeFileSync(
      join(folder, 'Planted.svelte'),
      '<script lang="ts">const count: number = "one";</script>{count}',
    );
    const svelteCheck = join(ROOT, 'node_modules/svelte-check/bin/svelte-check');
    const check = spawnSync(
      process.execPath,
      [svelteCheck, '--workspace', folder, '--tsconfig', join(folder, 'tsconfig.json')],
      { encoding: 'utf8' },
    );
    expect(check.stdout).toContain('found 1 error');
    expect(check.status).not.toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
