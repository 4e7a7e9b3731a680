import type { EvidenceProcess, RunDetail } from '../backend/types';
import { percent, size } from './count';
import { duration } from './duration';
import { joinCommand } from './shellwords';
import { dayAndTime, exactTime, period } from './time';
import { resultOf } from './words';

const CHARACTERS_MAX = 64_000;

/** A run as a report to paste into an issue or a chat. The environment is never part of it. */
export function runAsMarkdown(run: RunDetail): string {
  const parts = [
    heading(run),
    facts(run),
    timeline(run),
    processes(run.evidence?.processes ?? []),
    output(run),
  ];
  const text = homeless(parts.filter(Boolean).join('\n\n'));
  return text.length > CHARACTERS_MAX ? `${text.slice(0, CHARACTERS_MAX)}\n…` : `${text}\n`;
}

function heading(run: RunDetail): string {
  const result = run.ended ? resultOf(run.ended).text : 'Running';
  return `## ${run.job}, run ${run.run}: ${result}\n\n${run.message}`;
}

function facts(run: RunDetail): string {
  const { ended, limits } = run;
  const when = ended
    ? `${period(ended.started_at, ended.ended_at)} (${duration(ended.duration_s)})`
    : `since ${dayAndTime(run.started_at)}`;
  const lines = [
    `- When: ${when}`,
    `- Limits: warning after ${duration(limits.warn_after_s)}, stop after ${duration(limits.stall_after_s)}, grace ${duration(limits.grace_s)}`,
  ];
  if (run.command.length > 0) lines.push(`- Command: ${inline(joinCommand(run.command))}`);
  if (run.cwd) lines.push(`- Folder: ${inline(run.cwd)}`);
  const last = run.advances.at(-1);
  lines.push(last ? `- Last advance: step ${last.step} at ${exactTime(last.at)}` : '- It never advanced.');
  if (ended && ended.survivors.length > 0) lines.push(`- Still alive: pid ${ended.survivors.join(', ')}`);
  return lines.join('\n');
}

function timeline(run: RunDetail): string {
  return run.timeline.map((event) => `- ${exactTime(event.at)} ${event.text}`).join('\n');
}

function processes(tree: readonly EvidenceProcess[]): string {
  if (tree.length === 0) return '';
  const lines = tree.map((one) => {
    const use = [
      one.cpu_percent === null ? '' : percent(one.cpu_percent),
      one.memory_bytes === null ? '' : size(one.memory_bytes),
    ];
    return `${'  '.repeat(one.depth)}${one.pid} ${one.command || one.name} (${[one.state, ...use].filter(Boolean).join(', ')})`;
  });
  return `### Processes before the stop\n\n${fenced(lines.join('\n'))}`;
}

function output(run: RunDetail): string {
  const { lines } = run.output;
  return lines.length === 0 ? '' : `### Last output\n\n${fenced(lines.join('\n'))}`;
}

/** A fence longer than any row of backticks within. */
export function fenced(text: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

function inline(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** Home directories say who somebody is. */
function homeless(text: string): string {
  return text
    .replaceAll(/(?:\/home|\/Users)\/[^/\s'"`]+/g, '~')
    .replaceAll(/[A-Z]:\\Users\\[^\\\s'"`]+/g, '~');
}
