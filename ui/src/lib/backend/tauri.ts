import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import { getCurrentWindow } from '@tauri-apps/api/window';
import type { Backend, Unlisten } from './types';

/** The engine behind the Tauri process. A Rust test compares the command names here with those of the process. */
export function createTauriBackend(): Backend {
  let unguard: Unlisten | null = null;
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
    run: (run) => invoke('run_detail', { run }),
    markSeen: (run) => invoke('mark_seen', { run }),
    markAllSeen: () => invoke('mark_all_seen'),
    stopRun: (run, force) => invoke('stop_run', { run, force }),

    jobs: () => invoke('jobs'),
    types: () => invoke('types'),
    startJob: (job) => invoke('start_job', { job }),
    resumeJob: (job) => invoke('resume_job', { job }),
    addJob: (spec) => invoke('add_job', { spec }),
    replaceJob: (job, spec) => invoke('replace_job', { job, spec }),
    deleteJob: (job) => invoke('delete_job', { job }),
    validateJob: (spec, replacing) => invoke('validate_job', { spec, replacing }),
    preflight: (spec, replacing) => invoke('preflight', { spec, replacing }),
    probe: (request) => invoke('probe', { request }),

    settings: () => invoke('settings'),
    setSettings: (spec) => invoke('set_settings', { spec }),
    testNotification: () => invoke('test_notification'),
    storage: () => invoke('storage'),
    cleanNow: () => invoke('clean_now'),
    cancelClean: () => invoke('cancel_clean'),
    startsAtLogin: () => invoke('starts_at_login'),
    setStartsAtLogin: (on) => invoke('set_starts_at_login', { on }),
    openDataFolder: () => invoke('open_data_folder'),
    exportJobs: () => invoke('export_jobs'),

    closeWindow: () => getCurrentWindow().close(),
    async guardClose(mayClose) {
      unguard?.();
      unguard = null;
      if (!mayClose) return;
      unguard = await getCurrentWindow().onCloseRequested((event) => {
        if (!mayClose()) event.preventDefault();
      });
    },
  };
}
