// The updater, against the lab's name server and against one that does whatever a server or a forger may do.
import assert from "node:assert/strict";
import test from "node:test";
import { readMessage, serverTimeData, signMessage } from "@liquid-ims/dns/tsig";
import { TsigKey } from "@liquid-ims/dns/tsig-key";
import type { Change, Prerequisite } from "@liquid-ims/dns/update";
import { type ResponseCode, responseCodeNumber } from "@liquid-ims/dns/update-codes";
import { createUpdater, type UpdateOutcome, type UpdaterOptions } from "@liquid-ims/dns/updater";
import { encodeMessage, flagsOf } from "@liquid-ims/dns/wire";
import { createAuthoritativeDns } from "@liquid-ims/lab/authoritative-dns";
import type { Host } from "@liquid-ims/runtime/host";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { concatBytes, encodeBase64, encodeText } from "@liquid-ims/runtime/text";
import { addBareHost } from "../support/virtual-hosts.ts";

const server = { host: "10.0.0.53", port: 53 };
const zone = "t";
const secret = encodeText("a secret of thirty-two bytes ...");
const key = new TsigKey("cfs-key", "hmac-sha256", secret);
const changes: readonly Change[] = [
  { kind: "add", name: "i2.t", ttl: 5, record: { type: "A", data: "10.0.0.2" } },
];
const unused: readonly Prerequisite[] = [{ kind: "name-not-in-use", name: "i2.t" }];

interface Request {
  readonly data: Uint8Array;
  readonly id: number;
  readonly mac: Uint8Array;
  readonly over: "udp" | "tcp";
  /** 1 for the first. */
  readonly count: number;
}
type Script = (request: Request, host: Host) => readonly Uint8Array[];

/** Sends what the script says, each a millisecond after the other; a TCP message with its length in front. */
function createScriptedServer(script: Script) {
  return (host: Host) => {
    const asked: string[] = [];
    const respond = (data: Uint8Array, over: "udp" | "tcp", send: (answer: Uint8Array) => void) => {
      asked.push(over);
      const received = readMessage(data);
      assert.ok(received.kind === "signed");
      const request = { data, id: received.message.id, mac: received.tsig.mac, over, count: asked.length };
      for (const [index, answer] of script(request, host).entries())
        host.clock.after(index + 1, () => send(answer), "answer");
    };
    const open = async () => {
      const socket = await host.network.udp(server, (data, from) =>
        respond(data, "udp", (answer) => socket.send(answer, from)),
      );
      await host.network.listen(server, (stream) => {
        let received = new Uint8Array(0);
        stream.open({
          data(chunk) {
            received = new Uint8Array(concatBytes([received, chunk]));
            const length = 2 + (((received[0] ?? 0) << 8) | (received[1] ?? 0));
            if (received.length < 2 || received.length < length) return;
            respond(received.subarray(2, length), "tcp", (answer) =>
              stream.write(concatBytes([Uint8Array.of(answer.length >> 8, answer.length & 0xff), answer])),
            );
          },
          closed: () => undefined,
        });
      });
    };
    return { asked, ready: open() };
  };
}

const plain = ({ id }: Request, code: ResponseCode, flags = 0) =>
  encodeMessage({
    id,
    flags: flagsOf.response | (5 << 11) | flags | responseCodeNumber(code),
    questions: [{ name: zone, type: 6, class: 1 }],
    answers: [],
    authorities: [],
    additionals: [],
  });

const signed = (
  request: Request,
  host: Host,
  code: ResponseCode,
  with_: Partial<Parameters<typeof signMessage>[3]> = {},
  by = key,
  flags = 0,
) =>
  signMessage(host.crypto, by, plain(request, code, flags), {
    time: host.clock.wall() / 1000,
    requestMac: request.mac,
    ...with_,
  }).data;

async function scripted(script: Script, options: Partial<UpdaterOptions> = {}, prerequisites = unused) {
  const simulation = new Simulation({ seed: 1 });
  const { node } = simulation.addHost("dns", {
    addresses: [server.host],
    program: createScriptedServer(script),
  });
  await simulation.settle(node.ready);
  const client = addBareHost(simulation, "client", "10.0.0.2").node;
  const updater = createUpdater(client, { server, zone, key, ...options });
  const began = simulation.now;
  const outcome = await simulation.settle(updater.update({ prerequisites, changes }));
  return { outcome, asked: node.asked, took: Math.round(simulation.now - began) };
}

function brief(outcome: UpdateOutcome): string {
  if (outcome.kind === "done") return "done";
  const certain = outcome.certain ? "certain" : "uncertain";
  if (outcome.kind !== "refused") return `${outcome.kind} ${certain}`;
  const { code, tsigError, verified } = outcome;
  return `${code}${tsigError === null ? "" : `+${tsigError}`} ${verified ? "verified" : "unverified"} ${certain}`;
}

