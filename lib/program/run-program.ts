// Runs a server as a process: configuration, log, admin port, signals, exit code.
import type { Host } from "@liquid-ims/runtime/host";
import { formatAddress } from "@liquid-ims/runtime/network";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { type AdminServer, serveAdmin } from "./admin.ts";
import { type ArgumentsOptions, type ProgramRequest, readArguments } from "./arguments.ts";
import { formatConfigurationError } from "./configuration/given.ts";
import type { LoadResult } from "./configuration/load.ts";
import { type ExitCode, explain, systemCodeOf } from "./exit.ts";
import type { Health } from "./health.ts";
import { createPinoLog, type LogLevel, type PinoLog } from "./pino-log.ts";

/** What every configuration has. */
export interface ProgramSettings {
  readonly name: string;
  readonly admin: { readonly enabled: boolean; readonly host: string; readonly port: number };
  readonly log: { readonly level: LogLevel };
  readonly stop: { readonly within: number };
}

/** A server that has started. */
export interface RunningServer {
  health(): Promise<Health>;
  /** Takes nothing new, answers what is open, and resolves; the process waits so long and no longer. */
  drain(): Promise<void>;
  /** Closes sockets and stores. */
  close(): Promise<void>;
}

export interface ProgramOptions<Settings extends ProgramSettings> extends ArgumentsOptions {
  readonly load: (request: {
    readonly file: string | null;
    readonly folder: string;
    readonly environment: Readonly<Record<string, string | undefined>>;
  }) => LoadResult<Settings>;
  /** Resolves when the server is ready. */
  readonly start: (host: Host, settings: Settings) => Promise<RunningServer>;
}

/**
 * Signals so near to each other are one: who signals the whole group (a terminal, systemd) reaches this process
 * directly and through the one that started it.
 */
const sameSignalMs = 500;

/** Where the person stands: run.mjs starts programs in the folder of the repository and says where it was called. */
export function callersFolder(): string {
  return process.env["LIQUID_IMS_FOLDER"] ?? process.cwd();
}

function say(text: string): void {
  process.stdout.write(text);
}

class Runner<Settings extends ProgramSettings> {
  readonly #options: ProgramOptions<Settings>;

  constructor(options: ProgramOptions<Settings>) {
    this.#options = options;
  }

  #complain(text: string): void {
    process.stderr.write(`${this.#options.name}: ${text}\n`);
  }

  async run(argv: readonly string[]): Promise<void> {
    process.stdout.on("error", (error) => {
      // `--print-config | head` wants no more.
      if (systemCodeOf(error) !== "EPIPE") throw error;
    });
    const request = readArguments(argv, this.#options);
    switch (request.kind) {
      case "done":
        return;
      case "usage":
        this.#complain(`${request.message} (--help shows all options)`);
        process.exitCode = 2;
        return;
      case "command":
        process.exitCode = await request.run().then(
          () => 0,
          (error: unknown) => this.#explain(error),
        );
        return;
      default:
        await this.#withSettings(request);
    }
  }

  #explain(error: unknown): ExitCode {
    const { exitCode, text } = explain(error);
    this.#complain(text);
    return exitCode;
  }

  async #withSettings(request: Extract<ProgramRequest, { readonly config: string | null }>): Promise<void> {
    const loaded = this.#options.load({
      file: request.config,
      folder: callersFolder(),
      environment: process.env,
    });
    if (!loaded.ok) {
      for (const error of loaded.errors) this.#complain(formatConfigurationError(error));
      process.exitCode = 2;
      return;
    }
    if (request.kind === "print") say(loaded.print());
    else if (request.kind === "check") say(`${this.#options.name}: the configuration is right\n`);
    else await this.#serve(loaded.value);
  }

  async #serve(settings: Settings): Promise<void> {
    const log = createPinoLog({ level: settings.log.level, fields: { host: settings.name } });
    const end = (code: ExitCode): never => {
      log.flush();
      process.exit(code);
    };
    const crash = (error: unknown): never => {
      log.error("crashed", {
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      return end(1);
    };
    process.on("uncaughtException", crash);
    const host = createNodejsHost({ name: settings.name, log, onCrash: crash });
    const stopping = Promise.withResolvers<NodeJS.Signals>();
    let first: number | null = null;
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
      process.on(signal, () => {
        const now = host.clock.now();
        if (first !== null && now - first > sameSignalMs) {
          log.warn("ends at once", { signal });
          end(1);
        }
        first ??= now;
        stopping.resolve(signal);
      });
    const life: { state: "starting" | "running" | "stopping"; server: RunningServer | null } = {
      state: "starting",
      server: null,
    };
    const health = async (): Promise<Health> => {
      if (life.server === null) return { status: "starting", listening: [], details: {} };
      const now = await life.server.health();
      return life.state === "stopping" ? { ...now, status: "stopping" } : now;
    };
    const started = this.#start(host, settings, health, log);
    let parts: { readonly admin: AdminServer | null; readonly server: RunningServer } | null = null;
    try {
      parts = await Promise.race([started, stopping.promise.then(() => null)]);
    } catch (error) {
      end(this.#explain(error));
    }
    // Asked to end before it was ready: nothing is open.
    if (parts === null) end(0);
    else {
      life.server = parts.server;
      life.state = "running";
      const { listening } = await parts.server.health();
      log.info("ready", {
        version: this.#options.version,
        pid: process.pid,
        listening: listening.join(" "),
        admin: parts.admin === null ? null : formatAddress(parts.admin.local),
      });
      const signal = await stopping.promise;
      life.state = "stopping";
      log.info("stopping", { signal });
      await this.#stop(host, parts.server, settings, log);
      await parts.admin?.close();
      log.info("stopped");
      end(0);
    }
  }

  async #start(
    host: Host,
    settings: Settings,
    health: () => Promise<Health>,
    log: PinoLog,
  ): Promise<{ readonly admin: AdminServer | null; readonly server: RunningServer }> {
    const { enabled, ...listen } = settings.admin;
    // First, so that whoever waits for this program can see that it is starting.
    const admin = enabled
      ? await serveAdmin({ metrics: host.metrics, health, listen, processMetrics: true })
      : null;
    if (admin !== null) log.info("starting", { admin: formatAddress(admin.local) });
    return { admin, server: await this.#options.start(host, settings) };
  }

  async #stop(
    host: { readonly clock: Host["clock"]; close(): Promise<void> },
    server: RunningServer,
    settings: Settings,
    log: PinoLog,
  ): Promise<void> {
    const late = host.clock.sleep(settings.stop.within, "stop within").then(() => "late" as const);
    if ((await Promise.race([server.drain(), late])) === "late")
      log.warn("not everything was answered", { within: settings.stop.within });
    // What was answered last is still on its way to the kernel.
    await host.clock.sleep(20, "stop");
    await server.close();
    await host.close();
  }
}

/** The whole life of a server process; sets the exit code, or ends the process with it. */
export async function runProgram<Settings extends ProgramSettings>(
  options: ProgramOptions<Settings>,
  argv: readonly string[],
): Promise<void> {
  await new Runner(options).run(argv);
}
