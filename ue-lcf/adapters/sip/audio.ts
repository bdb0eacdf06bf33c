// The media of a UE that was given none: one audio stream that nobody hears. RFC 8866, RFC 3551.
import type { CallMedia, MediaPort } from "../../media.ts";

/** One PCMU stream at `host`:`port`, for every call the same. */
export function fixedAudio(host: string, port: number): MediaPort {
  const family = host.includes(":") ? "IP6" : "IP4";
  const description = [
    "v=0",
    `o=- 1 1 IN ${family} ${host}`,
    "s=-",
    `c=IN ${family} ${host}`,
    "t=0 0",
    `m=audio ${port} RTP/AVP 0`,
    "a=rtpmap:0 PCMU/8000",
    "a=sendrecv",
    "",
  ].join("\r\n");
  const media: CallMedia = {
    offer: () => description,
    answer: (offer) => (/^m=audio \d+ RTP\/AVP(.* 0)(?= |\r|$)/m.test(offer) ? description : null),
    applied: nothing,
    closed: nothing,
  };
  return () => media;
}

function nothing(): void {
  // No packet is sent or awaited.
}
