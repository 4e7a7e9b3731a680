/** To the page, from what is gone: a button that has done its work, or a way around the sections. */
export function focusPage(): void {
  document.getElementById('main')?.focus();
}
