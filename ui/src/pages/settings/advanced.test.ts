import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';
import type { FakeBackend } from '../../lib/backend/fake';
import { openWindow } from '../../test/window';
import { differences, labelOf, leaves } from './differences';
import { meet, readFile } from './settings-file';

const REFUSED = { code: 'invalid', message: 'it cannot be meant', hint: null, field: null } as const;
const JOB = { name: 'imported', command: ['make'], env: {}, limits: {} };

async function press(name: string): Promise<void> {
  (await screen.findByRole('button', { name })).click();
}

/** The dialog that is open, with what it says. */
async function dialog(title: string): Promise<HTMLElement> {
  const heading = await screen.findByRole('heading', { level: 2, name: title });
  const found = heading.closest('dialog');
  if (!found) throw new Error(`\`${title}\` is no dialog`);
  return found;
}

describe('a reset', () => {
  function changed(): FakeBackend {
    const backend = openWindow('settings');
    backend.computer.spec = { ...backend.computer.spec, quiet_hours: '22:00-06:00', max_running: 4 };
    return backend;
  }

  test('says what it would change before it does, and goes back with one click', async () => {
    const backend = changed();
    const before = { ...backend.computer.spec };
    await press('Reset…');
    const asked = await dialog('Reset 2 settings?');
    const listed = within(asked).getAllByRole('listitem');
    expect(listed.map((item) => item.textContent.replace(/\s+/g, ' ').trim())).toEqual([
      'Quiet hours 22:00-06:00 →becomes 23:00-07:00',
      'Runs side by side 4 →becomes any number',
    ]);
    expect(backend.computer.spec).toEqual(before);
    within(asked).getByRole('button', { name: 'Reset' }).click();
    await screen.findByText('The settings are as they come.');
    expect(backend.computer.spec).toEqual(backend.computer.defaults);
    await waitFor(() => {
      expect(screen.getByLabelText<HTMLInputElement>('Runs side by side').value).toBe('');
    });
    await press('Undo');
    await screen.findByText('The settings are as they were.');
    expect(backend.computer.spec).toEqual(before);
  });

  test('that is called off changes nothing, and one that fails says why', async () => {
    const backend = changed();
    await press('Reset…');
    const asked = await dialog('Reset 2 settings?');
    backend.failures.set('resetSettings', { ...REFUSED });
    within(asked).getByRole('button', { name: 'Reset' }).click();
    await within(asked).findByText('It cannot be meant.');
    within(asked).getByRole('button', { name: 'Cancel' }).click();
    await waitFor(() => {
      expect(screen.queryByRole('heading', { level: 2, name: 'Reset 2 settings?' })).toBeNull();
    });
    expect(backend.computer.spec.quiet_hours).toBe('22:00-06:00');
  });

  test('of settings that are as they come asks nothing', async () => {
    const backend = openWindow('settings');
    backend.computer.spec = { ...backend.computer.defaults };
    await press('Reset…');
    await screen.findByText('All settings are as they come.');
  });

  test('knows a name for every setting', () => {
    const { defaults } = openWindow('settings').computer;
    const paths = leaves(defaults).map(([path]) => path);
    expect(paths.filter((path) => labelOf(path) === path)).toEqual([]);
    const banners = { ...defaults.banners, show: { ...defaults.banners.show, stopped: 'digest' as const } };
    const after = { notifications: false, warnings: true, banners, keep_days: 30 };
    const told = differences({ ...defaults, keep_days: 1 }, after);
    expect(told.map(({ label, before, after: then }) => `${label}: ${before} → ${then}`)).toEqual([
      'Notifications: on → off',
      'A run was stopped: Banner → Morning report only',
      'Keep ended runs for: 1 day → 30 days',
    ]);
  });
});

describe('the diagnostics', () => {
  test('are read before they are saved', async () => {
    const backend = openWindow('settings');
    await press('Show diagnostics');
    const shown = await dialog('Diagnostics');
    const text = await within(shown).findByRole('region', { name: 'The diagnostics' });
    expect(text.textContent).toBe(await backend.diagnostics());
    within(shown).getByRole('button', { name: 'Save' }).click();
    await screen.findByText('The diagnostics are in /home/ann/Downloads/nightkeep-diagnostics.md.');
    await waitFor(() => {
      expect(screen.queryByRole('heading', { level: 2, name: 'Diagnostics' })).toBeNull();
    });
  });

  test('that cannot be made say why, and there is nothing to save', async () => {
    const backend = openWindow('settings');
    backend.failures.set('diagnostics', { ...REFUSED });
    await press('Show diagnostics');
    const shown = await dialog('Diagnostics');
    await within(shown).findByText('It cannot be meant.');
    expect(within(shown).queryByRole('button', { name: 'Save' })).toBeNull();
    within(shown).getByRole('button', { name: 'Close' }).click();
  });
});

