import { open, STATES, test, THEMES } from './window';

/** Where the pictures are kept; only a run that is asked for them writes them. */
const FOLDER = process.env['NIGHTKEEP_PICTURES'];

for (const theme of THEMES) {
  for (const state of STATES) {
    test(`a picture of ${state.name} in the ${theme} theme`, async ({ page }, info) => {
      await open(page, state, theme);
      await page.screenshot({
        path: FOLDER === undefined ? info.outputPath('page.png') : `${FOLDER}/${state.name}-${theme}.png`,
        animations: 'disabled',
      });
    });
  }
}
