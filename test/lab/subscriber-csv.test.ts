// The users of the lab's HSS in their file, right and wrong. RFC 4180.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { readOptions } from "@liquid-ims/lab/hss/options";
import { formatSubscribers, parseSubscribers } from "@liquid-ims/lab/hss/subscriber-csv";
import { decodeHex } from "@liquid-ims/runtime/text";

const names =
  "private-identity,public-identities,authentication,k,opc,amf,password,preferred-s-cscfs,application-servers";
const k = "465b5ce8b199b49faa5f0a2ee238a6bc";
const opc = "cd63cb71954a9f4e48a5994e37a02baf";
const scscf = "sip:scscf1.open-ims.test:6060";

/** What is wrong with these lines under the names. */
function problems(...lines: readonly string[]): string[] {
  const read = parseSubscribers([names, ...lines, ""].join("\n"));
  if (read.ok) return [];
  return read.errors.map(({ line, field, problem }) => `${line} ${field}: ${problem}`);
}

test("RFC 4180: AKA and digest, several values, quotes, comments, Windows line ends, any order of the fields", () => {
  const text = [
    "authentication,private-identity,public-identities,k,opc,amf,password,preferred-s-cscfs,application-servers",
    "# Alice has two identities",
    `aka,alice@x.test,sip:alice@x.test tel:+4930123,${k},${opc},8000,,${scscf} sip:scscf2.x.test,sip:cfd.x.test`,
    "",
    `digest,bob@x.test,sip:bob@x.test,,,,"one,""two",${scscf},`,
  ].join("\r\n");
  const read = parseSubscribers(text);
  assert.ok(read.ok);
  assert.deepEqual(read.subscribers, [
    {
      privateIdentity: "alice@x.test",
      publicIdentities: ["sip:alice@x.test", "tel:+4930123"],
      authentication: { kind: "aka", k: decodeHex(k), opc: decodeHex(opc), amf: decodeHex("8000") },
      preferredServers: [scscf, "sip:scscf2.x.test"],
      registerServers: ["sip:cfd.x.test"],
    },
    {
      privateIdentity: "bob@x.test",
      publicIdentities: ["sip:bob@x.test"],
      authentication: { kind: "digest", password: 'one,"two' },
      preferredServers: [scscf],
      registerServers: [],
    },
  ]);
  assert.deepEqual(parseSubscribers(formatSubscribers(read.subscribers)), read);
});

test("the example of the documentation can be read", () => {
  const read = parseSubscribers(
    readFileSync(new URL("../../docs/examples/users.csv", import.meta.url), "utf8"),
  );
  assert.deepEqual(read.ok ? read.subscribers.map((one) => one.authentication.kind) : read.errors, [
    "aka",
    "digest",
  ]);
});

test("a wrong value is named with its line and its field, and what is allowed", () => {
  assert.deepEqual(
    problems(
      `alice@x.test,sip:alice@x.test,aka,46,${opc},,,${scscf},`,
      `bob,sip:bob@x.test mailto:bob,md5,,,,,${scscf},`,
      `carol@x.test,,digest,,,,,,sip:`,
    ),
    [
      "2 k: has 2 characters; give 32 hexadecimal digits",
      '3 private-identity: "bob" is none; give one such as alice@open-ims.test',
      '3 public-identities: "mailto:bob" is no URI; give SIP URIs such as sip:alice@open-ims.test',
      '3 authentication: "md5" is unknown; give aka or digest',
      "4 public-identities: is empty; give one SIP URI or more, with spaces between",
      "4 password: is empty; give the password of SIP Digest",
      "4 preferred-s-cscfs: is empty; give one SIP URI or more, with spaces between",
      '4 application-servers: "sip:" is no URI; give SIP URIs such as sip:alice@open-ims.test',
    ],
  );
});

