export type Theme = 'system' | 'light' | 'dark';

const KEY = 'nightkeep.window';

interface Kept {
  theme: Theme;
  singleKeys: boolean;
}

/** What is about this window on this computer, and is kept with it: how it looks, and what keys do. */
export class Preferences {
  theme = $state<Theme>('system');
  /** Whether single letters are shortcuts. */
  singleKeys = $state(true);

  constructor() {
    const kept = read();
    this.theme = kept.theme;
    this.singleKeys = kept.singleKeys;
    if (kept.theme !== 'system') this.#show();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.#show();
    this.#keep();
  }

  setSingleKeys(on: boolean): void {
    this.singleKeys = on;
    this.#keep();
  }

  #show(): void {
    const { dataset } = document.documentElement;
    if (this.theme === 'system') delete dataset['theme'];
    else dataset['theme'] = this.theme;
  }

  #keep(): void {
    const kept: Kept = { theme: this.theme, singleKeys: this.singleKeys };
    try {
      window.localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // A webview that keeps nothing shows what was chosen until it is closed.
    }
  }
}

function read(): Kept {
  try {
    const kept = JSON.parse(window.localStorage.getItem(KEY) ?? '{}') as Partial<Kept>;
    const theme = kept.theme === 'light' || kept.theme === 'dark' ? kept.theme : 'system';
    return { theme, singleKeys: kept.singleKeys !== false };
  } catch {
    return { theme: 'system', singleKeys: true };
  }
}
