// What SIPp's UEs meet beside calls: answers out of their order by a scripted P-CSCF, ports that others hold, an end before
// they listen. Fails without SIPp.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { findSipp } from "@liquid-ims/sipp-scenarios/sipp-program";
import { formatUes, type UePlace } from "@liquid-ims/sipp-scenarios/ue/injection-file";
import { type SippOutcome, startSipp } from "@liquid-ims/sipp-scenarios/ue/sipp-child";
import { UeStage } from "@liquid-ims/sipp-scenarios/ue/stage";
import { temporaryFolder } from "../support/temporary-folder.ts";

type Transport = "udp" | "tcp";

const core = "127.8.7.9";
const ue = {
  ...{ identity: "sip:a@open-ims.test", privateIdentity: "a@open-ims.test", domain: "open-ims.test" },
  ...{
    host: "127.8.7.1",
    port: 5060,
    authentication: "[authentication username=a@open-ims.test password=a]",
  },
};
const count = 10;

function fields(request: string, ...names: string[]): string[] {
  return names.flatMap((name) => request.match(new RegExp(`^${name}:.*$`, "gm")) ?? []);
}

function response(request: string, status: string, ...more: string[]): string {
  const copied = fields(request, "Via", "From", "Call-ID", "CSeq");
  const [to = ""] = fields(request, "To");
  const tagged = status.startsWith("100") ? to : `${to.replace(/;tag=.*/, "")};tag=b`;
  return [`SIP/2.0 ${status}`, ...copied, tagged, ...more, "Content-Length: 0", "", ""].join("\r\n");
}

/** The BYE of the dialog that was replaced, which an ACK of the replacing one lets come. */
function byeAfter(ack: string, place: string): readonly string[] {
  const [callId = ""] = fields(ack, "Call-ID");
  if (!callId.includes("r///")) return [];
  const via = `Via: SIP/2.0/UDP ${place};branch=z9hG4bKbye`;
  const ends = ["From: <sip:b@open-ims.test>;tag=b", "To: <sip:a@open-ims.test>;tag=a"];
  const bye = ["BYE sip:a@open-ims.test SIP/2.0", via, ...ends, callId.replace("r///", ""), "CSeq: 1 BYE"];
  return [[...bye, "Content-Length: 0", "", ""].join("\r\n")];
}

/** What is said to a request: INVITEs are answered, then it rings, then the answer comes again. */
function answersTo(request: string, port: number): readonly string[] {
  const place = `${core}:${port}`;
  switch (request.split(" ")[0]) {
    case "REGISTER": {
      const challenge = 'WWW-Authenticate: Digest realm="open-ims.test",nonce="1",algorithm=MD5,qop="auth"';
      return /response="[0-9a-f]/.test(request)
        ? [response(request, "200 OK", `Service-Route: <sip:${place};lr>`)]
        : [response(request, "401 Unauthorized", challenge)];
    }
    case "INVITE":
      return ["100 Trying", "200 OK", "180 Ringing", "200 OK"].map((status) =>
        response(request, status, `Contact: <sip:b@${place}>`),
      );
    case "BYE":
      return [response(request, "200 OK")];
    case "ACK":
      return byeAfter(request, place);
    default:
      return [];
  }
}

/** Whole messages of a stream, and what is left. */
function takeMessages(buffered: string): { readonly messages: readonly string[]; readonly rest: string } {
  const messages: string[] = [];
  for (let rest = buffered; ; ) {
    const head = rest.indexOf("\r\n\r\n") + 4;
    const whole = head + Number(/^Content-Length:\s*(\d+)/m.exec(rest.slice(0, head))?.[1] ?? 0);
    if (head < 4 || rest.length < whole) return { messages, rest };
    messages.push(rest.slice(0, whole));
    rest = rest.slice(whole);
  }
}

/** Its port. */
async function startCore(context: TestContext, transport: Transport): Promise<number> {
  if (transport === "udp") {
    const socket = createSocket("udp4");
    context.after(() => socket.close());
    socket.on("message", (data, from) => {
      for (const answer of answersTo(data.toString(), socket.address().port))
        socket.send(answer, from.port, from.address);
    });
    socket.bind(0, core);
    await once(socket, "listening");
    return socket.address().port;
  }
  const server = createServer((stream) => {
    let buffered = "";
    stream.on("error", () => stream.destroy());
    stream.setEncoding("utf8").on("data", (text: string) => {
      const { messages, rest } = takeMessages(buffered + text);
      buffered = rest;
      // A BYE would go to where the UE listens, which is not the process that calls.
      for (const message of messages.filter((one) => !one.startsWith("ACK")))
        stream.write(answersTo(message, stream.localPort ?? 0).join(""));
    });
  });
  context.after(() => server.close());
  server.listen(0, core);
  await once(server, "listening");
  const bound = server.address();
  assert.ok(bound !== null && typeof bound === "object");
  return bound.port;
}

/** Runs the scenario to its end, ten calls. */
async function play(
  context: TestContext,
  job: { readonly scenario: string; readonly transport: Transport; readonly folder: string },
): Promise<SippOutcome> {
  const { transport, folder } = job;
  const second: UePlace = { host: core, port: await startCore(context, transport) };
  const place = `${second.host}:${second.port}`;
  const injectionFile = join(folder, "ues.csv");
  const wishes = { expires: 600, peer: "sip:b@open-ims.test", serviceRoute: `sip:${place}`, second };
  writeFileSync(
    injectionFile,
    formatUes([ue], () => ({ ...wishes, replaceable: false })),
  );
  const child = startSipp({
    ...job,
    ...{ sipp: findSipp(process.env["PATH"]), injectionFile, target: place, domain: ue.domain, local: ue },
    ...{ sockets: transport === "udp" ? "per address" : "per call", load: { rate: 50, count } },
    ...{ pause: 100, patience: 20 },
  });
  context.after(() => child.kill());
  return child.outcome;
}

