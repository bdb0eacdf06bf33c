// SIPp as UEs, without SIPp: injection files, logs, figures, command line.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { createSippSubscribers, guessableOp } from "@liquid-ims/lab/standing-core/sipp-subscribers";
import { NodejsCrypto } from "@liquid-ims/runtime/nodejs/crypto";
import { readOptions } from "@liquid-ims/sipp-scenarios/options";
import { EndLog, millisecondsBetween } from "@liquid-ims/sipp-scenarios/ue/event-log";
import {
  addressAfter,
  formatUes,
  serviceRouteUri,
  sippUe,
} from "@liquid-ims/sipp-scenarios/ue/injection-file";
import { ueScenarioNames, ueScenarios } from "@liquid-ims/sipp-scenarios/ue/scenarios";
import { ueArguments } from "@liquid-ims/sipp-scenarios/ue/sipp-child";
import { ueStepResult } from "@liquid-ims/sipp-scenarios/ue/step-result";
import { eventsOf, stamp } from "./events.ts";

const crypto = new NodejsCrypto();
const place = { host: "127.8.0.1", port: 5060 };

function subscriber(authentication: "aka" | "digest") {
  const [one] = createSippSubscribers(crypto, {
    ...{ count: 1, domain: "open-ims.test", prefix: "sipp", authentication, op: guessableOp },
    ...{ sCscfs: ["sip:scscf1.open-ims.test:6060"], registerServers: [] },
  });
  assert.ok(one);
  return one;
}

function usage(...argv: string[]): string {
  const request = readOptions(argv);
  assert.ok(request.kind === "usage", JSON.stringify(request));
  return request.message;
}

test("a line has the thirteen fields of the scenarios, keys as \\x escapes that SIPp ends itself", () => {
  const ue = sippUe(crypto, subscriber("aka"), guessableOp, place);
  const [order, line = ""] = formatUes([ue], () => ({
    ...{ expires: 600, peer: "sip:b@open-ims.test", serviceRoute: "sip:orig@scscf1.open-ims.test:6060" },
    ...{ second: { host: "127.0.1.2", port: 4060 }, replaceable: true },
  })).split("\n");
  assert.equal(order, "SEQUENTIAL");
  const fields = line.split(";");
  assert.equal(fields.length, 13);
  assert.match(
    fields[5] ?? "",
    /^\[authentication username=\S+ password=none aka_K=\\x74\\x68\\x65\\x2d.* aka_AMF=\\x00\\x00\]$/,
  );
  assert.deepEqual(fields.slice(6), [
    ...[
      "600",
      "sipp000001",
      "sip:b@open-ims.test",
      "sip:orig@scscf1.open-ims.test:6060",
      "127.0.1.2",
      "4060",
      "Supported: replaces",
    ],
  ]);
});

test("TS 35.206 4.1: a user whose OPc is not that of the OP is refused by name, without his keys", () => {
  const op = Uint8Array.from({ length: 16 }, () => 1);
  assert.throws(() => sippUe(crypto, subscriber("aka"), op, place), {
    name: "UnfitUserError",
    message: /^sipp000001@open-ims.test: opc is not that of k .*--op/,
  });
});

test("keys and passwords that SIPp cannot read are refused", () => {
  const aka = subscriber("aka");
  const { authentication } = aka;
  assert.ok(authentication.kind === "aka");
  const k = Uint8Array.from(authentication.k, (byte, at) => (at === 3 ? 0x5b : byte));
  const odd = { ...aka, authentication: { ...authentication, k } };
  assert.throws(() => sippUe(crypto, odd, guessableOp, place), /0x5b/);
  const digest = { ...subscriber("digest"), authentication: { kind: "digest", password: "a;b" } as const };
  assert.throws(() => sippUe(crypto, digest, guessableOp, place), /semicolon/);
});

test("RFC 3608: a Service-Route is held by its URI when lr is all that it has", () => {
  assert.equal(serviceRouteUri("<sip:orig@s.test:6060;lr>"), "sip:orig@s.test:6060");
  assert.equal(serviceRouteUri("<sip:orig@s.test;lr;x=1>"), null);
  assert.equal(serviceRouteUri("<sip:a;lr>, <sip:b;lr>"), null);
});

test("addresses are counted over the ends of their parts", () => {
  assert.equal(addressAfter("127.8.0.255", 1), "127.8.1.0");
  assert.equal(addressAfter("127.8.0.1", 70_000), "127.9.17.113");
});

test("events of a call: times, retries, Service-Route; what SIPp cuts off at its end is passed over", () => {
  const log = eventsOf(
    `sent 1-7@a sip:u@x ${stamp(100)}`,
    `again 1-7@a sip:u@x ${stamp(100.01)}`,
    `answered 1-7@a sip:u@x ${stamp(100.0305)}`,
    "route 1-7@a sip:u@x <sip:orig@s:6060;lr>",
    "done 1-7@a sip:u",
  );
  const [call] = log.calls;
  assert.ok(call);
  assert.equal(millisecondsBetween(call, "sent", "answered"), 30.5);
  assert.deepEqual([call.again, call.serviceRoute, call.at.has("done")], [1, "<sip:orig@s:6060;lr>", false]);
});

