// What came of the calls of call-load.
import assert from "node:assert/strict";
import test from "node:test";
import { countPhases } from "@liquid-ims/sipp-scenarios/call-load/phases";
import { EndLog } from "@liquid-ims/sipp-scenarios/ue/event-log";
import { eventsOf, stamp } from "../ue/events.ts";

const transfer = { state: "COMPLETED", planned: 1, moved: 1, left: 0, from: 10, to: 20 };

function phasesOf(...lines: string[]): number[][] {
  const { before, during, after } = countPhases(
    { calls: eventsOf(...lines).calls, ends: new EndLog() },
    transfer,
  );
  return [before, during, after].map(({ calls, failed, replaced }) => [calls, failed, replaced]);
}

test("a call that is up at any moment of the transfer counts as during it, whenever it began or fails", () => {
  const call = (id: string, sent: number, done: number | null) => [
    `sent ${id}@a sip:u@x ${stamp(sent)}`,
    ...(done === null ? [] : [`done ${id}@a sip:u@x ${stamp(done)}`]),
  ];
  assert.deepEqual(
    phasesOf(
      ...[
        ...call("over", 7, 9.9),
        ...call("lasting", 9, 11),
        ...call("good", 11, 16),
        ...call("bad", 12, null),
      ],
      ...[...call("longer", 19, 30), ...call("later", 20.1, 25)],
    ),
    [
      [1, 0, 0],
      [4, 1, 0],
      [1, 0, 0],
    ],
  );
});

test("RFC 3891: a call goes on in the dialogs that replace it, and fails with the last of them", () => {
  const first = (id: string) => `sent ${id} sip:u@x ${stamp(11)}`;
  const ended = (id: string) => `ended ${id} sip:u@x ${stamp(12)}`;
  const done = (id: string) => `done ${id} - ${stamp(14)}`;
  assert.deepEqual(phasesOf(first("a"), ended("a"), "replaces b - a", done("b"))[1], [1, 0, 1], "kept");
  assert.deepEqual(phasesOf(first("a"), ended("a"))[1], [1, 1, 0], "hung up on");
  assert.deepEqual(phasesOf(first("a"), ended("a"), "replaces b - a")[1], [1, 1, 1], "the new one hangs");
  const twice = ["replaces b - a", "replaces c - b", `ended b - ${stamp(13)}`];
  assert.deepEqual(phasesOf(first("a"), ended("a"), ...twice, done("c"))[1], [1, 0, 1], "replaced twice");
  assert.deepEqual(phasesOf(first("a"), ended("a"), ...twice, `ended c - ${stamp(13)}`)[1], [1, 1, 1]);
  assert.deepEqual(phasesOf("replaces b - unknown", done("b"))[1], [0, 0, 0], "no call of ours");
});
