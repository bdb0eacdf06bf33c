// What the CFS writes of S-CSCFs into the HSS, by MAR or through the HSS's own interface (PyHSS: PATCH), as the messages show
// it. TS 29.228 6.3.

import { encodeText } from "@liquid-ims/runtime/text";
import { readHttp } from "../http/message.ts";
import { homeDomain } from "../topology.ts";
import type { TraceEntry } from "../trace.ts";

/** One message: a name is asked for, or has been written. */
export interface NameStep {
  readonly step: "asked" | "written";
  /** Public identity. */
  readonly user: string;
  /** Server-Name; empty where there was none. */
  readonly server: string;
}

type Message = Pick<TraceEntry, "protocol" | "message">;

/** A member of a Diameter message as the trace shows it. */
function avpOf(message: string, name: string): string | null {
  return new RegExp(`^ *${name}: (.*)$`, "m").exec(message)?.[1] ?? null;
}

function textMember(body: string, name: string): string | null {
  const found = new RegExp(`"${name}": ?"([^"]*)"`).exec(body)?.[1];
  return found ?? null;
}

/** The lab's users have one public identity, made of the private one, whose first part is what PyHSS calls IMSI. */
function identityOf(imsi: string): string {
  return `sip:${imsi}@${homeDomain}`;
}

/** Whom the messages of the HSS's own interface are about. */
export class InterfaceUsers {
  /** Public identities by PyHSS's numbers. */
  readonly #byNumber = new Map<string, string>();

  /** Null: nobody, or one of whom nothing was said before. */
  read(message: string): string | null {
    const imsi =
      /^GET \/ims_subscriber\/ims_subscriber_imsi\/(\S+) /.exec(message)?.[1] ?? textMember(message, "imsi");
    const number =
      /^PATCH \/ims_subscriber\/(\d+) /.exec(message)?.[1] ??
      /"ims_subscriber_id": ?(\d+)/.exec(message)?.[1];
    if (imsi === null) return number === undefined ? null : (this.#byNumber.get(number) ?? null);
    if (number !== undefined) this.#byNumber.set(number, identityOf(imsi));
    return identityOf(imsi);
  }
}

/** Reads what CFS and HSS say to each other, message by message. */
export class WrittenNames {
  /** What was asked for, by the Session-Id of a MAR and by the user of a PATCH. */
  readonly #asked = new Map<string, NameStep>();
  readonly #users = new InterfaceUsers();

  /** Null for what is about nothing of the kind. */
  read(entry: Message): NameStep | null {
    if (entry.protocol === "cx") return this.#readCx(entry.message);
    return entry.protocol === "http" ? this.#readHttp(entry.message) : null;
  }

  #readCx(message: string): NameStep | null {
    const session = avpOf(message, "Session-Id") ?? "";
    if (message.startsWith("Multimedia-Auth-Answer success")) return this.#written(session);
    if (!message.startsWith("Multimedia-Auth-Request")) return null;
    return this.#ask(session, avpOf(message, "Public-Identity"), avpOf(message, "Server-Name"));
  }

  #readHttp(text: string): NameStep | null {
    const read = readHttp(encodeText(text));
    const user = this.#users.read(text);
    if (read.kind !== "message" || user === null) return null;
    const { startLine, body } = read.message;
    const server = textMember(body, "scscf");
    if (startLine.startsWith("PATCH ")) return this.#ask(user, user, server);
    // What is only read may show the old name while another one is on its way.
    const isWritten = startLine.startsWith("HTTP/1.1 200 ") && this.#asked.get(user)?.server === server;
    return isWritten ? this.#written(user) : null;
  }

  #ask(key: string, user: string | null, server: string | null): NameStep | null {
    if (user === null) return null;
    const step: NameStep = { step: "asked", user, server: server ?? "" };
    this.#asked.set(key, step);
    return step;
  }

  #written(key: string): NameStep | null {
    const asked = this.#asked.get(key);
    if (asked === undefined) return null;
    this.#asked.delete(key);
    return { ...asked, step: "written" };
  }
}

/** A name and when it was written, in the trace's milliseconds. */
export interface WrittenName {
  readonly user: string;
  readonly server: string;
  readonly askedAt: number;
  /** Null: nothing says that it was. */
  readonly writtenAt: number | null;
}

/** All names that the CFS (its short name) has asked for, in order. */
export function writtenNames(trace: readonly TraceEntry[], cfs: string): WrittenName[] {
  const reader = new WrittenNames();
  const names: { user: string; server: string; askedAt: number; writtenAt: number | null }[] = [];
  for (const entry of trace) {
    if (entry.from !== cfs && entry.to !== cfs) continue;
    const step = reader.read(entry);
    if (step === null) continue;
    const { user, server } = step;
    if (step.step === "asked") names.push({ user, server, askedAt: entry.at, writtenAt: null });
    else {
      const asked = names.findLast((one) => one.user === user && one.server === server);
      if (asked !== undefined) asked.writtenAt ??= entry.at;
    }
  }
  return names;
}
