import type { Draft } from './draft';

/** A way to begin the form of a job. */
export interface Preset {
  name: string;
  type: string;
  command: string;
  sources: string;
  progress: string;
  /** How the job says that it moves forward, and what else is to be known. */
  says: string;
}

export const PRESETS: readonly Preset[] = [
  {
    name: 'Claude Code',
    type: 'agent',
    command: `claude -p 'What is to be done' --output-format stream-json --verbose`,
    sources: 'claude-stream',
    progress: '',
    says: 'Its turns and tools are read from what it prints. It has to be allowed its tools beforehand, for nobody answers at night.',
  },
  {
    name: 'Codex',
    type: 'agent',
    command: `codex exec --json 'What is to be done'`,
    sources: 'codex-exec',
    progress: '',
    says: 'Its turns and tools are read from what it prints.',
  },
  {
    name: 'Python script',
    type: 'generic',
    command: 'python3 -u script.py',
    sources: '',
    progress: 'progress.json',
    says: 'The script writes {"step": 3} into the marker each time it has got something done, or calls `nightkeep mark 3`.',
  },
  {
    name: 'Cron job',
    type: 'generic',
    command: '/usr/local/bin/backup',
    sources: '',
    progress: '',
    says: 'Cron goes on starting it. In the crontab, write this in the place of the command:',
  },
  {
    name: 'Attach',
    type: 'generic',
    command: '',
    sources: '',
    progress: 'progress.json',
    says: 'What is started by something else is no job: attach to its process while it runs, with this command:',
  },
];

const COMMANDS = new Set(PRESETS.map((preset) => preset.command));
const MARKERS = new Set(PRESETS.map((preset) => preset.progress));
const SOURCES = new Set(PRESETS.map((preset) => preset.sources));

/** Fills the form in; what somebody typed himself stays. */
export function begin(draft: Draft, preset: Preset): void {
  draft.type = preset.type;
  if (COMMANDS.has(draft.command)) draft.command = preset.command;
  if (MARKERS.has(draft.progress)) draft.progress = preset.progress;
  if (SOURCES.has(draft.sources)) draft.sources = preset.sources;
}
