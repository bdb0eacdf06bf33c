// Trust in cfs-ue bodies: hello, ticket, commands; the rows of the attack table that need no network.
import assert from "node:assert/strict";
import test from "node:test";
import type { Hello, NotifyBody, SubscribeBody, Ticket } from "@liquid-ims/reference-points/cfs-ue";
import {
  importKeys,
  openCommand,
  openHello,
  openNotify,
  openPolicy,
  openSubscribe,
  openTicket,
  sealCommand,
  sealNotify,
  sealPolicy,
  sealSubscribe,
} from "@liquid-ims/reference-points/cfs-ue-body";
import { encodePayload } from "@liquid-ims/reference-points/decode-cfs-ue";
import { signJws, thumbprint } from "@liquid-ims/reference-points/jws";
import { encodeText } from "@liquid-ims/runtime/text";
import { commands, hello, notifyBody, policy, subscribeBody, ticket } from "./samples.ts";
import { testCrypto } from "./test-crypto.ts";

async function party() {
  const pair = await testCrypto.generateKey("EdDSA");
  const kid = thumbprint(testCrypto, pair.publicKey.jwk);
  return {
    kid,
    jwk: pair.publicKey.jwk,
    key: { kid, key: pair.privateKey },
    keys: (name: string) => (name === kid ? pair.publicKey : undefined),
  };
}

type Party = Awaited<ReturnType<typeof party>>;

function helloOf(lcf: Party): SubscribeBody & { hello: Hello } {
  return { ...subscribeBody, hello: { ...hello, key: lcf.jwk } };
}

function ticketOf(cfs: Party): NotifyBody & { ticket: Ticket } {
  return { ...notifyBody, ticket: { ...ticket, keys: [{ kid: cfs.kid, jwk: cfs.jwk }] } };
}

async function outcome(
  opened: Promise<{ readonly ok: boolean; readonly failure?: string }>,
): Promise<string> {
  const result = await opened;
  return result.ok ? "accepted" : (result.failure ?? "");
}

test("cfs-ue 6: a hello is verified with the key in it", async () => {
  const lcf = await party();
  const jws = await sealSubscribe(testCrypto, lcf.key, helloOf(lcf));
  assert.deepEqual(await openHello(testCrypto, jws), { ok: true, kid: lcf.kid, value: helloOf(lcf) });
});

test("cfs-ue 6: a hello with another's key, signed by the sender, proves nothing", async () => {
  const [victim, attacker] = [await party(), await party()];
  const jws = await sealSubscribe(testCrypto, attacker.key, helloOf(victim));
  assert.equal(await outcome(openHello(testCrypto, jws)), "unknown kid");
  const disguised = { kid: victim.kid, key: attacker.key.key };
  const forged = await sealSubscribe(testCrypto, disguised, helloOf(victim));
  assert.equal(await outcome(openHello(testCrypto, forged)), "bad signature");
});

test("cfs-ue 6: a body without hello opens no dialog, a key that is none is refused", async () => {
  const lcf = await party();
  const { hello: _hello, ...rest } = subscribeBody;
  assert.equal(
    await outcome(openHello(testCrypto, await sealSubscribe(testCrypto, lcf.key, rest))),
    "bad payload",
  );
  const noKey = { ...subscribeBody, hello: { ...hello, key: { ...lcf.jwk, x: "AAAA" } } };
  assert.equal(
    await outcome(openHello(testCrypto, await sealSubscribe(testCrypto, lcf.key, noKey))),
    "bad key",
  );
});

test("cfs-ue 6: a ticket is taken with the nonce of this dialog and gives the keys for all that follows", async () => {
  const cfs = await party();
  const opened = await openTicket(
    testCrypto,
    await sealNotify(testCrypto, cfs.key, ticketOf(cfs)),
    ticket.nonce,
  );
  assert.ok(opened.ok);
  assert.deepEqual(opened.value, ticketOf(cfs));
  const { keys } = opened;
  const command = commands["query"];
  assert.ok(command !== undefined);
  const sealed = await sealCommand(testCrypto, cfs.key, command);
  assert.deepEqual(await openCommand(testCrypto, sealed, (kid) => keys.get(kid)), {
    ok: true,
    kid: cfs.kid,
    value: command,
  });
});

