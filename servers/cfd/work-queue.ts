// REGISTERs of one user one after the other, of different users side by side, and never too many.
import type { Host } from "@liquid-ims/runtime/host";

export interface WorkQueue {
  /** False when the queue is full: the task is not taken. */
  add(user: string, task: () => Promise<void>): boolean;
  /** Tasks taken and not yet done. */
  readonly length: number;
  /** From now on no task is taken; resolves when none is left. */
  close(): Promise<void>;
}

export function createWorkQueue(host: Host, limit: number): WorkQueue {
  const waiting = new Map<string, (() => Promise<void>)[]>();
  let length = 0;
  let closed = false;
  const emptied: (() => void)[] = [];
  async function work(user: string, tasks: (() => Promise<void>)[]): Promise<void> {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
      await task();
      length -= 1;
    }
    if (length === 0) for (const tell of emptied.splice(0)) tell();
    waiting.delete(user);
  }
  return {
    add(user, task) {
      if (closed || length >= limit) return false;
      length += 1;
      const tasks = waiting.get(user);
      if (tasks !== undefined) tasks.push(task);
      else {
        const first = [task];
        waiting.set(user, first);
        host.spawn("cfd register", () => work(user, first));
      }
      return true;
    },
    get length() {
      return length;
    },
    close() {
      closed = true;
      return length === 0 ? Promise.resolve() : new Promise((resolve) => emptied.push(resolve));
    },
  };
}
