// A CFD with users of whose contacts one has gone, and the S-CSCF that it asks: what tests of its questions need.
import assert from "node:assert/strict";
import { encodeText } from "@liquid-ims/runtime/text";
import { buildRequest, buildResponse, type HeaderPair, type SipRequest } from "@liquid-ims/sip/message";
import { parseMessage } from "@liquid-ims/sip/parser";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import { ueRegister } from "./messages.ts";
import { openWorld, type Sender, type World, type WorldOptions } from "./world.ts";

export const one = "sip:alice@127.0.3.1:5060";
export const two = "sip:alice@127.0.3.2:5060";

/** A CFD that may ask, with alice at two contacts of which one has gone: it has asked, once. */
export async function doubtfulWorld(
  options: WorldOptions["config"] = {},
  more: WorldOptions = {},
): Promise<World> {
  const world = await openWorld({ ...more, config: { regEvent: { askAll: true }, ...options } });
  await makeDoubt(world);
  return world;
}

export async function makeDoubt(world: World, user = "alice"): Promise<void> {
  const contact = (uri: string) => `<${uri.replace("alice", user)}>`;
  const known = (uri: string, pCscf: string, callId: string) =>
    world.fresh({
      user,
      embedded: ueRegister({ user, contact: contact(uri), callId: `${user}-${callId}`, pCscf }),
    });
  world.scscf1.send(known(one, "pcscf1", "a"));
  world.scscf1.send(known(two, "pcscf2", "b"));
  await world.run(20);
  world.scscf1.send(world.fresh({ user, expires: 0 }));
  await world.run(20);
}

/** The SUBSCRIBEs that an S-CSCF got, retransmissions left out. */
export function subscribes({ received }: Sender): SipRequest[] {
  const requests = received.filter((text) => text.startsWith("SUBSCRIBE")).map(parseRequest);
  const branches = requests.map(({ headers }) => headers.get("Via"));
  return requests.filter((_, index) => branches.indexOf(branches[index]) === index);
}

function parseRequest(text: string): SipRequest {
  const parsed = parseMessage(encodeText(text));
  assert.ok(parsed.ok && parsed.message.kind === "request", text);
  return parsed.message;
}

export function subscribe(sender: Sender, index = 0): SipRequest {
  const request = subscribes(sender)[index];
  assert.ok(request !== undefined, `SUBSCRIBE ${index + 1} came`);
  return request;
}

export function answer(sender: Sender, request: SipRequest, status: number, ...headers: HeaderPair[]): void {
  const contact: HeaderPair[] = status < 300 ? [["Contact", "<sip:127.0.1.21:6060>"]] : [];
  sender.send(
    serializeMessage(buildResponse(request, status, { toTag: "s", headers: [...contact, ...headers] })),
  );
}

export const information = (state: string, ...contacts: readonly string[]) =>
  `<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="${state}">
  <registration aor="sip:alice@open-ims.test" id="r" state="active">
  ${contacts.map((uri) => `<contact id="c" state="active" event="registered"><uri>${uri}</uri></contact>`).join("")}
  </registration></reginfo>`;

export interface NotifyParts {
  readonly state?: string;
  readonly body?: string;
  readonly type?: string;
  readonly sequence?: number;
  /** Replaces or adds fields. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A NOTIFY in the dialog of that SUBSCRIBE. */
export function notify(sender: Sender, { headers }: SipRequest, parts: NotifyParts = {}): void {
  const { state = "active;expires=60", body = information("full", one), sequence = 1 } = parts;
  const fields = new Map([
    ["Via", `SIP/2.0/UDP 127.0.1.21:6060;branch=z9hG4bK-notify-${sequence}-${headers.get("Call-ID")}`],
    ["From", `${headers.get("To") ?? ""};tag=s`],
    ["To", headers.get("From") ?? ""],
    ["Call-ID", headers.get("Call-ID") ?? ""],
    ["CSeq", `${sequence} NOTIFY`],
    ["Max-Forwards", "70"],
    ["Contact", "<sip:127.0.1.21:6060>"],
    ["Event", "reg"],
    ["Subscription-State", state],
    ["Content-Type", parts.type ?? "application/reginfo+xml"],
    ...Object.entries(parts.headers ?? {}),
  ]);
  const uri = "sip:127.0.2.11:7080";
  sender.send(buildRequest({ method: "NOTIFY", uri, headers: fields, body: encodeText(body) }));
}

export const contacts = async (world: World, user = "alice") =>
  (await world.memory.get(`sip:${user}@open-ims.test`))
    .map(({ contact, state, doubtful }) => `${contact?.slice(-7)} ${doubtful ? "doubtful" : state}`)
    .sort();

export const settledLines = [".1:5060 registered", ".2:5060 left"];
export const doubtfulLines = [".1:5060 doubtful", ".2:5060 doubtful"];
