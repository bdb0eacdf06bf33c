// `lab doctor --config` as a program: reads the configurations, looks, prints. Exit codes: 0 nothing is wrong, 1 something
// is, 2 the configuration, 3 the machine.
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { lookCfdConfiguration } from "@liquid-ims/cfd/cli/load-configuration";
import { dnsServersOfCfs, lookCfsConfiguration } from "@liquid-ims/cfs/cli/load-configuration";
import { readZoneKeyFile } from "@liquid-ims/cfs/cli/zone-key-file";
import type { CfsSettings } from "@liquid-ims/cfs/config-schema";
import type { TsigKey } from "@liquid-ims/dns/tsig-key";
import type { LocationRecord } from "@liquid-ims/location-service/record";
import { openSqliteLocationStore } from "@liquid-ims/location-service/sqlite/sqlite-store";
import { createLineLog, createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { type DoctorSubject, examineLab } from "./doctor.ts";
import { exitCodeOf, type Finding, formatFindings } from "./finding.ts";
import { fetchHttp } from "./http.ts";
import type { DoctorOptions } from "./options.ts";

export interface DoctorOutput {
  say(line: string): void;
  complain(line: string): void;
}

/** Only reads the file; null: it is not there, or cannot be read. */
async function readRecords({
  kind,
  file,
}: CfsSettings["location"]): Promise<readonly LocationRecord[] | null> {
  if (kind !== "sqlite" || !existsSync(file)) return null;
  try {
    const store = await openSqliteLocationStore({ file, driver: "inline", readOnly: true });
    try {
      return await store.byFunction({});
    } finally {
      await store.close();
    }
  } catch (error) {
    // What is wrong with the file is the CFS's to say: its /healthz names it.
    if (error instanceof Error) return null;
    throw error;
  }
}

/** Named from where the person stands: run.mjs says where that is. */
function writtenAt(file: string): number {
  return statSync(resolve(process.env["LIQUID_IMS_FOLDER"] ?? "", file)).mtimeMs;
}

/** The key, null where none is in a file, or what is wrong with that. */
function readZoneKey({ dns: { update } }: CfsSettings): TsigKey | null | { readonly wrong: string } {
  if (update?.keyFile === undefined) return null;
  try {
    return readZoneKeyFile(update.keyFile, update.useKey);
  } catch (error) {
    // What a person can mend has an exit code.
    if (error instanceof Error && "exitCode" in error) return { wrong: error.message };
    throw error;
  }
}

function show(findings: readonly Finding[], json: boolean): readonly string[] {
  return json ? [JSON.stringify({ findings }, null, 2)] : formatFindings(findings);
}

/** Resolves with the exit code. Rejects with the RuntimeError of a socket that cannot be had. */
export async function runDoctor(options: DoctorOptions, output: DoctorOutput): Promise<number> {
  const cfs = lookCfsConfiguration(options.config);
  const cfd = options.cfd === null ? null : lookCfdConfiguration(options.cfd);
  const wrong = [cfs, cfd].flatMap((looked) => (looked === null || looked.ok ? [] : looked.lines));
  if (!cfs.ok || (cfd !== null && !cfd.ok)) {
    for (const line of wrong) output.complain(line);
    return 2;
  }
  const zoneKey = readZoneKey(cfs.value);
  if (zoneKey !== null && "wrong" in zoneKey) {
    output.complain(zoneKey.wrong);
    return 2;
  }
  const cfdName = cfs.value.dns.update?.cfdService ?? `cfd.${cfs.value.homeDomain}`;
  const subject: DoctorSubject = {
    cfs: {
      ...{ file: options.config, settings: cfs.value, place: cfs.place },
      writtenAt: writtenAt(options.config),
    },
    cfd:
      cfd === null || options.cfd === null
        ? null
        : { file: options.cfd, settings: cfd.value, place: cfd.place, writtenAt: writtenAt(options.cfd) },
    uri: options.as ?? `sip:${cfdName}`,
    identity: options.identity,
    user: options.user,
    testMar: options.testMar,
    dnsServers: dnsServersOfCfs(cfs.value),
    zoneKey,
  };
  const log = createLineLog({ level: "error", write: (line) => void process.stderr.write(line) });
  const crash = Promise.withResolvers<never>();
  const host = createNodejsHost({ name: "doctor", log, onCrash: (error) => crash.reject(error) });
  try {
    const records = () => readRecords(cfs.value.location);
    const findings = await Promise.race([
      examineLab(host, subject, { http: fetchHttp, records }),
      crash.promise,
    ]);
    for (const line of show(findings, options.json)) output.say(line);
    return exitCodeOf(findings);
  } finally {
    await host.close();
  }
}
