// The program of a process that is one element of the lab: told by the lab what it is, it says when it is ready and what
// it sends. It ends with the lab, however that ends.
import { createLineLog, createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { endProcess, onEndSignal } from "@liquid-ims/runtime/nodejs/end-signals";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { createElement } from "./element.ts";
import {
  type FromElement,
  machineNow,
  type SentData,
  type StartMessage,
  type ToElement,
} from "./element-message.ts";
import { openElementStores } from "./element-stores.ts";

function tell(message: FromElement): void {
  process.send?.(message);
}

/** Tells what is sent, all of one turn at once. */
function createTeller(): { sent(one: SentData): void; flush(): void } {
  let waiting: SentData[] = [];
  function flush(): void {
    if (waiting.length > 0) tell({ type: "sent", sent: waiting });
    waiting = [];
  }
  return {
    sent(one) {
      if (waiting.push(one) === 1) setImmediate(flush);
    },
    flush,
  };
}

function fail(error: unknown): void {
  const code = error instanceof RuntimeError ? error.code : null;
  const message =
    error instanceof Error ? ((code === null ? error.stack : null) ?? error.message) : String(error);
  tell({ type: "failed", code, message });
}

const teller = createTeller();

async function start({ name, kind, spec, folder, logLevel }: StartMessage): Promise<void> {
  const log = createLineLog({ level: logLevel }).child({ host: name });
  const host = createNodejsHost({
    name,
    log,
    onCrash: fail,
    tap: {
      sent: (transport, from, to, data) => teller.sent({ at: machineNow(), transport, from, to, data }),
    },
  });
  const stores = await openElementStores(kind, folder);
  await createElement(kind, spec, stores)(host).ready;
  tell({ type: "ready" });
}

process.on("message", (message: ToElement) => {
  if (message.type === "start") {
    start(message).catch(fail);
    return;
  }
  teller.flush();
  tell({ type: "settled" });
});
process.on("disconnect", () => endProcess(0));
// Signals reach the whole group, of a terminal as of `timeout`; the lab decides when this process ends.
onEndSignal({ first: () => undefined });