for (const scenario of ["uac-call", "uac-call-replaces", "ue-move"])
  for (const transport of ["udp", "tcp"] as const)
    test(`RFC 3261 13.2.2.4: ${scenario} over ${transport} goes on where a 180 comes behind its 200, and that again`, async (context) => {
      const folder = temporaryFolder(context);
      const { exitCode, calls, complaints } = await play(context, { scenario, transport, folder });
      assert.equal(exitCode, 0, complaints.join("; "));
      assert.equal(calls.filter((call) => call.at.has("done")).length, count);
    });

test("where others hold all ports of SIPp's remote control, each process has its own all the same", async (context) => {
  for (let port = 8888; port < 8948; port += 1) {
    const other = createSocket("udp4");
    context.after(() => other.close());
    other.bind(port, "127.8.7.2");
    await once(other, "listening");
  }
  const folder = temporaryFolder(context);
  const { exitCode } = await play(context, { scenario: "uac-call", transport: "udp", folder });
  assert.equal(exitCode, 0);
  const errors = join(folder, "errors.log");
  assert.doesNotMatch(existsSync(errors) ? readFileSync(errors, "utf8") : "", /remote control/);
});

test("a SIPp that ends before it listens is told at once, with what it said", async (context) => {
  const folder = temporaryFolder(context);
  const sipp = join(folder, "sipp-that-ends");
  writeFileSync(sipp, "#!/bin/sh\necho 'no such option' >&2\nexit 255\n", { mode: 0o755 });
  const { signal } = new AbortController();
  const stage = new UeStage({ sipp, folder, transport: "tcp", expires: 600, signal });
  const place = { host: core, port: 4060 };
  await assert.rejects(stage.startCallees("uas-answer", { ues: [ue], pCscf: place }, 0), {
    name: "MachineError",
    message: "SIPp does not listen at 127.8.7.1:5060: it ended with 255; no such option",
  });
});

/** A caller of one call whose ACKs all come again, some after what has been said meanwhile; rejects when the call stops. */
async function callWithAcksAgain(replaces: boolean): Promise<void> {
  const socket = createSocket("udp4");
  socket.bind(0, core);
  await once(socket, "listening");
  const place = `${core}:${socket.address().port}`;
  const send = (text: string) => socket.send(text, ue.port, ue.host);
  const dialog =
    (callId: string, first: number) =>
    (method: string, toTag: string, after: number, more: string[] = []) =>
      [
        `${method} sip:a@${ue.host}:${ue.port} SIP/2.0`,
        `Via: SIP/2.0/UDP ${place};branch=z9hG4bK${method}${first}`,
        ...["From: <sip:b@open-ims.test>;tag=b", `To: <sip:a@open-ims.test>${toTag}`, `Call-ID: ${callId}`],
        ...[
          `CSeq: ${first + after} ${method}`,
          ...more,
          `Contact: <sip:b@${place}>`,
          "Content-Length: 0",
          "",
          "",
        ],
      ].join("\r\n");
  // Each ACK of a 2xx is a transaction of its own: proxies give it another branch.
  const again = (ack: string) => ack.replace("branch=z9hG4bK", "branch=z9hG4bKagain");
  const next = async (wanted: RegExp): Promise<string> => {
    for (;;) {
      const [data] = await once(socket, "message", { signal: AbortSignal.timeout(5_000) });
      if (wanted.test(String(data))) return String(data);
    }
  };
  const answered = async () => /^To:.*(;tag=\S+)/m.exec(await next(/^SIP\/2.0 200/))?.[1] ?? "";
  try {
    const call = dialog("1@b", 1);
    send(call("INVITE", "", 0));
    const tag = await answered();
    send(call("ACK", tag, 0));
    send(again(call("ACK", tag, 0)));
    if (replaces) {
      const replacing = dialog("r///1@b", 2);
      send(replacing("INVITE", "", 0, [`Replaces: 1@b;to-tag=${tag.slice(5)};from-tag=b`]));
      const other = await answered();
      send(replacing("ACK", other, 0));
      const bye = await next(/^BYE/);
      send(again(replacing("ACK", other, 0)));
      send(response(bye, "200 OK"));
      send(again(replacing("ACK", other, 0)));
      send(replacing("BYE", other, 1));
    } else send(call("BYE", tag, 1));
    await next(/^SIP\/2.0 200(.|\r\n)*CSeq: \d+ BYE/);
  } finally {
    socket.close();
  }
}

for (const scenario of ["uas-answer", "uas-answer-replaces"])
  test(`RFC 3261 13.3.1.4: ${scenario} goes on where an ACK comes again`, async (context) => {
    const folder = temporaryFolder(context);
    const injectionFile = join(folder, "ues.csv");
    const wishes = { expires: 600, peer: null, serviceRoute: null, second: null, replaceable: false };
    writeFileSync(
      injectionFile,
      formatUes([ue], () => wishes),
    );
    const stage = new UeStage({
      sipp: findSipp(process.env["PATH"]),
      folder,
      transport: "udp",
      expires: 600,
      signal: new AbortController().signal,
    });
    context.after(() => stage.close());
    const callees = await stage.startCallees(scenario, { ues: [ue], pCscf: { host: core, port: 4060 } }, 0);
    await callWithAcksAgain(scenario === "uas-answer-replaces");
    const [outcome] = await callees.stop();
    assert.deepEqual(
      outcome?.calls.map((call) => call.at.has("done")),
      [true],
    );
  });
