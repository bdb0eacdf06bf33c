// A subscriber against a notifier over plain data. RFC 6665 4.
import assert from "node:assert/strict";
import test from "node:test";
import { decodeText, encodeText } from "@liquid-ims/runtime/text";
import { dialogRequest } from "@liquid-ims/sip/dialog/dialog";
import type { IncomingRequest } from "@liquid-ims/sip/dialog/incoming-request";
import { finalOnly } from "@liquid-ims/sip/dialog/outcome";
import type { Subscription, SubscriptionOptions } from "@liquid-ims/sip/dialog/subscription";
import { resubscription } from "@liquid-ims/sip/dialog/subscription-notification";
import {
  acceptSubscribe,
  buildNotify,
  judgeSubscribe,
  type NotifierSubscription,
  type NotifyOptions,
  subscribeResponse,
} from "@liquid-ims/sip/dialog/subscription-notifier";
import type { HeaderPair } from "@liquid-ims/sip/message";
import { bobUri, type Pair, pair } from "./two-user-agents.ts";

const offered = { package: "liquid-ims", minimum: 60, maximum: 3500, default: 3500 };

interface World extends Pair {
  readonly log: string[];
  readonly subscribe: (options?: Partial<SubscriptionOptions>) => Subscription;
  /** Sends a NOTIFY of the present row. */
  readonly notify: (options?: Partial<NotifyOptions>) => void;
  row: NotifierSubscription | null;
}

interface WorldOptions {
  /** Answers a SUBSCRIBE instead of the notifier; false leaves it to that. */
  readonly answer?: (incoming: IncomingRequest, count: number) => boolean;
  /** The order of NOTIFY and 200. */
  readonly notifyFirst?: boolean;
  /** Record-Route of the 200, as proxies put it into the SUBSCRIBE and into no NOTIFY. */
  readonly recordRoute?: readonly string[];
  /** No NOTIFY by itself. */
  readonly silent?: boolean;
}

async function world(options: WorldOptions = {}): Promise<World> {
  const log: string[] = [];
  let count = 0;
  const subscribed = (incoming: IncomingRequest): boolean => {
    if (incoming.request.method !== "SUBSCRIBE") return false;
    const { request } = incoming;
    const body = decodeText(request.body);
    log.push(`SUBSCRIBE ${request.headers.get("Expires")}${body === "" ? "" : ` ${body}`}`);
    count += 1;
    if (options.answer?.(incoming, count) === true) return true;
    const now = made.simulation.now;
    if (made.row === null) {
      const result = acceptSubscribe(request, { offered, localTag: "n1", contact: `<${bobUri}>`, now });
      if (!result.ok) incoming.reject(result.rejection);
      else respond(incoming, result.subscription);
    } else {
      const result = judgeSubscribe(made.row, request, { offered, now });
      if (!result.ok) incoming.reject(result.rejection);
      else respond(incoming, result.refreshed);
    }
    return true;
  };
  const respond = (incoming: IncomingRequest, row: NotifierSubscription) => {
    made.row = row;
    const response = subscribeResponse(row, incoming.request, made.simulation.now);
    for (const route of options.recordRoute ?? []) response.headers.add("Record-Route", route);
    if (options.notifyFirst === true) {
      made.notify();
      made.bobHost.host.clock.after(50, () => incoming.send(response), "200");
    } else {
      incoming.send(response);
      if (options.silent !== true) made.notify();
    }
  };
  const two = await pair({
    bob: { request: subscribed, unknownDialog: subscribed },
    options: { allow: ["SUBSCRIBE", "NOTIFY"] },
  });
  const made: World = {
    ...two,
    log,
    row: null,
    notify: (notify = {}) => {
      assert.ok(made.row);
      const body = { type: "application/jose", data: encodeText("state") };
      const built = buildNotify(made.row, { now: two.simulation.now, body, ...notify });
      made.row = built.subscription;
      two.bob.userAgent.send(
        built.request,
        finalOnly(({ status }) => log.push(`NOTIFY got ${status}`)),
      );
    },
    subscribe: (changes = {}) =>
      two.alice.userAgent.subscribe(
        { uri: bobUri, event: "liquid-ims", accept: "application/jose", expires: 600, ...changes },
        {
          notified: ({ state, body }) =>
            log.push(
              `${state.state} ${state.expires ?? state.reason ?? ""} ${decodeText(body?.data ?? new Uint8Array())}`,
            ),
          answered: ({ status }) => log.push(`answered ${status}`),
          ended: (end) => log.push(`ended by ${end.by}${end.by === "notifier" ? ` ${end.reason}` : ""}`),
        },
      ),
  };
  return made;
}

const body = (text: string) => ({ type: "application/jose", data: encodeText(text) });

