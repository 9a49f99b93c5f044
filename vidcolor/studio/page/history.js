// What this window changed, step by step: undo and redo without end, kept while the tab is open.

export class History {
  constructor(key, send, changed) {
    this.name = `vidcolor-${key}`;
    this.send = send; this.changed = changed;
    const held = JSON.parse(sessionStorage.getItem(this.name) ?? "null");
    this.past = held?.past ?? []; this.future = held?.future ?? [];
  }

  keep() {
    try { sessionStorage.setItem(this.name, JSON.stringify({ past: this.past, future: this.future })); } catch { /* full: it is kept in memory */ }
    this.changed();
  }

  // `forth` and `back` are lists of changes as `send` takes them.
  async act(forth, back) {
    this.did(forth, back);
    await this.send(forth);
  }

  // As `act`, of what was sent already.
  did(forth, back) {
    this.past.push({ forth, back }); this.future = [];
    this.keep();
  }

  async undo() {
    const step = this.past.pop();
    if (!step) return;
    this.future.push(step); this.keep();
    await this.send(step.back);
  }

  async redo() {
    const step = this.future.pop();
    if (!step) return;
    this.past.push(step); this.keep();
    await this.send(step.forth);
  }
}
