// Waits for servers that a person starts: UEs which come before them find nobody, and an LCF that has found no CFS asks
// again after an hour only (docs/cfs-ue.md).
import type { Host } from "@liquid-ims/runtime/host";
import type { Address } from "@liquid-ims/runtime/network";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";

const lookEveryMs = 500;

async function takesConnections({ network }: Host, address: Address): Promise<boolean> {
  try {
    const stream = await network.connect(address);
    stream.open({ data: () => undefined, closed: () => undefined });
    stream.reset();
    return true;
  } catch (error) {
    if (error instanceof RuntimeError) return false;
    throw error;
  }
}

/** Resolves when each address takes TCP connections, however long that is. */
export async function awaitServers(host: Host, addresses: readonly Address[]): Promise<void> {
  for (const address of addresses)
    while (!(await takesConnections(host, address)))
      await host.clock.sleep(lookEveryMs, "servers of a person's own are awaited");
}