test("RFC 8945 5.4: an answer with a right signature counts, at once; each code by its name", async () => {
  const codes = ["FORMERR", "SERVFAIL", "NOTIMP", "REFUSED", "NOTAUTH", "NOTZONE"] as const;
  for (const code of codes) {
    const { outcome, took } = await scripted((request, host) => [signed(request, host, code)]);
    assert.equal(brief(outcome), `${code} verified certain`);
    assert.ok(took < 20, code);
  }
  const done = await scripted((request, host) => [signed(request, host, "NOERROR")]);
  assert.equal(brief(done.outcome), "done");
  assert.ok(done.took < 20);
});

test("RFC 2136 3.2: a prerequisite that failed is believed when no NOERROR to another copy follows", async () => {
  for (const code of ["NXDOMAIN", "YXDOMAIN", "YXRRSET", "NXRRSET"] as const) {
    const { outcome, took, asked } = await scripted((request, host) => [signed(request, host, code)]);
    assert.equal(brief(outcome), `${code} verified uncertain`);
    assert.equal(took, 500);
    assert.equal(asked.length, 1);
  }
  // The network doubled the request and turned its two answers round.
  const { outcome } = await scripted((request, host) => [
    signed(request, host, "YXDOMAIN"),
    signed(request, host, "NOERROR"),
  ]);
  assert.equal(brief(outcome), "done");
});

test("a NOERROR without a signature, with a wrong one, with another request's, or of another key never counts", async () => {
  const other = new TsigKey("cfs-key", "hmac-sha256", encodeText("another secret of 32 bytes ....."));
  const stranger = new TsigKey("stranger", "hmac-sha256", secret);
  const forgeries: Readonly<Record<string, readonly [Script, RegExp]>> = {
    unsigned: [(request) => [plain(request, "NOERROR")], /answered NOERROR without a signature$/],
    "wrong secret": [
      (request, host) => [signed(request, host, "NOERROR", {}, other)],
      /with a wrong signature$/,
    ],
    "another request": [
      (request, host) => [signed(request, host, "NOERROR", { requestMac: new Uint8Array(32) })],
      /with a wrong signature$/,
    ],
    "another key": [
      (request, host) => [signed(request, host, "NOERROR", {}, stranger)],
      /with another key \(stranger, hmac-sha256\)$/,
    ],
    "long ago": [
      (request, host) => [signed(request, host, "NOERROR", { time: host.clock.wall() / 1000 - 400 })],
      /a signature of -400 s from now, more than its fudge of 300 s$/,
    ],
    cut: [
      (request, host) => [signed(request, host, "NOERROR", { macLength: 16 })],
      /a signature that was cut$/,
    ],
  };
  for (const [what, [script, detail]] of Object.entries(forgeries)) {
    const alone = await scripted(script);
    assert.equal(brief(alone.outcome), "unverifiable uncertain", what);
    assert.match(alone.outcome.kind === "done" ? "" : alone.outcome.detail, detail);
    assert.equal(alone.took, 500, "waited for a better one");
    const followed = await scripted((request, host) => [
      ...script(request, host),
      signed(request, host, "REFUSED"),
    ]);
    assert.equal(brief(followed.outcome), "REFUSED verified certain", what);
  }
});

test("another id, a question instead of an answer, another opcode, garbage: no answers at all", async () => {
  const { outcome, asked, took } = await scripted((request, host) => {
    const good = signed(request, host, "NOERROR");
    const change = (at: number, bits: number) => {
      const changed = good.slice();
      changed.set([(changed[at] ?? 0) ^ bits], at);
      return changed;
    };
    return [change(0, 1), change(2, 0x80), change(2, 0x28), good.subarray(0, 40), Uint8Array.of(1, 2, 3)];
  });
  assert.equal(brief(outcome), "unanswered uncertain");
  assert.equal(asked.length, 4);
  assert.equal(took, 7_500);
});

test("RFC 8945 5.3.2: BADKEY and BADSIG come unsigned: named, after a right answer was waited for", async () => {
  for (const error of ["BADKEY", "BADSIG"] as const) {
    const script: Script = (request, host) => [signed(request, host, "NOTAUTH", { error, macLength: 0 })];
    const { outcome, took, asked } = await scripted(script);
    assert.equal(brief(outcome), `NOTAUTH+${error} unverified uncertain`);
    assert.equal(took, 500);
    assert.equal(asked.length, 1);
    const forged = await scripted((request, host) => [
      ...script(request, host),
      signed(request, host, "NOERROR"),
    ]);
    assert.equal(brief(forged.outcome), "done");
  }
  const { outcome } = await scripted((request) => [plain(request, "NOTIMP")]);
  assert.equal(brief(outcome), "NOTIMP unverified uncertain");
});

