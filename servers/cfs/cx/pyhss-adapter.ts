// The adapter for PyHSS: GET and PATCH of `ims_subscriber` in its REST interface, which has the name of the S-CSCF in
// `scscf`, `scscf_realm` and `scscf_peer`: none for who is not registered. Its Cx part ignores the Server-Name of a MAR,
// forgets the name on a UAR for a de-registration, and names an S-CSCF in LIR where it has none.
import { splitFunctionName } from "@liquid-ims/location-service/function-name";
import type { Host } from "@liquid-ims/runtime/host";
import type { HttpPort, HttpReply, HttpRequest } from "@liquid-ims/runtime/http";
import type { CxFailure, CxUser, HeldRegistration, Reassigned, ReassignOptions } from "./cx.ts";
import type { HssAdapter } from "./hss-adapter.ts";

export interface PyHssOptions {
  /** `http://192.0.2.30:8080`, with a path where it lies behind one. */
  readonly url: string;
  /** Wait for each answer, ms. Default 2,000. */
  readonly timeoutMs?: number;
  /** Header Provisioning-Key, for an HSS with `lock_provisioning`. */
  readonly provisioningKey?: string;
  /** `scscf_realm` of what is written. */
  readonly realm: string;
}

const defaultTimeoutMs = 2_000;

/** A subscriber in PyHSS's terms, as far as it matters here. */
interface ImsSubscriber {
  readonly ok: true;
  readonly id: number;
  readonly server: string | null;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function subscriberOf(body: string): ImsSubscriber | null {
  const value = parsed(body);
  if (typeof value !== "object" || value === null || !("ims_subscriber_id" in value)) return null;
  const { ims_subscriber_id: id } = value;
  if (typeof id !== "number") return null;
  return { ok: true, id, server: "scscf" in value && typeof value.scscf === "string" ? value.scscf : null };
}

/** The paths that may find a user: by the name part of the private identity (the IMSI), then by number. */
function lookUps({ privateIdentity, publicIdentity }: CxUser): string[] {
  const imsi = privateIdentity.split("@")[0] ?? privateIdentity;
  const number = /^(?:tel:|sips?:)\+?(\d{3,15})(?:[@;]|$)/i.exec(publicIdentity)?.[1];
  const byImsi = `ims_subscriber_imsi/${encodeURIComponent(imsi)}`;
  return number === undefined ? [byImsi] : [byImsi, `ims_subscriber_msisdn/${number}`];
}

function failure(reason: CxFailure["reason"], mayBeDone: boolean, detail: string): CxFailure {
  return { ok: false, reason, mayBeDone, detail };
}

/** No answer, or one that has nothing to do with the user: busy, locked. Null: it is about the user. */
function troubleOf(reply: HttpReply, what: string, writes: boolean): CxFailure | null {
  if (reply.outcome === "unreachable")
    return failure("HSS cannot be reached", false, `${what}: ${reply.detail}; see cx.adapter.url`);
  if (reply.outcome === "no answer")
    return failure("HSS does not answer", writes, `${what}: ${reply.detail}`);
  const { status, body } = reply;
  // What a proxy before it says, and what PyHSS says itself when its database is away.
  if (status === 429 || (status > 501 && status < 505) || (status === 400 && /\bdatabase\b/i.test(body)))
    return failure("HSS too busy", false, `${what}: ${textOf(reply)}`);
  if (status === 401 || status === 403)
    return failure("refused by the HSS", false, `${what}: ${status}; see cx.adapter.provisioningKey`);
  // It says 400 or 500 of one that it does not have.
  if (status !== 400 && status !== 500 && subscriberOf(body) === null)
    return failure(
      "refused by the HSS",
      writes,
      `${what}: ${textOf(reply)}, which PyHSS says nowhere; see cx.adapter.url`,
    );
  return null;
}

export class PyHssAdapter implements HssAdapter {
  readonly #host: Host;
  readonly #http: HttpPort;
  readonly #options: PyHssOptions;

  constructor(host: Host, http: HttpPort, options: PyHssOptions) {
    this.#host = host;
    this.#http = http;
    this.#options = options;
  }

  async assign(
    user: CxUser,
    server: string,
    { timeoutMs }: Pick<ReassignOptions, "timeoutMs">,
  ): Promise<Reassigned> {
    return this.#noted(user, await this.#assign(user, server, Math.min(timeoutMs, this.#timeoutMs)));
  }

  async registration(user: CxUser): Promise<HeldRegistration> {
    const found = this.#noted(user, await this.#find(user, this.#timeoutMs));
    return found.ok ? { ok: true, server: found.server, registered: found.server !== null } : found;
  }

  get #timeoutMs(): number {
    return this.#options.timeoutMs ?? defaultTimeoutMs;
  }

  #noted<Done extends { readonly ok: true }>(user: CxUser, result: Done | CxFailure): Done | CxFailure {
    const labels = { result: result.ok ? "success" : result.reason };
    const help = "Names of S-CSCFs written and read through the HSS's own interface";
    this.#host.metrics.counter("cfs_hss_adapter_requests_total", { help, labels }).add();
    if (!result.ok) this.#host.log.warn("HSS adapter", { user: user.privateIdentity, ...result });
    return result;
  }

  async #assign(user: CxUser, server: string, timeoutMs: number): Promise<Reassigned> {
    const found = await this.#find(user, timeoutMs);
    if (!found.ok) return found;
    const peer = splitFunctionName(server)?.host ?? server;
    const content = { scscf: server, scscf_realm: this.#options.realm, scscf_peer: peer };
    const what = `PATCH ims_subscriber/${found.id}`;
    const reply = await this.#ask("PATCH", String(found.id), JSON.stringify(content), timeoutMs);
    const trouble = troubleOf(reply, what, true);
    if (trouble !== null) return trouble;
    if (reply.outcome !== "answer" || reply.status !== 200)
      return failure("refused by the HSS", false, `${what}: ${textOf(reply)}`);
    const written = subscriberOf(reply.body)?.server ?? "no S-CSCF";
    if (written === server) return { ok: true };
    return failure("refused by the HSS", false, `${what}: it has ${written} afterwards`);
  }

  async #find(user: CxUser, timeoutMs: number): Promise<ImsSubscriber | CxFailure> {
    let last = "";
    for (const path of lookUps(user)) {
      const reply = await this.#ask("GET", path, null, timeoutMs);
      const trouble = troubleOf(reply, `GET ${path}`, false);
      if (trouble !== null) return trouble;
      const found = reply.outcome === "answer" && reply.status === 200 ? subscriberOf(reply.body) : null;
      if (found !== null) return found;
      last = `GET ${path}: ${textOf(reply)}`;
    }
    return failure("unknown to the HSS", false, last);
  }

  #ask(
    method: HttpRequest["method"],
    path: string,
    body: string | null,
    timeoutMs: number,
  ): Promise<HttpReply> {
    const { url, provisioningKey } = this.#options;
    const headers: Record<string, string> = { Accept: "application/json" };
    if (body !== null) headers["Content-Type"] = "application/json";
    if (provisioningKey !== undefined) headers["Provisioning-Key"] = provisioningKey;
    const at = `${url.replace(/\/+$/, "")}/ims_subscriber/${path}`;
    return this.#http({ method, url: at, headers, body, timeoutMs });
  }
}

/** Longest part of an answer that is shown. */
const longestText = 200;

function textOf(reply: HttpReply): string {
  return reply.outcome === "answer" ? `${reply.status} ${reply.body.slice(0, longestText)}` : reply.detail;
}
