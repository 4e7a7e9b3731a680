import AxeBuilder from '@axe-core/playwright';
import { expect, open, STATES, test, THEMES } from './window';

for (const theme of THEMES) {
  for (const state of STATES) {
    test(`${state.name} in the ${theme} theme has no fault that axe can find`, async ({ page }) => {
      await open(page, state, theme);
      const { violations } = await new AxeBuilder({ page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
        .analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual(
        [],
      );
    });
  }
}

for (const state of STATES) {
  test(`${state.name} can be read at 320 pixels, which is 400 % of a small window`, async ({ page }) => {
    await page.setViewportSize({ width: 320, height: 640 });
    await open(page, state);
    const widest = await page.evaluate(() => {
      const main = document.querySelector('main');
      return Math.max(document.documentElement.scrollWidth, main?.scrollWidth ?? 0);
    });
    expect(widest).toBeLessThanOrEqual(320);
  });

  test(`${state.name} has a visible focus on each thing that the Tab key reaches, in the order of the page`, async ({
    page,
  }) => {
    await open(page, state);
    const count = await page.evaluate(
      () =>
        document.querySelectorAll('a[href], button:not(:disabled), input:not(:disabled), select, textarea')
          .length,
    );
    const places: number[] = [];
    for (let step = 0; step < Math.min(count, 25); step += 1) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => {
        const element = document.activeElement;
        if (!element || element === document.body) return null;
        const style = getComputedStyle(element);
        const all = [...document.querySelectorAll('*')];
        const isMarked =
          (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
        return { isMarked, place: all.indexOf(element), html: element.outerHTML.slice(0, 120) };
      });
      if (!focused) break;
      expect(focused.isMarked, focused.html).toBe(true);
      places.push(focused.place);
    }
    expect(places.length).toBeGreaterThan(0);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });
}

test('colours that a person has forced leave each state its words and edges', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  for (const state of STATES) {
    await open(page, state);
    await expect(page.getByRole('navigation', { name: 'Sections' })).toBeVisible();
  }
});
