// Encoding and decoding of the cfs-ue payloads. Tolerant to unknown members of a newer minor version, refuses
// another major one.
import type { PublicJwk } from "@liquid-ims/runtime/crypto";
import { encodeText } from "@liquid-ims/runtime/text";
import type {
  AllowedTargets,
  Answer,
  Command,
  DialogDescription,
  DialogReport,
  DirectFlowAddress,
  Hello,
  MoveTarget,
  NamedKey,
  NotifyBody,
  Policy,
  RefusalReason,
  Report,
  SubscribeBody,
  Ticket,
} from "./cfs-ue.ts";
import {
  type Decoder,
  flag,
  integer,
  list,
  nullable,
  object,
  oneOf,
  parseJson,
  refuse,
  text,
  time,
  variant,
} from "./decode-json.ts";
import type { DecodeResult } from "./decode-result.ts";
import type { FunctionAddress } from "./function-address.ts";
import { cfsUeVersion, checkVersion } from "./version.ts";

const version: Decoder<string> = (value, field) => {
  if (typeof value !== "string") return refuse(field, value, `must be a version such as "${cfsUeVersion}"`);
  const wrong = checkVersion(value, cfsUeVersion);
  return wrong === null ? { ok: true, value } : { ok: false, field, detail: wrong };
};

const uri = text({ most: 512 });
const token = text({ most: 256 });
const uris = list(uri, 32);
const sequence = integer({ least: 1 });

const jwkOfCurve = variant<PublicJwk>("crv", {
  "P-256": object({ kty: oneOf(["EC"]), crv: oneOf(["P-256"]), x: token, y: token }),
  Ed25519: object({ kty: oneOf(["OKP"]), crv: oneOf(["Ed25519"]), x: token }),
});

const hello: Decoder<Hello> = object({
  nonce: text({ least: 16, most: 128 }),
  time,
  identity: uri,
  instance: nullable(uri),
  contact: uri,
  path: uris,
  serviceRoute: uris,
  key: jwkOfCurve,
});

const allowed: Decoder<AllowedTargets> = object({ pCscf: uris, sCscf: uris });

const directFlowAddress: Decoder<DirectFlowAddress> = object(
  { host: token, port: integer({ least: 1, most: 65535 }), transport: oneOf(["tls", "ws", "tcp"]) },
  { fingerprint: token },
);

const namedKey: Decoder<NamedKey> = object({ kid: token, jwk: jwkOfCurve });

const ticket: Decoder<Ticket> = object({
  nonce: text({ least: 16, most: 128 }),
  keys: list(namedKey, 8),
  clock: time,
  challenge: text({ least: 16, most: 128 }),
  addresses: list(directFlowAddress, 16),
  allowed,
  sequence: integer(),
});

const policy: Decoder<Policy> = object({ v: version, sequence, allowed });

const functionAddress: Decoder<FunctionAddress> = object(
  { name: uri, addresses: list(token, 16) },
  { port: integer({ least: 1, most: 65535 }) },
);

const pCscfTarget = object({ pCscf: functionAddress });
const sCscfTarget = object({ sCscf: uri });

const moveTarget: Decoder<MoveTarget> = (value, field) => {
  const either = object({}, { pCscf: nullable(functionAddress), sCscf: nullable(uri) })(value, field);
  if (!either.ok) return either;
  const { pCscf, sCscf } = either.value;
  if ((pCscf === undefined) === (sCscf === undefined))
    return refuse(field, value, "must have either pCscf or sCscf, not both");
  return pCscf === undefined ? sCscfTarget(value, field) : pCscfTarget(value, field);
};

const head = {
  v: version,
  operation: token,
  sequence,
  identity: uri,
  instance: nullable(uri),
  expires: time,
};

const dialogSet: Decoder<"all" | readonly string[]> = (value, field) =>
  value === "all" ? { ok: true, value } : list(token)(value, field);

const command = variant<Command>("command", {
  query: object({ ...head, command: oneOf(["query"]) }),
  move: object({
    ...head,
    command: oneOf(["move"]),
    target: moveTarget,
    expected: object({ pCscf: functionAddress, sCscf: functionAddress }),
    if: oneOf(["idle", "replaceable", "always"]),
    after: integer({ most: 3_600_000 }),
    replace: oneOf(["now", "wait"]),
    deadline: time,
  }),
  replace: object({ ...head, command: oneOf(["replace"]), dialogs: dialogSet }),
  cancel: object({ ...head, command: oneOf(["cancel"]), reRegister: flag }),
});

