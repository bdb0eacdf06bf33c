// Sets of records as the zone's own name server has them. RFC 1035 4.2.2, RFC 2308 2, RFC 2181 5.
import assert from "node:assert/strict";
import test from "node:test";
import { createAuthority } from "@liquid-ims/dns/authority";
import { createAuthoritativeDns, type ZoneRecord } from "@liquid-ims/lab/authoritative-dns";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { addBareHost } from "../support/virtual-hosts.ts";

const server = { host: "10.0.0.53", port: 53 };

async function world(zone: readonly ZoneRecord[]) {
  const simulation = new Simulation({ seed: 1 });
  const name = simulation.addHost("ns", {
    addresses: [server.host],
    program: createAuthoritativeDns({ origin: "t", zone, listen: server }),
  });
  await simulation.settle(name.node.ready);
  const client = addBareHost(simulation, "client", "10.0.0.1").node;
  const authority = createAuthority(client, { server, timeoutMs: 1_000 });
  const read = (...asked: Parameters<typeof authority.read>) => simulation.settle(authority.read(...asked));
  return { simulation, name, read };
}

const a = (name: string, data: string): ZoneRecord => ({ name, type: "A", ttl: 17, data });

test("RFC 2181 5: a set comes whole, with its TTL, however long it is", async () => {
  const many = Array.from({ length: 60 }, (_, index) => a("i.t", `10.0.1.${index}`));
  const { read } = await world(many);
  const reading = await read("I.T.", "A");
  assert.ok(reading.kind === "found");
  assert.deepEqual([reading.ttl, reading.records.length], [17, 60]);
  assert.deepEqual(reading.records[59], { type: "A", data: "10.0.1.59" });
});

test("RFC 2308 2: a name without such records is told from a name that nobody uses", async () => {
  const { read } = await world([a("i.t", "10.0.1.1")]);
  assert.deepEqual(await read("i.t", "AAAA"), { kind: "none", nameInUse: true });
  assert.deepEqual(await read("j.t", "A"), { kind: "none", nameInUse: false });
});

test("RFC 1034 3.6.2: an alias is told, not followed", async () => {
  const { read } = await world([a("i.t", "10.0.1.1"), { name: "j.t", type: "CNAME", ttl: 5, data: "i.t" }]);
  assert.deepEqual(await read("j.t", "A"), { kind: "alias", target: "i.t" });
  const own = await read("j.t", "CNAME");
  assert.deepEqual(own, { kind: "found", ttl: 5, records: [{ type: "CNAME", data: "i.t" }] });
});

test("a server that has not the zone, or is gone, has failed, and says how", async () => {
  const { read, name } = await world([a("i.t", "10.0.1.1")]);
  const other = await read("i.elsewhere", "A");
  assert.ok(other.kind === "failed");
  assert.deepEqual(
    [other.code, other.detail],
    ["REFUSED", "10.0.0.53:53 answered REFUSED to a query for i.elsewhere A"],
  );
  name.kill();
  const gone = await read("i.t", "A");
  assert.ok(gone.kind === "failed" && gone.code === null);
  assert.match(gone.detail, /connect to 10\.0\.0\.53:53/);
});