test("4.1.2: SUBSCRIBE with a body, 200, NOTIFY; a refresh with a body; the end", async () => {
  const { simulation, log, subscribe } = await world();
  const subscription = subscribe({ body: body("hello") });
  assert.equal(subscription.isBusy, true);
  assert.equal(subscription.refresh(), false);
  await simulation.run({ ms: 100 });
  assert.deepEqual(log.splice(0), [
    "SUBSCRIBE 600 hello",
    "answered 200",
    "active 600 state",
    "NOTIFY got 200",
  ]);
  assert.equal(subscription.state, "active");
  assert.equal(subscription.refresh({ body: body("answer"), expires: 1000 }), true);
  await simulation.run({ ms: 100 });
  assert.deepEqual(log.splice(0), [
    "SUBSCRIBE 1000 answer",
    "answered 200",
    "active 1000 state",
    "NOTIFY got 200",
  ]);
  assert.equal(subscription.unsubscribe(), true);
  await simulation.run({ ms: 100 });
  assert.deepEqual(log.splice(0), [
    "SUBSCRIBE 0",
    "answered 200",
    "terminated  state",
    "ended by notifier null",
    "NOTIFY got 200",
  ]);
  assert.equal(subscription.state, "terminated");
  await simulation.run({ ms: 2_000_000 });
  assert.deepEqual(log, []);
});

test("4.1.2.4: a NOTIFY before the 200 makes the dialog", async () => {
  const { simulation, log, subscribe } = await world({ notifyFirst: true });
  const subscription = subscribe();
  await simulation.run({ ms: 1000 });
  assert.deepEqual(log.splice(0), ["SUBSCRIBE 600", "active 600 state", "NOTIFY got 200", "answered 200"]);
  assert.equal(subscription.refresh(), true);
  await simulation.run({ ms: 1000 });
  assert.deepEqual(log, ["SUBSCRIBE 600", "active 600 state", "NOTIFY got 200", "answered 200"]);
});

test("RFC 3261 12.1.2: the 200's route set counts, also where a NOTIFY without one came before", async () => {
  const recordRoute = ["<sip:10.0.0.9;lr>", "<sip:10.0.0.8;lr>"];
  const { simulation, subscribe } = await world({ notifyFirst: true, recordRoute });
  const subscription = subscribe();
  await simulation.run({ ms: 40 });
  assert.deepEqual(subscription.dialog?.routeSet, []);
  await simulation.run({ ms: 1000 });
  assert.deepEqual(subscription.dialog?.routeSet, ["<sip:10.0.0.8;lr>", "<sip:10.0.0.9;lr>"]);
});

test("4.1.2.4: without a NOTIFY it fails after 64*T1 (timer N), at the first SUBSCRIBE and at a refresh", async () => {
  const first = await world({ silent: true });
  first.subscribe();
  await first.simulation.run({ ms: 31_900 });
  assert.deepEqual(first.log, ["SUBSCRIBE 600", "answered 200"]);
  await first.simulation.run({ ms: 200 });
  assert.deepEqual(first.log, ["SUBSCRIBE 600", "answered 200", "ended by no NOTIFY"]);

  const second = await world({ silent: true });
  const subscription = second.subscribe();
  await second.simulation.run({ ms: 100 });
  second.notify();
  await second.simulation.run({ ms: 100_000 });
  assert.equal(subscription.state, "active");
  subscription.refresh();
  await second.simulation.run({ ms: 32_100 });
  assert.equal(second.log.at(-1), "ended by no NOTIFY");
});

test("4.4.1: NOTIFYs of other branches of a fork get 481", async () => {
  const made = await world();
  const { simulation, log, subscribe } = made;
  const subscription = subscribe();
  await simulation.run({ ms: 100 });
  log.length = 0;
  assert.ok(made.row);
  const { dialog } = made.row;
  made.row = {
    ...made.row,
    state: "terminated",
    dialog: { ...dialog, id: { ...dialog.id, localTag: "n2" } },
  };
  made.notify();
  await simulation.run({ ms: 100 });
  assert.deepEqual(log, ["NOTIFY got 481"]);
  assert.equal(subscription.state, "active");
});

test("4.1.2.1: a refused SUBSCRIBE ends it; 423 is followed once by Min-Expires", async () => {
  const refused = await world({ answer: (incoming) => incoming.respond(403).status > 0 });
  refused.subscribe();
  await refused.simulation.run({ ms: 100 });
  assert.deepEqual(refused.log, ["SUBSCRIBE 600", "ended by failure"]);
  const short = await world();
  const subscription = short.subscribe({ expires: 10 });
  await short.simulation.run({ ms: 100 });
  assert.deepEqual(short.log, [
    "SUBSCRIBE 10",
    "SUBSCRIBE 60",
    "answered 200",
    "active 60 state",
    "NOTIFY got 200",
  ]);
  assert.equal(subscription.state, "active");
});

