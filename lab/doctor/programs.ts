// Whether CFD and CFS run, and whether their configurations belong together. Pure.
import type { CfdSettings } from "@liquid-ims/cfd/config-schema";
import type { CfsSettings } from "@liquid-ims/cfs/config-schema";
import { formatAddress } from "@liquid-ims/runtime/network";
import { type Finding, flaw, formatSeconds, note, ok, type Place, type Remedy, remedy } from "./finding.ts";
import type { HttpReply } from "./http.ts";
import { readCfdHealth, readCfsHealth } from "./program-answers.ts";

export interface Configured<Settings> {
  /** As it was named. */
  readonly file: string;
  readonly settings: Settings;
  readonly place: Place;
  /** When the file was changed last, ms since 1970. */
  readonly writtenAt: number;
}

interface ProgramSubject {
  readonly name: "CFS" | "CFD";
  readonly admin: { readonly enabled: boolean; readonly host: string; readonly port: number };
  readonly file: string;
  readonly place: Place;
}

interface ReadHealth {
  readonly status: string;
  readonly words: string;
  /** What to look at when it is not ready; empty: nothing is known. */
  readonly remedies: readonly Remedy[];
}

function judgeAnswer(
  { name, admin, file, place }: ProgramSubject,
  reply: HttpReply | null,
  read: (body: unknown) => ReadHealth | null,
): Finding {
  const where = formatAddress(admin);
  if (reply === null)
    return note(
      "programs",
      `the ${name} has no admin port, so it cannot be asked`,
      remedy(place("admin.enabled"), "true"),
    );
  if (reply.kind === "none")
    return flaw(
      "programs",
      "wrong",
      `the ${name} does not answer at its admin port: ${reply.detail}`,
      remedy("start it", `npm run ${name.toLowerCase()} -- --config ${file}`),
      remedy(place("admin.port"), "the port at which it runs"),
    );
  const health = read(reply.body);
  if (health === null)
    return flaw(
      "programs",
      "wrong",
      `what answers at ${where} is no ${name}`,
      remedy(place("admin.port"), "a port of its own"),
    );
  if (health.status === "ready") return ok("programs", `the ${name} runs (${where})${health.words}`);
  const fact = `the ${name} at ${where} is "${health.status}"${health.words}`;
  const [first, ...others] = health.remedies;
  if (first !== undefined) return flaw("programs", "wrong", fact, first, ...others);
  if (health.status === "starting")
    return flaw(
      "programs",
      "wrong",
      fact,
      remedy("its log", "what it waits for: a store, or names that are looked up"),
    );
  return flaw("programs", "wrong", fact, remedy("its log", "what keeps it from serving"));
}

function storeRemedy(place: Place): Remedy {
  return remedy(place("store"), "the store that it names: its disk, its owner");
}

export function judgeCfs(
  { settings, file, place }: Configured<CfsSettings>,
  reply: HttpReply | null,
): Finding {
  return judgeAnswer({ name: "CFS", admin: settings.admin, file, place }, reply, (body) => {
    const health = readCfsHealth(body);
    if (health === null) return null;
    const { status, store, location, reachable } = health;
    const isBlind = location !== null && location !== "ok";
    // A CFS that cannot begin for want of the location service says so in both places.
    const isDown = store !== null && store !== "ok" && store !== location;
    const stores = [
      ...(isDown ? [`store: ${store}`] : []),
      ...(isBlind ? [`location service: ${location}`] : []),
    ];
    const reached = status === "ready" ? `, commands reach ${reachable} LCFs` : "";
    const remedies = [
      ...(isBlind
        ? [
            remedy("start the CFD", "it makes the location service, which the CFS only reads"),
            remedy(place("location"), "the one that the CFD writes: its file, its disk, its owner"),
          ]
        : []),
      ...(isDown ? [storeRemedy(place)] : []),
    ];
    return { status, words: stores.length > 0 ? `; ${stores.join(", ")}` : reached, remedies };
  });
}

export function judgeCfd(
  { settings, file, place }: Configured<CfdSettings>,
  reply: HttpReply | null,
): Finding {
  return judgeAnswer({ name: "CFD", admin: settings.admin, file, place }, reply, (body) => {
    const health = readCfdHealth(body);
    if (health === null) return null;
    const { status, store } = health;
    const isDown = store !== null && store !== "ok";
    return {
      status,
      words: isDown ? `; store: ${store}` : "",
      remedies: isDown ? [storeRemedy(place)] : [],
    };
  });
}

/** What the start of a process and its file's time may differ by: one is in whole seconds, and the file is read later. */
const startRoundingMs = 2_000;

/** Whether a program runs with what its file says now. `startedAt` null: it does not say. */
export function judgeAge(
  name: "CFS" | "CFD",
  { file, writtenAt }: Pick<Configured<unknown>, "file" | "writtenAt">,
  startedAt: number | null,
): Finding[] {
  if (startedAt === null || writtenAt <= startedAt + startRoundingMs) return [];
  const later = formatSeconds((writtenAt - startedAt) / 1000);
  const fact = `${file} was changed ${later} after the ${name} had been started, which still runs with what it said then`;
  return [
    flaw("programs", "warn", fact, remedy(`the ${name}`, "end it and start it anew when the file is right")),
  ];
}

/** What two configurations owe each other. */
export function judgePair(cfs: Configured<CfsSettings>, cfd: Configured<CfdSettings>): Finding[] {
  const findings: Finding[] = [];
  const { location, homeDomain, functions } = cfs.settings;
  const { store } = cfd.settings;
  if (location.kind === "sqlite" && store.kind === "sqlite" && location.file !== store.file)
    findings.push(
      flaw(
        "programs",
        "wrong",
        `the CFD writes ${store.file}, the CFS reads ${location.file}`,
        remedy(cfs.place("location.file"), store.file),
        remedy(cfd.place("store.file"), `or ${location.file}`),
      ),
    );
  if (location.kind !== store.kind || location.kind === "memory")
    findings.push(
      flaw(
        "programs",
        "wrong",
        `the CFD's records are in ${store.kind}, the CFS reads ${location.kind}: they do not meet`,
        remedy(cfs.place("location.kind"), "sqlite"),
        remedy(cfd.place("store.kind"), "sqlite"),
      ),
    );
  if (cfd.settings.homeDomain !== undefined && cfd.settings.homeDomain !== homeDomain)
    findings.push(
      flaw(
        "programs",
        "wrong",
        `the CFD's home domain is ${cfd.settings.homeDomain}, the CFS's ${homeDomain}`,
        remedy(cfd.place("homeDomain"), homeDomain),
      ),
    );
  for (const [index, { name }] of cfd.settings.sCscfs.entries())
    if (!functions.some((entry) => entry.kind === "S-CSCF" && entry.name === name))
      findings.push(
        flaw(
          "programs",
          "warn",
          `${name} may register users at the CFD and is no S-CSCF of the CFS by that name`,
          remedy(cfs.place("functions"), `- { kind: S-CSCF, name: "${name}", addresses: [...] }`),
          remedy(cfd.place(`sCscfs[${index}].name`), "or the same name in both"),
        ),
      );
  const isLoopback = (host: string) => host.startsWith("127.") || host === "::1";
  if (cfd.settings.trustLoopback && !cfd.settings.listen.every(({ host }) => isLoopback(host)))
    findings.push(
      flaw(
        "programs",
        "warn",
        "the CFD takes REGISTERs from every loopback address, and listens on others, too",
        remedy(cfd.place("trustLoopback"), "false"),
      ),
    );
  return findings;
}
