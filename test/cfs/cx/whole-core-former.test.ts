// What a UE says of dialogs that it holds no more when it accepts a move: names that mean the same at both ends.
import assert from "node:assert/strict";
import test from "node:test";
import { decodeSubscribeBody } from "@liquid-ims/reference-points/decode-cfs-ue";
import { dialogName } from "@liquid-ims/reference-points/dialog-name";
import { parseJws } from "@liquid-ims/reference-points/jws";
import { NodejsCrypto } from "@liquid-ims/runtime/nodejs/crypto";
import type { TestUe } from "../../ue-lcf/ue-world.ts";
import { ended, leave, type OwnCfs, openOwnCfs, s1, s2 } from "./own-cfs.ts";

const crypto = new NodejsCrypto();

/** What this user's device has named as former when it accepted last. */
function formerOf({ world }: OwnCfs, { identity }: TestUe): readonly string[] | undefined {
  const accepted = world.messages.flatMap(({ hop, text }) => {
    if (!hop.endsWith(" > cfs") || !text.startsWith("SUBSCRIBE") || !text.includes(`From: <${identity}>`))
      return [];
    const jws = parseJws(text.split("\r\n\r\n")[1] ?? "");
    const body = jws.ok ? decodeSubscribeBody(jws.value.payload) : null;
    assert.ok(body?.ok === true, text);
    return body.value.answers.filter((one) => one.answer === "accepted");
  });
  assert.ok(accepted.length > 0);
  return accepted.at(-1)?.former;
}

/** The dialog of the INVITE that was answered last. */
function newestDialog({ world }: OwnCfs): string {
  const answer = world.messages.findLast(
    ({ text }) => text.startsWith("SIP/2.0 200 ") && /\r\nCSeq: \d+ INVITE\r\n/.test(text),
  );
  const value = (pattern: RegExp) => pattern.exec(answer?.text ?? "")?.[1] ?? "";
  const tags = [/\r\nFrom: .*;tag=([^;\r]+)/, /\r\nTo: .*;tag=([^;\r]+)/].map(value);
  return dialogName(value(/\r\nCall-ID: (.*)\r\n/), tags[0] ?? "", tags[1] ?? "", crypto);
}

test("both ends of a call that is over name its dialog as long as they remember it", async () => {
  const made = await openOwnCfs(73);
  const [alice, bob] = [await made.world.openUe(1, 1), await made.world.openUe(2, 2)];
  const { placed } = await made.world.connect(alice, bob);
  const name = newestDialog(made);
  placed.hangUp();
  await made.world.wait(20_000);
  await ended(made, await leave(made));
  assert.deepEqual([formerOf(made, alice), formerOf(made, bob)], [[name], [name]]);
  await made.world.wait(35_000);
  const back = { function: s2, targets: [{ function: s1 }] };
  await ended(made, await leave(made, back));
  assert.deepEqual([formerOf(made, alice), formerOf(made, bob)], [undefined, undefined]);
});

test("a dialog that was replaced is a former one, the one in its place is not", async () => {
  const made = await openOwnCfs(79);
  const [alice, bob] = [await made.world.openUe(1, 1), await made.world.openUe(2, 2)];
  await made.world.connect(alice, bob);
  const name = newestDialog(made);
  const moved = await ended(made, await leave(made));
  assert.equal(moved.dialogs.kept, 1);
  const back = { function: s2, targets: [{ function: s1 }] };
  await ended(made, await leave(made, back));
  assert.deepEqual([formerOf(made, alice), formerOf(made, bob)], [[name], [name]]);
});
