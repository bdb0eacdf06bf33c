// Two nodes over TCP of this machine.
import assert from "node:assert/strict";
import test from "node:test";
import { sendCx, serveCx } from "@liquid-ims/diameter/cx/command";
import { success } from "@liquid-ims/diameter/cx/experimental-result";
import { locationInfo } from "@liquid-ims/diameter/cx/location-info";
import { DiameterNode } from "@liquid-ims/diameter/node";
import { silentLog } from "@liquid-ims/runtime/log";
import { createNodejsHost, type NodejsHost } from "@liquid-ims/runtime/nodejs";
import { nodeOptions, realm } from "./diameter-world.ts";

const hssName = "hss.ims.example";
const cfsName = "cfs.ims.example";

function host(name: string): NodejsHost {
  return createNodejsHost({
    name,
    log: silentLog,
    onCrash: (error) => {
      throw error;
    },
  });
}

/** Resolves when the peer is open, or Closed. */
function until(node: DiameterNode, open: boolean): Promise<void> {
  return new Promise((resolve) => {
    node.watchPeers(({ state }) => {
      if (state.endsWith("-Open") === open) resolve();
    });
  });
}

test("over TCP: capabilities, 200 requests at once, and goodbye", async () => {
  const hosts = [host(hssName), host(cfsName)] as const;
  const listen = { host: "127.0.0.1", port: 0 };
  const hss = new DiameterNode(
    hosts[0],
    nodeOptions({ originHost: hssName, listen, peers: [{ originHost: cfsName }] }),
  );
  serveCx(hss, locationInfo, ({ request, answer }) =>
    answer(success, { serverName: request.publicIdentity }),
  );
  await hss.start();
  const cfs = new DiameterNode(
    hosts[1],
    nodeOptions({ originHost: cfsName, peers: [{ originHost: hssName, address: hss.local }] }),
  );
  const opened = until(cfs, true);
  await cfs.start();
  await opened;
  const names = await Promise.all(
    Array.from(
      { length: 200 },
      (_, index) =>
        new Promise<string>((resolve) => {
          const publicIdentity = `sip:${index}@ims.example`;
          sendCx(cfs, locationInfo, { destinationRealm: realm }, { publicIdentity }, (outcome) =>
            resolve(outcome.kind === "answer" ? (outcome.answer.serverName ?? "none") : outcome.kind),
          );
        }),
    ),
  );
  assert.deepEqual(
    names,
    names.map((_, index) => `sip:${index}@ims.example`),
  );
  const closed = until(cfs, false);
  await new Promise<void>((resolve) => {
    hss.stop("REBOOTING", resolve);
  });
  await closed;
  cfs.stop();
  await Promise.all(hosts.map((one) => one.close()));
});
