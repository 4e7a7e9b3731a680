import { open, STATES, test, THEMES } from './window';

/** Where the pictures of the README are kept; only a run that is asked for them writes them. */
const FOLDER = process.env['NIGHTKEEP_PICTURES'];
const SHOWN = ['overview', 'history', 'run-stopped', 'types'];

for (const theme of THEMES) {
  for (const state of STATES) {
    test(`a picture of ${state.name} in the ${theme} theme`, async ({ page }, info) => {
      await open(page, state, theme);
      const isKept = FOLDER !== undefined && SHOWN.includes(state.name);
      const path = isKept ? `${FOLDER}/${state.name}-${theme}.png` : info.outputPath('page.png');
      await page.screenshot({ path, animations: 'disabled' });
    });
  }
}