const replaceable: Decoder<true | string> = (value, field) =>
  value === true ? { ok: true, value } : text({ most: 256 })(value, field);

const dialogDescription: Decoder<DialogDescription> = object({
  id: token,
  state: oneOf(["early", "confirmed"]),
  role: oneOf(["uac", "uas"]),
  emergency: flag,
  replaceable,
});

const refusalReasons = [
  "not understood",
  "not for this device",
  "expired",
  "another operation is open",
  "target not allowed",
  "another P-CSCF serves",
  "another S-CSCF serves",
  "not registered",
  "not idle",
  "not replaceable",
  "emergency call",
  "no such operation",
  "other",
] as const satisfies readonly RefusalReason[];

const refusalReason: Decoder<RefusalReason> = (value, field) => {
  const known = oneOf(refusalReasons)(value, field);
  if (known.ok) return known;
  const any = token(value, field);
  return any.ok ? { ok: true, value: "other" } : any;
};

const trouble = list(
  object({ status: integer({ least: 300, most: 699 }), count: integer({ least: 1 }) }),
  32,
);
const detail = text({ least: 0, most: 512 });
const dialogs = list(dialogDescription);
const former = list(token);
const answerHead = { id: token, operation: token, sequence };

const answer = variant<Answer>("answer", {
  refused: object({ ...answerHead, answer: oneOf(["refused"]), reason: refusalReason, detail, dialogs }),
  accepted: object({ ...answerHead, answer: oneOf(["accepted"]), armed: flag, dialogs }, { former }),
  registered: object(
    { ...answerHead, answer: oneOf(["registered"]), path: uris, serviceRoute: uris, trouble, dialogs },
    { at: time },
  ),
  failed: object({ ...answerHead, answer: oneOf(["failed"]), trouble, detail }),
  cancelled: object({
    ...answerHead,
    answer: oneOf(["cancelled"]),
    undone: list(text({ most: 256 })),
    notUndone: list(text({ most: 256 })),
  }),
});

const dialogReport: Decoder<DialogReport> = object(
  { id: token, result: oneOf(["kept", "waiting", "pinned", "lost", "ended"]) },
  { newId: token, reason: text({ most: 256 }), until: time },
);

const report: Decoder<Report> = object({
  id: token,
  operation: token,
  sequence,
  final: flag,
  dialogs: list(dialogReport),
});

const jws = text({ most: 65_536 });

const notifyBody: Decoder<NotifyBody> = object(
  { v: version, seq: sequence, commands: list(jws, 64), acks: list(token) },
  { ticket, policy: jws },
);

const subscribeBody: Decoder<SubscribeBody> = object(
  {
    v: version,
    seq: sequence,
    callId: uri,
    fromTag: token,
    expires: integer({ most: 0xffffffff }),
    answers: list(answer),
    reports: list(report),
  },
  { hello, challenge: text({ least: 16, most: 128 }) },
);

function decodeWith<Value>(decoder: Decoder<Value>, data: Uint8Array): DecodeResult<Value> {
  const parsed = parseJson(data);
  return parsed.ok ? decoder(parsed.value, "") : parsed;
}

/** Payload of a JWS of typ "notify". */
export function decodeNotifyBody(data: Uint8Array): DecodeResult<NotifyBody> {
  return decodeWith(notifyBody, data);
}

/** Payload of a JWS of typ "subscribe". */
export function decodeSubscribeBody(data: Uint8Array): DecodeResult<SubscribeBody> {
  return decodeWith(subscribeBody, data);
}

/** Payload of a JWS of typ "command". */
export function decodeCommand(data: Uint8Array): DecodeResult<Command> {
  return decodeWith(command, data);
}

/** Payload of a JWS of typ "policy". */
export function decodePolicy(data: Uint8Array): DecodeResult<Policy> {
  return decodeWith(policy, data);
}

/** The payload of any of the four. */
export function encodePayload(value: NotifyBody | SubscribeBody | Command | Policy): Uint8Array {
  return encodeText(JSON.stringify(value));
}
