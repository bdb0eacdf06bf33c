// The lab's command line. What is wrong is said in one line that names the option, its value and what is allowed.
import { resolve } from "node:path";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { AnyExperiment, ExperimentOptions } from "./experiments/experiment.ts";
import { type HssBehaviour, hssBehaviours } from "./ims-core/hss-behaviour.ts";

export interface RunRequest {
  readonly kind: "run";
  readonly experiment: AnyExperiment;
  readonly options: ExperimentOptions;
  readonly out: string;
  readonly trace: boolean;
}

/** `usage` has been printed already, by what reads the command line. */
export type Request =
  | RunRequest
  | { readonly kind: "list" }
  | { readonly kind: "doctor" }
  | { readonly kind: "help" }
  | { readonly kind: "usage"; readonly message: string };

function numberIn(low: number, high: number, whole: boolean, above = false) {
  return (text: string): number => {
    const value = Number(text);
    const fits =
      text.trim() !== "" && Number.isFinite(value) && value <= high && (above ? value > low : value >= low);
    if (!fits || (whole && !Number.isInteger(value))) {
      const kind = whole ? "a whole number" : "a number";
      throw new InvalidArgumentError(`${kind} from ${above ? "above " : ""}${low} to ${high} is allowed.`);
    }
    return value;
  };
}

export function buildCommand(): Command {
  return new Command("lab")
    .usage("<experiment> [options]")
    .description("Runs an experiment with an IMS core and writes a report.")
    .argument("[experiment]", "which one; --list shows them. doctor: says what --core kamailio lacks here")
    .addOption(
      new Option("--speed <n>", "runs the script n times as fast; protocol timers stay").argParser(
        numberIn(0, 50, false, true),
      ),
    )
    .option("--virtual", "run on the virtual clock, repeatable by seed", false)
    .addOption(
      new Option("--seed <n>", "seed of calls, talking times and, with --virtual, of everything")
        .default(1)
        .argParser(numberIn(0, 2 ** 31, true)),
    )
    .addOption(
      new Option("--users <n>", "users who call (or register)").default(20).argParser(numberIn(2, 240, true)),
    )
    .addOption(
      new Option(
        "--rate <n>",
        "sessions (or registrations) a second, all users together (default: 1, or as the experiment has it)",
      ).argParser(numberIn(0, 100, false, true)),
    )
    .addOption(
      new Option(
        "--duration <s>",
        "seconds in which calls (or registrations) begin; the trigger comes after half of them",
      )
        .default(120)
        .argParser(numberIn(10, 3600, false)),
    )
    .addOption(
      new Option("--pace <pace>", "all users at once, or 5 a second")
        .choices(["parallel", "fixed"])
        .default("fixed"),
    )
    .addOption(
      new Option("--t1 <ms>", "T1 of the UEs (RFC 3261 17.1.1.1)")
        .default(500)
        .argParser(numberIn(50, 10_000, true)),
    )
    .addOption(
      new Option(
        "--load <share>",
        "share of the users to leave on the affected function; 0 drains it (default: as in the seed)",
      ).argParser(numberIn(0, 1, false)),
    )
    .addOption(
      new Option("--loss <share>", "share of the datagrams lost on every link; virtual clock only")
        .default(0)
        .argParser(numberIn(0, 0.5, false)),
    )
    .addOption(
      new Option("--placement <where>", "elements of the core: all in one process, or each in one of its own")
        .choices(["shared", "process"])
        .default("shared"),
    )
    .addOption(
      new Option("--core <core>", "the CSCFs and the name server: the lab's own, or real ones")
        .choices(["embedded", "kamailio"])
        .default("embedded"),
    )
    .addOption(
      new Option(
        "--hss <behaviour>",
        "which HSS ours behaves like when a user's S-CSCF is changed (docs/hss.md)",
      )
        .choices(hssBehaviours)
        .default("specification"),
    )
    .option(
      "--without-adapter",
      "with --hss pyhss: the CFS is not told of its REST interface (cx.adapter), for contrast: nobody can be moved",
      false,
    )
    .option(
      "--release-sessions-on-rtr",
      "S-CSCFs cut the calls of a user whom the HSS cancels, as OpenIMSCore's do",
      false,
    )
    .option(
      "--cancels-old-server",
      "tell the CFS that a change of S-CSCF cuts calls (its cx.cancelsOldServer)",
      false,
    )
    .option("--ipv6", "everything on IPv6: on ::1, told apart by ports", false)
    .option("--kill", "kill the affected function 2 s after the transfer has completed", false)
    .option("--without-replaces", "move users without replacing their dialogs, for contrast", false)
    .option(
      "--add-contact-alias",
      "P-CSCFs write a flow's address into Contact, as for UEs behind a NAT; the UEs come by TCP",
      false,
    )
    .addOption(
      new Option(
        "--newcomers <n>",
        "users who register afresh at the drained function in the end; its standing order must move them",
      )
        .default(0)
        .argParser(numberIn(0, 240, true)),
    )
    .option(
      "--message-into-window",
      "a fault on purpose: a MESSAGE to each user who has no S-CSCF for a moment; the run must then fail",
      false,
    )
    .option("--trace", "write every message of every hop to trace.jsonl", false)
    .option("--verbose", "log what every element does, to the error output", false)
    .option("--out <dir>", "where the report goes", "out")
    .option("--list", "list the experiments")
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
}

