// Trap T0 on real Kamailio S-CSCFs: one of two devices leaves, the S-CSCF says `Expires: 0` and shows no contact. The CFD
// asks it by its reg event (RFC 3680).
import assert from "node:assert/strict";
import test from "node:test";
import { runOnKamailio } from "./run-on-kamailio.ts";
import type { SeenStep } from "./two-devices.ts";

test("T0 on Kamailio: a device that leaves takes only its own record, which the S-CSCF is asked about", async (context) => {
  const steps = await runOnKamailio<SeenStep>(context, "two-devices.ts");
  const [one, two, secondLeft, firstLeft, again, bothLeft] = steps;
  assert.equal(steps.length, 6);
  assert.deepEqual([one?.records, one?.said], [["pcscf1 registered"], []]);
  assert.deepEqual([two?.records, two?.said], [["pcscf2 registered"], []]);
  // Kamailio forbids the server, and takes the user; the record is that of the device which is left, at its P-CSCF.
  assert.deepEqual(secondLeft?.records, ["pcscf1 registered"]);
  const said = secondLeft?.said.filter((line) => line !== "SUBSCRIBE 0") ?? [];
  assert.deepEqual(said, [
    "SUBSCRIBE 60 <sip:cfd.open-ims.test>",
    "SUBSCRIBE 60 <sip:user001@open-ims.test>",
    "200 to NOTIFY",
  ]);
  // The last device leaves no doubt: nobody is asked again, and the subscription was ended.
  assert.deepEqual(firstLeft?.records, ["pcscf1 left"]);
  const all = [...(secondLeft?.said ?? []), ...(firstLeft?.said ?? [])];
  assert.equal(all.filter((line) => line === "SUBSCRIBE 0").length, 1);
  assert.equal(all.filter((line) => line.startsWith("SUBSCRIBE 60")).length, 2);
  // Both at once: the S-CSCF may have lost the user before it is asked, and forbids the question then.
  assert.deepEqual(again?.records, ["pcscf2 registered"]);
  assert.match(bothLeft?.records.join() ?? "", /^pcscf[12] left$/);
});