test("4.1.2.2: 481 to a refresh ends it, another failure does not", async () => {
  for (const [status, last] of [
    [481, "ended by lost"],
    [500, "answered 500"],
  ] as const) {
    const { simulation, log, subscribe } = await world({
      answer: (incoming, count) => count > 1 && incoming.respond(status).status > 0,
    });
    const subscription = subscribe();
    await simulation.run({ ms: 100 });
    subscription.refresh();
    await simulation.run({ ms: 100 });
    assert.equal(log.at(-1), last);
    await simulation.run({ ms: 599_700 });
    assert.equal(subscription.state, status === 481 ? "terminated" : "active");
    await simulation.run({ ms: 200 });
    assert.equal(subscription.state, "terminated");
  }
});

test("4.1.2.2: it expires at the time that the last NOTIFY said", async () => {
  const { simulation, log, subscribe } = await world();
  subscribe();
  await simulation.run({ ms: 599_900 });
  assert.equal(log.at(-1), "NOTIFY got 200");
  await simulation.run({ ms: 200 });
  assert.equal(log.at(-1), "ended by expired");
});

test("4.1.2.2: it refreshes by itself where it is asked to, with a body of its own", async () => {
  const { simulation, log, subscribe } = await world();
  subscribe({ refresh: true, refreshBody: () => body("again") });
  await simulation.run({ ms: 299_900 });
  log.length = 0;
  await simulation.run({ ms: 200 });
  assert.deepEqual(log, ["SUBSCRIBE 600 again", "answered 200", "active 600 state", "NOTIFY got 200"]);
});

test("4.1.3, 8.2.1: NOTIFY with another Event gets 489, without a state 400, with an old CSeq 500", async () => {
  const made = await world();
  const subscription = made.subscribe();
  await made.simulation.run({ ms: 100 });
  made.log.length = 0;
  assert.ok(made.row);
  const { dialog } = made.row;
  const state: HeaderPair = ["Subscription-State", "active;expires=500"];
  const event: HeaderPair = ["Event", "liquid-ims"];
  const cases: readonly (readonly [number, number, readonly HeaderPair[]])[] = [
    [489, 10, [["Event", "liquid-ims;id=1"], state]],
    [489, 11, [state]],
    [400, 12, [event]],
    [500, 1, [event, state]],
    [500, 1, [event, ["Subscription-State", "terminated;reason=rejected"]]],
  ];
  for (const [status, sequence, headers] of cases) {
    const { request } = dialogRequest(dialog, "NOTIFY", { sequence, headers });
    made.bob.userAgent.send(
      request,
      finalOnly((outcome) => made.log.push(`${outcome.status}`)),
    );
    await made.simulation.run({ ms: 100 });
    assert.deepEqual(made.log.splice(0), [`${status}`]);
  }
  assert.equal(subscription.state, "active");
});

test("4.1.2.4: a terminated NOTIFY with an old CSeq ends it where the owner says so", async () => {
  const made = await world();
  made.subscribe({ lenientTermination: true });
  await made.simulation.run({ ms: 100 });
  made.log.length = 0;
  assert.ok(made.row);
  made.row = { ...made.row, state: "terminated" };
  made.notify({ sequence: 1, reason: "deactivated", body: null });
  await made.simulation.run({ ms: 100 });
  assert.deepEqual(made.log, ["terminated deactivated ", "ended by notifier deactivated", "NOTIFY got 200"]);
});

test("4.1.3: what the reasons of an end say of subscribing anew", () => {
  const wait = (reason: string | null, retryAfter: number | null = null) =>
    resubscription(reason, retryAfter, 900);
  assert.equal(wait("deactivated"), 0);
  assert.equal(wait("timeout", 5), 0);
  assert.equal(wait("probation"), 900);
  assert.equal(wait("probation", 30), 30);
  assert.equal(wait("giveup", 5), 5);
  assert.equal(wait("rejected"), null);
  assert.equal(wait("noresource"), null);
  assert.equal(wait("invariant"), null);
  assert.equal(wait(null), 0);
  assert.equal(wait("x-unknown", 7), 7);
});

test("4.4.3: Expires 0 outside a dialog fetches once", async () => {
  const { simulation, log, subscribe } = await world();
  const subscription = subscribe({ expires: 0 });
  await simulation.run({ ms: 100 });
  assert.deepEqual(log, [
    "SUBSCRIBE 0",
    "answered 200",
    "terminated  state",
    "ended by notifier null",
    "NOTIFY got 200",
  ]);
  assert.equal(subscription.state, "terminated");
});

test("a subscription that was abandoned refuses its NOTIFYs with 481", async () => {
  const { simulation, log, subscribe, notify } = await world();
  const subscription = subscribe();
  await simulation.run({ ms: 100 });
  log.length = 0;
  subscription.abandon();
  notify();
  await simulation.run({ ms: 1_000_000 });
  assert.deepEqual(log, ["NOTIFY got 481"]);
});
