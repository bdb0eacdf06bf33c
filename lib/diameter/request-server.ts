// Requests of peers: what is owed before a handler sees them, and their answers. RFC 6733 6.1.4, 6.2, 7.
import type { Host } from "@liquid-ims/runtime/host";
import type { Avp } from "./avp.ts";
import { sameIdentity } from "./data-type/diameter-identity.ts";
import {
  destinationHost,
  destinationRealm,
  errorMessage,
  originHost,
  originRealm,
  routeRecord,
} from "./dictionary/base.ts";
import { buildDefinedAvp, type Dictionary, findValue, isAvp } from "./dictionary.ts";
import { DuplicateRequests } from "./duplicate-requests.ts";
import { failedAvps } from "./failed-avp.ts";
import { buildAnswer, type DecodedMessage, type DiameterMessage } from "./message.ts";
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
}

interface Handler {
  readonly handle: RequestHandler;
  readonly idempotent: boolean;
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

/** The answer that a rejection stands for. */
export function rejectionContent(rejection: Rejection): AnswerContent {
  return {
    result: baseResult(rejection.resultCode),
    avps: [buildDefinedAvp(errorMessage, rejection.detail), ...failedAvps(rejection)],
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
    commands.set(commandCode, { handle, idempotent: options.idempotent ?? false });
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
      this.#send(message, connection, rejectionContent(found));
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
        answer(rejectionContent(rejection));
      },
    });
  }

  #find(decoded: DecodedMessage): Handler | Rejection {
    const { message } = decoded;
    const header = checkHeader(message);
    if (header !== null) return header;
    // What stands behind a wrong length is unknown, also where the request wants to go.
    const broken = decoded.fault === null ? null : checkAvps(decoded, this.#options.dictionary);
    if (broken !== null) return broken;
    const destination = this.#checkDestination(message);
    if (destination !== null) return destination;
    if (message.applicationId === 0)
      return refuse(resultCode.unableToComply, "not expected on an open connection");
    const commands = this.#handlers.get(message.applicationId);
    if (commands === undefined)
      return refuse(resultCode.applicationUnsupported, "the application is unknown");
    const handler = commands.get(message.commandCode);
    if (handler === undefined) return refuse(resultCode.commandUnsupported, "the command is unknown");
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
