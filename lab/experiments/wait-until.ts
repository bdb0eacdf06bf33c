// Waiting for something that no event tells, with an end.
import type { Host } from "@liquid-ims/runtime/host";

export interface Waiting {
  /** Milliseconds of the clock. */
  readonly limitMs: number;
  /** For the error: "waited 15 s for ...". */
  readonly what: string;
  /** When the limit has passed. Default: throw. */
  readonly orElse?: "throw" | "go on";
}

const lookEveryMs = 50;

export async function waitUntil(
  host: Host,
  holds: () => boolean | Promise<boolean>,
  { limitMs, what, orElse }: Waiting,
): Promise<void> {
  const until = host.clock.now() + limitMs;
  while (!(await holds())) {
    if (host.clock.now() >= until) {
      if (orElse === "go on") return;
      throw new Error(`waited ${limitMs / 1000} s for ${what}, in vain`);
    }
    await host.clock.sleep(lookEveryMs, "experiment waits");
  }
}
