// Requests of peers: what is owed before a handler sees them, and their answers. RFC 6733 6.1.4, 6.2, 7.
import type { Host } from "@liquid-ims/runtime/host";
import type { Avp } from "./avp.ts";
import { sameIdentity } from "./data-type/diameter-identity.ts";
import {
  authSessionState,
  destinationHost,
  destinationRealm,
  errorMessage,
  originHost,
  originRealm,
  routeRecord,
  vendorSpecificApplicationId,
} from "./dictionary/base.ts";
import { buildDefinedAvp, type Dictionary, findValue, isAvp } from "./dictionary.ts";
import { DuplicateRequests } from "./duplicate-requests.ts";
import { failedAvps } from "./failed-avp.ts";
import { buildAnswer, commandFlag, type DecodedMessage, type DiameterMessage } from "./message.ts";
import { checkBaseRequest } from "./peer/base-request.ts";
import type { Connection } from "./peer/connection.ts";
import type { DiameterCounters } from "./peer/counters.ts";
import type { Rejection } from "./rejection.ts";
import { baseResult, isErrorAnswer, type Result, resultAvp } from "./result.ts";
import { resultCode } from "./result-code.ts";
import { checkAvps, checkHeader } from "./validate.ts";

/** What a handler answers: Session-Id, Origin-Host and Origin-Realm are added, Proxy-Info is given back. */
export interface AnswerContent {
  readonly result: Result;
  readonly avps: readonly Avp[];
}

export interface ReceivedRequest {
  readonly message: DiameterMessage;
  /** Origin-Host of the peer that sent it: the neighbour, not always the origin. */
  readonly peer: string;
  /** Answers it, once; later calls do nothing. */
  answer(content: AnswerContent): void;
  /** Answers with what is owed. */
  reject(rejection: Rejection): void;
}

export type RequestHandler = (request: ReceivedRequest) => void;

export interface HandlerOptions {
  /** May be executed twice without harm, as a question may. Default false: copies get the first answer. */
  readonly idempotent?: boolean;
  /** The command has the P bit; requests without it get 3008. Default true. */
  readonly proxiable?: boolean;
}

interface Handler {
  readonly handle: RequestHandler;
  readonly idempotent: boolean;
  readonly proxiable: boolean;
}

export interface RequestServerOptions {
  readonly originHost: string;
  readonly originRealm: string;
  readonly dictionary: Dictionary;
  readonly maximumOpenRequests: number;
}

/** A refusal without an AVP to show. */
function refuse(code: number, detail: string): Rejection {
  return { resultCode: code, failedAvps: [], detail };
}

const repeated = [vendorSpecificApplicationId, authSessionState] as const;

/**
 * The answer that a rejection stands for. One without the E bit has to be an answer of its command (RFC 6733 7.2):
 * what such an answer must have is taken from the request, as far as that has it.
 */
export function rejectionContent(request: DiameterMessage, rejection: Rejection): AnswerContent {
  const result = baseResult(rejection.resultCode);
  const own = isErrorAnswer(result)
    ? []
    : repeated.flatMap((definition) => request.avps.find((avp) => isAvp(avp, definition)) ?? []);
  return {
    result,
    avps: [...own, buildDefinedAvp(errorMessage, rejection.detail), ...failedAvps(rejection)],
  };
}

export class RequestServer {
  readonly #host: Host;
  readonly #options: RequestServerOptions;
  readonly #counters: DiameterCounters;
  readonly #handlers = new Map<number, Map<number, Handler>>();
  readonly #duplicates: DuplicateRequests<AnswerContent>;
  #open = 0;

  constructor(host: Host, options: RequestServerOptions, counters: DiameterCounters) {
    this.#host = host;
    this.#options = options;
    this.#counters = counters;
    this.#duplicates = new DuplicateRequests(host.clock);
  }

