// Section 1 of docs/running-against-your-ims.md as a new user goes through it: its own commands, in the shell that its own
// command opens, on both cores.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { newFolder, root } from "./run-server.ts";

/** What stands between ``` of a section. */
function commandsOf(section: RegExp): readonly string[] {
  const guide = readFileSync(join(root, "docs/running-against-your-ims.md"), "utf8");
  const text = section.exec(guide)?.[0] ?? assert.fail(`the guide has no ${section}`);
  return [...text.matchAll(/^```\n(.*?)^```$/gms)].map(([, block]) => block ?? "");
}

/** The repository as a fresh clone has it, but for what is installed: the guide's files go into a folder of the test. */
function cloneOf(context: TestContext): string {
  const folder = newFolder(context);
  for (const name of ["docs", "lab", "lib", "node_modules", "servers", "sipp-scenarios", "ue-lcf"])
    symlinkSync(join(root, name), join(folder, name));
  for (const name of ["package.json", "package-lock.json", "run.mjs", "run-guard.mjs"])
    copyFileSync(join(root, name), join(folder, name));
  return folder;
}

interface Ended {
  readonly exitCode: number | null;
  readonly output: string;
}

/** A line of a shell, as a person types it. */
function runShell(folder: string, line: string): Promise<Ended> {
  const child = spawn("bash", ["-c", line], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => resolve({ exitCode, output }));
  });
}

/** What the shell has said after a line `### <title>`. */
function partOf(output: string, title: string): string {
  return new RegExp(`^### ${title}\\n(.*?)(?=^### )`, "ms").exec(`${output}\n### end\n`)?.[1] ?? "";
}

/** Asked until it is so, as the guide says: UEs come by themselves. */
const again = (command: string, times: number) =>
  `for try in $(seq ${times}); do said=$(${command}); code=$?; [ $code -eq 0 ] && break; sleep 3; done; echo "$said"; echo "exit $code"`;

const untilEnded = (command: string) =>
  `for try in $(seq 40); do said=$(${command}); case "$said" in *STARTING*|*PROCESSING*) sleep 1;; *) break;; esac; done; echo "$said"`;

for (const core of ["embedded", "kamailio"] as const) {
  test(`each command of the guide's first section, on the ${core} core`, async (context) => {
    const [begin = "", start = "", user = "", orders = "", mar = ""] =
      commandsOf(/^## 1\. .*?(?=^## 2\. )/ms);
    const [, open = ""] = begin.split("\n");
    assert.match(open, / -- bash$/);
    const [cfd = "", cfs = "", doctor = ""] = start.split("\n");
    const [register = "", ...curls] = orders.split(/\n(?! )/).filter((line) => line !== "");
    assert.equal(curls.length, 3);
    const [order = "", users = "", transfers = ""] = curls;
    const folder = cloneOf(context);
    mkdirSync(join(folder, "out"));
    const script = join(folder, "out/typed.sh");
    const key = "out/try/kamailio/zone.key";
    writeFileSync(
      script,
      [
        ...[cfd, "CFD=$!", cfs, "CFS=$!"],
        ...["echo '### doctor'", again(doctor, 12)],
        ...["echo '### user'", again(user.trim(), 12)],
        ...["echo '### register'", register, "echo '### order'", order],
        ...["echo", "echo '### users'", users, "echo"],
        ...["echo '### transfers'", untilEnded(transfers)],
        ...["echo '### mar'", mar, 'echo "exit $?"'],
        ...["sed -i.right 's/destinationRealm: .*/destinationRealm: ims.test/' out/try/cfs.yaml"],
        ...["echo '### realm'", doctor, 'echo "exit $?"', "mv out/try/cfs.yaml.right out/try/cfs.yaml"],
        ...(core === "kamailio"
          ? [
              `sed 's/secret "/secret "AAAA/' ${key} > out/try/wrong.key; chmod 600 out/try/wrong.key`,
              "sed -i.right 's#keyFile: .*#keyFile: wrong.key#' out/try/cfs.yaml",
              ...["echo '### key'", doctor, 'echo "exit $?"', "mv out/try/cfs.yaml.right out/try/cfs.yaml"],
            ]
          : []),
        ...["kill $CFD; wait $CFD", "echo '### no CFD'", doctor, 'echo "exit $?"'],
        ...["kill $CFS; wait $CFS", "exit 7"],
      ].join("\n"),
    );
    const line = open.replace("--core kamailio", `--core ${core}`).replace(/ -- bash$/, ` -- bash ${script}`);
    const { exitCode, output } = await runShell(folder, line);
    const part = (title: string) => partOf(output, title);
    const says = (title: string, fact: RegExp) => assert.match(part(title), fact, `${title}\n${output}`);
    assert.equal(exitCode, 7, output);
    says("doctor", /^0 wrong, 0 to look at, \d+ right\nexit 0$/m);
    says("user", /sip:user001@\S+ has answered a command after \d+ ms/);
    says("user", /a dry run would move sip:user001@open-ims\.test to pcscf2\.open-ims\.test:4060/);
    says("user", /^exit 0$/m);
    says("register", /3 good, 0 failed/);
    const planned = JSON.parse(part("order"));
    assert.deepEqual([planned.counts.planned, planned.counts.left], [5, 3], part("order"));
    const moved = JSON.parse(part("transfers")).transfers.find(({ id }: { id: string }) => id === planned.id);
    assert.deepEqual(moved?.counts, { planned: 5, moved: 2, left: 3 }, part("transfers"));
    assert.equal(moved?.state, "FAILED_TEMP", "whoever has no LCF is left: the drain has no end");
    says("users", /"unreachable":"no LCF"/);
    says("mar", /^ {2}ok {5}a MAR overwrites the S-CSCF's name/m);
    says("mar", /^exit 0$/m);
    says("realm", /WRONG {2}Origin-Realm of the CEA is open-ims\.test, requests go to the realm ims\.test\n/);
    says("realm", /-> out\/try\/cfs\.yaml:\d+ cx\.destinationRealm: open-ims\.test\n/);
    says("realm", /^1 wrong, .*\nexit 1$/m);
    if (core === "kamailio") {
      says("key", /WRONG {2}key cfs-key at \S+: .* NOTAUTH with BADSIG\n/);
      says("key", /-> out\/try\/cfs\.yaml:\d+ dns\.update\.keyFile: the secret of key "cfs-key"/);
      says("key", /^1 wrong, .*\nexit 1$/m);
    }
    says("no CFD", /WRONG {2}the CFD does not answer at its admin port: .*ECONNREFUSED\n/);
    says("no CFD", /^1 wrong, .*\nexit 1$/m);
  });
}
