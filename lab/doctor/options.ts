// The command line of `lab doctor`. What is wrong is said in one line that names the option, its value and what is allowed.
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";

export interface DoctorOptions {
  /** YAML of the CFS. */
  readonly config: string;
  /** YAML of the CFD; null: the CFD is not asked. */
  readonly cfd: string | null;
  /** URI in the filter criteria; null: `sip:cfd.<homeDomain>`. */
  readonly as: string | null;
  /** Diameter identity to ask the HSS with; null: the CFS's. */
  readonly identity: string | null;
  /** Public identity of a test user. */
  readonly user: string | null;
  readonly testMar: boolean;
  readonly json: boolean;
}

export type DoctorRequest =
  /** Whether this machine can run the real core. */
  | { readonly kind: "doctor" }
  | { readonly kind: "examine"; readonly options: DoctorOptions }
  | { readonly kind: "help" }
  | { readonly kind: "usage"; readonly message: string };

function readUri(text: string): string {
  if (!/^(sips?:[^\s@]+@[^\s@]+|tel:\+?\d+)$/.test(text))
    throw new InvalidArgumentError("give a public identity such as sip:alice@ims.test.");
  return text;
}

function readAs(text: string): string {
  if (!/^sips?:([^\s@;]+@)?[^\s@;]+(;[^\s@]*)?$/.test(text))
    throw new InvalidArgumentError(
      "give the URI that stands in the filter criteria, such as sip:cfd.ims.test.",
    );
  return text;
}

function readIdentity(text: string): string {
  if (!/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text))
    throw new InvalidArgumentError("give a host name such as doctor.ims.test.");
  return text;
}

const afterHelp = `
Looks from where the CFS stands: run it on the CFS's machine. Without --test-mar it changes nothing.

Examples:
  npm run lab -- doctor --config cfs.yaml --cfd cfd.yaml
  npm run lab -- doctor --config cfs.yaml --cfd cfd.yaml --user sip:alice@ims.test
  npm run lab -- doctor --core kamailio

Exit codes: 0 nothing is wrong; 1 something is; 2 wrong options or configuration; 3 this machine lacks something.`;

export function buildDoctorCommand(): Command {
  return new Command("npm run lab -- doctor")
    .usage("--config cfs.yaml [options] | --core kamailio")
    .description("Examines a running lab; each finding names the line to change.")
    .option("--config <file>", "configuration of the CFS")
    .option("--cfd <file>", "configuration of the CFD, which then is asked what it has heard")
    .addOption(
      new Option(
        "--as <uri>",
        "the CFD's URI in the filter criteria (default: sip:cfd.<homeDomain>)",
      ).argParser(readAs),
    )
    .addOption(
      new Option(
        "--identity <name>",
        "Diameter identity to ask the HSS with, for when the CFS's own is in use; the HSS must know it",
      ).argParser(readIdentity),
    )
    .addOption(
      new Option("--user <uri>", "a registered test user: does a command reach his LCF?").argParser(readUri),
    )
    .option(
      "--test-mar",
      "try at the HSS, with that user, whether MAR overwrites and RTR follows: he must register again",
      false,
    )
    .option("--json", "findings as JSON", false)
    .addOption(
      new Option(
        "--core <core>",
        "instead: does this machine have what a lab with a real core needs?",
      ).choices(["kamailio", "embedded"]),
    )
    .addHelpText("after", afterHelp)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
}

interface Parsed {
  readonly config?: string;
  readonly cfd?: string;
  readonly as?: string;
  readonly identity?: string;
  readonly user?: string;
  readonly testMar: boolean;
  readonly json: boolean;
  readonly core?: "kamailio" | "embedded";
}

function usage(message: string): DoctorRequest {
  return { kind: "usage", message };
}

/** Reads what stands behind `doctor`; never throws for what a person typed. */
export function readDoctorOptions(argv: readonly string[]): DoctorRequest {
  const command = buildDoctorCommand();
  try {
    command.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return { kind: "help" };
    return usage(error.message.replace(/^error: /, ""));
  }
  const parsed = command.opts<Parsed>();
  const { config, core } = parsed;
  if (config !== undefined && core !== undefined)
    return usage(
      "'doctor --core' looks at this machine, 'doctor --config' at a running lab: give one of them",
    );
  if (core === "kamailio") return { kind: "doctor" };
  if (core === "embedded") return usage("'doctor' needs '--core kamailio': the embedded core needs nothing");
  if (config === undefined)
    return usage(
      "'doctor' needs '--config cfs.yaml' for a running lab, or '--core kamailio' for this machine",
    );
  if (parsed.testMar && parsed.user === undefined)
    return usage("option '--test-mar' needs '--user': it makes that user register again");
  const { cfd = null, as = null, identity = null, user = null, testMar, json } = parsed;
  return { kind: "examine", options: { config, cfd, as, identity, user, testMar, json } };
}
