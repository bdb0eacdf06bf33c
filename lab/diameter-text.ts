// Diameter messages of the trace as text: what the command is, how it ended, its AVPs by name. RFC 6733 3; TS 29.229 6.
// Keys and what they can be computed from are not shown.
import { type Avp, decodeAvps } from "@liquid-ims/diameter/avp";
import { cxResultCode } from "@liquid-ims/diameter/cx/experimental-result";
import { isAvp } from "@liquid-ims/diameter/dictionary";
import {
  confidentialityKey,
  cxDictionary,
  digestHa1,
  integrityKey,
  sipAuthorization,
} from "@liquid-ims/diameter/dictionary/cx";
import { type DecodedMessage, decodeMessage, isRequest } from "@liquid-ims/diameter/message";
import { findResult, type Result } from "@liquid-ims/diameter/result";
import { resultCode } from "@liquid-ims/diameter/result-code";
import { StreamFramer } from "@liquid-ims/diameter/stream-framer";
import { decodeText, encodeHex } from "@liquid-ims/runtime/text";

const commands: Readonly<Record<number, string>> = {
  257: "Capabilities-Exchange",
  280: "Device-Watchdog",
  282: "Disconnect-Peer",
  300: "User-Authorization",
  301: "Server-Assignment",
  302: "Location-Info",
  303: "Multimedia-Auth",
  304: "Registration-Termination",
  305: "Push-Profile",
};

const secrets = [sipAuthorization, confidentialityKey, integrityKey, digestHa1];

function nameOfCode(codes: Readonly<Record<string, number>>, code: number): string {
  const found = Object.entries(codes).find(([, value]) => value === code);
  return found === undefined ? String(code) : `${found[0]} (${code})`;
}

function describeResult(result: Result): string {
  return result.kind === "Result-Code"
    ? nameOfCode(resultCode, result.code)
    : `Experimental ${nameOfCode(cxResultCode, result.code)}`;
}

/** Text where the bytes are some, else hexadecimal digits. */
function describeBytes(data: Uint8Array): string {
  const text = decodeText(data);
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeHex(data);
}

function describeAvp(avp: Avp, indent: string): string[] {
  const definition = cxDictionary.find(avp);
  const name = definition?.name ?? `AVP ${avp.code}${avp.vendorId === null ? "" : ` of ${avp.vendorId}`}`;
  if (secrets.some((secret) => isAvp(avp, secret))) return [`${indent}${name}: (${avp.data.length} bytes)`];
  if (definition?.type.name === "Grouped")
    return [`${indent}${name}:`, ...describeAvps(decodeAvps(avp.data).avps, `${indent}  `)];
  const read = definition?.type.decode(avp.data);
  const isPlain = read?.ok === true && (typeof read.value === "string" || typeof read.value === "number");
  return [`${indent}${name}: ${isPlain ? String(read.value) : describeBytes(avp.data)}`];
}

function describeAvps(avps: readonly Avp[], indent: string): string[] {
  return avps.flatMap((avp) => describeAvp(avp, indent));
}

/** The command and its result in the first line, then an AVP a line, those of a group indented. */
export function describeDiameter({ message, fault }: DecodedMessage): string {
  const request = isRequest(message);
  const command = commands[message.commandCode] ?? `Command ${message.commandCode}`;
  const result = request ? null : findResult(message.avps);
  const first = `${command}-${request ? "Request" : "Answer"}${result === null ? "" : ` ${describeResult(result)}`}`;
  const broken = fault === null ? [] : [`unreadable from AVP ${fault.avp.code} on`];
  return [first, ...describeAvps(message.avps, ""), ...broken].join("\n");
}

export interface DiameterReader {
  /** The messages that are complete with these bytes of a connection, which has a name for each direction. */
  read(direction: string, data: Uint8Array): string[];
}

export function createDiameterReader(): DiameterReader {
  const framers = new Map<string, StreamFramer>();
  return {
    read(direction, data) {
      const framer = framers.get(direction) ?? new StreamFramer();
      framers.set(direction, framer);
      return framer.push(data).map((frame) => {
        if (frame.kind === "message") return describeDiameter(decodeMessage(frame.data));
        // The connection ends with it; the next one from this port begins anew.
        framers.delete(direction);
        return `unreadable: ${frame.detail}`;
      });
    },
  };
}
