// What `lab doctor --core kamailio` says of machines that lack something.
import assert from "node:assert/strict";
import test from "node:test";
import { examine } from "@liquid-ims/lab/kamailio-core/doctor";
import { findNamespaces, type NamespaceMachine } from "@liquid-ims/lab/kamailio-core/namespace-probe";
import { installLine, type NeededProgram, neededModules } from "@liquid-ims/lab/kamailio-core/programs";

const refusal = "unshare: unshare failed: Operation not permitted";

function machine(changes: Partial<NamespaceMachine> = {}): NamespaceMachine {
  return { isRoot: false, attempt: () => refusal, setting: () => null, hasResolverFile: true, ...changes };
}

function reasonOf(one: NamespaceMachine): string {
  const finding = findNamespaces(one);
  assert.ok(!finding.allowed);
  return finding.reason;
}

function say(missing: readonly NeededProgram[], one: NamespaceMachine): { code: number; lines: string[] } {
  const lines: string[] = [];
  const code = examine((line) => lines.push(line), {
    missing: () => missing,
    namespaces: () => findNamespaces(one),
  });
  return { code, lines };
}

test("a machine that has everything: exit 0", () => {
  const { code, lines } = say([], machine({ attempt: () => null }));
  assert.equal(code, 0);
  assert.match(lines[0] ?? "", /^programs {4}all there/);
  assert.match(lines[1] ?? "", /^namespaces {2}allowed: unshare --user --map-root-user --net --mount --pid /);
});

test("missing packages are named, each once in a line to type", () => {
  const missing = [
    { program: "cdp.so", package: "kamailio-ims-modules" },
    { program: "ims_isc.so", package: "kamailio-ims-modules" },
    { program: "named", package: "bind9" },
  ];
  const { code, lines } = say(missing, machine({ attempt: () => null }));
  assert.equal(code, 3);
  assert.equal(lines[0], "missing     cdp.so (package kamailio-ims-modules)");
  assert.equal(lines[3], "do          apt-get install -y --no-install-recommends kamailio-ims-modules bind9");
  assert.equal(lines[3]?.slice(12), installLine(missing));
});

test("without unshare namespaces are not tried", () => {
  const attempt = () => assert.fail("was tried");
  const { code, lines } = say([{ program: "unshare", package: "util-linux" }], machine({ attempt }));
  assert.equal(code, 3);
  assert.match(lines.at(-1) ?? "", /^namespaces {2}can be tried once these are there$/);
});

const forbidden: [string, string, string][] = [
  ["kernel.unprivileged_userns_clone", "0", "1"],
  ["kernel.apparmor_restrict_unprivileged_userns", "1", "0"],
  ["user.max_user_namespaces", "0", "10000"],
  ["user.max_net_namespaces", "0", "10000"],
  ["user.max_mnt_namespaces", "0", "10000"],
  ["user.max_pid_namespaces", "0", "10000"],
];
for (const [name, value, allowed] of forbidden) {
  test(`a kernel that forbids namespaces by ${name}: said with the value, and what to type`, () => {
    const setting = (asked: string) => (asked === name ? value : null);
    const { code, lines } = say([], machine({ setting }));
    assert.equal(code, 3);
    const line = lines.at(-1) ?? "";
    assert.ok(line.startsWith(`namespaces  this kernel forbids namespaces of one's own (${refusal})`), line);
    assert.ok(line.includes(`${name} is ${value}: sysctl -w ${name}=${allowed}`), line);
    assert.match(line, /or run it as root; --core embedded needs none$/);
    for (const [other] of forbidden) assert.equal(line.includes(other), other === name);
  });
}

test("a setting that allows is not blamed: then it is a container, and what that needs is said", () => {
  const reason = reasonOf(machine({ setting: () => "1000" }));
  assert.match(reason, /it is a container: give it CAP_SYS_ADMIN and CAP_NET_ADMIN and no seccomp filter/);
  assert.doesNotMatch(reason, /sysctl/);
});

test("root goes without a user namespace where only those are forbidden; root is not told to be root", () => {
  const withoutUser = (options: readonly string[]) => (options.includes("--user") ? refusal : null);
  const finding = findNamespaces(machine({ isRoot: true, attempt: withoutUser }));
  assert.deepEqual(finding, {
    allowed: true,
    options: ["--net", "--mount", "--pid", "--fork", "--kill-child"],
  });
  assert.equal(findNamespaces(machine({ attempt: withoutUser })).allowed, false);
  assert.doesNotMatch(reasonOf(machine({ isRoot: true })), /run it as root/);
});

test("a machine without resolv.conf is told to make one; nothing else is tried or blamed", () => {
  const reason = reasonOf(machine({ hasResolverFile: false, attempt: () => assert.fail("was tried") }));
  assert.match(reason, /^\/etc\/resolv\.conf is not there, .*: touch \/etc\/resolv\.conf$/);
});

test("Kamailio's modules are those that the templates load, with their packages", () => {
  const modules = new Map(neededModules().map((one) => [one.program, one.package]));
  const expected = {
    "tm.so": "kamailio",
    "db_text.so": "kamailio",
    "ims_registrar_scscf.so": "kamailio-ims-modules",
    "cdp_avp.so": "kamailio-ims-modules",
    "presence.so": "kamailio-presence-modules",
  };
  for (const [name, from] of Object.entries(expected)) assert.equal(modules.get(name), from);
  assert.deepEqual([...new Set(modules.values())].sort(), [
    "kamailio",
    "kamailio-ims-modules",
    "kamailio-presence-modules",
  ]);
});
