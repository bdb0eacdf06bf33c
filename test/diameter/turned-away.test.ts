// Who may open a connection, and what the others get. RFC 6733 5.3, 5.6.
import assert from "node:assert/strict";
import test from "node:test";
import { decodeAvps } from "@liquid-ims/diameter/avp";
import { isAvp } from "@liquid-ims/diameter/dictionary";
import { originHost } from "@liquid-ims/diameter/dictionary/base";
import type { DecodedMessage } from "@liquid-ims/diameter/message";
import { capabilitiesAt } from "@liquid-ims/diameter/peer/capabilities-exchange";
import type { Host } from "@liquid-ims/runtime/host";
import { encodeHex } from "@liquid-ims/runtime/text";
import { addBareHost } from "../support/virtual-hosts.ts";
import { call, capabilities, cerOf, isOpenTo, port } from "./diameter-world.ts";
import { avp, codeOf, head, identity, message, stranger, world } from "./raw-messages.ts";

test("5.3: strangers, wrong addresses, no common application and other first messages are turned away", async () => {
  const made = world();
  await made.simulation.run({ ms: 100 });
  const elsewhere = addBareHost(made.simulation, "elsewhere", "10.0.0.8").host;
  const foreign = { applications: [{ applicationId: 4, vendorId: 0 }] };
  const turned = async (host: Host, cer: Parameters<typeof call>[3]) => {
    const raw = await call(made.simulation, host, port("10.0.0.1"), cer);
    if (cer === null) raw.write(message([...head, identity]));
    await made.simulation.run({ ms: 500 });
    assert.ok(raw.ended);
    return raw.received.map((one) => [codeOf(one), one.message.flags & 0x20]);
  };
  assert.deepEqual(await turned(made.host, cerOf("unknown.ims.example")), [[3010, 0x20]]);
  assert.deepEqual(await turned(elsewhere, cerOf(stranger)), [[3010, 0x20]]);
  assert.deepEqual(await turned(made.host, cerOf(stranger, foreign)), [[5010, 0]]);
  assert.deepEqual(await turned(made.host, null), []);
  const nameless = cerOf(stranger);
  const avps = nameless.avps.filter((one) => !isAvp(one, originHost));
  assert.deepEqual(await turned(made.host, { ...nameless, avps }), [[5005, 0]]);
  assert.ok(!isOpenTo(made.node.node, stranger));
});

test("5.3: a CER without Host-IP-Address is accepted, one with TLS alone is not", async () => {
  const made = world();
  await made.simulation.run({ ms: 100 });
  const tls = cerOf(stranger);
  const secure = {
    ...tls,
    avps: [...tls.avps, ...decodeAvps(avp(299, 0x40, Uint8Array.of(0, 0, 0, 1))).avps],
  };
  const refused = await call(made.simulation, made.host, port("10.0.0.1"), secure);
  assert.deepEqual(refused.received.map(codeOf), [5017]);
  const raw = await call(
    made.simulation,
    made.host,
    port("10.0.0.1"),
    cerOf(stranger, { hostIpAddresses: [] }),
  );
  assert.deepEqual(raw.received.map(codeOf), [2001]);
  assert.ok(isOpenTo(made.node.node, stranger));
  const second = await call(made.simulation, made.host, port("10.0.0.1"), cerOf(stranger));
  assert.ok(second.ended && second.received.length === 0, "5.6: a second connection is rejected");
  assert.ok(isOpenTo(made.node.node, stranger));
});

test("a connection that sends no CER is closed after its time", async () => {
  const made = world();
  await made.simulation.run({ ms: 100 });
  const raw = await call(made.simulation, made.host, port("10.0.0.1"), null);
  await made.simulation.run({ ms: 9_000 });
  assert.ok(!raw.ended);
  await made.simulation.run({ ms: 1_000 });
  assert.ok(raw.ended);
});

test("5.3.5: Host-IP-Address is the connection's own end, of CER, CEA and refusals, unless it is set", async () => {
  const made = world();
  await made.simulation.run({ ms: 100 });
  const addressesOf = (one: DecodedMessage | undefined) =>
    (one?.message.avps ?? []).filter(({ code }) => code === 257).map(({ data }) => encodeHex(data));
  const refused = await call(made.simulation, made.host, port("10.0.0.1"), cerOf("unknown.ims.example"));
  const raw = await call(made.simulation, made.host, port("10.0.0.1"), cerOf(stranger));
  for (const { received } of [refused, raw]) assert.deepEqual(addressesOf(received[0]), ["00010a000001"]);
  const local = { hostIpAddresses: [] as string[] };
  const at = (address: string) => capabilitiesAt({ ...capabilities("a"), ...local }, address).hostIpAddresses;
  assert.deepEqual(at("::ffff:192.0.2.1"), ["192.0.2.1"]);
  assert.deepEqual(at("fe80::1%eth0"), ["fe80::1"]);
  assert.deepEqual(at("2001:db8::1"), ["2001:db8::1"]);
  assert.deepEqual(capabilitiesAt(capabilities("a"), "192.0.2.1").hostIpAddresses, ["10.0.0.9"]);
});
