import type { PauseView } from '../backend/types';
import { clockTime } from './time';

/** `Paused until 08:00`, as the tray says it too. */
export function pausedWords(paused: PauseView): string {
  return paused.until === null ? 'Paused' : `Paused until ${clockTime(paused.until)}`;
}
