// A home network's zone in BIND, with the keys of a CFS, for functions that come and go.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { FunctionOperation, FunctionRequest } from "@liquid-ims/reference-points/os-cfs-functions";
import { type Bind, createBind, newKey } from "./bind.ts";
import { newFolder } from "./run-server.ts";

export const zone = "open-ims.test";
export const i1 = `icscf1.${zone}`;
export const i2 = `icscf2.${zone}`;
export const ttl = 2;
export const second: FunctionRequest = {
  kind: "I-CSCF",
  addresses: ["127.0.1.11", "2001:db8::11"],
  port: 5060,
  priority: 10,
  weight: 30,
};

function homeZone(name: string): string[] {
  return [
    `@ ${ttl} NAPTR 10 50 "s" "SIP+D2U" "" _sip._udp.${name}.`,
    `@ ${ttl} NAPTR 20 50 "s" "SIP+D2T" "" _sip._tcp.${name}.`,
    `_sip._udp ${ttl} SRV 10 70 5060 icscf1.${name}.`,
    `_sip._tcp ${ttl} SRV 10 70 5060 icscf1.${name}.`,
    `icscf1 ${ttl} A 127.0.1.10`,
    `_sip._udp.cfd ${ttl} SRV 10 10 7080 cfd1.${name}.`,
    `_sip._tcp.cfd ${ttl} SRV 10 10 7080 cfd1.${name}.`,
    `cfd1 ${ttl} A 127.0.2.11`,
  ];
}

export interface World {
  readonly bind: Bind;
  /** The CFS's key, and one that may change TXT records only. */
  readonly keyFile: string;
  readonly readerFile: string;
}

/** BIND with the home network's zone, and with one more that can be made to fail. */
export async function startBind(context: TestContext): Promise<World> {
  const folder = newFolder(context);
  const [key, reader] = [newKey("cfs-key"), newKey("reader")];
  const keyFile = join(folder, "cfs.key");
  const readerFile = join(folder, "reader.key");
  writeFileSync(keyFile, key, { mode: 0o600 });
  writeFileSync(readerFile, reader, { mode: 0o600 });
  const policy = "grant cfs-key zonesub A AAAA SRV NAPTR TXT; grant reader zonesub TXT;";
  const zones = [zone, "full.test"].map((name) => ({ name, policy, records: homeZone(name) }));
  const bind = await createBind(context, { folder, keys: key + reader, zones });
  await bind.start();
  return { bind, keyFile, readerFile };
}

export const isDone = ({ state }: FunctionOperation) => state === "COMPLETED";
export const isFailing = ({ state }: FunctionOperation) => state === "FAILED_TEMP";

/** All records of the zone that orders change, as dig shows them. */
export function recordsOf(bind: Bind): string[] {
  const asked = [
    [zone, "NAPTR"],
    [`_sip._udp.${zone}`, "SRV"],
    [`_sip._tcp.${zone}`, "SRV"],
    [`_sip._udp.cfd.${zone}`, "SRV"],
    [i1, "A"],
    [i2, "A"],
    [i2, "AAAA"],
  ] as const;
  return asked.flatMap(([name, type]) => bind.dig(name, type));
}
