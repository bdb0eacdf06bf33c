// RTR and PPR that the HSS sends to the CFS, because it has written the S-CSCF's name, passed on to a real Kamailio S-CSCF
// over the connection that its cdp has opened to the CFS.
import assert from "node:assert/strict";
import test from "node:test";
import type { SeenPushes } from "./pushes-on-kamailio.ts";
import { runOnKamailio } from "./run-on-kamailio.ts";

test("TS 29.228 6.1.3, 6.1.5 on Kamailio: its cdp calls the CFS, takes RTR and PPR from it, and its answers go back", async (context) => {
  const [seen] = await runOnKamailio<SeenPushes>(context, "pushes-on-kamailio.ts");
  assert.ok(seen !== undefined);
  assert.equal(seen.peer, "R-Open", "Kamailio has called the CFS");
  assert.deepEqual([seen.mar, seen.diameterHost], [true, "cfs.open-ims.test"]);
  // Kamailio 5.6.3 answers no PPR, whoever sends it: the CFS says each time that it could not be delivered.
  const { profile } = seen;
  const isDone = profile?.kind === "answered" && profile.result.code === 2001;
  const isGivenUp = profile?.kind === "given up" && profile.why === "Result-Code 3002";
  assert.ok(isDone || isGivenUp, JSON.stringify(profile));
  assert.deepEqual(seen.termination, {
    kind: "answered",
    result: { kind: "Result-Code", code: 2001 },
  });
  assert.equal(seen.state, "not registered");
});
