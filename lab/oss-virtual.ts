// os-cfs on the virtual clock: the CFS's operations are called after a link's delay.
import type { CfsNode } from "@liquid-ims/cfs/cfs";
import type { Host } from "@liquid-ims/runtime/host";
import type { OsCfsCarrier } from "./oss.ts";

const delayMs = 1;

export function createVirtualCarrier(host: Host, cfs: () => CfsNode): OsCfsCarrier {
  return async (exchange) => {
    await host.clock.sleep(delayMs, "os-cfs request");
    const reply = await callOperation(cfs(), exchange.method, exchange.path, exchange.body);
    await host.clock.sleep(delayMs, "os-cfs reply");
    return reply;
  };
}
