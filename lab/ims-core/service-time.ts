// How long an element takes for a message, and what it does when it has too many. Without it a parallel move of
// a thousand users takes 4 ms and there is nothing to pace against.
import type { Host } from "@liquid-ims/runtime/host";

/** The capacity of one CSCF or HSS of the lab. */
export interface Capacity {
  /** Time for one request, in milliseconds; 0: none. */
  readonly msPerMessage: number;
  /** Longest wait of a request in the queue, in milliseconds; what would wait longer is refused. */
  readonly queueMs: number;
}

/** One server, first come first served. */
export interface ServiceQueue {
  /** Runs `work` when its turn has come; false when the queue is full. */
  admit(work: () => void, label: string): boolean;
}

export function createServiceQueue(host: Host, capacity: Capacity): ServiceQueue {
  const refused = host.metrics.counter("service_refused_total", {
    help: "Requests refused because the queue was full",
  });
  let freeAt = Number.NEGATIVE_INFINITY;
  return {
    admit(work, label) {
      if (capacity.msPerMessage === 0) {
        work();
        return true;
      }
      const now = host.clock.now();
      const start = Math.max(now, freeAt);
      if (start - now > capacity.queueMs) {
        refused.add();
        return false;
      }
      freeAt = start + capacity.msPerMessage;
      host.clock.after(freeAt - now, work, label);
      return true;
    },
  };
}
