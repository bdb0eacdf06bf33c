// The thread's side: takes all messages that wait, runs their calls as one group, answers.
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { ConnectionOptions, Operations, StoreKind } from "./connection.ts";
import { Engine, type Outcome } from "./engine.ts";
import { failureOf } from "./failure.ts";
import type { FromThread, ToThread } from "./worker-driver.ts";

/** So many calls in one transaction at most: a caller's wait has an end. */
const mostCalls = 4_096;

/** Serves a kind of store to the thread that started this one. */
export function serveStore<Calls extends Operations>(kind: StoreKind<Calls>): void {
  const port = parentPort;
  if (port === null) throw new Error(`the ${kind.name}'s thread is started by its driver only`);
  const engine = new Engine(kind, workerData as ConnectionOptions, () => Date.now());
  const send = (outcomes: FromThread["outcomes"]) =>
    port.postMessage({ outcomes, committed: engine.committed } satisfies FromThread);
  send([{ id: null, outcome: openingOf(engine) }]);

  function run(calls: readonly { readonly id: number; readonly name: string; readonly argument: unknown }[]) {
    let outcomes: { id: number; outcome: Outcome }[] = [];
    const flush = () => {
      if (outcomes.length > 0) send(outcomes);
      outcomes = [];
    };
    const isWrite = (index: number) => kind.writes.has(calls[index]?.name ?? "");
    const reads = calls.filter((_call, index) => !isWrite(index)).length;
    let answered = 0;
    engine.run(calls, (index, outcome) => {
      outcomes.push({ id: calls[index]?.id ?? 0, outcome });
      answered += 1;
      // Who only reads need not wait for the disk.
      if (answered === reads) flush();
    });
    flush();
  }

  port.on("message", (first: ToThread) => {
    let message: ToThread | undefined = first;
    while (message !== undefined) {
      const calls: { id: number; name: string; argument: unknown }[] = [];
      let isClosing = false;
      while (message !== undefined && calls.length < mostCalls) {
        if (message.kind === "close") isClosing = true;
        else for (const call of message.calls) calls.push(call);
        message = receiveMessageOnPort(port)?.message as ToThread | undefined;
      }
      for (let from = 0; from < calls.length; from += mostCalls) run(calls.slice(from, from + mostCalls));
      if (isClosing) {
        engine.close();
        port.close();
        return;
      }
    }
  });
}

function openingOf<Calls extends Operations>(engine: Engine<Calls>): Outcome {
  try {
    engine.open();
    return { ok: true, value: null };
  } catch (error) {
    const { code, message } = failureOf(engine.file, error);
    return { ok: false, code, message };
  }
}
