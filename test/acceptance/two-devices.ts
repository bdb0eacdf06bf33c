// Two devices of one user on real Kamailio CSCFs whose third-party REGISTERs show no contact: registers both, removes one,
// then the other, then registers both again and removes them at once. Prints a JSON line after each with what the CFD has on
// record and has said to the S-CSCF.
// `node two-devices.ts <folder>` runs itself in namespaces of its own.
import { join, resolve } from "node:path";
import { furnish, isInside, runInside } from "@liquid-ims/lab/kamailio-core/namespace";
import { findNamespaces } from "@liquid-ims/lab/kamailio-core/namespace-probe";
import { startNetwork } from "@liquid-ims/lab/network";
import { InProcessPlacement } from "@liquid-ims/lab/placement-in-process";
import { createKamailioPlacement } from "@liquid-ims/lab/placement-kamailio";
import { createRealPlatform } from "@liquid-ims/lab/platform-real";
import { createTopology } from "@liquid-ims/lab/topology";
import { createSubscribers } from "@liquid-ims/lab/ue/subscribers";
import type { Host } from "@liquid-ims/runtime/host";
import { createLineLog } from "@liquid-ims/runtime/nodejs";
import { decodeText } from "@liquid-ims/runtime/text";
import { createUe, type Ue } from "@liquid-ims/ue-lcf/adapters/sip/ue";

/** What is printed. */
export interface SeenStep {
  readonly step: string;
  /** `pcscf1 registered`; `doubtful` in place of the state where it is. */
  readonly records: readonly string[];
  /** Requests of the CFD, with what they assert and how long they ask for, and its answers to NOTIFYs. */
  readonly said: readonly string[];
}

/** Longest wait for a record to become what it must. */
const patienceMs = 20_000;

function field(text: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, "m").exec(text)?.[1]?.trim() ?? "";
}

async function main(folder: string): Promise<void> {
  const topology = createTopology({ dnsPort: 53 });
  const [subscriber] = createSubscribers({
    count: 1,
    preferredServers: topology.sCscfs.map((element) => element.uri),
    registerServers: [`sip:${topology.cfd.fqdn}`],
  });
  const [identity = ""] = subscriber?.publicIdentities ?? [];
  if (subscriber === undefined) throw new Error("one subscriber was asked for");
  let said: string[] = [];
  const platform = createRealPlatform({
    tap: {
      sent(_transport, from, to, data) {
        const isAsked = from.host === topology.cfd.address.host && to.port === 6060;
        const text = isAsked ? decodeText(data) : "";
        if (text.startsWith("SUBSCRIBE"))
          said.push(`SUBSCRIBE ${field(text, "Expires")} ${field(text, "P-Asserted-Identity")}`.trim());
        else if (/^CSeq: \d+ NOTIFY/m.test(text)) said.push(`${text.slice(8, 11)} to NOTIFY`);
      },
    },
    log: createLineLog({ level: "error", write: (line) => void process.stderr.write(line) }),
  });
  const own = new InProcessPlacement(platform);
  const placement = createKamailioPlacement({
    ...{ topology, folder, own, trace: null, debug: false },
    crashed: platform.crash,
  });
  const records = () =>
    own.rows
      .get(identity)
      .map(({ pCscf, state, doubtful }) => `${pCscf?.split(".")[0]} ${doubtful ? "doubtful" : state}`);

  async function register(device: Ue, number: number): Promise<void> {
    const outcome = await device.register();
    if (outcome.outcome !== "registered") throw new Error(`device ${number}: ${JSON.stringify(outcome)}`);
  }

  async function leave(device: Ue, number: number): Promise<void> {
    const outcome = await device.deregister();
    if (outcome.outcome !== "deregistered")
      throw new Error(`device ${number} stays: ${JSON.stringify(outcome)}`);
  }

  async function openDevice(number: number, lookup: UeLookup): Promise<Ue> {
    const listen = topology.ue(number);
    const { node } = await platform.start(`ue${number}`, [listen.host], (host) =>
      createUe({
        publicIdentity: identity,
        privateIdentity: subscriber?.privateIdentity ?? "",
        credentials: subscriber?.authentication ?? { kind: "digest", password: "" },
        ...{ listen, lookup: lookup(host), lcf: null },
        pCscf: topology.pCscfs[number - 1]?.uri ?? "",
      })(host),
    );
    await register(node, number);
    return node;
  }

  try {
    await platform.run(async (host) => {
      /** Prints what is there when the record is as wanted, else what is there after all patience. */
      async function show(step: string, wanted: string): Promise<void> {
        const until = host.clock.now() + patienceMs;
        const isReached = () => records().join().endsWith(wanted);
        while (!isReached() && host.clock.now() < until) await host.clock.sleep(100, step);
        const seen: SeenStep = { step, records: records(), said };
        said = [];
        process.stdout.write(`${JSON.stringify(seen)}\n`);
      }

      const network = await startNetwork({
        ...{ topology, placement, osCfs: topology.osCfs, replaceDialogs: true },
        subscribers: [{ ...subscriber, showsRegister: false }],
        capacity: { msPerMessage: 0, queueMs: 0 },
        pace: { mode: "fixed", usersPerSecond: 5 },
      });
      const first = await openDevice(1, network.lookup);
      await show("one device", "pcscf1 registered");
      const second = await openDevice(2, network.lookup);
      await show("two devices", "pcscf2 registered");
      await leave(second, 2);
      await show("the second has left", "pcscf1 registered");
      await leave(first, 1);
      await show("the first has left", "pcscf1 left");
      await register(first, 1);
      await register(second, 2);
      await show("two devices again", "pcscf2 registered");
      await Promise.all([leave(first, 1), leave(second, 2)]);
      await show("both have left", "left");
    });
  } finally {
    await placement.close();
    await platform.close();
  }
}

type UeLookup = (host: Host) => NonNullable<Parameters<typeof createUe>[0]["lookup"]>;

const [folder = "."] = process.argv.slice(2);
const files = join(resolve(folder), "kamailio");
if (isInside()) {
  furnish(files, ["127.0.1.53"], "127.0.1.53");
  await main(files);
} else {
  const namespaces = findNamespaces();
  if (!namespaces.allowed) throw new Error(namespaces.reason);
  process.exitCode = await runInside(files, namespaces.options, [folder]);
}
