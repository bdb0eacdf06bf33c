// Replaces: the dialog that an INVITE takes the place of. RFC 3891 6.1.
import { formatParameters, type Parameters, scanParameters } from "./parameters.ts";
import { isToken, Scanner } from "./scanner.ts";

/** A dialog as its receiver sees it: `toTag` is the receiver's own tag. "0" stands for no tag (RFC 3891 3). */
export interface Replaces {
  readonly callId: string;
  readonly toTag: string;
  readonly fromTag: string;
  /** Only if the dialog is still early. */
  readonly earlyOnly: boolean;
  /** The other parameters. */
  readonly parameters: Parameters;
}

const own = new Set(["to-tag", "from-tag", "early-only"]);
const word = /^[0-9A-Za-z\-.!%*_+`'~()<>:\\"/[\]?{}]+$/;

/** `word [@ word]` (RFC 3261 25.1). */
export function isCallId(text: string): boolean {
  const at = text.indexOf("@");
  return at < 0 ? word.test(text) : word.test(text.slice(0, at)) && word.test(text.slice(at + 1));
}

/** Null when it is none: exactly one to-tag and one from-tag, both tokens; early-only has no value. */
export function parseReplaces(text: string): Replaces | null {
  const scanner = new Scanner(text);
  scanner.skipSpace();
  // A Call-ID may hold quotes and angle brackets, which mean nothing in it.
  const callId = scanner.until(";,");
  if (!isCallId(callId)) return null;
  const parameters = scanParameters(scanner);
  scanner.skipSpace();
  if (parameters === null || !scanner.done) return null;
  const toTag = parameters.get("to-tag") ?? "";
  const fromTag = parameters.get("from-tag") ?? "";
  if (!isToken(toTag) || !isToken(fromTag) || typeof parameters.get("early-only") === "string") return null;
  return {
    callId,
    toTag,
    fromTag,
    earlyOnly: parameters.has("early-only"),
    parameters: new Map([...parameters].filter(([name]) => !own.has(name))),
  };
}

/** As one value. */
export function formatReplaces(replaces: Replaces): string {
  const { callId, toTag, fromTag, earlyOnly, parameters } = replaces;
  const early = earlyOnly ? ";early-only" : "";
  return `${callId};to-tag=${toTag};from-tag=${fromTag}${early}${formatParameters(parameters)}`;
}
