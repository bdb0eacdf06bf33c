// P-CSCFs of the lab that write a flow's address into Contact, and the experiment p-cscf-overload with them.
import assert from "node:assert/strict";
import test from "node:test";
import { pCscfOverload } from "@liquid-ims/lab/experiments/p-cscf-overload";
import { addContactAlias, takeContactAlias } from "@liquid-ims/lab/ims-core/contact-alias";
import type { TraceEntry } from "@liquid-ims/lab/trace";

const source = (host: string, port: number, protocol: "udp" | "tcp") => ({
  protocol,
  address: { host, port },
  local: { host: "127.0.1.1", port: 4060 },
  connection: null,
});

test("alias: behind host and port, as Kamailio 5.6 puts it, in front of another one; IPv6 in brackets", () => {
  const udp = source("127.0.3.2", 5070, "udp");
  const rows = [
    ["<sip:a@127.0.3.2:5060>;q=1", "<sip:a@127.0.3.2:5060;alias=127.0.3.2~5070~1>;q=1"],
    ["<sip:a@ue.test;ob>", "<sip:a@ue.test;alias=127.0.3.2~5070~1;ob>"],
    ['"A" <sip:a@[::1]:5060?x=y>', '"A" <sip:a@[::1]:5060;alias=127.0.3.2~5070~1?x=y>'],
    ["<sip:a@h;alias=1.2.3.4~1~2>", "<sip:a@h;alias=127.0.3.2~5070~1;alias=1.2.3.4~1~2>"],
    ["*", "*"],
  ] as const;
  for (const [contact, written] of rows) assert.equal(addContactAlias(contact, udp), written);
  assert.equal(addContactAlias("<sip:a@h>", source("::1", 40_000, "tcp")), "<sip:a@h;alias=[::1]~40000~2>");
});

test("alias: a request to it goes where it says, without it", () => {
  assert.deepEqual(takeContactAlias("sip:a@h:5060;alias=127.0.3.2~5070~2;ob"), {
    uri: "sip:a@h:5060;ob",
    target: { protocol: "tcp", address: { host: "127.0.3.2", port: 5070 } },
  });
  assert.deepEqual(takeContactAlias("sip:a@h;alias=[::1]~5070~1"), {
    uri: "sip:a@h",
    target: { protocol: "udp", address: { host: "::1", port: 5070 } },
  });
  for (const uri of ["sip:a@h", "sip:a@h;alias=x", "sip:a@h;alias=h~99999~1", "sip:a@h;alias=1.2.3.4~1~7"])
    assert.equal(takeContactAlias(uri), null, uri);
});

/** Contacts that the last 200 to a user's REGISTER lists. */
function bindingsOf(trace: readonly TraceEntry[], user: string): string[] {
  const last = trace
    .filter(({ from, message }) => /^scscf\d$/.test(from) && message.startsWith("SIP/2.0 200"))
    .filter(({ message }) => message.includes(" REGISTER\r\n") && message.includes(`\r\nTo: <${user}>`))
    .at(-1);
  return [...(last?.message ?? "").matchAll(/^Contact: <([^>]*)>/gm)].map(([, uri]) => uri ?? "");
}

/** What the CFD heard last of a user: the lowest P-CSCF of Path, and whether that was a registration. */
function lastHeard(trace: readonly TraceEntry[], user: string): string {
  const last = trace
    .filter(({ to, message }) => to === "cfd" && message.startsWith("REGISTER"))
    .filter(({ message }) => message.includes(`\r\nTo: <${user}>`))
    .at(-1);
  const [, pCscf = ""] = /term@(pcscf\d)/.exec(last?.message ?? "") ?? [];
  const body = (last?.message ?? "").split("\r\n\r\n")[1] ?? "";
  return /^Expires: 0/m.test(body) ? "removal" : `registered at ${pCscf}`;
}

test("T6: p-cscf-overload over TCP with alias: all moved with their calls, one binding each in the end", async () => {
  const { report, context, trace } = await pCscfOverload.run(
    {
      ...{ speed: 1, virtual: true, seed: 1, users: 8, rate: 1, duration: 60, pace: "fixed", t1: 500 },
      ...{ replaceDialogs: true, load: 0, loss: 0, kill: false, placement: "shared", logLevel: "error" },
      addContactAlias: true,
    },
    () => undefined,
  );
  assert.deepEqual(context.failures, []);
  assert.deepEqual(report.transfer, { planned: 8, moved: 8, left: 0 });
  assert.equal(report.calls.failed, 0);
  const users = report.users.filter(({ planned }) => planned).map(({ user }) => user);
  assert.equal(users.length, 8);
  assert.ok(
    users.some((user) =>
      trace.some(
        ({ message }) =>
          (message.match(/^Contact: <sip:user\d+@[^>]*alias/gm) ?? []).length > 1 &&
          message.includes(`To: <${user}>`),
      ),
    ),
    "two bindings were seen",
  );
  for (const user of users) {
    assert.equal(bindingsOf(trace, user).length, 1, `${user}: ${bindingsOf(trace, user)}`);
    assert.equal(lastHeard(trace, user), "registered at pcscf2", user);
  }
});
