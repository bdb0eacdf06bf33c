// The CFD on real sockets: the same program, garbage first, then a good REGISTER over UDP and over TCP.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import test from "node:test";
import { createCfd } from "@liquid-ims/cfd/cfd";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import { functions, thirdParty } from "./messages.ts";

test("on real sockets: garbage is survived, a good REGISTER is answered 200 over UDP and TCP", async () => {
  const crashes: unknown[] = [];
  const host = createNodejsHost({ name: "cfd", onCrash: (error) => crashes.push(error) });
  const store = new MemoryLocationStore();
  const cfd = createCfd({
    store,
    config: {
      listen: [
        { protocol: "udp", address: { host: "127.0.0.1", port: 0 } },
        { protocol: "tcp", address: { host: "127.0.0.1", port: 0 } },
      ],
      sCscfs: [{ name: "sip:scscf1.open-ims.test:6060", addresses: ["127.0.0.1"] }],
      functions,
    },
  })(host);
  await cfd.ready;
  const portOf = (protocol: "udp" | "tcp") =>
    cfd.local.find((target) => target.protocol === protocol)?.address.port ?? 0;

  const udp = createSocket("udp4");
  await new Promise<void>((resolve) => {
    udp.bind(0, "127.0.0.1", resolve);
  });
  for (const garbage of ["\u0000\u0001", "REGISTER", "SIP/2.0 200 OK\r\n\r\n"])
    udp.send(garbage, portOf("udp"), "127.0.0.1");
  const via = `SIP/2.0/UDP 127.0.0.1:${udp.address().port};branch=z9hG4bKreal1`;
  udp.send(serializeMessage(thirdParty({ headers: { Via: via } })), portOf("udp"), "127.0.0.1");
  const [datagram]: Buffer[] = await once(udp, "message");
  assert.match(datagram?.toString() ?? "", /^SIP\/2\.0 200 /);
  udp.close();

  const half = connect(portOf("tcp"), "127.0.0.1");
  await once(half, "connect");
  half.write("REGISTER sip:cfd SIP/2.0\r\nVia: ");
  const tcp = connect(portOf("tcp"), "127.0.0.1");
  await once(tcp, "connect");
  tcp.write(serializeMessage(thirdParty({ user: "bob", branch: "z9hG4bKreal2" })));
  const [chunk]: Buffer[] = await once(tcp, "data");
  assert.match(chunk?.toString() ?? "", /^SIP\/2\.0 200 /);
  half.destroy();
  tcp.destroy();

  assert.equal((await store.byFunction({ pCscf: "pcscf1.open-ims.test" })).length, 2);
  await cfd.stop();
  await host.close();
  assert.deepEqual(crashes, []);
});
