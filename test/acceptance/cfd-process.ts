// A CFD as a process of its own, on a store in a file.
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

export interface CfdPlace {
  readonly host: string;
  /** UDP. */
  readonly port: number;
  readonly adminPort: number;
  readonly folder: string;
  /** The store. */
  readonly file: string;
  readonly config: string;
}

function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  return new Promise((resolve) => {
    socket.bind(0, "127.0.0.1", () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

function freeTcpPort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Writes the configuration: UDP on loopback, one S-CSCF, the worker store. `more` are lines of YAML. */
export async function placeCfd(folder: string, more: readonly string[] = []): Promise<CfdPlace> {
  const [port, adminPort] = [await freeUdpPort(), await freeTcpPort()];
  const config = join(folder, "cfd.yaml");
  const file = join(folder, "location.db");
  const lines = [
    "listen:",
    `  - { protocol: udp, host: 127.0.0.1, port: ${port} }`,
    "sCscfs:",
    "  - { name: 'sip:scscf1.open-ims.test:6060', addresses: [127.0.0.1] }",
    `store: { kind: sqlite, file: ${file}, driver: worker }`,
    `admin: { enabled: true, host: 127.0.0.1, port: ${adminPort} }`,
    "log: { level: warn }",
    ...more,
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  return { host: "127.0.0.1", port, adminPort, folder, file, config };
}

export class CfdProcess {
  readonly #place: CfdPlace;
  readonly child: ChildProcess;
  /** What it said on standard error and standard output. */
  said = "";

  constructor(place: CfdPlace) {
    this.#place = place;
    this.child = spawn(process.execPath, ["servers/cfd/main.ts", "--config", place.config], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.said += text;
      });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Status of /healthz; 0 while nobody answers. */
  async health(): Promise<{ readonly status: number; readonly body: string }> {
    try {
      const reply = await fetch(`http://127.0.0.1:${this.#place.adminPort}/healthz`);
      return { status: reply.status, body: await reply.text() };
    } catch {
      return { status: 0, body: "" };
    }
  }

  async metric(name: string): Promise<number> {
    const reply = await fetch(`http://127.0.0.1:${this.#place.adminPort}/metrics`);
    const lines = (await reply.text()).split("\n").filter((line) => line.startsWith(name));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  }

  async ready(): Promise<void> {
    const until = performance.now() + 20_000;
    while ((await this.health()).status !== 200) {
      if (this.child.exitCode !== null || performance.now() > until)
        throw new Error(`the CFD does not start: ${this.said}`);
      await pause(20);
    }
  }

  /** Resident memory, bytes. */
  memory(): number {
    const pages = Number(readFileSync(`/proc/${this.pid}/statm`, "utf8").split(" ")[1]);
    return pages * 4_096;
  }

  /** CPU time of all threads, seconds. */
  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.child.once("exit", () => resolve());
      this.child.kill(signal);
    });
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