interface Parsed {
  readonly speed?: number;
  readonly virtual: boolean;
  readonly seed: number;
  readonly users: number;
  readonly rate?: number;
  readonly duration: number;
  readonly pace: "parallel" | "fixed";
  readonly t1: number;
  readonly load?: number;
  readonly loss: number;
  readonly kill: boolean;
  readonly placement: "shared" | "process";
  readonly core: "embedded" | "kamailio";
  readonly hss: HssBehaviour;
  readonly withoutAdapter: boolean;
  readonly releaseSessionsOnRtr: boolean;
  readonly cancelsOldServer: boolean;
  readonly ipv6: boolean;
  readonly withoutReplaces: boolean;
  readonly messageIntoWindow: boolean;
  readonly addContactAlias: boolean;
  readonly newcomers: number;
  readonly trace: boolean;
  readonly verbose: boolean;
  readonly out: string;
  readonly list?: boolean;
}

/** Reads the command line; never throws for what a person typed. */
export function readOptions(argv: readonly string[], experiments: readonly AnyExperiment[]): Request {
  const command = buildCommand();
  try {
    command.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return { kind: "help" };
    return { kind: "usage", message: error.message.replace(/^error: /, "") };
  }
  const parsed = command.opts<Parsed>();
  const [name] = command.args;
  if (parsed.list === true || name === undefined) return { kind: "list" };
  if (name === "doctor") {
    if (parsed.core === "kamailio") return { kind: "doctor" };
    return { kind: "usage", message: "'doctor' needs '--core kamailio': the embedded core needs nothing" };
  }
  const experiment = experiments.find((candidate) => candidate.name === name);
  if (experiment === undefined) {
    const names = experiments.map((candidate) => candidate.name).join(", ");
    return { kind: "usage", message: `experiment '${name}' is unknown; there are: ${names}` };
  }
  for (const [option, reason] of experiment.unfit ?? []) {
    const given = command.options.find((one) => one.long === option)?.attributeName() ?? "";
    if (command.getOptionValueSource(given) === "cli")
      return { kind: "usage", message: `option '${option}' does not go with '${name}': ${reason}` };
  }
  if (parsed.virtual && parsed.speed !== undefined) {
    return {
      kind: "usage",
      message: "option '--speed' scales the real clock and does not go with '--virtual': leave one out",
    };
  }
  if (parsed.placement === "process" && parsed.virtual) {
    return {
      kind: "usage",
      message:
        "option '--placement process' needs real clocks and does not go with '--virtual': leave one out",
    };
  }
  if (parsed.newcomers > 0 && (parsed.load ?? experiment.load ?? 0) > 0) {
    return {
      kind: "usage",
      message: `option '--newcomers ${parsed.newcomers}' needs a function that is drained: add '--load 0'`,
    };
  }
  if (parsed.placement === "process" && parsed.messageIntoWindow) {
    return {
      kind: "usage",
      message:
        "option '--message-into-window' needs the HSS in this process: leave '--placement process' out",
    };
  }
  if (parsed.core === "kamailio" && (parsed.virtual || parsed.placement === "process")) {
    const other = parsed.virtual ? "--virtual" : "--placement process";
    return {
      kind: "usage",
      message: `option '--core kamailio' has processes of its own, in real time: leave '${other}' out`,
    };
  }
  if (parsed.withoutAdapter && parsed.hss !== "pyhss") {
    const message = `option '--without-adapter' is about an HSS with an interface of its own, '--hss ${parsed.hss}' has none: add '--hss pyhss'`;
    return { kind: "usage", message };
  }
  if (parsed.core === "kamailio" && parsed.releaseSessionsOnRtr) {
    const message =
      "option '--release-sessions-on-rtr' is about the embedded S-CSCFs, Kamailio's do not cut calls: leave it or '--core kamailio' out";
    return { kind: "usage", message };
  }
  if (parsed.core === "kamailio" && parsed.ipv6) {
    const message = "option '--ipv6' is for the embedded core: leave it or '--core kamailio' out";
    return { kind: "usage", message };
  }
  if (parsed.loss > 0 && !parsed.virtual) {
    return { kind: "usage", message: "option '--loss' needs '--virtual': the loopback loses nothing" };
  }
  const {
    load = experiment.load ?? 0,
    placement,
    core,
    hss,
    withoutAdapter,
    releaseSessionsOnRtr,
    cancelsOldServer,
    ipv6,
    seed,
    users,
    rate = experiment.rate ?? 1,
    duration,
    pace,
    t1,
    loss,
    kill,
    virtual,
    out,
    trace,
    verbose,
  } = parsed;
  return {
    kind: "run",
    experiment,
    out,
    trace,
    options: {
      ...{ seed, users, rate, duration, pace, t1, load, loss, kill, virtual, placement },
      ...{ hss, withoutAdapter, releaseSessionsOnRtr, cancelsOldServer, ipv6 },
      ...(core === "kamailio" ? { kamailio: { folder: resolve(out, "kamailio") } } : {}),
      speed: parsed.speed ?? 1,
      replaceDialogs: !parsed.withoutReplaces,
      messageIntoWindow: parsed.messageIntoWindow,
      addContactAlias: parsed.addContactAlias,
      newcomers: parsed.newcomers,
      logLevel: verbose ? "debug" : "error",
    },
  };
}
