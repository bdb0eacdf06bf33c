// The little that the LCF reads and changes of a session description. RFC 8866, RFC 3264.
import type { MediaDirection } from "./media.ts";

const directionLine = /^a=(sendrecv|sendonly|recvonly|inactive)$/;

function linesOf(description: string): string[] {
  return description.split(/\r?\n/).filter((line) => line !== "");
}

function join(lines: readonly string[]): string {
  return `${lines.join("\r\n")}\r\n`;
}

/** The same description as a session of its own: another session-id, first version (RFC 3264 5). */
export function freshOrigin(description: string, sessionId: string): string {
  return join(
    linesOf(description).map((line) => {
      if (!line.startsWith("o=")) return line;
      const [user = "-", , , ...rest] = line.slice(2).split(" ");
      return `o=${[user, sessionId, "1", ...rest].join(" ")}`;
    }),
  );
}

/** The same session in its next version: an offer or answer that differs from the last (RFC 3264 8). */
export function nextVersion(description: string, sessionId: string, version: number): string {
  return freshOrigin(description, sessionId).replace(/^(o=\S+ \S+) 1 /m, `$1 ${version} `);
}

/** Direction of the first stream; sendrecv where nothing says otherwise. */
export function directionOf(description: string): MediaDirection {
  for (const line of linesOf(description)) {
    const found = directionLine.exec(line)?.[1];
    if (found === "sendonly" || found === "recvonly" || found === "inactive") return found;
  }
  return "sendrecv";
}

/** All streams with this direction. */
export function withDirection(description: string, direction: MediaDirection): string {
  const lines = linesOf(description).filter((line) => !directionLine.test(line));
  const result: string[] = [];
  let inStream = false;
  for (const line of lines) {
    if (line.startsWith("m=")) {
      if (inStream) result.push(`a=${direction}`);
      inStream = true;
    }
    result.push(line);
  }
  if (inStream) result.push(`a=${direction}`);
  return join(result);
}

const sends: ReadonlySet<MediaDirection> = new Set(["sendrecv", "sendonly"]);
const receives: ReadonlySet<MediaDirection> = new Set(["sendrecv", "recvonly"]);

/** What may be answered to an offer by an end that wants `wanted` (RFC 3264 6.1). */
export function answerDirection(wanted: MediaDirection, offered: MediaDirection): MediaDirection {
  const send = sends.has(wanted) && receives.has(offered);
  const receive = receives.has(wanted) && sends.has(offered);
  if (send) return receive ? "sendrecv" : "sendonly";
  return receive ? "recvonly" : "inactive";
}

/** What tells where and how media flow: everything but o=, s= and times. Equal texts: nothing has changed for media. */
export function mediaOf(description: string): string {
  return linesOf(description)
    .filter((line) => /^[mca]=/.test(line))
    .join("\n");
}
