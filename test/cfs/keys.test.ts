// The signing keys of the CFS.
import assert from "node:assert/strict";
import test from "node:test";
import {
  cfsKeys,
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  loadSigningKeys,
} from "@liquid-ims/cfs/keys";
import { MemoryCfsStore } from "@liquid-ims/cfs/store/memory-store";
import { thumbprint } from "@liquid-ims/reference-points/jws";
import type { Host } from "@liquid-ims/runtime/host";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { encodeText } from "@liquid-ims/runtime/text";

function host(): { readonly simulation: Simulation; readonly host: Host } {
  const simulation = new Simulation({ seed: 1 });
  const node = simulation.addHost("cfs", { addresses: ["127.0.0.9"], program: (self) => self });
  return { simulation, host: node.node };
}

test("a key survives its text; its kid is its thumbprint", async () => {
  const { simulation, host: cfs } = host();
  const pair = await simulation.settle(generateSigningKey(cfs.crypto));
  const text = await simulation.settle(exportSigningKey(cfs.crypto, pair));
  const again = await simulation.settle(importSigningKey(cfs.crypto, text));
  const keys = cfsKeys(cfs.crypto, again);
  assert.equal(keys.signing.kid, thumbprint(cfs.crypto, pair.publicKey.jwk));
  assert.deepEqual(keys.published, [{ kid: keys.signing.kid, jwk: pair.publicKey.jwk }]);
  assert.ok(!JSON.stringify(keys.published).includes('"d"'), "no private part is published");
  const data = encodeText("x");
  const signature = await simulation.settle(cfs.crypto.sign(keys.signing.key, data));
  assert.ok(await simulation.settle(cfs.crypto.verify(pair.publicKey, data, signature)));
});

test("what is no private key is refused", async () => {
  const { host: cfs } = host();
  for (const text of [
    "",
    "null",
    "{}",
    '{"kty":"EC","crv":"P-256","x":"x","d":"d"}',
    '{"kty":"OKP","crv":"Ed25519","x":"x"}',
  ])
    await assert.rejects(importSigningKey(cfs.crypto, text), { code: "bad-key" }, text);
});

test("one store, one key: made once, read afterwards, by two instances at once", async () => {
  const { simulation, host: cfs } = host();
  const store = new MemoryCfsStore();
  const [first, second] = await simulation.settle(
    Promise.all([loadSigningKeys(cfs, store), loadSigningKeys(cfs, store)]),
  );
  const third = await simulation.settle(loadSigningKeys(cfs, store));
  assert.equal(first.signing.kid, second.signing.kid);
  assert.equal(first.signing.kid, third.signing.kid);
  assert.equal(store.rows.size, 1);
});
