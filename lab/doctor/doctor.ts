// Looks at a running lab from where the CFS stands, and says what is right, what is not, and which line to change.
import type { CfdSettings } from "@liquid-ims/cfd/config-schema";
import { cfsConfigOf } from "@liquid-ims/cfs/cfs-settings";
import type { CfsConfig } from "@liquid-ims/cfs/config";
import type { CfsSettings } from "@liquid-ims/cfs/config-schema";
import { serviceNames } from "@liquid-ims/cfs/functions/function-orders";
import type { TsigKey } from "@liquid-ims/dns/tsig-key";
import { splitFunctionName } from "@liquid-ims/location-service/function-name";
import type { LocationRecord } from "@liquid-ims/location-service/record";
import { osCfsRoot } from "@liquid-ims/reference-points/os-cfs";
import type { Host } from "@liquid-ims/runtime/host";
import { type Address, formatAddress } from "@liquid-ims/runtime/network";
import { type CxSubject, judgePeer, judgeServing, type PeerFacts } from "./cx-peer.ts";
import { type CxProbe, openCxProbe } from "./cx-probe.ts";
import { examineDns } from "./dns-examination.ts";
import { type Finding, flaw, note, remedy } from "./finding.ts";
import type { Http, HttpReply } from "./http.ts";
import { judgeMarTest } from "./mar-judge.ts";
import { testMar } from "./mar-test.ts";
import {
  type PlannedUser,
  type QueriedDevice,
  readCfdHealth,
  readCfsHealth,
  readPlan,
  readQuery,
  readStart,
  readUsers,
  type UserFacts,
  type UsersFacts,
} from "./program-answers.ts";
import { type Configured, judgeAge, judgeCfd, judgeCfs, judgePair } from "./programs.ts";
import { judgeRegisters } from "./registers.ts";
import { untold } from "./untold.ts";
import { judgeUser } from "./user.ts";
import { askUpdate, judgeUpdate } from "./zone-update.ts";

export interface DoctorSubject {
  readonly cfs: Configured<CfsSettings>;
  readonly cfd: Configured<CfdSettings> | null;
  /** AS name of the filter criteria: the CFD's URI. */
  readonly uri: string;
  /** Diameter identity to ask with; null: that of the CFS. */
  readonly identity: string | null;
  /** Public identity of a test user. */
  readonly user: string | null;
  /** MARs for that user are allowed. */
  readonly testMar: boolean;
  readonly dnsServers: readonly Address[];
  /** Of `dns.update.keyFile`; null: there is none. */
  readonly zoneKey: TsigKey | null;
}

export interface DoctorPorts {
  readonly http: Http;
  /** All records of the location service; null: it cannot be read from here. */
  readonly records: () => Promise<readonly LocationRecord[] | null>;
}

interface Seen {
  readonly cfs: HttpReply | null;
  readonly cfd: HttpReply | null;
  /** When each was started, ms since 1970; null: nobody says. */
  readonly started: { readonly cfs: number | null; readonly cfd: number | null };
  readonly users: UsersFacts | null;
  readonly records: readonly LocationRecord[] | null;
}

interface AdminSetting {
  readonly enabled: boolean;
  readonly host: string;
  readonly port: number;
}

/** How long a program that is starting is waited for, and how often it is asked meanwhile. */
const startingMs = 5_000;
const askAgainMs = 250;

function lineOf(users: readonly UserFacts[], user: string): UserFacts | undefined {
  return users.find((one) => one.user === user || one.identities.includes(user));
}

class Doctor {
  readonly #host: Host;
  readonly #subject: DoctorSubject;
  readonly #ports: DoctorPorts;
  readonly #config: CfsConfig;

  constructor(host: Host, subject: DoctorSubject, ports: DoctorPorts) {
    this.#host = host;
    this.#subject = subject;
    this.#ports = ports;
    this.#config = cfsConfigOf(subject.cfs.settings, subject.zoneKey);
  }

