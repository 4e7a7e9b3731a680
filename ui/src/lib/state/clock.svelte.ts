/** What time it is, to the second; stands still while nobody looks. */
export class Clock {
  /** Wall time, for "today" and lengths since a start. */
  now = $state(Date.now());
  /** The clock of `performance.now()`, for what goes on between snapshots. */
  tick = $state(performance.now());

  start(): () => void {
    const step = (): void => {
      if (document.hidden) return;
      this.now = Date.now();
      this.tick = performance.now();
    };
    const timer = setInterval(step, 1000);
    document.addEventListener('visibilitychange', step);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', step);
    };
  }
}
