// A scripted LCF with the P-CSCF in front of it: it says what a test wants it to say, right or wrong, and keeps what
// the CFS sends. It asserts identities and puts its Record-Route on by itself, as a core would.
import type {
  Answer,
  Command,
  Hello,
  NotifyBody,
  Report,
  SubscribeBody,
  Ticket,
} from "@liquid-ims/reference-points/cfs-ue";
import { openCommand, openNotify, openTicket, sealSubscribe } from "@liquid-ims/reference-points/cfs-ue-body";
import { type SigningKey, thumbprint } from "@liquid-ims/reference-points/jws";
import { cfsUeVersion } from "@liquid-ims/reference-points/version";
import type { KeyPair, PublicKey } from "@liquid-ims/runtime/crypto";
import type { Host, Program } from "@liquid-ims/runtime/host";
import type { Address } from "@liquid-ims/runtime/network";
import { decodeText, encodeHex, encodeText } from "@liquid-ims/runtime/text";
import { type Dialog, dialogIdOfRequest, dialogRequest, uacDialog } from "@liquid-ims/sip/dialog/dialog";
import {
  buildRequest,
  buildResponse,
  type HeaderPair,
  type SipRequest,
  type SipResponse,
} from "@liquid-ims/sip/message";
import { openStack, type SipStack } from "@liquid-ims/sip/stack";
import type { ServerTransaction } from "@liquid-ims/sip/transaction-user";
import type { Target } from "@liquid-ims/sip/transport";

export interface FakeLcfOptions {
  /** Where it listens, as P-CSCF and UE in one. */
  readonly address: Address;
  readonly cfs: Target;
  readonly identity: string;
  readonly instance?: string | null;
  /** Default: at `address`. */
  readonly contact?: string;
  /** Repeats a ticket's challenge by itself; default true. */
  readonly obedient?: boolean;
}

/** What a test changes of the next SUBSCRIBE. */
export interface Said {
  readonly headers?: readonly HeaderPair[];
  /** Takes headers out. */
  readonly without?: readonly string[];
  readonly asserted?: readonly string[];
  readonly recordRoute?: readonly string[];
  readonly expires?: number;
  readonly contact?: string;
  readonly hello?: Partial<Hello>;
  readonly body?: Partial<SubscribeBody>;
  /** Text in place of the signed body; null: none. */
  readonly text?: string | null;
  /** Signs instead of the own key. */
  readonly key?: KeyPair;
  readonly event?: string;
  readonly callId?: string;
  readonly fromTag?: string;
}

/** A NOTIFY that came. */
export interface SeenNotify {
  readonly request: SipRequest;
  readonly at: number;
  readonly state: string;
  readonly body: NotifyBody | null;
  readonly commands: readonly Command[];
}

/** One SUBSCRIBE dialog of the fake. */
export interface FakeDialog {
  readonly callId: string;
  readonly fromTag: string;
  dialog: Dialog | null;
  /** Final answer to its first SUBSCRIBE, null before. */
  response: SipResponse | null;
  request: SipRequest;
  readonly nonce: string;
  ticket: Ticket | null;
  keys: ReadonlyMap<string, PublicKey>;
  sequence: number;
  readonly notifies: SeenNotify[];
  readonly key: KeyPair;
}

/** What it answers to a NOTIFY; null: nothing, ever. */
export type NotifyAnswer = {
  readonly status: number;
  readonly headers?: readonly HeaderPair[];
  /** Default at once. */
  readonly afterMs?: number;
} | null;

export class FakeLcf {
  readonly host: Host;
  readonly options: FakeLcfOptions;
  readonly dialogs: FakeDialog[] = [];
  /** NOTIFYs in no dialog of its own: answered 481. */
  readonly strays: SipRequest[] = [];
  /** Every final answer to a SUBSCRIBE in a dialog. */
  readonly answers: SipResponse[] = [];
  onNotify: (dialog: FakeDialog, notify: SeenNotify) => NotifyAnswer = () => ({ status: 200 });
  #stack: SipStack | null = null;
  #key: KeyPair | null = null;
  /** Bodies are signed, and leave, one after the other. */
  #leaving: Promise<void> = Promise.resolve();

  constructor(host: Host, options: FakeLcfOptions) {
    this.host = host;
    this.options = options;
  }

  get ready(): boolean {
    return this.#stack !== null;
  }

