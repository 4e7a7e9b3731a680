export interface Notice {
  id: number;
  text: string;
  action: { label: string; run: () => void } | null;
}

/** Short sentences about what was done, said politely and gone by themselves; at most three at a time. */
export class Notices {
  shown = $state.raw<Notice[]>([]);
  #next = 1;

  say(text: string, action: Notice['action'] = null): void {
    const notice = { id: this.#next, text, action };
    this.#next += 1;
    this.shown = [...this.shown, notice].slice(-3);
    setTimeout(
      () => {
        this.dismiss(notice.id);
      },
      action ? 12_000 : 6_000,
    );
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter((notice) => notice.id !== id);
  }
}