function endsOf(...lines: [direction: string, first: string][]): EndLog {
  const log = new EndLog();
  for (const [direction, first] of lines)
    log.add(["d", "t", "1.0", direction, "1-7@a", "CSeq:1 INVITE", first].join("\t"));
  return log;
}

test("how a call ended that failed: its last status, or what was not answered", () => {
  const invite: [string, string] = ["S", "INVITE sip:b SIP/2.0"];
  assert.equal(
    endsOf(
      invite,
      ["R", "SIP/2.0 100 Trying"],
      ["R", "SIP/2.0 404 Not Found"],
      ["S", "ACK sip:b SIP/2.0"],
    ).endOf("1-7@a"),
    "404",
  );
  assert.equal(endsOf(invite, ["R", "SIP/2.0 180 Ringing"]).endOf("1-7@a"), "no answer to INVITE");
  assert.equal(
    endsOf(invite, ["R", "SIP/2.0 200 OK"], ["S", "ACK sip:b SIP/2.0"], ["S", "BYE sip:b SIP/2.0"]).endOf(
      "1-7@a",
    ),
    "no answer to BYE",
  );
  assert.equal(endsOf().endOf("1-7@a"), "nothing came");
  assert.equal(
    endsOf(invite, ["R", "SIP/2.0 200 OK"]).endOf("1-7@a"),
    "broken off after the 200 to INVITE",
    "SIPp gave it up",
  );
  assert.equal(
    endsOf(["R", "INVITE sip:b SIP/2.0"], ["S", "SIP/2.0 200 OK"], ["R", "INVITE sip:b SIP/2.0"]).endOf(
      "1-7@a",
    ),
    "broken off after the other side's INVITE",
    "as the one who is called",
  );
});

test("a step: what did not begin has failed, and SIPp's own count must agree", () => {
  const { calls } = eventsOf(
    `sent 1-7@a sip:u@x ${stamp(10)}`,
    `answered 1-7@a sip:u@x ${stamp(10.02)}`,
    `done 1-7@a sip:u@x ${stamp(10.02)}`,
    `sent 2-7@a sip:v@x ${stamp(10.5)}`,
  );
  const statistics = {
    ...{
      calls: 2,
      successful: 2,
      failed: 0,
      reasons: new Map<string, number>(),
      retransmissions: 1,
      unexpected: 0,
    },
  };
  const result = ueStepResult(ueScenarios["ue-register"], { rate: 2, count: 3 }, [
    { exitCode: 1, calls, ends: new EndLog(), statistics, complaints: [] },
  ]);
  assert.deepEqual([result.good, result.failed, result.p50, result.startedRate], [1, 2, 20, 2]);
  assert.deepEqual(result.failures, { "nothing came": 1, "not begun": 1 });
  assert.deepEqual(result.complaints, ["SIPp counts 2 good calls, its log shows 1"]);
  assert.deepEqual(result.users, ["sip:u@x"]);
});

test("each process of SIPp has its remote control at its own address, where no other one takes the port", () => {
  const argumentsAt = (host: string) =>
    ueArguments({
      ...{
        sipp: "sipp",
        scenario: "uac-call",
        folder: "/f",
        injectionFile: "/f/ues.csv",
        domain: "open-ims.test",
      },
      ...{ target: "127.0.1.1:4060", transport: "tcp", sockets: "per call", local: { host, port: 5060 } },
      ...{ load: null, pause: 0, patience: 10 },
    }).join(" ");
  for (const host of ["127.8.0.1", "127.8.0.2"])
    assert.ok(argumentsAt(host).includes(`-i ${host} -p 5060 -auth_uri open-ims.test -ci ${host} `), host);
});

test("the command line: what does not fit is named with the remedy", () => {
  assert.match(usage("ue-register", "--proxy", "127.0.1.1:4060"), /'--proxy' needs '--users <file>'/);
  assert.match(
    usage("ue-register", "--proxy", "10.0.0.1:4060", "--users", "u"),
    /needs '--addresses <first>'/,
  );
  assert.match(usage("ue-move", "--proxy", "127.0.1.1:4060", "--users", "u"), /'--second-proxy/);
  assert.match(usage("ue-move", "--transport", "tcp", "--count", "51"), /two processes.*50/);
  assert.match(usage("uac-call", "--rate", "5", "--ramp", "1:2:1"), /'--ramp'.*leave one out/);
  assert.match(usage("ue-register", "--op", "12"), /32 hexadecimal digits/);
  assert.match(usage("users", "--op", "5b".repeat(16)), /0x5b/);
  const request = readOptions(["ue-move", "--count", "7"]);
  assert.ok(request.kind === "ue");
  assert.deepEqual([request.options.callers, request.options.callees, request.options.core], [7, 2, null]);
});

test("every scenario has its file, which is named as it is and has the events that are measured", () => {
  for (const name of ueScenarioNames) {
    const { file, callee, measured } = ueScenarios[name];
    for (const one of [file, ...(callee === null ? [] : [callee])]) {
      const text = readFileSync(
        join(import.meta.dirname, "../../../sipp-scenarios/ue", `${one}.xml`),
        "utf8",
      );
      assert.match(text, new RegExp(`<scenario name="${one}">`));
      for (const event of ["sent", "done", measured.to])
        assert.match(text, new RegExp(`"${event} \\[call_id\\]`));
    }
  }
});
