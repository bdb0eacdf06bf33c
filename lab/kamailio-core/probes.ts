// How the lab sees that a program of the real core is ready: it asks it.
import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { promisify } from "node:util";
import { type Address, formatAddress } from "@liquid-ims/runtime/network";
import { programPath } from "./programs.ts";

const answerMs = 500;

/** RFC 3261 11: whether OPTIONS to the element itself gets a 200, over UDP. */
export function answersOptions({ host, port }: Address, fqdn: string): Promise<boolean> {
  const socket = createSocket("udp4");
  return new Promise((resolve) => {
    const end = (answered: boolean): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answered);
    };
    const timer = setTimeout(() => end(false), answerMs);
    socket.on("error", () => end(false));
    socket.on("message", (data) => end(data.toString("latin1").startsWith("SIP/2.0 200")));
    socket.bind(0, "127.0.0.1", () => {
      const own = `127.0.0.1:${socket.address().port}`;
      const id = `${performance.now()}`.replace(".", "");
      const lines = [
        `OPTIONS sip:${fqdn}:${port} SIP/2.0`,
        `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${id}`,
        `From: <sip:lab@${own}>;tag=${id}`,
        `To: <sip:${fqdn}:${port}>`,
        `Call-ID: ${id}@${own}`,
        "CSeq: 1 OPTIONS",
        "Max-Forwards: 5",
        "Content-Length: 0",
      ];
      socket.send(`${lines.join("\r\n")}\r\n\r\n`, port, host);
    });
  });
}

/** Whether the name server knows an address of this name. */
export async function answersQuery(server: Address, name: string): Promise<boolean> {
  const resolver = new Resolver({ timeout: answerMs, tries: 1 });
  resolver.setServers([formatAddress(server)]);
  try {
    return (await resolver.resolve4(name)).length > 0;
  } catch {
    return false;
  }
}

/** What a Kamailio says to a command of its control socket; throws when it says nothing. */
export async function askKamailio(folder: string, name: string, ...command: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("kamcmd", ["-s", `unix:${name}.ctl`, ...command], {
    cwd: folder,
    env: { ...process.env, PATH: programPath() },
    timeout: 5_000,
  });
  return stdout;
}

/** RFC 6733 5.6: whether its Diameter peer is open. */
export async function isPeerOpen(folder: string, name: string): Promise<boolean> {
  try {
    return /State: [IR]_Open/.test(await askKamailio(folder, name, "cdp.list_peers"));
  } catch {
    return false;
  }
}
