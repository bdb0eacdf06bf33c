// Log lines, command line, exit codes, probes of health.
import assert from "node:assert/strict";
import test from "node:test";
import { readArguments } from "@liquid-ims/program/arguments";
import { explain, ProgramError } from "@liquid-ims/program/exit";
import { createProbe } from "@liquid-ims/program/health";
import { dnsServersOf } from "@liquid-ims/program/machine-dns";
import { createPinoLog } from "@liquid-ims/program/pino-log";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { Simulation } from "@liquid-ims/runtime/simulation";

test("the log: JSON lines with level, time, the host and the fields of the event", () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createPinoLog({ level: "info", fields: { host: "cfs1" }, destination });
  log.debug("not written");
  log.child({ transfer: "t1" }).warn("transfer stopped", { user: "sip:a@ims.test", callId: 'a"b\n' });
  log.info("ready");
  const [first, second, ...more] = lines.map((line) => JSON.parse(line));
  assert.deepEqual(more, []);
  const { time, ...rest } = first;
  assert.deepEqual(rest, {
    level: "warn",
    host: "cfs1",
    transfer: "t1",
    user: "sip:a@ims.test",
    callId: 'a"b\n',
    event: "transfer stopped",
  });
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(second.event, "ready");
  assert.equal(lines[0]?.endsWith("\n"), true);
});

test("the command line: run, print, check, version, what is wrong", () => {
  const said: string[] = [];
  const read = (...argv: string[]) =>
    readArguments(argv, {
      ...{ name: "cfd", summary: "a server", version: "1.2.3", prefix: "LIQUID_IMS_CFD_" },
      write: (text) => void said.push(text),
    });
  assert.deepEqual(read(), { kind: "run", config: null });
  assert.deepEqual(read("--config", "a.yaml"), { kind: "run", config: "a.yaml" });
  assert.deepEqual(read("--config=a.yaml", "--print-config"), { kind: "print", config: "a.yaml" });
  assert.deepEqual(read("--check"), { kind: "check", config: null });
  assert.deepEqual(read("--version"), { kind: "done" });
  assert.deepEqual(said, ["cfd 1.2.3\n"]);
  assert.deepEqual(read("--help"), { kind: "done" });
  assert.match(said[1] ?? "", /--print-config/);
  assert.deepEqual(read("--confg", "x"), {
    kind: "usage",
    message: "unknown option '--confg'; Did you mean --config?",
  });
  assert.equal(read("--config").kind, "usage");
  assert.equal(read("cfd.yaml").kind, "usage");
});

test("the command line: a sub-command refuses options that have no effect on it", () => {
  const read = (...argv: string[]) =>
    readArguments(argv, {
      ...{ name: "cfs", summary: "a server", version: "1.2.3", prefix: "LIQUID_IMS_CFS_" },
      extend: (command, run) => void command.command("act").action(() => run(async () => undefined)),
    });
  assert.equal(read("act").kind, "command");
  for (const argv of [
    ["act", "--config", "x"],
    ["--config=x", "act"],
  ])
    assert.deepEqual(read(...argv), {
      kind: "usage",
      message: "option '--config' has no effect on this command; leave it out",
    });
  assert.equal(read("act", "--check").kind, "usage");
});

test("exit codes: 2 and 3 with one line, 1 with the stack", () => {
  assert.deepEqual(explain(new ProgramError(2, "no key")), { exitCode: 2, text: "no key" });
  assert.deepEqual(explain(new RuntimeError("address-in-use", "udp bind")), {
    exitCode: 3,
    text: "udp bind",
  });
  const full = Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
  assert.deepEqual(explain(full), { exitCode: 3, text: "ENOSPC: no space left" });
  const fault = explain(new TypeError("undefined is not a function"));
  assert.equal(fault.exitCode, 1);
  assert.match(fault.text, /TypeError: undefined[\s\S]*program-parts/);
  assert.deepEqual(explain("thrown"), { exitCode: 1, text: "thrown" });
});

test("a probe: ok, what is wrong, no answer; a part that hangs is asked once", async () => {
  const simulation = new Simulation({ seed: 1 });
  const { host } = simulation.addHost("cfd", { addresses: ["127.0.0.1"], program: () => undefined });
  let asked = 0;
  let settle: (() => void) | null = null;
  const hanging = createProbe(host.clock, () => {
    asked += 1;
    return new Promise<void>((resolve) => {
      settle = resolve;
    });
  });
  const answers: string[] = [];
  const look = (probe: () => Promise<string>) =>
    host.spawn("look", async () => {
      answers.push(await probe());
    });
  look(createProbe(host.clock, async () => 1));
  look(createProbe(host.clock, async () => Promise.reject(new Error("disk full"))));
  look(hanging);
  look(hanging);
  await simulation.run({ ms: 999 });
  assert.deepEqual(answers, ["ok", "disk full"]);
  await simulation.run({ ms: 2 });
  assert.deepEqual(answers.slice(2), ["no answer in 1000 ms", "no answer in 1000 ms"]);
  look(hanging);
  await simulation.run({ ms: 1 });
  assert.equal(asked, 1);
  host.spawn("recover", async () => settle?.());
  await simulation.run({ ms: 1 });
  assert.equal(answers.at(-1), "ok");
});

test("DNS servers: those of the configuration, an empty list too; else the machine's", () => {
  assert.deepEqual(dnsServersOf([]), []);
  assert.deepEqual(dnsServersOf([{ host: "::1", port: 5353 }]), [{ host: "::1", port: 5353 }]);
  for (const { host, port } of dnsServersOf(undefined)) assert.ok(host !== "" && port > 0);
});
