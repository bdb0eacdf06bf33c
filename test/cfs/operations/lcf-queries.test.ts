// POST /users/{user}/query: whether a command reaches an LCF. cfs-ue 7.
import assert from "node:assert/strict";
import test from "node:test";
import type { LcfChannel, LcfMessage, LcfState } from "@liquid-ims/cfs/cfs-ue/channel";
import { LcfQueries } from "@liquid-ims/cfs/operations/lcf-queries";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import { registrationKeyOf } from "@liquid-ims/location-service/record";
import type { CommandBody } from "@liquid-ims/reference-points/cfs-ue";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { sampleRecord } from "../../compliance/location-store.ts";
import { addBareHost } from "../../support/virtual-hosts.ts";

const record = sampleRecord();
const registration = registrationKeyOf(record);

interface World {
  /** What the LCF says to a command after so many milliseconds; null: nothing. */
  readonly answer?: (command: CommandBody) => LcfMessage | null;
  readonly state?: LcfState;
  readonly commanded?: boolean;
}

async function open({
  answer = () => null,
  state = { reachable: true, since: 0 },
  commanded = false,
}: World) {
  const simulation = new Simulation({ seed: 1 });
  const host = addBareHost(simulation, "cfs", "10.0.0.1").node;
  const location = new MemoryLocationStore();
  await simulation.settle(location.upsert([{ record, expect: "absent" }]));
  const sent: CommandBody[] = [];
  const forgotten: string[] = [];
  const listeners: Parameters<LcfChannel["onMessage"]>[0][] = [];
  const channel: LcfChannel = {
    known: () => [],
    state: () => state,
    sequenceReached: () => 7,
    send(to, command) {
      assert.equal(to, registration);
      sent.push(command);
      const message = answer(command);
      if (message === null) return;
      const tell = () => {
        for (const listener of listeners) listener(to, message);
      };
      host.clock.after(40, tell, "the LCF answers");
    },
    onMessage: (listener) => void listeners.push(listener),
    onState: () => undefined,
    forget: (_registration, operation) => void forgotten.push(operation),
  };
  const queries = new LcfQueries({ host, location, channel, isCommanded: () => commanded });
  return { sent, forgotten, listeners, ask: (user: string) => simulation.settle(queries.ask(user)) };
}

const { impu: user, contact } = record;
const head = ({ operation, sequence }: CommandBody) => ({ id: "a1", operation, sequence });

test("answered: how many dialogs, in how many milliseconds; the next sequence, and the command is forgotten", async () => {
  const dialog = { id: "d1", state: "confirmed", role: "uac", emergency: false, replaceable: true } as const;
  const world = await open({
    answer: (command) => ({ ...head(command), answer: "accepted", armed: false, dialogs: [dialog] }),
  });
  assert.deepEqual(await world.ask(user), [
    { user, contact, result: "answered", detail: "", milliseconds: 40, dialogs: 1 },
  ]);
  const [command, ...others] = world.sent;
  assert.deepEqual(others, []);
  assert.deepEqual([command?.command, command?.sequence], ["query", 8]);
  assert.deepEqual(world.forgotten, [command?.operation]);
});

test("a refusal is an answer, too: it has been there", async () => {
  const world = await open({
    answer: (command) => ({
      ...head(command),
      ...{ answer: "refused", reason: "another operation is open", detail: "", dialogs: [] },
    }),
  });
  const [line] = await world.ask(user);
  assert.deepEqual([line?.result, line?.detail], ["answered", "another operation is open"]);
});

test("no answer in five seconds; an answer to something else is none", async () => {
  const world = await open({
    answer: (command) => ({
      ...head(command),
      operation: "t-1",
      answer: "accepted",
      armed: false,
      dialogs: [],
    }),
  });
  const [line] = await world.ask(user);
  assert.deepEqual([line?.result, line?.detail], ["no answer", "no answer in 5 s"]);
  assert.equal(world.forgotten.length, 1);
});

test("not asked: no LCF, or a transfer that commands it; nobody of that name", async () => {
  const away = await open({ state: { reachable: false, reason: "no LCF" } });
  assert.deepEqual(
    (await away.ask(user)).map(({ result, detail }) => [result, detail]),
    [["not asked", "no LCF"]],
  );
  const busy = await open({ commanded: true });
  assert.deepEqual(
    (await busy.ask(user)).map(({ result, detail }) => [result, detail]),
    [["not asked", "a transfer commands this device now"]],
  );
  assert.deepEqual([...away.sent, ...busy.sent], []);
  assert.deepEqual(await away.ask("sip:nobody@home"), []);
});

test("asked twice, two commands and one listener", async () => {
  const world = await open({
    answer: (command) => ({ ...head(command), answer: "accepted", armed: false, dialogs: [] }),
  });
  await world.ask(user);
  await world.ask(user);
  assert.equal(world.sent.length, 2);
  assert.notEqual(world.sent[0]?.operation, world.sent[1]?.operation);
  assert.equal(world.listeners.length, 1);
});
