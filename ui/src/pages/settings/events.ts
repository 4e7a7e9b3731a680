import type { ShowSpec } from '../../lib/backend/types';

export type Event = keyof ShowSpec;
export type Place = ShowSpec[Event];

const AS_ITS_JOB_SAYS = 'A job asks for a banner in its form, under More.';

/** What a person can be told of, in the order of how much it matters. */
export const EVENTS: readonly { event: Event; label: string; help?: string }[] = [
  { event: 'stopped', label: 'A run was stopped' },
  {
    event: 'needs_you',
    label: 'A run needs you',
    help: 'It waits for you, gives no sign of life, goes round in circles, has spent its budget, or cannot be judged.',
  },
  {
    event: 'breaker',
    label: 'A job will not start again',
    help: 'It failed or was stopped three times in a row.',
  },
  {
    event: 'recovered',
    label: 'A run was found again',
    help: 'After a crash or a restart of the computer: it still runs, or is over.',
  },
  {
    event: 'warning',
    label: 'A run is quiet for long',
    help: 'Past its warning limit, not stopped yet. The tray shows it anyway.',
  },
  { event: 'failed', label: 'A run failed by itself', help: AS_ITS_JOB_SAYS },
  { event: 'finished', label: 'A run finished', help: AS_ITS_JOB_SAYS },
];

/** How it is said where an event is told. */
export const PLACES: Record<Place, string> = {
  'per-job': 'As its job says',
  banner: 'Banner',
  digest: 'Morning report only',
  off: 'Off',
};

/** Where an event can be told, and how that is said. */
export function placesOf(event: Event): [Place, string][] {
  const places: Place[] = ['banner', 'digest', 'off'];
  const all: Place[] = event === 'finished' || event === 'failed' ? ['per-job', ...places] : places;
  return all.map((place) => [place, PLACES[place]]);
}

/** The same with one event told elsewhere. Only places that `placesOf` has for it are meant. */
export function moved(show: ShowSpec, event: Event, place: Place): ShowSpec {
  return { ...show, [event]: place };
}