test("attack: unsolicited ticket, wrong nonce, a ticket signed by none of its keys", async () => {
  const [cfs, attacker] = [await party(), await party()];
  const good = await sealNotify(testCrypto, cfs.key, ticketOf(cfs));
  assert.equal(await outcome(openTicket(testCrypto, good, "another nonce of mine")), "wrong nonce");
  const foreign = await sealNotify(testCrypto, attacker.key, ticketOf(cfs));
  assert.equal(await outcome(openTicket(testCrypto, foreign, ticket.nonce)), "unknown kid");
  const { ticket: _ticket, ...rest } = notifyBody;
  const bare = await sealNotify(testCrypto, cfs.key, rest);
  assert.equal(await outcome(openTicket(testCrypto, bare, ticket.nonce)), "bad payload");
});

test("attack: a ticket whose kid is not the key's thumbprint is refused", async () => {
  const [cfs, other] = [await party(), await party()];
  const body = { ...notifyBody, ticket: { ...ticket, keys: [{ kid: other.kid, jwk: cfs.jwk }] } };
  const jws = await sealNotify(testCrypto, { kid: other.kid, key: cfs.key.key }, body);
  assert.equal(await outcome(openTicket(testCrypto, jws, ticket.nonce)), "bad key");
  assert.equal(await importKeys(testCrypto, [{ kid: other.kid, jwk: cfs.jwk }]), null);
});

test("attack: every body is refused in every place but its own", async () => {
  const peer = await party();
  const command = commands["cancel"];
  assert.ok(command !== undefined);
  const sealed = {
    notify: await sealNotify(testCrypto, peer.key, notifyBody),
    subscribe: await sealSubscribe(testCrypto, peer.key, subscribeBody),
    command: await sealCommand(testCrypto, peer.key, command),
    policy: await sealPolicy(testCrypto, peer.key, policy),
  };
  const open = { notify: openNotify, subscribe: openSubscribe, command: openCommand, policy: openPolicy };
  for (const [place, opener] of Object.entries(open))
    for (const [kind, jws] of Object.entries(sealed)) {
      const expected = place === kind ? "accepted" : "wrong typ";
      assert.equal(await outcome(opener(testCrypto, jws, peer.keys)), expected, `${kind} as ${place}`);
    }
});

test("attack: a report under the typ of a command is no command", async () => {
  const peer = await party();
  const jws = await signJws(testCrypto, {
    typ: "command",
    key: peer.key,
    payload: encodePayload(subscribeBody),
  });
  assert.equal(await outcome(openCommand(testCrypto, jws, peer.keys)), "bad payload");
});

test("cfs-ue 3: a command is the same bytes whenever it is repeated, in whatever body", async () => {
  const cfs = await party();
  const command = commands["move to a P-CSCF"];
  assert.ok(command !== undefined);
  const jws = await sealCommand(testCrypto, cfs.key, command);
  for (const seq of [1, 2]) {
    const body = await sealNotify(testCrypto, cfs.key, { v: "1.0", seq, commands: [jws], acks: [] });
    const opened = await openNotify(testCrypto, body, cfs.keys);
    assert.ok(opened.ok);
    assert.equal(opened.value.commands[0], jws);
  }
});

test("cfs-ue: a well signed payload of another major version is refused with its field", async () => {
  const peer = await party();
  const payload = encodeText(JSON.stringify({ ...policy, v: "2.0" }));
  const opened = await openPolicy(
    testCrypto,
    await signJws(testCrypto, { typ: "policy", key: peer.key, payload }),
    peer.keys,
  );
  assert.ok(!opened.ok);
  assert.deepEqual([opened.failure, opened.field], ["bad payload", "v"]);
});