test("RFC 8945 5.4.3: BADTIME tells the server's clock; ours is not set, and nothing is sent again", async () => {
  let ahead = 0;
  const { outcome, asked } = await scripted((request, host) => {
    ahead = host.clock.wall() / 1000 + 1_000;
    return [signed(request, host, "NOTAUTH", { error: "BADTIME", otherData: serverTimeData(ahead) })];
  });
  assert.equal(brief(outcome), "NOTAUTH+BADTIME verified certain");
  assert.ok(outcome.kind === "refused");
  assert.equal(outcome.serverTime, Math.floor(ahead));
  assert.match(outcome.detail, /its clock is (999|1000) s ahead of ours$/);
  assert.equal(asked.length, 1);
});

test("lost copies are sent again, the same bytes; what fails after that is not certain", async () => {
  const seen = new Set<string>();
  const { outcome, asked, took } = await scripted((request, host) => {
    seen.add(request.data.join());
    return request.count < 3 ? [] : [signed(request, host, "NOERROR")];
  });
  assert.equal(brief(outcome), "done");
  assert.equal(asked.length, 3);
  assert.equal(seen.size, 1);
  assert.ok(took >= 1_500 && took < 1_520, String(took));
  const late = await scripted((request, host) =>
    request.count === 1 ? [] : [signed(request, host, "YXDOMAIN")],
  );
  assert.equal(brief(late.outcome), "YXDOMAIN verified uncertain");
});

test("RFC 8945 5.3: a cut answer counts when its signature is right, else TCP is asked", async () => {
  const right = await scripted((request, host) => [
    signed(request, host, "NOERROR", {}, key, flagsOf.truncated),
  ]);
  assert.equal(brief(right.outcome), "done");
  assert.deepEqual(right.asked, ["udp"]);
  const cut = await scripted((request, host) =>
    request.over === "udp"
      ? [plain(request, "NOERROR", flagsOf.truncated)]
      : [signed(request, host, "NOERROR")],
  );
  assert.equal(brief(cut.outcome), "done");
  assert.deepEqual(cut.asked, ["udp", "tcp"]);
});

test("TCP by choice: no copy but one; silence, another's answer and no connection are told apart", async () => {
  const tcp = { transport: "tcp" } as const;
  const done = await scripted((request, host) => [signed(request, host, "NOERROR")], tcp);
  assert.deepEqual([brief(done.outcome), done.asked], ["done", ["tcp"]]);
  const failed = await scripted((request, host) => [signed(request, host, "YXDOMAIN")], tcp);
  assert.equal(brief(failed.outcome), "YXDOMAIN verified certain");
  assert.ok(failed.took < 20, "over TCP no copy can be doubled");
  const silent = await scripted(() => [], tcp);
  assert.equal(brief(silent.outcome), "unanswered uncertain");
  assert.equal(Math.round(silent.took / 100), 75);
  const nobody = await scripted(() => [], { ...tcp, server: { host: "10.0.0.53", port: 54 } });
  assert.equal(brief(nobody.outcome), "unanswered certain");
});

async function labZone(seed: number) {
  const simulation = new Simulation({ seed });
  const { node } = simulation.addHost("dns", {
    addresses: [server.host],
    program: createAuthoritativeDns({
      origin: zone,
      zone: [{ name: "i1.t", type: "A", ttl: 5, data: "10.0.0.1" }],
      listen: server,
      keys: `key "cfs-key" { algorithm hmac-sha256; secret "${encodeBase64(secret)}"; };`,
    }),
  });
  await simulation.settle(node.ready);
  const client = addBareHost(simulation, "client", "10.0.0.2").node;
  return { simulation, node, client };
}

test("a long update goes over TCP from the start", async () => {
  const { simulation, node, client } = await labZone(1);
  const updater = createUpdater(client, { server, zone, key });
  const many = Array.from(
    { length: 60 },
    (_, index): Change => ({
      kind: "add",
      name: "m.t",
      ttl: 5,
      record: { type: "A", data: `10.0.1.${index}` },
    }),
  );
  assert.deepEqual(await simulation.settle(updater.update({ changes: many })), { kind: "done" });
  assert.equal(node.records().filter(({ name }) => name === "m.t").length, 60);
});

test("over a link that loses, doubles and reorders: done is always true, and what is certain is right", async () => {
  const seen = new Map<string, number>();
  for (let seed = 0; seed < 200; seed++) {
    const { simulation, node, client } = await labZone(seed);
    simulation.link("*", "*", { delayMs: 5, loss: 0.25, duplicate: 0.2, reorder: 0.2 });
    const updater = createUpdater(client, { server, zone, key });
    const outcome = await simulation.settle(updater.update({ prerequisites: unused, changes }));
    const isThere = node.records().some(({ name }) => name === "i2.t");
    if (outcome.kind === "done") assert.ok(isThere, `seed ${seed}`);
    else assert.ok(!outcome.certain || !isThere, `seed ${seed}: ${outcome.detail}`);
    const text = brief(outcome);
    seen.set(text, (seen.get(text) ?? 0) + 1);
  }
  assert.ok((seen.get("done") ?? 0) > 150, JSON.stringify([...seen]));
  assert.ok(seen.has("YXDOMAIN verified uncertain"), "its own first copy, carried out unseen");
});
