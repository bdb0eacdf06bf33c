// The lab's HSS as a process: node run.mjs lab/hss/main.ts --users users.csv --realm open-ims.test --peer ...
// Exit codes: 0 ended by a signal, 1 a fault of ours, 2 usage or users that cannot be read, 3 the machine.
import { readFileSync } from "node:fs";
import { formatAddress } from "@liquid-ims/runtime/network";
import { createLineLog, createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { endProcess, onEndSignal } from "@liquid-ims/runtime/nodejs/end-signals";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { createHss } from "../ims-core/hss.ts";
import { type HssProgramOptions, readOptions } from "./options.ts";
import { parseSubscribers } from "./subscriber-csv.ts";

/** What a peer that does not say goodbye may cost. */
const stopMs = 2_000;

function complain(line: string): void {
  process.stderr.write(`hss: ${line}\n`);
}

function readFile(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    complain(`--users: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

/** Resolves with the exit code. */
async function run(options: HssProgramOptions): Promise<number> {
  const csv = readFile(options.users);
  if (csv === null) return 3;
  const read = parseSubscribers(csv);
  if (!read.ok) {
    for (const { line, field, problem } of read.errors)
      complain(`${options.users}:${line}: ${field === null ? "" : `${field} `}${problem}`);
    return 2;
  }
  let end: (exitCode: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  const host = createNodejsHost({
    name: "hss",
    log: createLineLog({ level: options.logLevel, write: (line) => void process.stderr.write(line) }),
    onCrash: (error) => {
      if (error instanceof RuntimeError) complain(error.message);
      else complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
      end(error instanceof RuntimeError ? 3 : 1);
    },
  });
  const { subscribers } = read;
  const { realm: originRealm, listen, originHost, peers, digestRealm, behaviour, capacity } = options;
  const { pyHssInterface } = options;
  const hss = createHss({
    listen,
    originHost,
    originRealm,
    peers,
    digestRealm,
    subscribers,
    behaviour,
    capacity,
    ...(pyHssInterface === undefined ? {} : { pyHssInterface }),
  })(host);
  const stop = (): void => {
    host.clock.after(stopMs, () => end(0), "hss stops");
    void hss.stop().then(() => end(0));
  };
  onEndSignal({ first: stop, again: () => endProcess(1) });
  hss.ready.then(
    () => {
      const { local } = hss;
      const where = local === null ? "nowhere" : formatAddress(local);
      const own =
        pyHssInterface === undefined ? "" : `, its REST interface on ${formatAddress(pyHssInterface)}`;
      process.stdout.write(`hss: ${subscribers.length} users, ${originHost} listens on ${where}${own}\n`);
    },
    () => undefined,
  );
  const exitCode = await ended;
  await host.close();
  return exitCode;
}

async function main(argv: readonly string[]): Promise<number> {
  const request = readOptions(argv);
  switch (request.kind) {
    case "help":
      return 0;
    case "usage":
      complain(`${request.message} (--help shows all options)`);
      return 2;
    case "run":
      return run(request.options);
  }
}

endProcess(await main(process.argv.slice(2)));
