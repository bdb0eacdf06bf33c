// freeDiameter between two nodes of ours: it reads all they say, relays Cx both ways, and says goodbye. RFC 6733.
// It calls and does not listen, so that nothing is open to others while it runs. Fails without freeDiameter.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { type CxOutcome, sendCx, serveCx } from "@liquid-ims/diameter/cx/command";
import { cxResult, success } from "@liquid-ims/diameter/cx/experimental-result";
import { type MultimediaAuthAnswer, multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import { registrationTermination } from "@liquid-ims/diameter/cx/registration-termination";
import { findValue } from "@liquid-ims/diameter/dictionary";
import { routeRecord } from "@liquid-ims/diameter/dictionary/base";
import { DiameterNode, type PeerStatus } from "@liquid-ims/diameter/node";
import { silentLog } from "@liquid-ims/runtime/log";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { nodeOptions, realm } from "../diameter/diameter-world.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const names = { hss: "hss.ims.example", cfs: "cfs.ims.example", relay: "relay.ims.example" };

function relayConfiguration(folder: string, ports: Readonly<Record<"hss" | "cfs", number>>): string {
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", `/CN=${names.relay}`];
  spawnSync("openssl", [...made, "-keyout", key, "-out", certificate]);
  const peer = (name: "hss" | "cfs") =>
    `ConnectPeer = "${names[name]}" { ConnectTo = "127.0.0.1"; Port = ${ports[name]}; No_TLS; };`;
  const file = join(folder, "relay.conf");
  writeFileSync(
    file,
    `Identity = "${names.relay}"; Realm = "${realm}"; Port = 0; SecPort = 0; No_SCTP; No_IPv6;
TwTimer = 6; TcTimer = 1; TLS_Cred = "${certificate}", "${key}"; TLS_CA = "${certificate}";
${peer("hss")}
${peer("cfs")}
`,
  );
  return file;
}

function createNode(name: "hss" | "cfs") {
  const onCrash = (error: unknown): never => {
    throw error;
  };
  const host = createNodejsHost({ name: names[name], log: silentLog, onCrash });
  const options = nodeOptions({
    originHost: names[name],
    listen: { host: "127.0.0.1", port: 0 },
    peers: [{ originHost: names.relay }],
    watchdogMs: 6_000,
  });
  return { host, node: new DiameterNode(host, options) };
}

function until(node: DiameterNode, is: (status: PeerStatus) => boolean): Promise<void> {
  return new Promise((resolve) => {
    node.watchPeers((status) => {
      if (is(status)) resolve();
    });
  });
}

test("RFC 6733: freeDiameter relays MAR to the HSS and RTR to the CFS, asks whether they live, and says goodbye", async (context) => {
  const missing = spawnSync("freeDiameterd", ["--version"]).error !== undefined;
  assert.ok(!missing, "freeDiameterd is not installed: apt-get install freediameter (Debian), and openssl");
  const [hss, cfs] = [createNode("hss"), createNode("cfs")];
  context.after(async () => {
    for (const { node, host } of [hss, cfs]) {
      node.stop();
      await host.close();
    }
  });
  const seen: string[] = [];
  serveCx(hss.node, multimediaAuth, ({ request, message, answer, originHost }) => {
    seen.push(`MAR of ${originHost} by ${findValue(message.avps, routeRecord)}`);
    answer(success, {
      userName: request.userName,
      sipNumberAuthItems: 1,
      sipAuthDataItems: [{ sipItemNumber: 1 }],
    });
  });
  serveCx(cfs.node, registrationTermination, ({ request, originHost, answer }) => {
    seen.push(`RTR of ${originHost} ${request.deregistrationReason.reasonCode}`);
    answer(cxResult("userUnknown"));
  });
  const open = [hss, cfs].map(({ node }) => until(node, ({ state }) => state.endsWith("-Open")));
  await Promise.all([hss, cfs].map(({ node }) => node.start()));
  const ports = { hss: hss.node.local?.port ?? 0, cfs: cfs.node.local?.port ?? 0 };
  const configuration = relayConfiguration(temporaryFolder(context), ports);
  const relay = spawn("freeDiameterd", ["-c", configuration], { stdio: ["ignore", "pipe", "pipe"] });
  context.after(() => relay.kill("SIGKILL"));
  const said: string[] = [];
  // It takes a moment after our CEA until it relays.
  const relays = new Promise<void>((resolve) => {
    for (const stream of [relay.stdout, relay.stderr])
      stream.on("data", (chunk) => {
        said.push(String(chunk));
        if ((said.join("").match(/-> 'STATE_OPEN'/g)?.length ?? 0) === 2) resolve();
      });
  });
  const gone = new Promise<never>((_, reject) => {
    relay.once("exit", (code) => reject(new Error(`freeDiameterd ended with ${code}:\n${said.join("")}`)));
  });
  await Promise.race([Promise.all([...open, relays]), gone]);
  const mar = {
    userName: "a",
    publicIdentity: "sip:a@ims.example",
    sipAuthDataItem: { sipAuthenticationScheme: "Digest-AKAv1-MD5" },
    sipNumberAuthItems: 1,
    serverName: "sip:s1",
  };
  const outcomes: CxOutcome<MultimediaAuthAnswer>[] = [];
  for (let count = 0; count < 100; count++)
    outcomes.push(
      await new Promise((resolve) => {
        sendCx(
          cfs.node,
          multimediaAuth,
          { destinationRealm: realm, destinationHost: names.hss },
          mar,
          resolve,
        );
      }),
    );
  assert.deepEqual(
    new Set(outcomes.map((one) => (one.kind === "answer" ? one.result.code : one.kind))),
    new Set([2001]),
  );
  const rtr = { userName: "a", deregistrationReason: { reasonCode: "SERVER_CHANGE" } } as const;
  const rta = await new Promise<CxOutcome<object>>((resolve) => {
    sendCx(
      hss.node,
      registrationTermination,
      { destinationRealm: realm, destinationHost: names.cfs },
      rtr,
      resolve,
    );
  });
  assert.deepEqual(rta.kind === "answer" ? rta.result : rta, cxResult("userUnknown"));
  assert.deepEqual(
    [...new Set(seen)],
    [`MAR of ${names.cfs} by ${names.cfs}`, `RTR of ${names.hss} SERVER_CHANGE`],
  );
  // Each asks the other after 6 s of silence, give or take 2.
  await new Promise<void>((resolve) => {
    hss.host.clock.after(13_000, resolve, "silence");
  });
  assert.ok([hss, cfs].every(({ node }) => node.peers.every(({ watchdog }) => watchdog === "OKAY")));
  const closed = [hss, cfs].map(({ node }) => until(node, ({ state }) => state === "Closed"));
  gone.catch(() => undefined);
  relay.kill("SIGTERM");
  await Promise.all(closed);
  const wrong = said
    .join("")
    .split("\n")
    .filter((line) => /ERROR|invalid|error/i.test(line));
  context.diagnostic(`${outcomes.length} MARs; lines of freeDiameter with an error: ${wrong.length}`);
  assert.deepEqual(wrong, []);
});
