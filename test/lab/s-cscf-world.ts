// An S-CSCF of the lab between a UE and an HSS that the test plays.
import assert from "node:assert/strict";
import {
  type CxCommand,
  type CxOutcome,
  type CxRequest,
  sendCx,
  serveCx,
} from "@liquid-ims/diameter/cx/command";
import { success } from "@liquid-ims/diameter/cx/experimental-result";
import {
  type MultimediaAuthAnswer,
  type MultimediaAuthRequest,
  multimediaAuth,
} from "@liquid-ims/diameter/cx/multimedia-auth";
import {
  type ServerAssignmentAnswer,
  type ServerAssignmentRequest,
  serverAssignment,
} from "@liquid-ims/diameter/cx/server-assignment";
import { formatUserData } from "@liquid-ims/diameter/cx/user-data";
import type { FieldList, FieldsOf } from "@liquid-ims/diameter/fields";
import type { DiameterNode } from "@liquid-ims/diameter/node";
import { createSCscf } from "@liquid-ims/lab/ims-core/s-cscf";
import { profileOf } from "@liquid-ims/lab/ims-core/subscriber";
import type { Crypto } from "@liquid-ims/runtime/crypto";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { concatBytes, encodeText } from "@liquid-ims/runtime/text";
import { generateVector } from "@liquid-ims/sip/authentication/authentication-vector";
import { answerChallenge, type DigestSecret } from "@liquid-ims/sip/authentication/digest";
import { type Challenge, parseChallenge } from "@liquid-ims/sip/header/challenge";
import { formatCredentials } from "@liquid-ims/sip/header/credentials";
import type { Lookup } from "@liquid-ims/sip/locate";
import { buildRequest, type HeaderPair, type SipResponse } from "@liquid-ims/sip/message";
import { openStack, type SipStack } from "@liquid-ims/sip/stack";
import { addNode, realm } from "../diameter/diameter-world.ts";
import { alice, codeOf, keys } from "./hss-world.ts";

export type Mar = CxRequest<MultimediaAuthRequest, MultimediaAuthAnswer>;
export type Sar = CxRequest<ServerAssignmentRequest, ServerAssignmentAnswer>;

/** No name is looked up: the addresses in these messages are literals. */
const nothing = async () => ({ kind: "failed", detail: "nobody is asked" }) as const;
const noLookup: Lookup = { a: nothing, aaaa: nothing, srv: nothing, naptr: nothing };

export const rand = Uint8Array.from({ length: 16 }, (_, index) => index);

export class World {
  readonly simulation = new Simulation({ seed: 3 });
  /** What the HSS does with each MAR and SAR. */
  onMar: (mar: Mar) => void = (mar) => this.answerMar(mar);
  onSar: (sar: Sar) => void = (sar) => this.answerSar(sar);
  readonly mars: MultimediaAuthRequest[] = [];
  readonly sars: ServerAssignmentRequest[] = [];
  #hss: DiameterNode | null = null;
  #stack: SipStack | null = null;
  #crypto: Crypto | null = null;
  #sequence = 0;

