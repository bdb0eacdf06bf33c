// Messages written byte by byte, and a node that they are sent to.
import assert from "node:assert/strict";
import { serveCx } from "@liquid-ims/diameter/cx/command";
import { success } from "@liquid-ims/diameter/cx/experimental-result";
import { locationInfo } from "@liquid-ims/diameter/cx/location-info";
import { multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import { findValue } from "@liquid-ims/diameter/dictionary";
import { resultCodeAvp } from "@liquid-ims/diameter/dictionary/base";
import type { DecodedMessage } from "@liquid-ims/diameter/message";
import type { DiameterNode } from "@liquid-ims/diameter/node";
import type { Host } from "@liquid-ims/runtime/host";
import { type SimulatedHost, Simulation } from "@liquid-ims/runtime/simulation";
import { concatBytes, decodeHex, encodeText } from "@liquid-ims/runtime/text";
import { addBareHost } from "../support/virtual-hosts.ts";
import { addNode, call, cerOf, isOpenTo, port, type RawPeer } from "./diameter-world.ts";

export const stranger = "peer.ims.example";

/** An AVP written by hand: code, flags, vendor, value. */
export function avp(
  code: number,
  flags: number,
  value: Uint8Array,
  vendor: number | null = null,
  length?: number,
) {
  const header = vendor === null ? 8 : 12;
  const data = new Uint8Array((header + value.length + 3) & ~3);
  const view = new DataView(data.buffer);
  view.setUint32(0, code);
  view.setUint32(4, length ?? header + value.length);
  view.setUint8(4, flags);
  if (vendor !== null) view.setUint32(8, vendor);
  data.set(value, header);
  return data;
}

export function text(code: number, value: string): Uint8Array {
  return avp(code, 0x40, encodeText(value));
}

export const vendorGroup =
  decodeHex("00000104400000200000010a4000000c000028af000001024000000c01000000") ?? new Uint8Array();
export const noState = decodeHex("000001154000000c00000001") ?? new Uint8Array();
export const identity = avp(601, 0xc0, encodeText("sip:a@ims.example"), 10415);

/** Session-Id, Vendor-Specific-Application-Id, Auth-Session-State, Origin-*, Destination-Realm. */
export const head = [
  text(263, "peer.ims.example;1;1"),
  vendorGroup,
  noState,
  text(264, stranger),
  text(296, "ims.example"),
  text(283, "ims.example"),
];

export function message(
  avps: readonly Uint8Array[],
  settings: { flags?: number; command?: number; application?: number; id?: number; length?: number } = {},
): Uint8Array {
  const body = concatBytes(avps);
  const data = new Uint8Array(20);
  const view = new DataView(data.buffer);
  view.setUint32(0, settings.length ?? 20 + body.length);
  view.setUint8(0, 1);
  view.setUint32(4, settings.command ?? 302);
  view.setUint8(4, settings.flags ?? 0xc0);
  view.setUint32(8, settings.application ?? 16777216);
  view.setUint32(12, settings.id ?? 77);
  view.setUint32(16, settings.id ?? 77);
  return concatBytes([data, body]);
}

export interface World {
  readonly simulation: Simulation;
  readonly node: SimulatedHost<DiameterNode>;
  readonly host: Host;
  readonly served: string[];
}

export function world(seed = 1): World {
  const simulation = new Simulation({ seed });
  const served: string[] = [];
  const node = addNode(
    simulation,
    "10.0.0.1",
    {
      originHost: "hss.ims.example",
      listen: port("10.0.0.1"),
      peers: [{ originHost: stranger, from: ["10.0.0.9"] }],
      maximumMessageBytes: 4_096,
    },
    (own) => {
      serveCx(own, locationInfo, (request) => {
        served.push(request.request.publicIdentity);
        request.answer(success, { serverName: "sip:s.ims.example" });
      });
      serveCx(own, multimediaAuth, (request) => {
        served.push(request.request.serverName);
        request.answer(success, {});
      });
    },
  );
  return { simulation, node, host: addBareHost(simulation, stranger, "10.0.0.9").host, served };
}

export async function opened(seed = 1): Promise<World & { raw: RawPeer }> {
  const made = world(seed);
  await made.simulation.run({ ms: 100 });
  const raw = await call(made.simulation, made.host, port("10.0.0.1"), cerOf(stranger));
  assert.ok(isOpenTo(made.node.node, stranger));
  raw.received.length = 0;
  return { ...made, raw };
}

export function codeOf(answer: DecodedMessage | undefined): number | null {
  return answer === undefined ? null : findValue(answer.message.avps, resultCodeAvp);
}