test("keys and passwords are never shown; what has no meaning is no silent mistake", () => {
  const secret = "0123456789abcdef-secret";
  const found = problems(
    `alice@x.test,sip:alice@x.test,aka,${secret},${opc},,pass-${secret},${scscf},`,
    `bob@x.test,sip:bob@x.test,digest,${k},,,word,${scscf},`,
  );
  assert.deepEqual(found, [
    "2 password: has no meaning for aka; leave it empty",
    "2 k: has 23 characters; give 32 hexadecimal digits",
    "3 k: has no meaning for digest; leave it empty",
  ]);
});

test("an identity belongs to one user; a line has as many values as there are fields", () => {
  const line = (name: string) => `${name}@x.test,sip:shared@x.test,digest,,,,word,${scscf},`;
  assert.deepEqual(problems(line("alice"), line("bob"), line("alice")), [
    '3 public-identities: "sip:shared@x.test" is in line 2 already',
    '4 private-identity: "alice@x.test" is in line 2 already',
    '4 public-identities: "sip:shared@x.test" is in line 3 already',
  ]);
  assert.deepEqual(problems("alice@x.test,sip:alice@x.test", 'bob@x.test,"sip:bob@x.test,digest'), [
    "2 null: has 2 values; give 9 values with commas between",
    '3 null: has a " in the wrong place; give 9 values with commas between',
  ]);
});

test("the line of names: unknown, missing and repeated fields", () => {
  const read = parseSubscribers(`${names.replace("k,", "key,")},amf\n`);
  assert.ok(!read.ok);
  assert.deepEqual(
    read.errors.map(({ line, field, problem }) => `${line} ${field}: ${problem}`),
    [
      `1 null: "key" is no field; the fields are ${names}`,
      `1 k: is missing; the fields are ${names}`,
      '1 null: "amf" is there twice',
    ],
  );
});

test("the HSS's command line: what is missing or wrong is said in one line", () => {
  const usage = (...argv: readonly string[]): string => {
    const request = readOptions(argv);
    return request.kind === "usage" ? request.message : request.kind;
  };
  const enough = ["--users", "users.csv", "--realm", "x.test", "--peer", "cfs.x.test@127.0.2.21"];
  assert.equal(usage(...enough), "run");
  assert.equal(usage(), "required option '--users <file>' not specified");
  assert.equal(usage(...enough.slice(0, 4)), "required option '--peer <name[@address]>' not specified");
  assert.match(usage(...enough, "--listen", "127.0.0.1"), /give an address and a port/);
  assert.match(usage(...enough, "--queue", "-1"), /give milliseconds from 0 to 60000/);
  assert.equal(
    usage(...enough, "--peer", "CFS.x.test"),
    "option '--peer' names cfs.x.test twice, or the HSS itself: give each peer once",
  );
  assert.match(
    usage(...enough, "--behaviour", "hss"),
    /'hss' is invalid.*specification, fhoss, open5gs, pyhss/,
  );
  assert.match(usage(...enough, "stray"), /^too many arguments/);
  const own = ["--pyhss-interface", "127.0.0.1:8080"];
  assert.match(
    usage(...enough, ...own),
    /'--behaviour specification', which has none: add '--behaviour pyhss'/,
  );
  const pyhss = readOptions([...enough, ...own, "--behaviour", "pyhss"]);
  assert.deepEqual(pyhss.kind === "run" ? pyhss.options.pyHssInterface : null, {
    ...{ host: "127.0.0.1", port: 8080 },
  });
  const read = readOptions([
    ...enough,
    "--listen",
    "[::1]:3868",
    "--service-time",
    "2",
    "--behaviour",
    "fhoss",
  ]);
  assert.ok(read.kind === "run");
  assert.deepEqual(read.options, {
    ...{ users: "users.csv", listen: { host: "::1", port: 3868 }, realm: "x.test", digestRealm: "x.test" },
    ...{ originHost: "hss.x.test", peers: [{ originHost: "cfs.x.test", from: ["127.0.2.21"] }] },
    ...{ behaviour: "fhoss", capacity: { msPerMessage: 2, queueMs: 200 }, logLevel: "warn" },
  });
});
