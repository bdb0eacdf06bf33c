// The session descriptions of one call over all of its dialogs: offers, answers, and what the application wants.
// RFC 3264 5 to 8, RFC 3261 14.
import type { Host } from "@liquid-ims/runtime/host";
import { decodeText, encodeText } from "@liquid-ims/runtime/text";
import { type Body, bodyOf } from "@liquid-ims/sip/dialog/body";
import type { Session } from "@liquid-ims/sip/dialog/session";
import type { Modification, SessionHandlers } from "@liquid-ims/sip/dialog/session-handlers";
import type { CallMedia, MediaDirection } from "./media.ts";
import {
  answerDirection,
  directionOf,
  freshOrigin,
  mediaOf,
  nextVersion,
  withDirection,
} from "./session-description.ts";

const sdp = "application/sdp";

/** The local half of one session description. */
interface LocalDescription {
  readonly sessionId: string;
  readonly version: number;
  readonly text: string;
  /** What the application wanted when it was made. */
  readonly wanted: MediaDirection;
}

export class CallDescriptions {
  /** The peer's description is not the one from before the last INVITE with Replaces. */
  changedInReplacing = false;
  readonly #host: Host;
  readonly #media: CallMedia;
  readonly #changed: (remote: string) => void;
  readonly #local = new WeakMap<Session, LocalDescription>();
  /** For INVITEs that are being sent or answered, by Call-ID: their sessions do not exist yet. */
  readonly #prepared = new Map<string, LocalDescription>();
  #wanted: MediaDirection = "sendrecv";
  #remote = "";

  /** `changed`: the peer's addresses, ports or direction are not those from before. */
  constructor(host: Host, media: CallMedia, changed: (remote: string) => void) {
    this.#host = host;
    this.#media = media;
    this.#changed = changed;
  }

  /** False: nothing in the offer can be used (488). */
  canAnswer(offer: Body | null): boolean {
    return offer === null || this.#media.answer(decodeText(offer.data)) !== null;
  }

  /** The present media as the offer of a new session. */
  offer(callId: string): Body {
    this.changedInReplacing = false;
    return this.#prepare(callId, withDirection(this.#media.offer(), this.#wanted));
  }

  /** For the 200 to an INVITE: the answer, or the offer where the INVITE had none. */
  answer(callId: string, offer: Body | null): Body {
    if (offer === null) return this.offer(callId);
    this.changedInReplacing = false;
    const remote = decodeText(offer.data);
    const answer = this.#media.answer(remote) ?? this.#media.offer();
    return this.#prepare(callId, withDirection(answer, answerDirection(this.#wanted, directionOf(remote))));
  }

  /** A session has come of an INVITE that was sent or answered; the handlers are those for its media. */
  opened(session: Session): SessionHandlers {
    const { callId } = session.dialog.id;
    const prepared = this.#prepared.get(callId);
    if (prepared !== undefined) this.#local.set(session, prepared);
    this.#prepared.delete(callId);
    this.#learn(bodyOf(session.role === "uac" ? session.response : session.invite));
    return {
      acknowledged: (ack) => {
        if (bodyOf(session.invite) === null && ack !== null) this.#learn(bodyOf(ack));
      },
      reinvited: (modification) => this.#modified(session, modification),
      updated: (modification) => this.#modified(session, modification),
      reinviteAcknowledged: (ack) => {
        this.#learn(bodyOf(ack));
        this.offerWanted(session);
      },
    };
  }

  want(direction: MediaDirection): void {
    this.#wanted = direction;
  }

  /**
   * Re-INVITEs when the application wants something else than stands in this session (rule 13 of dialog
   * replacement). While another re-INVITE is under way it waits for the end of that one.
   */
  offerWanted(session: Session): void {
    const local = this.#local.get(session);
    if (session.state !== "Confirmed" || local === undefined || local.wanted === this.#wanted) return;
    const body = this.#again(session, withDirection(this.#media.offer(), this.#wanted));
    const isSent = session.reinvite({
      body,
      outcome: ({ status, response }) => {
        if (response !== null && status < 300) this.#learn(bodyOf(response));
        this.offerWanted(session);
      },
    });
    if (!isSent) this.#local.set(session, local);
  }

  closed(): void {
    this.#media.closed();
  }

  #prepare(callId: string, description: string): Body {
    const sessionId = String(this.#host.random.u32());
    const text = freshOrigin(description, sessionId);
    this.#prepared.set(callId, { sessionId, version: 1, text, wanted: this.#wanted });
    return { type: sdp, data: encodeText(text) };
  }

  /** A description in a session that stands; its version rises when it differs from the last (RFC 3264 8). */
  #again(session: Session, description: string): Body {
    const last = this.#local.get(session);
    const sessionId = last?.sessionId ?? String(this.#host.random.u32());
    const isSame = last !== undefined && mediaOf(description) === mediaOf(last.text);
    const version = (last?.version ?? 0) + (isSame ? 0 : 1);
    const text = nextVersion(description, sessionId, version);
    this.#local.set(session, { sessionId, version, text, wanted: this.#wanted });
    return { type: sdp, data: encodeText(text) };
  }

  #learn(body: Body | null): void {
    if (body === null || body.type.split(";")[0]?.trim().toLowerCase() !== sdp) return;
    const remote = decodeText(body.data);
    const changed = this.#remote !== "" && mediaOf(remote) !== mediaOf(this.#remote);
    this.#remote = remote;
    this.#media.applied(remote, changed);
    if (!changed) return;
    this.changedInReplacing = true;
    this.#changed(remote);
  }

  #modified(session: Session, modification: Modification): void {
    const { body, request } = modification;
    if (body === null) {
      if (request.method === "UPDATE") modification.accept();
      else
        modification.accept({ body: this.#again(session, withDirection(this.#media.offer(), this.#wanted)) });
      return;
    }
    const offer = decodeText(body.data);
    const answer = this.#media.answer(offer);
    if (answer === null) {
      modification.reject(488);
      return;
    }
    const direction = answerDirection(this.#wanted, directionOf(offer));
    modification.accept({ body: this.#again(session, withDirection(answer, direction)) });
    this.#learn(body);
  }
}
