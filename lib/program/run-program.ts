// Runs a server as a process: configuration, log, admin port, signals, exit code.
import type { Host } from "@liquid-ims/runtime/host";
import { formatAddress } from "@liquid-ims/runtime/network";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { type EndSignal, endProcess, onEndSignal } from "@liquid-ims/runtime/nodejs/end-signals";
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

/** A server that starts, then runs. */
export interface RunningServer {
  /** Listening; rejects when it cannot. */
  readonly ready: Promise<void>;
  /** Before it is ready, `status` does not count. */
  health(): Promise<Health>;
  /** Takes nothing new, answers what is open, and resolves; the process waits so long and no longer. */
  drain(): Promise<void>;
  /** Closes sockets and stores. */
  close(): Promise<void>;
}

export interface ProgramOptions<Settings extends ProgramSettings, Files> extends ArgumentsOptions {
  readonly load: (request: {
    readonly file: string | null;
    readonly folder: string;
    readonly environment: Readonly<Record<string, string | undefined>>;
  }) => LoadResult<Settings>;
  /**
   * Reads the files that the configuration names and changes nothing: before `start`, and for --check. Rejects with what is
   * wrong, an `AggregateError` for several mistakes.
   */
  readonly read: (settings: Settings) => Promise<Files>;
  /** Opens what it needs; resolves before the server is ready. */
  readonly start: (host: Host, settings: Settings, files: Files) => Promise<RunningServer>;
}

/** A disk that does not answer must not keep the process for ever. */
const longestCloseMs = 10_000;

/** Where the person stands: run.mjs starts programs in the folder of the repository and says where it was called. */
export function callersFolder(): string {
  return process.env["LIQUID_IMS_FOLDER"] ?? process.cwd();
}

function say(text: string): void {
  process.stdout.write(text);
}

class Runner<Settings extends ProgramSettings, Files> {
  readonly #options: ProgramOptions<Settings, Files>;

  constructor(options: ProgramOptions<Settings, Files>) {
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

  /** A line for each error; a fault of ours decides the code, then what stands in the configuration. */
  #explain(error: unknown): ExitCode {
    const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
    const explained = errors.map(explain);
    for (const { text } of explained) this.#complain(text);
    return explained.map(({ exitCode }) => exitCode).reduce((a, b) => (b < a ? b : a));
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
    if (request.kind === "print") {
      say(loaded.print());
      return;
    }
    let files: Files;
    try {
      files = await this.#options.read(loaded.value);
    } catch (error) {
      process.exitCode = this.#explain(error);
      return;
    }
    if (request.kind === "check") say(`${this.#options.name}: the configuration is right\n`);
    else await this.#serve(loaded.value, files);
  }

  async #serve(settings: Settings, files: Files): Promise<void> {
    const log = createPinoLog({ level: settings.log.level, fields: { host: settings.name } });
    const end = (code: ExitCode): never => {
      log.flush();
      return endProcess(code);
    };
    const crash = (error: unknown): never => {
      log.error("crashed", {
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      return end(1);
    };
    process.on("uncaughtException", crash);
    const host = createNodejsHost({ name: settings.name, log, onCrash: crash });
    const stopping = Promise.withResolvers<EndSignal>();
    onEndSignal({
      first: stopping.resolve,
      again(signal) {
        log.warn("ends at once", { signal });
        end(1);
      },
    });
    let state: "starting" | "running" | "stopping" = "starting";
    let server: RunningServer | null = null;
    const health = async (): Promise<Health> => {
      if (server === null) return { status: "starting", listening: [], details: {} };
      const now = await server.health();
      return state === "running" ? now : { ...now, status: state };
    };
    const start = async (): Promise<RunningServer> => {
      const admin = await this.#openAdmin(host, settings, health);
      if (admin !== null) log.info("starting", { admin: formatAddress(admin.local) });
      server = await this.#options.start(host, settings, files);
      await server.ready;
      return server;
    };
    try {
      const ready = await Promise.race([start(), stopping.promise.then(() => null)]);
      if (ready !== null) {
        state = "running";
        const { listening } = await ready.health();
        log.info("ready", {
          version: this.#options.version,
          pid: process.pid,
          listening: listening.join(" "),
        });
      }
    } catch (error) {
      end(this.#explain(error));
    }
    const signal = await stopping.promise;
    state = "stopping";
    log.info("stopping", { signal });
    const isClosed = server === null || (await this.#stop(host, server, settings, log));
    log.info("stopped");
    end(isClosed ? 0 : 3);
  }

  async #openAdmin(
    host: Host,
    settings: Settings,
    health: () => Promise<Health>,
  ): Promise<AdminServer | null> {
    const { enabled, ...listen } = settings.admin;
    // First, so that whoever waits for this program can see that it is starting.
    return enabled ? serveAdmin({ metrics: host.metrics, health, listen, processMetrics: true }) : null;
  }

  /** False: the stores did not close in time. */
  async #stop(
    host: { readonly clock: Host["clock"]; close(): Promise<void> },
    server: RunningServer,
    settings: Settings,
    log: PinoLog,
  ): Promise<boolean> {
    const { clock } = host;
    const within = (act: Promise<void>, ms: number, label: string) =>
      Promise.race([act.then(() => true), clock.sleep(ms, label).then(() => false)]);
    if (!(await within(server.drain(), settings.stop.within, "stop within")))
      log.warn("not everything was answered", { within: settings.stop.within });
    // What was answered last is still on its way to the kernel.
    await clock.sleep(20, "stop");
    const isClosed = await within(server.close(), longestCloseMs, "close");
    if (!isClosed) log.error("the stores did not close", { within: longestCloseMs });
    await host.close();
    return isClosed;
  }
}

/** The whole life of a server process; sets the exit code, or ends the process with it. */
export async function runProgram<Settings extends ProgramSettings, Files>(
  options: ProgramOptions<Settings, Files>,
  argv: readonly string[],
): Promise<void> {
  await new Runner(options).run(argv);
}
