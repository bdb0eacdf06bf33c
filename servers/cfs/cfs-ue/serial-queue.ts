// Tasks one after the other for each key: what comes from one peer is dealt with in order of arrival.
import type { Host } from "@liquid-ims/runtime/host";

interface Task {
  readonly label: string;
  readonly run: () => Promise<void>;
}

export class SerialQueue {
  readonly #host: Host;
  readonly #waiting = new Map<string, Task[]>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Tasks that have not ended. */
  get length(): number {
    let length = 0;
    for (const tasks of this.#waiting.values()) length += tasks.length;
    return length;
  }

  /** Runs when all that were given before it under the same key have ended; maybe at once. */
  add(key: string, label: string, run: () => Promise<void>): void {
    const tasks = this.#waiting.get(key);
    if (tasks !== undefined) {
      tasks.push({ label, run });
      return;
    }
    const started = [{ label, run }];
    this.#waiting.set(key, started);
    this.#host.spawn(label, () => this.#drain(key, started));
  }

  async #drain(key: string, tasks: Task[]): Promise<void> {
    for (;;) {
      const task = tasks[0];
      if (task === undefined) break;
      await task.run();
      tasks.shift();
    }
    this.#waiting.delete(key);
  }
}
