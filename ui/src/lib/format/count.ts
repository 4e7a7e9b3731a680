/** A number with its noun: `1 run`, `2 runs`, `3 processes`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${value.toLocaleString('en')} ${value === 1 ? one : many}`;
}

/** The parts of a list in a sentence: `a`, `a and b`, `a, b and c`. */
export function list(parts: readonly string[]): string {
  const last = parts.at(-1);
  if (last === undefined) return '';
  return parts.length === 1 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}

/** A size in bytes: `512 B`, `18 kB`, `212 MB`, `1.4 GB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const shown = unit > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0);
  return `${shown} ${units[unit] ?? 'B'}`;
}

/** A share of processor time, 100 being one core: `0.0 %`. */
export function percent(value: number): string {
  return `${value.toFixed(1)} %`;
}

/** A part of a whole: `90 %`. Only all of it is `100 %`. */
export function share(part: number): string {
  return `${Math.floor(part * 100 + 1e-9)} %`;
}

/** What something costs: `$1.23`, and with more places below a cent. */
export function dollars(amount: number): string {
  return `$${amount.toFixed(amount > 0 && amount < 0.01 ? 4 : 2)}`;
}