describe('settings and jobs in a file', () => {
  async function pick(document: unknown): Promise<void> {
    const input = await screen.findByLabelText<HTMLInputElement>('Import settings and jobs');
    const file = new File([JSON.stringify(document)], 'nightkeep-settings.json', {
      type: 'application/json',
    });
    Object.defineProperty(input, 'files', { value: [file], configurable: true });
    await fireEvent.change(input);
  }

  test('are written with one click', async () => {
    openWindow('settings');
    await press('Export');
    await screen.findByText(/^Settings and jobs are in \/home\/ann\/Downloads\/nightkeep-settings\.json/);
  });

  test('of an earlier file come in after a look at them, and go again with one click', async () => {
    const backend = openWindow('settings');
    const before = backend.jobViews.length;
    await pick({ nightkeep_jobs: [JOB, { ...JOB, name: 'docs-sweep' }] });
    await screen.findByText('left out: you have one of that name');
    expect(backend.jobViews.length).toBe(before);
    await press('Import');
    await screen.findByText('1 job imported.');
    expect(backend.jobViews.map((job) => job.spec.name)).toContain('imported');
    await press('Undo');
    await screen.findByText('Everything is as it was.');
    expect(backend.jobViews.length).toBe(before);
  });

  test('change what the dialog lists and nothing else, and go back', async () => {
    const backend = openWindow('settings');
    const before = { ...backend.computer.spec };
    await pick({
      nightkeep_settings: { ...before, keep_days: 90, keep_awake: 'always' },
      nightkeep_jobs: [JOB],
    });
    const asked = await dialog('Import 2 settings and 1 job?');
    expect(within(asked).getByText('Keep ended runs for')).toBeTruthy();
    expect(backend.computer.spec).toEqual(before);
    within(asked).getByRole('button', { name: 'Import' }).click();
    await screen.findByText('2 settings and 1 job imported.');
    expect(backend.computer.spec).toEqual({ ...before, keep_days: 90, keep_awake: 'always' });
    await press('Undo');
    await screen.findByText('Everything is as it was.');
    expect(backend.computer.spec).toEqual(before);
    expect(backend.jobViews.some((job) => job.spec.name === 'imported')).toBe(false);
  });

  test('bring in the jobs alone when that is wanted', async () => {
    const backend = openWindow('settings');
    await pick({ nightkeep_settings: { keep_days: 90 }, nightkeep_jobs: [JOB] });
    const asked = await dialog('Import 1 setting and 1 job?');
    within(asked).getByLabelText('Change 1 setting').click();
    await dialog('Import 1 job?');
    within(asked).getByRole('button', { name: 'Import' }).click();
    await screen.findByText('1 job imported.');
    expect(backend.computer.spec.keep_days).toBe(30);
  });

  test('that are here already change nothing', async () => {
    const backend = openWindow('settings');
    await pick({ nightkeep_settings: backend.computer.spec });
    const asked = await dialog('There is nothing to import');
    within(asked).getByText('The settings in this file are those in force.');
    expect(within(asked).queryByRole('button', { name: 'Import' })).toBeNull();
  });

  test('of which the engine refuses one stay in the dialog with the reason', async () => {
    const backend = openWindow('settings');
    backend.failures.set('setSettings', { ...REFUSED });
    await pick({ nightkeep_settings: { output_max: 'much' }, nightkeep_jobs: [JOB] });
    const asked = await dialog('Import 1 setting and 1 job?');
    within(asked).getByRole('button', { name: 'Import' }).click();
    await within(asked).findByText('It cannot be meant.');
    expect(backend.jobViews.some((job) => job.spec.name === 'imported')).toBe(false);
  });

  test('of another kind are refused with the reason', async () => {
    const { computer } = openWindow('settings');
    const read = (document: unknown): unknown => readFile(JSON.stringify(document), computer.view());
    expect(() => readFile('{', computer.view())).toThrow('no JSON');
    expect(() => read([])).toThrow('no settings and no jobs of Nightkeep');
    expect(() => read({ nightkeep_jobs: [{ name: 'x' }] })).toThrow('no name or no command');
    expect(() => read({ nightkeep_jobs: [], more: 1, and: 2 })).toThrow(
      'this file has `more` and `and`, which this version does not know',
    );
    expect(() => read({ nightkeep_settings: { brightness: 7 } })).toThrow(
      'the setting `brightness`, which this version does not know',
    );
    expect(() => read({ nightkeep_settings: { keep_days: 'x' } })).toThrow(
      'the setting `keep_days` cannot be `"x"`',
    );
    expect(() => read({ nightkeep_settings: { keep_days: null } })).toThrow('`keep_days` cannot be `null`');
    const settings = { max_running: null, max_runtime: '8h', listen: null };
    expect(read({ nightkeep_settings: settings, nightkeep_jobs: [JOB] })).toEqual({ settings, jobs: [JOB] });
    expect(meet([JOB], [])).toEqual([{ spec: JOB, former: null }]);
    await pick({ nightkeep_settings: { brightness: 7 } });
    await screen.findByText(/has the setting/);
  });
});
