// Where somebody listens on this machine: whether an address is free, and whether SIPp is ready.
import { createSocket } from "node:dgram";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { MachineError } from "../machine-error.ts";
import type { UePlace } from "./injection-file.ts";

type Transport = "udp" | "tcp";

export function placeText({ host, port }: UePlace): string {
  return `${host}:${port}`;
}

/** True when somebody has the address already. Has it itself for a moment: nobody may be about to take it. */
export async function isTaken({ host, port }: UePlace, transport: Transport): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const answer = (error: NodeJS.ErrnoException): void => {
      if (error.code === "EADDRINUSE") resolve(true);
      else reject(new MachineError(`${placeText({ host, port })} cannot be used: ${error.message}`));
    };
    if (transport === "udp") {
      const socket = createSocket("udp4").once("error", answer);
      socket.bind(port, host, () => socket.close(() => resolve(false)));
    } else {
      const server = createServer().once("error", answer);
      server.listen(port, host, () => server.close(() => resolve(false)));
    }
  });
}

/** The place as the kernel's tables have it: the address as one number of this machine, `0100087F:13C4`. */
function kernelName({ host, port }: UePlace): string {
  const [address = 0] = new Uint32Array(Uint8Array.from(host.split("."), Number).buffer);
  const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, "0");
  return `${hex(address, 8)}:${hex(port, 4)}`;
}

/** TCP_LISTEN of the kernel, in its column of /proc/net/tcp. */
const listenState = "0A";

/** Those of the places at which nobody listens, by the text of /proc/net/udp or /proc/net/tcp (proc(5)). */
export function notInSocketTable<Place extends UePlace>(
  table: string,
  transport: Transport,
  places: readonly Place[],
): readonly Place[] {
  const there = new Set<string>();
  for (const line of table.split("\n").slice(1)) {
    const [, local = "", , state = ""] = line.trim().split(/\s+/);
    if (transport === "udp" || state === listenState) there.add(local);
  }
  return places.filter((place) => !there.has(kernelName(place)));
}

/** Those of the places at which nobody listens. Looks only, where the system has tables to look into (Linux). */
export async function silentPlaces<Place extends UePlace>(
  places: readonly Place[],
  transport: Transport,
): Promise<readonly Place[]> {
  const file = `/proc/net/${transport}`;
  if (existsSync(file)) return notInSocketTable(readFileSync(file, "utf8"), transport, places);
  const silent: Place[] = [];
  for (const place of places) if (!(await isTaken(place, transport))) silent.push(place);
  return silent;
}