  /** Throws an Error when the command has a handler already. */
  handle(applicationId: number, commandCode: number, handle: RequestHandler, options: HandlerOptions): void {
    const commands = this.#handlers.get(applicationId) ?? new Map<number, Handler>();
    if (commands.has(commandCode))
      throw new Error(`command ${commandCode} of application ${applicationId} has a handler already`);
    const { idempotent = false, proxiable = true } = options;
    commands.set(commandCode, { handle, idempotent, proxiable });
    this.#handlers.set(applicationId, commands);
  }

  receive(decoded: DecodedMessage, peer: string, connection: Connection): void {
    const { message } = decoded;
    const found = this.#find(decoded);
    if ("resultCode" in found) {
      this.#counters.rejected(found.resultCode);
      const { commandCode } = message;
      this.#host.log.warn("diameter.rejected", {
        peer,
        command: commandCode,
        result: found.resultCode,
        detail: found.detail,
      });
      this.#send(message, connection, rejectionContent(message, found));
      return;
    }
    const respond = (content: AnswerContent) => this.#send(message, connection, content);
    const admitted = found.idempotent ? respond : this.#duplicates.admit(message, respond);
    if (admitted === null) {
      this.#counters.dropped("duplicate request");
      return;
    }
    this.#open += 1;
    let answered = false;
    const answer = (content: AnswerContent): void => {
      if (answered) return;
      answered = true;
      this.#open -= 1;
      admitted(content);
    };
    found.handle({
      message,
      peer,
      answer,
      reject: (rejection) => {
        this.#counters.rejected(rejection.resultCode);
        answer(rejectionContent(message, rejection));
      },
    });
  }

  #find(decoded: DecodedMessage): Handler | Rejection {
    const { message } = decoded;
    if (message.applicationId === 0) {
      const refused = checkBaseRequest(decoded, this.#options.dictionary);
      return refused ?? refuse(resultCode.unableToComply, "not expected on an open connection");
    }
    const header = checkHeader(message);
    if (header !== null) return header;
    // What stands behind a wrong length is unknown, also where the request wants to go.
    const broken = decoded.fault === null ? null : checkAvps(decoded, this.#options.dictionary);
    if (broken !== null) return broken;
    const destination = this.#checkDestination(message);
    if (destination !== null) return destination;
    const commands = this.#handlers.get(message.applicationId);
    if (commands === undefined)
      return refuse(resultCode.applicationUnsupported, "the application is unknown");
    const handler = commands.get(message.commandCode);
    if (handler === undefined) return refuse(resultCode.commandUnsupported, "the command is unknown");
    if (handler.proxiable && (message.flags & commandFlag.proxiable) === 0)
      return refuse(resultCode.invalidHeaderBits, "the command must have the P bit");
    const avps = checkAvps(decoded, this.#options.dictionary);
    if (avps !== null) return avps;
    if (this.#open >= this.#options.maximumOpenRequests)
      return refuse(resultCode.tooBusy, "too many requests at a time");
    return handler;
  }

  /** 6.1.4: only what is meant for this node is served; it passes nothing on. */
  #checkDestination({ avps }: DiameterMessage): Rejection | null {
    const own = this.#options;
    for (const record of avps) {
      if (!isAvp(record, routeRecord)) continue;
      const hop = findValue([record], routeRecord);
      if (hop !== null && sameIdentity(hop, own.originHost))
        return refuse(resultCode.loopDetected, "Route-Record has this node");
    }
    const host = findValue(avps, destinationHost);
    if (host !== null && !sameIdentity(host, own.originHost))
      return refuse(resultCode.unableToDeliver, "Destination-Host is another node");
    const realm = findValue(avps, destinationRealm);
    if (realm !== null && !sameIdentity(realm, own.originRealm))
      return refuse(resultCode.realmNotServed, "Destination-Realm is another realm");
    return null;
  }

  #send(request: DiameterMessage, connection: Connection, { result, avps }: AnswerContent): void {
    const own = this.#options;
    connection.send(
      buildAnswer(request, isErrorAnswer(result), [
        resultAvp(result),
        buildDefinedAvp(originHost, own.originHost),
        buildDefinedAvp(originRealm, own.originRealm),
        ...avps,
      ]),
    );
  }
}
