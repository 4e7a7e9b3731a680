import type { LeftoverView, RunDetail } from '../../lib/backend/types';
import { count, list, percent } from '../../lib/format/count';
import { duration } from '../../lib/format/duration';
import { links } from '../../lib/state/router.svelte';

/** Something that can be done about a run, and the stored fact that it rests on. */
export interface Advice {
  fact: string;
  deed: string;
  /** Where it is done, if that is a page of the window. */
  link?: { href: string; text: string };
}

/** So much of a line of output is enough to know it again. */
const LINE_MAX = 80;

/** What can be done about an ended run. Only what is on record is said; nothing is guessed. */
export function adviceFor(run: RunDetail, isJob: boolean, left: LeftoverView | null): Advice[] {
  if (!run.ended) return [];
  return [
    ...aboutSurvivors(run, left),
    ...aboutStart(run, isJob),
    ...aboutStall(run, isJob),
    ...aboutStubborn(run, isJob),
    ...aboutSleep(run),
    ...aboutFailure(run),
    ...aboutLoss(run),
  ];
}

function edit(run: RunDetail, isJob: boolean): Pick<Advice, 'link'> {
  return isJob ? { link: { href: links.editJob(run.job), text: 'Change the job' } } : {};
}

function aboutSurvivors(run: RunDetail, left: LeftoverView | null): Advice[] {
  const survivors = run.ended?.survivors ?? [];
  if (survivors.length > 0)
    return [
      {
        fact: `${count(survivors.length, 'process', 'processes')} outlived the forced stop (pid ${survivors.join(', ')}).`,
        deed: 'It may keep using your quota: end it yourself, or restart the computer.',
      },
    ];
  if (!left) return [];
  return [
    {
      fact: 'It left processes behind.',
      deed: left.stopping ? 'They are being stopped.' : 'Stop them with the button at the top of the window.',
    },
  ];
}

function aboutStart(run: RunDetail, isJob: boolean): Advice[] {
  const hasBegun = run.timeline.some((event) => event.kind === 'started');
  if (run.ended?.outcome !== 'failed' || hasBegun) return [];
  return [
    { fact: 'The command never ran.', deed: 'Look at its program and its folder.', ...edit(run, isJob) },
  ];
}

function aboutStall(run: RunDetail, isJob: boolean): Advice[] {
  if (run.ended?.reason !== 'stalled') return [];
  if (run.quiet.teeth.length === 0)
    return [
      {
        fact: run.evidence?.marker?.trouble
          ? `It never advanced: ${run.evidence.marker.trouble} (${run.evidence.marker.path}).`
          : 'It never advanced.',
        deed: 'Look whether the command writes its marker where the job expects it.',
        ...edit(run, isJob),
      },
    ];
  const unreadable = run.quiet.bands.filter((band) => band.kind === 'unreadable' && isAtTheEnd(run, band.to));
  if (unreadable.length > 0)
    return [
      {
        fact: 'Its marker could not be read when it was stopped.',
        deed: 'Have it written in one go, as `nightkeep mark` does.',
      },
    ];
  const hosts = [...new Set((run.evidence?.sockets ?? []).map((socket) => socket.remote).filter(Boolean))];
  const idle = (run.evidence?.processes ?? []).every((process) => (process.cpu_percent ?? 0) < 1);
  if (hosts.length > 0 && idle)
    return [
      {
        fact: `It used next to no processor time and had ${count(hosts.length, 'connection')} open (${list(hosts.slice(0, 3))}).`,
        deed: 'Give the request a time limit, so that it fails instead of waiting.',
      },
    ];
  const busy = run.evidence?.processes.find((process) => (process.cpu_percent ?? 0) >= 50);
  if (busy)
    return [
      {
        fact: `${busy.name} (pid ${busy.pid}) was busy with ${percent(busy.cpu_percent ?? 0)} of a core.`,
        deed: `If that was work, it needs a longer limit than ${duration(run.limits.stall_after_s)}, or more marks.`,
        ...edit(run, isJob),
      },
    ];
  const last = run.output.lines.findLast((line) => line.trim() !== '')?.trim() ?? '';
  return [
    {
      fact: `It stayed at one step for ${duration(run.limits.stall_after_s)}, and ${last === '' ? 'its output tells nothing' : `the last line of its output is “${shortened(last)}”`}.`,
      deed: 'If that was work, it needs a longer limit or more marks; otherwise run it again.',
      ...edit(run, isJob),
    },
  ];
}

function shortened(line: string): string {
  const letters = Array.from(line);
  return letters.length > LINE_MAX ? `${letters.slice(0, LINE_MAX).join('')}…` : line;
}

function isAtTheEnd(run: RunDetail, to: string | null): boolean {
  return to === null || to === run.ended?.ended_at;
}

function aboutStubborn(run: RunDetail, isJob: boolean): Advice[] {
  const stubborn = (run.evidence?.processes ?? []).filter((process) => process.end === 'ignored');
  const names = [...new Set(stubborn.map((process) => process.name))];
  if (names.length === 0) return [];
  return [
    {
      fact: `${list(names.slice(0, 3))} did not end within the grace of ${duration(run.limits.grace_s)}.`,
      deed: 'Have it end when it gets TERM, or lengthen the grace.',
      ...edit(run, isJob),
    },
  ];
}

function aboutSleep(run: RunDetail): Advice[] {
  const asleep = run.quiet.bands.filter((band) => band.kind === 'asleep' && band.to !== null);
  const seconds =
    asleep.reduce((sum, band) => sum + Date.parse(band.to ?? '') - Date.parse(band.from), 0) / 1000;
  if (seconds < 600) return [];
  return [
    {
      fact: `The computer slept for ${duration(seconds)} of it.`,
      deed: 'Keep it awake while runs go on if the night is to be used.',
    },
  ];
}

function aboutFailure(run: RunDetail): Advice[] {
  const { ended } = run;
  const hasBegun = run.timeline.some((event) => event.kind === 'started');
  if (ended?.outcome !== 'failed' || !hasBegun || run.output.lines.length === 0) return [];
  return [
    {
      fact: 'It ended by itself, with an error.',
      deed: 'Its last output, below, says more.',
    },
  ];
}

function aboutLoss(run: RunDetail): Advice[] {
  if (run.ended?.outcome !== 'lost') return [];
  return [
    {
      fact: 'Its end was not seen.',
      deed: 'Look whether its work is whole before you build on it.',
    },
  ];
}