  async open(): Promise<void> {
    const { simulation } = this;
    this.#hss = addNode(
      simulation,
      "10.0.0.1",
      {
        originHost: `hss.${realm}`,
        listen: { host: "10.0.0.1", port: 3868 },
        peers: [{ originHost: `scscf1.${realm}` }],
      },
      (node) => {
        serveCx(node, multimediaAuth, (mar) => {
          this.mars.push(mar.request);
          this.onMar(mar);
        });
        serveCx(node, serverAssignment, (sar) => {
          this.sars.push(sar.request);
          this.onSar(sar);
        });
      },
    ).node;
    const scscf = simulation.addHost("scscf1", {
      addresses: ["10.0.0.2"],
      program: createSCscf({
        ...{ fqdn: `scscf1.${realm}`, listen: { host: "10.0.0.2", port: 6060 }, homeDomain: realm, realm },
        ...{ lookup: () => noLookup, capacity: { msPerMessage: 0, queueMs: 0 } },
        hss: { originHost: `hss.${realm}`, address: { host: "10.0.0.1", port: 3868 } },
      }),
    });
    await simulation.settle(scscf.node.ready);
    const local = { host: "10.0.0.3", port: 5060 };
    const { node, host: sender } = simulation.addHost("icscf", {
      addresses: [local.host],
      program: (host) =>
        openStack(host, {
          listen: [{ protocol: "udp", address: local }],
          lookup: noLookup,
          user: { request: () => undefined, ack: () => undefined },
        }),
    });
    this.#crypto = sender.crypto;
    this.#stack = await simulation.settle(node);
  }

  get crypto(): Crypto {
    if (this.#crypto === null) throw new Error("the world is not open");
    return this.#crypto;
  }

  answerMar(mar: Mar): void {
    const { crypto } = this;
    const sqn = Uint8Array.from([0, 0, 0, 0, this.mars.length, 0]);
    const vector = generateVector(crypto, { keys, amf: new Uint8Array(2), sqn, rand });
    mar.answer(success, {
      sipAuthDataItems: [
        {
          sipAuthenticationScheme: "Digest-AKAv1-MD5",
          sipAuthenticate: concatBytes([vector.rand, vector.autn]),
          sipAuthorization: vector.xres,
          confidentialityKey: vector.ck,
          integrityKey: vector.ik,
        },
      ],
    });
  }

  answerSar(sar: Sar): void {
    sar.answer(success, {
      userData: encodeText(formatUserData(profileOf({ ...alice, registerServers: [] }))),
    });
  }

  /** One REGISTER, and what becomes of it within 10 s. Each device has a Call-ID of its own. */
  async register(
    authorization: string | null,
    contact = "<sip:alice@10.0.0.9:5060>",
    callId = "register",
  ): Promise<{ response: SipResponse | null; ms: number }> {
    const { simulation } = this;
    const from = simulation.now;
    this.#sequence += 1;
    const headers: HeaderPair[] = [
      ["From", "<sip:alice@ims.example>;tag=a"],
      ["To", "<sip:alice@ims.example>"],
      ["Call-ID", callId],
      ["CSeq", `${this.#sequence} REGISTER`],
      ["Max-Forwards", "70"],
      ["Contact", contact],
      ["Path", "<sip:term@10.0.0.4:4060;lr>"],
      [
        "Authorization",
        authorization ??
          `Digest username="alice@ims.example",realm="${realm}",uri="sip:${realm}",nonce="",response=""`,
      ],
    ];
    const request = buildRequest({ method: "REGISTER", uri: "sip:10.0.0.2:6060", headers });
    let answered: { response: SipResponse; ms: number } | null = null;
    this.#stack?.request(request, {
      handlers: {
        response(response) {
          if (response.status >= 200) answered = { response, ms: simulation.now - from };
        },
        failed: () => undefined,
      },
    });
    await simulation.run({ ms: 10_000 });
    return answered ?? { response: null, ms: 0 };
  }

  /** An RTR or PPR; its result, as `2001` or `3gpp 5001`, while the clock is run by others. */
  async send<Q extends FieldList, A extends FieldList>(
    command: CxCommand<Q, A>,
    request: FieldsOf<Q>,
  ): Promise<string> {
    const node = this.#hss;
    if (node === null) throw new Error("the world is not open");
    const destination = { destinationRealm: realm, destinationHost: `scscf1.${realm}` };
    return codeOf(
      await new Promise<CxOutcome<FieldsOf<A>>>((resolve) =>
        sendCx(node, command, destination, request, resolve),
      ),
    );
  }

  /** The same, with the clock running until then. */
  push<Q extends FieldList, A extends FieldList>(
    command: CxCommand<Q, A>,
    request: FieldsOf<Q>,
  ): Promise<string> {
    return this.simulation.settle(this.send(command, request));
  }

  /** Alice registers this contact, from scratch. */
  async registerAlice(contact?: string): Promise<void> {
    const challenge = await this.register(null, contact);
    const authorization = this.answer(challenge.response, { password: resOf(this) });
    assert.equal((await this.register(authorization, contact)).response?.status, 200);
  }

  /** The status of a request to alice from another CSCF. */
  async call(method = "MESSAGE"): Promise<number | null> {
    let status: number | null = null;
    this.#sequence += 1;
    const headers: HeaderPair[] = [
      ["From", "<sip:bob@ims.example>;tag=b"],
      ["To", "<sip:alice@ims.example>"],
      ["Call-ID", `call-${this.#sequence}`],
      ["CSeq", `${this.#sequence} ${method}`],
      ["Route", "<sip:10.0.0.2:6060;lr>"],
      ["Max-Forwards", "70"],
    ];
    this.#stack?.request(buildRequest({ method, uri: "sip:alice@ims.example", headers }), {
      handlers: {
        response(response) {
          if (response.status >= 200) status = response.status;
        },
        failed: () => undefined,
      },
    });
    await this.simulation.run({ ms: 1000 });
    return status;
  }

  /** The credentials that answer this 401. */
  answer(response: SipResponse | null, secret: DigestSecret, auts?: string): string {
    const challenge = challengeOf(response);
    const credentials = answerChallenge({
      ...{ crypto: this.crypto, challenge, username: alice.privateIdentity, secret, method: "REGISTER" },
      ...{ uri: `sip:${realm}`, cnonce: "c", ...(auts === undefined ? {} : { auts }) },
    });
    if (credentials === null) throw new Error("the challenge cannot be answered");
    return formatCredentials(credentials);
  }
}

export function challengeOf(response: SipResponse | null): Challenge {
  assert.equal(response?.status, 401);
  const challenge = parseChallenge(response.headers.get("WWW-Authenticate") ?? "");
  if (challenge === null) throw new Error("no challenge");
  return challenge;
}

/** f2 of TS 35.208's set 1 keys with this RAND; the HSS of this test always draws the same. */
export function resOf(world: World): Uint8Array {
  return generateVector(world.crypto, { keys, amf: new Uint8Array(2), sqn: new Uint8Array(6), rand }).xres;
}

export async function openWorld(): Promise<World> {
  const world = new World();
  await world.open();
  return world;
}