  async open(): Promise<void> {
    const { address } = this.options;
    this.#key = await this.host.crypto.generateKey(this.host.crypto.preferredAlgorithm);
    this.#stack = await openStack(this.host, {
      listen: [
        { protocol: "udp", address },
        { protocol: "tcp", address },
      ],
      user: { request: (transaction) => this.#take(transaction), ack: () => undefined },
    });
  }

  get key(): KeyPair {
    if (this.#key === null) throw new Error("the fake LCF is not open yet");
    return this.#key;
  }

  /** Before: `generateKey`. A new LCF in the same phone. */
  useKey(key: KeyPair): void {
    this.#key = key;
  }

  get stack(): SipStack {
    if (this.#stack === null) throw new Error("the fake LCF is not open yet");
    return this.#stack;
  }

  get contact(): string {
    const { contact, address } = this.options;
    return contact ?? `sip:ue@${address.host}:${address.port}`;
  }

  #inTurn(label: string, task: () => Promise<void>): void {
    const turn = this.#leaving.then(task);
    this.#leaving = turn;
    this.host.spawn(label, () => turn);
  }

  #signing(key: KeyPair): SigningKey {
    return { kid: thumbprint(this.host.crypto, key.publicKey.jwk), key: key.privateKey };
  }

  #coreHeaders(said: Said): HeaderPair[] {
    const { address, identity } = this.options;
    const asserted = said.asserted ?? [identity];
    const routes = said.recordRoute ?? [`<sip:mo@${address.host}:${address.port};lr>`];
    return [
      ...routes.map((route): HeaderPair => ["Record-Route", route]),
      ...asserted.map((one): HeaderPair => ["P-Asserted-Identity", `<${one}>`]),
    ];
  }

  /** A SUBSCRIBE outside a dialog, with a hello unless `said` says otherwise. */
  subscribe(said: Said = {}): FakeDialog {
    const { random, clock } = this.host;
    const key = said.key ?? this.key;
    const text = (count: number) => encodeHex(random.bytes(count));
    const callId = said.callId ?? `${text(12)}@ue`;
    const fromTag = said.fromTag ?? text(8);
    const contact = said.contact ?? this.contact;
    const hello: Hello = {
      nonce: text(12),
      time: clock.wall(),
      identity: this.options.identity,
      instance: this.options.instance ?? null,
      contact,
      path: [],
      serviceRoute: [],
      key: this.key.publicKey.jwk,
      ...said.hello,
    };
    const expires = said.expires ?? 3500;
    const body: SubscribeBody = {
      v: cfsUeVersion,
      seq: 1,
      callId,
      fromTag,
      expires,
      hello,
      answers: [],
      reports: [],
      ...said.body,
    };
    const headers: HeaderPair[] = [
      ["Max-Forwards", "70"],
      ...this.#coreHeaders(said),
      ["From", `<${this.options.identity}>;tag=${fromTag}`],
      ["To", "<sip:cfs.open-ims.test>"],
      ["Call-ID", callId],
      ["CSeq", "1 SUBSCRIBE"],
      ["Contact", `<${contact}>`],
      ["Event", said.event ?? "liquid-ims"],
      ["Accept", "application/jose"],
      ["Expires", String(expires)],
    ];
    const dialog: FakeDialog = {
      callId,
      fromTag,
      dialog: null,
      response: null,
      request: buildRequest({ method: "SUBSCRIBE", uri: "sip:cfs.open-ims.test" }),
      nonce: hello.nonce,
      ticket: null,
      keys: new Map(),
      sequence: 1,
      notifies: [],
      key: this.key,
    };
    this.dialogs.push(dialog);
    this.#inTurn("fake hello", async () => {
      const jws =
        said.text === undefined ? await sealSubscribe(this.host.crypto, this.#signing(key), body) : said.text;
      dialog.request = this.#request("sip:cfs.open-ims.test", headers, said, jws);
      this.#send(dialog, dialog.request);
    });
    return dialog;
  }

  #request(uri: string, headers: readonly HeaderPair[], said: Said, jws: string | null): SipRequest {
    const without = new Set(said.without ?? []);
    const type: HeaderPair[] = jws === null ? [] : [["Content-Type", "application/jose"]];
    return buildRequest({
      method: "SUBSCRIBE",
      uri,
      headers: [...[...headers, ...type].filter(([name]) => !without.has(name)), ...(said.headers ?? [])],
      ...(jws === null ? {} : { body: encodeText(jws) }),
    });
  }

  /** The dialog's first SUBSCRIBE once more, byte for byte but for its branch. */
  resend(dialog: FakeDialog): void {
    this.#send(dialog, dialog.request);
  }

  #send(dialog: FakeDialog, request: SipRequest): void {
    this.stack.request(request, {
      target: this.options.cfs,
      handlers: {
        response: (response) => {
          if (response.status < 200) return;
          dialog.response = response;
          dialog.dialog ??= uacDialog(request, response);
        },
        failed: () => undefined,
      },
    });
  }

  /** Any request to the CFS as it is. */
  raw(request: SipRequest, response: (response: SipResponse) => void): void {
    const handlers = { response, failed: () => undefined };
    this.stack.request(request, { target: this.options.cfs, handlers });
  }

  /** A signed SUBSCRIBE in the dialog. */
  refresh(dialog: FakeDialog, said: Said = {}): void {
    const known = dialog.dialog;
    if (known === null) throw new Error("the dialog was never answered");
    dialog.sequence += 1;
    const expires = said.expires ?? 3500;
    const body: SubscribeBody = {
      v: cfsUeVersion,
      seq: dialog.sequence,
      callId: dialog.callId,
      fromTag: dialog.fromTag,
      expires,
      answers: [],
      reports: [],
      ...said.body,
    };
    this.#inTurn("fake refresh", async () => {
      const key = this.#signing(said.key ?? dialog.key);
      const jws = said.text === undefined ? await sealSubscribe(this.host.crypto, key, body) : said.text;
      const latest = dialog.dialog ?? known;
      const built = dialogRequest(latest, "SUBSCRIBE", {
        headers: [
          ...(said.asserted ?? []).map((one): HeaderPair => ["P-Asserted-Identity", `<${one}>`]),
          ["Event", "liquid-ims"],
          ["Accept", "application/jose"],
          ["Expires", String(expires)],
          ...(jws === null ? [] : [["Content-Type", "application/jose"] as const]),
          ...(said.headers ?? []),
        ],
        contact: `<${said.contact ?? this.contact}>`,
      });
      dialog.dialog = built.dialog;
      const request = buildRequest({
        method: "SUBSCRIBE",
        uri: built.request.uri,
        headers: built.request.headers,
        ...(jws === null ? {} : { body: encodeText(jws) }),
      });
      this.raw(request, (response) => {
        if (response.status >= 200) this.answers.push(response);
      });
    });
  }

  say(dialog: FakeDialog, answers: readonly Answer[], reports: readonly Report[] = []): void {
    this.refresh(dialog, { body: { answers, reports } });
  }

  #take(transaction: ServerTransaction): void {
    const { request } = transaction;
    const id = dialogIdOfRequest(request);
    const dialog = this.dialogs.find((one) => one.callId === id.callId && one.fromTag === id.localTag);
    if (request.method !== "NOTIFY" || dialog === undefined) {
      this.strays.push(request);
      transaction.respond(buildResponse(request, 481, { toTag: "stray" }));
      return;
    }
    this.host.spawn("fake NOTIFY", () => this.#read(transaction, dialog));
  }

  async #read(transaction: ServerTransaction, dialog: FakeDialog): Promise<void> {
    const { request } = transaction;
    const { crypto, clock } = this.host;
    let body: NotifyBody | null = null;
    const jws = decodeText(request.body);
    if (jws !== "" && dialog.ticket === null) {
      const opened = await openTicket(crypto, jws, dialog.nonce);
      if (opened.ok) {
        body = opened.value;
        dialog.ticket = opened.value.ticket;
        dialog.keys = opened.keys;
      }
    } else if (jws !== "") {
      const opened = await openNotify(crypto, jws, (kid) => dialog.keys.get(kid));
      if (opened.ok) body = opened.value;
    }
    const commands: Command[] = [];
    for (const text of body?.commands ?? []) {
      const opened = await openCommand(crypto, text, (kid) => dialog.keys.get(kid));
      if (opened.ok) commands.push(opened.value);
    }
    const state = request.headers.get("Subscription-State") ?? "";
    const seen: SeenNotify = { request, at: clock.now(), state, body, commands };
    dialog.notifies.push(seen);
    const answer = this.onNotify(dialog, seen);
    if (answer !== null) {
      const { status, headers = [], afterMs = 0 } = answer;
      if (afterMs > 0) await clock.sleep(afterMs, "fake takes its time");
      const response = buildResponse(request, status, { headers });
      // A server of ours sends no 408 (RFC 4320 4.2); the cores do.
      if (status === 408) this.stack.sendResponse(response);
      else transaction.respond(response);
    }
    const isNew = body?.ticket !== undefined;
    if (isNew && answer !== null && answer.status < 300 && this.options.obedient !== false)
      this.prove(dialog);
  }

  /** Repeats the ticket's challenge; waits for the 200 that makes the dialog. */
  prove(dialog: FakeDialog): void {
    if (dialog.ticket === null) throw new Error("no ticket has come");
    const { challenge } = dialog.ticket;
    if (dialog.dialog === null) {
      this.host.clock.after(5, () => this.prove(dialog), "fake waits for its 200");
      return;
    }
    this.refresh(dialog, { body: { challenge } });
  }
}

/** The fake as a program. */
export function fakeLcf(options: FakeLcfOptions): Program<FakeLcf> {
  return (host) => {
    const lcf = new FakeLcf(host, options);
    host.spawn("fake LCF", () => lcf.open());
    return lcf;
  };
}
