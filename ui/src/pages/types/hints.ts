/** What the built-in types are for. */
const HINTS: Record<string, string> = {
  generic: 'Any command. What has no type is of this one.',
  quick: 'Short commands that are always doing something.',
  llm: 'Pipelines of calls to a model, one answer after the other.',
  agent: 'Coding agents: Claude Code, Codex and their like.',
  build: 'Builds, test suites and fuzzing: long steps without a word.',
  research: 'Research and training runs: the longest steps of all.',
  sentinel: 'Scripts that leave a file for each step, with a heartbeat.',
};

export function hintOf(type: string): string | null {
  return HINTS[type] ?? null;
}
