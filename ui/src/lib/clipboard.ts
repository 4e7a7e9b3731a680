/** Puts text on the clipboard; where the system's way is not to be had, by selecting a field and copying it. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'visually-hidden';
    document.body.append(field);
    field.select();
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way where the clipboard API is refused
    document.execCommand('copy');
    field.remove();
  }
}