  async examine(): Promise<readonly Finding[]> {
    const seen = await this.#look();
    return [
      ...this.#judgePrograms(seen),
      ...(await examineDns(this.#host, { ...this.#subject, config: this.#config, cfsUri: this.#cfsUri })),
      ...(await this.#examineZone()),
      ...(await this.#examineCx(seen)),
      ...this.#judgeRegisters(seen),
      ...(await this.#examineUser(seen)),
      ...untold({
        uri: this.#subject.uri,
        hasCx: this.#config.cx !== undefined,
        isMarTested: this.#subject.testMar,
      }),
    ];
  }

  #judgePrograms(seen: Seen): Finding[] {
    const { cfs, cfd } = this.#subject;
    const { started } = seen;
    return [
      judgeCfs(cfs, seen.cfs),
      ...judgeAge("CFS", cfs, started.cfs),
      ...(cfd === null
        ? []
        : [judgeCfd(cfd, seen.cfd), ...judgeAge("CFD", cfd, started.cfd), ...judgePair(cfs, cfd)]),
      ...this.#judgeOsCfs(seen),
    ];
  }

  /** Null: it has no admin port. One that is starting is waited for, a while. */
  async #health(admin: AdminSetting): Promise<HttpReply | null> {
    const { enabled, ...address } = admin;
    if (!enabled) return null;
    const { clock } = this.#host;
    const until = clock.now() + startingMs;
    for (;;) {
      const reply = await this.#ports.http({ address, path: "/healthz" });
      const isStarting = reply.kind === "answer" && readCfdHealth(reply.body)?.status === "starting";
      if (!isStarting || clock.now() >= until) return reply;
      await clock.sleep(askAgainMs, "a program starts");
    }
  }

  async #started({ enabled, ...address }: AdminSetting): Promise<number | null> {
    const reply = enabled ? await this.#ports.http({ address, path: "/metrics" }) : null;
    return reply?.kind === "answer" ? readStart(reply.body) : null;
  }

  async #look(): Promise<Seen> {
    const { cfs, cfd } = this.#subject;
    const { osCfs } = cfs.settings;
    const [cfsReply, cfdReply] = await Promise.all([
      this.#health(cfs.settings.admin),
      cfd === null ? null : this.#health(cfd.settings.admin),
    ]);
    const started = {
      cfs: await this.#started(cfs.settings.admin),
      cfd: cfd === null ? null : await this.#started(cfd.settings.admin),
    };
    const [usersReply, records] = await Promise.all([
      osCfs.enabled ? this.#ports.http({ address: osCfs, path: `${osCfsRoot}/users` }) : null,
      this.#ports.records(),
    ]);
    const users = usersReply?.kind === "answer" ? readUsers(usersReply.body) : null;
    return { cfs: cfsReply, cfd: cfdReply, started, users, records };
  }

  #judgeOsCfs({ cfs, users }: Seen): Finding[] {
    const { settings, place } = this.#subject.cfs;
    const health = cfs?.kind === "answer" ? readCfsHealth(cfs.body) : null;
    if (health?.status !== "ready" || users !== null) return [];
    if (!settings.osCfs.enabled)
      return [note("programs", "the CFS takes no orders over HTTP", remedy(place("osCfs.enabled"), "true"))];
    const heard = health.listening.find((one) => one.startsWith("http:"))?.replace("http:", "");
    const where = heard === undefined ? "a port: it listens at none" : `it listens at ${heard}`;
    const fact = `the CFS runs, and os-cfs at ${formatAddress(settings.osCfs)} gives no list of users`;
    return [flaw("programs", "wrong", fact, remedy(place("osCfs.port"), where))];
  }

