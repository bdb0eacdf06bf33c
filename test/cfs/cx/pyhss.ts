// A stub with the behaviour of PyHSS's REST interface for `ims_subscriber`, as its source has it: objects by id, look-ups by
// IMSI and MSISDN, 400 for who is not there, PATCH of members, a key for writing where that is locked.
import type { HttpPort, HttpReply } from "@liquid-ims/runtime/http";

export interface StubSubscriber {
  readonly ims_subscriber_id: number;
  readonly imsi: string;
  readonly msisdn: string;
  scscf: string | null;
  scscf_realm: string | null;
  scscf_peer: string | null;
}

export interface StubAnswer {
  readonly status: number;
  readonly body: string;
}

export class PyHssStub {
  readonly subscribers: StubSubscriber[];
  readonly requests: { readonly method: string; readonly path: string; readonly key: string | null }[] = [];
  /** Set: who writes and does not show this key gets 401. */
  provisioningKey: string | null = null;
  /** Answers every PATCH so. */
  patchStatus: number | null = null;
  /** Called when a name was written. */
  written: (subscriber: StubSubscriber) => void = () => undefined;
  /** Called first, for what its Cx part has changed meanwhile. */
  read: (subscriber: StubSubscriber) => void = () => undefined;

  constructor(subscribers: readonly Pick<StubSubscriber, "imsi" | "msisdn">[]) {
    this.subscribers = subscribers.map((one, index) => ({
      ...{ ...one, ims_subscriber_id: index + 7 },
      ...{ scscf: null, scscf_realm: null, scscf_peer: null },
    }));
  }

  answer(method: string, path: string, key: string | null, body: string): StubAnswer {
    this.requests.push({ method, path, key });
    if (method !== "GET" && this.provisioningKey !== null && key !== this.provisioningKey)
      return { status: 401, body: '{"Result": "Unauthorized - Provisioning-Key Invalid"}' };
    const parts = /^\/ims_subscriber\/(?:(ims_subscriber_imsi|ims_subscriber_msisdn)\/)?([^/]+)$/.exec(path);
    const [, kind, text = ""] = parts ?? [];
    const name = decodeURIComponent(text);
    const found = this.subscribers.find((one) =>
      kind === "ims_subscriber_imsi"
        ? one.imsi === name
        : kind === "ims_subscriber_msisdn"
          ? one.msisdn === name
          : String(one.ims_subscriber_id) === name,
    );
    if (found === undefined) return { status: 400, body: '{"result": "Failed", "reason": "not found"}' };
    this.read(found);
    if (method === "PATCH") {
      if (this.patchStatus !== null) return { status: this.patchStatus, body: '{"result": "Failed"}' };
      const given: unknown = JSON.parse(body);
      if (typeof given === "object" && given !== null) Object.assign(found, given);
      this.written(found);
    }
    return { status: 200, body: JSON.stringify(found) };
  }

  /** The stub on the virtual clock, with no socket between. */
  readonly port: HttpPort = ({ method, url, headers, body }) => {
    const { pathname } = new URL(url);
    const { status, body: text } = this.answer(
      method,
      pathname,
      headers["Provisioning-Key"] ?? null,
      body ?? "",
    );
    const reply: HttpReply = { outcome: "answer", status, body: text };
    return Promise.resolve(reply);
  };
}
