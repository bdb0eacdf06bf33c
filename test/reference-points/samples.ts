// One good payload of every kind of cfs-ue, with every member.
import type {
  Answer,
  Command,
  Hello,
  NotifyBody,
  Policy,
  Report,
  SubscribeBody,
  Ticket,
} from "@liquid-ims/reference-points/cfs-ue";

const key = {
  kty: "OKP",
  crv: "Ed25519",
  x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
} as const;

export const hello: Hello = {
  nonce: "0123456789abcdef01234567",
  time: 1_795_294_853_000,
  identity: "sip:alice@open-ims.test",
  instance: "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
  contact: "sip:alice@127.0.3.1:5060;transport=udp",
  path: ["sip:term@pcscf1.open-ims.test:4060;lr"],
  serviceRoute: ["sip:orig@scscf1.open-ims.test:6060;lr"],
  key,
};

export const ticket: Ticket = {
  nonce: hello.nonce,
  keys: [{ kid: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", jwk: key }],
  clock: 1_795_294_853_010,
  challenge: "fedcba9876543210fedcba98",
  addresses: [{ host: "127.0.2.21", port: 7443, transport: "tls", fingerprint: "c2hhMjU2" }],
  allowed: { pCscf: ["*.open-ims.test"], sCscf: ["sip:scscf1.open-ims.test:6060"] },
  sequence: 7,
};

const head = {
  v: "1.0",
  operation: "op-1",
  sequence: 8,
  identity: hello.identity,
  instance: hello.instance,
  expires: 1_795_294_860_000,
};

const pCscf = { name: "pcscf1.open-ims.test", addresses: ["127.0.1.1"], port: 4060 };
const sCscf = { name: "scscf1.open-ims.test", addresses: ["127.0.1.21"], port: 6060 };

export const commands: Readonly<Record<string, Command>> = {
  query: { ...head, command: "query" },
  "move to a P-CSCF": {
    ...head,
    command: "move",
    target: { pCscf: { name: "pcscf2.open-ims.test", addresses: ["127.0.1.2"], port: 4060 } },
    expected: { pCscf, sCscf },
    if: "replaceable",
    after: 0,
    replace: "now",
    deadline: 1_795_294_890_000,
  },
  "move to an S-CSCF": {
    ...head,
    command: "move",
    target: { sCscf: "sip:scscf2.open-ims.test:6060" },
    expected: { pCscf, sCscf },
    if: "always",
    after: 500,
    replace: "wait",
    deadline: 1_795_294_890_000,
  },
  replace: { ...head, command: "replace", dialogs: ["00112233445566778899aabbccddeeff"] },
  "replace all": { ...head, command: "replace", dialogs: "all" },
  cancel: { ...head, command: "cancel", reRegister: true },
};

const dialogs = [
  {
    id: "00112233445566778899aabbccddeeff",
    state: "confirmed",
    role: "uac",
    emergency: false,
    replaceable: true,
  },
  {
    id: "ffeeddccbbaa99887766554433221100",
    state: "early",
    role: "uas",
    emergency: true,
    replaceable: "emergency call",
  },
] as const;

const answerHead = { id: "a1", operation: "op-1", sequence: 8 };

export const answers: Readonly<Record<string, Answer>> = {
  refused: { ...answerHead, answer: "refused", reason: "not idle", detail: "one dialog", dialogs },
  accepted: { ...answerHead, answer: "accepted", armed: true, dialogs, former: ["ab12"] },
  registered: {
    ...answerHead,
    answer: "registered",
    path: hello.path,
    serviceRoute: hello.serviceRoute,
    trouble: [{ status: 500, count: 2 }],
    dialogs,
  },
  failed: { ...answerHead, answer: "failed", trouble: [{ status: 408, count: 1 }], detail: "" },
  cancelled: { ...answerHead, answer: "cancelled", undone: ["registration"], notUndone: [] },
};

export const report: Report = {
  id: "r1",
  operation: "op-1",
  sequence: 8,
  final: true,
  dialogs: [
    { id: dialogs[0].id, result: "kept", newId: "0123456789abcdef0123456789abcdef", reason: "media changed" },
    { id: dialogs[1].id, result: "pinned", reason: "emergency call", until: 1_795_295_000_000 },
  ],
};

export const policy: Policy = { v: "1.0", sequence: 3, allowed: ticket.allowed };

export const notifyBody: NotifyBody = {
  v: "1.0",
  seq: 1,
  ticket,
  policy: "header.payload.signature",
  commands: ["header.payload.signature"],
  acks: ["a1", "r1"],
};

export const subscribeBody: SubscribeBody = {
  v: "1.0",
  seq: 1,
  callId: "x7Yt@127.0.3.1",
  fromTag: "a73kszlfl",
  expires: 3500,
  hello,
  challenge: ticket.challenge,
  answers: Object.values(answers),
  reports: [report],
};
