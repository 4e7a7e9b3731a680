/** A length of time as people say it; the same words as Rust's `Span`: `1.5 s`, `45 s`, `12 min`, `1 h 05 min`. */
export function duration(seconds: number): string {
  const ms = Math.max(0, Math.round(seconds * 1000));
  const secs = Math.floor(ms / 1000);
  const tenths = Math.floor((ms % 1000) / 100);
  if (secs < 10 && (tenths > 0 || (secs === 0 && ms > 0))) return `${secs}.${tenths} s`;
  if (secs < 120) return `${secs} s`;
  if (secs < 3600) {
    const minutes = Math.floor(secs / 60);
    return secs % 60 === 0 || secs >= 600 ? `${minutes} min` : `${minutes} min ${two(secs % 60)} s`;
  }
  return `${Math.floor(secs / 3600)} h ${two(Math.floor((secs % 3600) / 60))} min`;
}

/** A length of time as it is written in a form or in `config.toml`: `90s`, `10m`, `1h30m`. */
export function writtenDuration(seconds: number): string {
  const secs = Math.round(seconds);
  if (secs < 60 || (secs < 600 && secs % 60 !== 0)) return `${secs}s`;
  const hours = Math.floor(secs / 3600);
  const minutes = Math.floor((secs % 3600) / 60);
  const rest = secs % 60;
  return `${hours ? `${hours}h` : ''}${minutes ? `${minutes}m` : ''}${rest ? `${rest}s` : ''}`;
}

/** A length of time for an axis: `0`, `30 s`, `15 min`, `2 h`, `1.5 h`. */
export function axisDuration(seconds: number): string {
  if (seconds === 0) return '0';
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 7200 && seconds % 3600 !== 0) return `${Math.round(seconds / 6) / 10} min`;
  return `${Math.round(seconds / 360) / 10} h`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

const UNIT_S: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/**
 * A length of time as it is written in a form, in seconds; `null` when it is none. Only for showing at once how a text is
 * understood: the engine reads it again, and decides.
 */
export function secondsOf(text: string): number | null {
  const written = text.trim().toLowerCase().replaceAll(' ', '');
  if (!/^(\d+(\.\d+)?(ms|[smh])?)+$/.test(written)) return null;
  let sum = 0;
  let before = '';
  for (const [, number, unit] of written.matchAll(/(\d+(?:\.\d+)?)(ms|[smh])?/g)) {
    // A number without a unit is seconds, or minutes right after hours.
    const meant = unit ?? (before === 'h' ? 'm' : 's');
    sum += Number(number) * (UNIT_S[meant] ?? 1);
    before = meant;
  }
  return sum;
}
