import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import { getCurrentWindow } from '@tauri-apps/api/window';
import type { Backend, Unlisten } from './types';

/** The engine behind the Tauri process. A Rust test compares the command names here with those of the process. */
export function createTauriBackend(): Backend {
  let guard: (() => boolean) | null = null;
  let farewell: (() => Promise<boolean>) | null = null;
  let unlisten: Promise<Unlisten> | null = null;

  /** One listener for both: while there is one, the window closes only when it says so. */
  async function hearOfClosing(): Promise<void> {
    if (guard || farewell) {
      unlisten ??= getCurrentWindow().onCloseRequested(async (event) => {
        if (guard?.() === false || (await farewell?.()) === false) event.preventDefault();
      });
      await unlisten;
    } else {
      (await unlisten)?.();
      unlisten = null;
    }
  }

  return {
    async listen(events) {
      const stops = await Promise.all([
        listen<Parameters<typeof events.live>[0]>('live', (event) => {
          events.live(event.payload);
        }),
        listen<Parameters<typeof events.away>[0]>('away', (event) => {
          events.away(event.payload);
        }),
        listen<string>('navigate', (event) => {
          events.navigate(event.payload);
        }),
      ]);
      return () => {
        for (const stop of stops) stop();
      };
    },
    current: () => invoke('current'),
    reconnect: () => invoke('reconnect'),
    takePendingNavigation: () => invoke('take_pending_navigation'),
    showWindow: () => invoke('show_window'),

    history: (query) => invoke('history', { query }),
    historyPage: (query) => invoke('history_page', { query }),
    night: (date) => invoke('night', { date }),
    async exportHistory(query, format, progress) {
      const stop = await listen<Parameters<typeof progress>[0]>('export', (event) => {
        progress(event.payload);
      });
      try {
        return await invoke('export_history', { query, format });
      } finally {
        stop();
      }
    },
    cancelExport: () => invoke('cancel_export'),
    openDataFolder: () => invoke('open_data_folder'),
    run: (run) => invoke('run_detail', { run }),
    markSeen: (run) => invoke('mark_seen', { run }),
    markUnseen: (run) => invoke('mark_unseen', { run }),
    markAllSeen: () => invoke('mark_all_seen'),
    runMarkdown: (run) => invoke('run_markdown', { run }),
    openRunFolder: (run) => invoke('open_run_folder', { run }),
    openRunLog: (run) => invoke('open_run_log', { run }),
    extendRun: (run, byS) => invoke('extend_run', { run, byS }),
    startDemo: () => invoke('start_demo'),
    tellOnce: (what) => invoke('tell_once', { what }),
    stopRun: (run, force) => invoke('stop_run', { run, force }),

    jobs: () => invoke('jobs'),
    types: () => invoke('types'),
    typeGaps: (name) => invoke('type_gaps', { name }),
    jobGaps: (job) => invoke('job_gaps', { job }),
    setType: (name, limits) => invoke('set_type', { name, limits }),
    setCapacity: (name, maxRunning) => invoke('set_capacity', { name, maxRunning }),
    deleteType: (name) => invoke('delete_type', { name }),
    validateType: (draft) => invoke('validate_type', { draft }),
    startJob: (job) => invoke('start_job', { job }),
    stopJob: (job) => invoke('stop_job', { job }),
    resumeJob: (job) => invoke('resume_job', { job }),
    snoozeJob: (job) => invoke('snooze_job', { job }),
    unsnoozeJob: (job) => invoke('unsnooze_job', { job }),
    addJob: (spec) => invoke('add_job', { spec }),
    replaceJob: (job, spec) => invoke('replace_job', { job, spec }),
    deleteJob: (job) => invoke('delete_job', { job }),
    validateJob: (spec, replacing) => invoke('validate_job', { spec, replacing }),
    preflight: (spec, replacing) => invoke('preflight', { spec, replacing }),
    probe: (request) => invoke('probe', { request }),

    settings: () => invoke('settings'),
    setSettings: (spec) => invoke('set_settings', { spec }),
    resetSettings: () => invoke('reset_settings'),
    testNotification: () => invoke('test_notification'),
    hasNotificationSettings: () => invoke('has_notification_settings'),
    openNotificationSettings: () => invoke('open_notification_settings'),
    storage: () => invoke('storage'),
    cleanNow: () => invoke('clean_now'),
    cancelClean: () => invoke('cancel_clean'),
    startsAtLogin: () => invoke('starts_at_login'),
    setStartsAtLogin: (on) => invoke('set_starts_at_login', { on }),
    exportSettings: () => invoke('export_settings'),
    diagnostics: () => invoke('diagnostics'),
    saveDiagnostics: () => invoke('save_diagnostics'),

    pause: (request) => invoke('pause', { request }),
    resume: () => invoke('resume'),
    quit: (choice) => invoke('quit', { choice }),

    closeWindow: () => getCurrentWindow().close(),
    guardClose: (mayClose) => {
      guard = mayClose;
      return hearOfClosing();
    },
    async onFarewell(mayClose) {
      farewell = mayClose;
      await hearOfClosing();
      return () => {
        farewell = null;
        void hearOfClosing();
      };
    },
  };
}