  get #sCscfs(): readonly string[] {
    return this.#config.functions.filter(({ kind }) => kind === "S-CSCF").map(({ name }) => name);
  }

  get #cfsUri(): string {
    return this.#config.contact ?? `sip:cfs.${this.#config.homeDomain}`;
  }

  async #examineZone(): Promise<Finding[]> {
    const { place, settings } = this.#subject.cfs;
    const { dns } = this.#config;
    if (dns === undefined) {
      const fact =
        "the CFS has no key for the zone: I-CSCFs and CFDs cannot be brought in or taken out by it";
      const line = "{ server: { host: <primary server of the zone> }, keyFile: zone.key }";
      return [note("zone update", fact, remedy(place("dns.update"), line))];
    }
    const key = settings.dns.update?.keyFile === undefined ? "dns.update.key" : "dns.update.keyFile";
    const places = { server: place("dns.update.server"), zone: place("dns.update.zone"), key: place(key) };
    const { functions, homeDomain } = this.#config;
    const hosts = functions
      .filter(({ kind }) => kind === "I-CSCF" || kind === "CFD")
      .flatMap(({ name }) => splitFunctionName(name)?.host ?? []);
    const names = { services: serviceNames(dns, homeDomain), hosts };
    return [judgeUpdate(await askUpdate(this.#host, dns, names), dns, places)];
  }

  async #examineCx(seen: Seen): Promise<Finding[]> {
    const { cx } = this.#config;
    const { identity, cfs, testMar, user } = this.#subject;
    if (cx === undefined) {
      const line = "cx: { originHost: ..., originRealm: ..., destinationRealm: ..., peers: [...] }";
      return [
        note("Cx", "the CFS has no Cx: users cannot be moved between S-CSCFs", remedy(cfs.place("cx"), line)),
      ];
    }
    const running = seen.cfs?.kind === "answer" ? (readCfsHealth(seen.cfs.body)?.cx ?? null) : null;
    const isHeld = running?.some(({ state }) => state.endsWith("-Open")) ?? false;
    if (identity === null && isHeld && running !== null) {
      const judged = this.#judgePeers(running, cx, { identity: cx.originHost, by: "the running CFS" });
      if (!testMar) return judged;
      const fact = "the HSS was not tried: the running CFS has the connection of its identity";
      const line = `--identity doctor.${cx.originRealm}, which the HSS must know as a peer`;
      return [
        ...judged,
        flaw("MAR and RTR", "wrong", fact, remedy("doctor", line), remedy("or", "stop the CFS meanwhile")),
      ];
    }
    const own = identity ?? cx.originHost;
    const probe = await openCxProbe(this.#host, cx, own);
    try {
      const judged = this.#judgePeers(probe.peers, cx, { identity: own, by: "the doctor" });
      if (!testMar || user === null || !probe.isOpen) return judged;
      return [...judged, ...(await this.#testMar(probe, user, seen))];
    } finally {
      await probe.stop();
    }
  }

  #judgePeers(
    facts: readonly PeerFacts[],
    config: NonNullable<CfsConfig["cx"]>,
    asked: Pick<CxSubject, "identity" | "by">,
  ): Finding[] {
    const { place } = this.#subject.cfs;
    const peers = facts.flatMap((one, index) => judgePeer(one, index, { config, place, ...asked }));
    return [...peers, ...judgeServing(config, this.#sCscfs, place)];
  }

  async #testMar(probe: CxProbe, user: string, { records }: Seen): Promise<Finding[]> {
    const config = this.#config.cx;
    if (config === undefined) return [];
    const record = records?.find(({ impu, implicitSet }) => impu === user || implicitSet.includes(user));
    const facts = await testMar(this.#host, probe, {
      config,
      homeDomain: this.#config.homeDomain,
      privateIdentity: record?.impi ?? user.replace(/^sips?:/, ""),
      publicIdentity: user,
      sCscfs: this.#sCscfs,
    });
    return judgeMarTest(facts, { config, cfs: this.#subject.cfs.place, user });
  }

  #judgeRegisters({ cfd, records, users }: Seen): Finding[] {
    const { cfs, uri } = this.#subject;
    const seen = cfd?.kind === "answer" ? (readCfdHealth(cfd.body)?.registers ?? null) : null;
    const live = records?.filter(({ state }) => state === "registered") ?? null;
    const facts = {
      seen,
      records: live ?? users?.users.map(({ user, ...line }) => ({ impu: user, ...line })) ?? null,
      now: this.#host.clock.wall(),
    };
    const findings = judgeRegisters(facts, {
      functions: cfs.settings.functions,
      cfs: cfs.place,
      cfd: this.#subject.cfd?.place ?? null,
      sCscfs: this.#subject.cfd?.settings.sCscfs ?? [],
      uri,
    });
    if (this.#subject.cfd !== null) return findings;
    const line = "--cfd cfd.yaml: then the CFD says what was missing in the REGISTERs, and what it refused";
    return [...findings, note("third-party REGISTER", "the CFD was not asked", remedy("doctor", line))];
  }

  async #examineUser({ users }: Seen): Promise<Finding[]> {
    const { user, cfs } = this.#subject;
    if (user === null) return [];
    if (users === null) {
      const fact = `whether a command reaches the LCF of ${user} is not known: os-cfs does not answer`;
      return [flaw("user", "wrong", fact, remedy("CFS", "see programs above"))];
    }
    const tried = { query: await this.#query(user, users), plan: await this.#dryRun(user, users) };
    return judgeUser(users, tried, { user, cfs: cfs.place, cfsUri: this.#cfsUri });
  }

  /** A command that changes nothing; null: he is not there, or the CFS cannot ask. */
  async #query(user: string, { users }: UsersFacts): Promise<readonly QueriedDevice[] | null> {
    const line = lineOf(users, user);
    if (line === undefined) return null;
    const path = `${osCfsRoot}/users/${encodeURIComponent(line.user)}/query`;
    const reply = await this.#ports.http({ address: this.#subject.cfs.settings.osCfs, path, body: {} });
    return reply.kind === "answer" ? readQuery(reply.body) : null;
  }

  /** Moves nobody; null: there is no second P-CSCF, or it was refused. */
  async #dryRun(user: string, { users }: UsersFacts): Promise<readonly PlannedUser[] | null> {
    const line = lineOf(users, user);
    const target = this.#config.functions.find(({ kind, name }) => kind === "P-CSCF" && name !== line?.pCscf);
    if (line === undefined || target === undefined) return null;
    const reply = await this.#ports.http({
      address: this.#subject.cfs.settings.osCfs,
      path: `${osCfsRoot}/transfers`,
      body: { users: [line.user], targets: [{ function: target.name }], reason: "maintenance", dryRun: true },
    });
    return reply.kind === "answer" ? readPlan(reply.body) : null;
  }
}

/** Everything that can be seen, in the order of the topics. Changes nothing, but for `testMar`. */
export function examineLab(
  host: Host,
  subject: DoctorSubject,
  ports: DoctorPorts,
): Promise<readonly Finding[]> {
  return new Doctor(host, subject, ports).examine();
}
