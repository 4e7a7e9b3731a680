import type { Cleaned, NotificationTest, SettingsSpec, SettingsView, StorageView } from './types';

const NOTHING: Cleaned = {
  runs: 0,
  outputs: 0,
  bytes: 0,
  failures: 0,
  is_cancelled: false,
  is_clock_doubted: false,
};

/** The settings as they come. */
const DEFAULTS: SettingsSpec = {
  notifications: true,
  warnings: false,
  quiet_hours: '23:00-07:00',
  banners: {
    sound: true,
    quiet_days: 'every day',
    morning_report: 'on',
    show: {
      warning: 'off',
      stopped: 'banner',
      breaker: 'banner',
      recovered: 'banner',
      needs_you: 'banner',
      finished: 'per-job',
      failed: 'per-job',
    },
  },
  keep_days: 30,
  keep_output_days: 14,
  output_max: '20MB',
  output_total_max: '1GB',
  max_runtime: null,
  max_running: null,
  keep_awake: 'never',
  icon_style: 'colour',
  listen: null,
};

/** The settings of a scripted engine, and what the computer around it would say. */
export class FakeComputer {
  readonly defaults = DEFAULTS;
  spec: SettingsSpec = { ...DEFAULTS, max_running: 4 };
  startsAtLogin = false;
  fault: string | null = null;
  notification: NotificationTest = { sent: true, message: 'Sent. Notification server: GNOME Shell 50.' };
  hasNotificationSettings = false;
  storage: StorageView = { database_bytes: 4_300_000, output_bytes: 212_000_000, runs: 48, cleaning: null };
  cleaned: Cleaned = { ...NOTHING, runs: 12, outputs: 1, bytes: 48_000_000 };
  /** While it is set, a removal goes on until it is cancelled. */
  isSlow = false;
  #cancel: (() => void) | null = null;

  view(): SettingsView {
    return {
      spec: { ...this.spec },
      defaults: { ...this.defaults },
      file: '/home/ann/.config/nightkeep/config.toml',
      data_dir: '/home/ann/.local/share/nightkeep',
      fault: this.fault,
    };
  }

  clean(): Promise<Cleaned> {
    if (!this.isSlow) {
      this.storage = { ...this.storage, output_bytes: 164_000_000, runs: 36 };
      return Promise.resolve(this.cleaned);
    }
    this.storage = { ...this.storage, cleaning: { done: 3, total: 12 } };
    return new Promise((resolve) => {
      this.#cancel = () => {
        this.storage = { ...this.storage, cleaning: null };
        resolve({ ...NOTHING, runs: 3, bytes: 9_000_000, is_cancelled: true });
      };
    });
  }

  cancelClean(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
