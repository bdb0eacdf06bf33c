// What the LCF and the SIP adapter ask of the application's media. RFC 3264; the LCF never touches a packet.

/** The media of one call. It outlives the call's dialogs: a replaced dialog keeps addresses, ports and payload types. */
export interface CallMedia {
  /** The session description as the media are now; the caller of this port makes the o= line fresh where it must be. */
  offer(): string;
  /** The answer to a peer's offer, null when nothing in it can be used (488). Called again with the same offer it answers the same. */
  answer(offer: string): string | null;
  /** The description that the peer has given last; `changed` when its addresses or ports are not those from before. */
  applied(remote: string, changed: boolean): void;
  /** The call is over: ports may be given back. */
  closed(): void;
}

/** Makes the media of a new call. */
export type MediaPort = (call: { readonly id: string; readonly peer: string }) => CallMedia;

/** Direction attributes of RFC 3264 8.4. */
export type MediaDirection = "sendrecv" | "sendonly" | "recvonly" | "inactive";
