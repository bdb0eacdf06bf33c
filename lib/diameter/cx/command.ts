// What all commands of Cx share: their common AVPs, and reading with what is owed. TS 29.229 6.1, 5.
import type { Avp } from "../avp.ts";
import * as base from "../dictionary/base.ts";
import { cxApplicationId, vendor3gpp } from "../dictionary/cx.ts";
import { buildDefinedAvp } from "../dictionary.ts";
import { atMostOnce, type FieldList, type FieldsOf, once, readFields, writeFields } from "../fields.ts";
import type { DiameterMessage } from "../message.ts";
import type { DiameterNode } from "../node.ts";
import type { Read, Rejection } from "../rejection.ts";
import type { RequestContent, RequestOutcome } from "../request-client.ts";
import type { AnswerContent } from "../request-server.ts";
import { findResult, type Result } from "../result.ts";

/** One command: its code, and what its request and its answer hold beside the common AVPs. */
export interface CxCommand<Q extends FieldList, A extends FieldList> {
  readonly name: string;
  readonly commandCode: number;
  readonly request: Q;
  readonly answer: A;
  /** Executing it twice does no harm. */
  readonly idempotent: boolean;
}

/** What every request must have; Destination-Realm or the node of an answer is looked at by the node. */
const commonRequestFields = {
  sessionId: once(base.sessionId),
  vendorSpecificApplicationId: once(base.vendorSpecificApplicationId),
  authSessionState: once(base.authSessionState),
  originHost: once(base.originHost),
  originRealm: once(base.originRealm),
} as const;

const toRealm = { ...commonRequestFields, destinationRealm: once(base.destinationRealm) } as const;
const fromClient = { ...toRealm, destinationHost: atMostOnce(base.destinationHost) } as const;
/** RTR and PPR go to one S-CSCF (TS 29.229 6.1.9, 6.1.11). */
const fromServer = { ...toRealm, destinationHost: once(base.destinationHost) } as const;

/** Vendor-Specific-Application-Id and Auth-Session-State as Cx has them (TS 29.229 5.1, 5.5). */
function commonAvps(): Avp[] {
  return [
    buildDefinedAvp(base.vendorSpecificApplicationId, {
      vendorId: vendor3gpp,
      authApplicationId: cxApplicationId,
    }),
    buildDefinedAvp(base.authSessionState, "NO_STATE_MAINTAINED"),
  ];
}

/** Where a request goes. */
export interface CxDestination {
  readonly destinationRealm: string;
  readonly destinationHost?: string | null;
  readonly timeoutMs?: number;
  /** Another node's identity in place of this one's. */
  readonly originHost?: string;
}

/** The request for `DiameterNode.request`. */
export function buildCxRequest<Q extends FieldList, A extends FieldList>(
  command: CxCommand<Q, A>,
  destination: CxDestination,
  request: FieldsOf<Q>,
): RequestContent {
  return {
    applicationId: cxApplicationId,
    commandCode: command.commandCode,
    ...destination,
    avps: [...commonAvps(), ...writeFields(command.request, request)],
  };
}

const serverCommands: readonly number[] = [304, 305];

/** A request's fields, or what is owed: 5005, 5009, 5004, 5014 with Failed-AVP. */
export function readCxRequest<Q extends FieldList, A extends FieldList>(
  command: CxCommand<Q, A>,
  message: DiameterMessage,
): Read<FieldsOf<Q>> {
  const fields = serverCommands.includes(command.commandCode) ? fromServer : fromClient;
  const common = readFields(fields, message.avps);
  return common.ok ? readFields(command.request, message.avps) : common;
}

/** The answer for `ReceivedRequest.answer`. */
export function buildCxAnswer<Q extends FieldList, A extends FieldList>(
  command: CxCommand<Q, A>,
  result: Result,
  answer: FieldsOf<A>,
): AnswerContent {
  return { result, avps: [...commonAvps(), ...writeFields(command.answer, answer)] };
}

/** An answer's result and fields. Refused when it has neither Result-Code nor Experimental-Result. */
export function readCxAnswer<Q extends FieldList, A extends FieldList>(
  command: CxCommand<Q, A>,
  message: DiameterMessage,
): Read<{ readonly result: Result; readonly answer: FieldsOf<A> }> {
  const result = findResult(message.avps);
  if (result === null) {
    const missing = readFields({ resultCode: once(base.resultCodeAvp) }, message.avps);
    if (!missing.ok) return missing;
  }
  const read = readFields(command.answer, message.avps);
  if (!read.ok) return read;
  return { ok: true, value: { result: result ?? { kind: "Result-Code", code: 0 }, answer: read.value } };
}

/** How a request of Cx ended; see `RequestOutcome` for those without an answer. */
export type CxOutcome<A> =
  | {
      readonly kind: "answer";
      readonly result: Result;
      readonly answer: A;
      readonly message: DiameterMessage;
    }
  | Exclude<RequestOutcome, { readonly kind: "answer" }>;

/** Sends a request and reads its answer; `done` is called once, later. */
export function sendCx<Q extends FieldList, A extends FieldList>(
  node: DiameterNode,
  command: CxCommand<Q, A>,
  destination: CxDestination,
  request: FieldsOf<Q>,
  done: (outcome: CxOutcome<FieldsOf<A>>) => void,
): void {
  node.request(buildCxRequest(command, destination, request), (outcome) => {
    if (outcome.kind !== "answer") {
      done(outcome);
      return;
    }
    const { message, peer } = outcome;
    const read = readCxAnswer(command, message);
    if (read.ok) done({ kind: "answer", ...read.value, message });
    else done({ kind: "malformed", peer, detail: read.rejection.detail });
  });
}

/** A request that can be read. */
export interface CxRequest<Q, A> {
  readonly request: Q;
  readonly message: DiameterMessage;
  /** The identity and realm of its sender: who an answer by RTR or PPR goes to. */
  readonly originHost: string;
  readonly originRealm: string;
  /** Answers, once; later calls do nothing. */
  answer(result: Result, answer?: A): void;
  reject(rejection: Rejection): void;
}

/** Serves a command; what cannot be read is answered before `handler` sees it. */
export function serveCx<Q extends FieldList, A extends FieldList>(
  node: DiameterNode,
  command: CxCommand<Q, A>,
  handler: (request: CxRequest<FieldsOf<Q>, FieldsOf<A>>) => void,
): void {
  const { commandCode, idempotent } = command;
  node.handle(
    cxApplicationId,
    commandCode,
    (received) => {
      const origin = readFields(commonRequestFields, received.message.avps);
      const read = readCxRequest(command, received.message);
      if (!origin.ok) received.reject(origin.rejection);
      else if (!read.ok) received.reject(read.rejection);
      else
        handler({
          request: read.value,
          message: received.message,
          originHost: origin.value.originHost,
          originRealm: origin.value.originRealm,
          // Every field of an answer of Cx may be absent, so an object without any is one.
          answer: (result, answer = {} as FieldsOf<A>) =>
            received.answer(buildCxAnswer(command, result, answer)),
          reject: (rejection) => received.reject(rejection),
        });
    },
    { idempotent },
  );
}
