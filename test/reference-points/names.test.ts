// Versions, dialog names, function addresses.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { dialogName } from "@liquid-ims/reference-points/dialog-name";
import { isFunctionAt } from "@liquid-ims/reference-points/function-address";
import { checkVersion, parseVersion } from "@liquid-ims/reference-points/version";
import { testCrypto } from "./test-crypto.ts";

test("versions: major.minor in decimal, nothing else", () => {
  assert.deepEqual(parseVersion("1.0"), { major: 1, minor: 0 });
  assert.deepEqual(parseVersion("12.34"), { major: 12, minor: 34 });
  for (const text of [
    "",
    "1",
    "1.",
    ".1",
    "1.0.0",
    "01.0",
    "1.00",
    "-1.0",
    " 1.0",
    "1.0 ",
    "1e3.0",
    "100000.0",
  ])
    assert.equal(parseVersion(text), null, text);
});

test("versions: the same major is understood, another is not, and the remedy is said", () => {
  assert.equal(checkVersion("1.0", "1.0"), null);
  assert.equal(checkVersion("1.17", "1.0"), null);
  assert.match(checkVersion("2.0", "1.0") ?? "", /major version 2 .*send version 1\.0/);
  assert.match(checkVersion("soon", "1.0") ?? "", /"soon" is no version/);
});

test("cfs-ue 7: a dialog's name is 16 bytes of SHA-256 over Call-ID and sorted tags, equal at both ends", () => {
  const expected = createHash("sha256").update("call@host\na73\nb21").digest("hex").slice(0, 32);
  assert.equal(dialogName("call@host", "a73", "b21", testCrypto), expected);
  assert.equal(dialogName("call@host", "b21", "a73", testCrypto), expected);
});

test("cfs-ue 7: other Call-IDs and tags give other names, also where the parts run together alike", () => {
  const names = [
    dialogName("call", "a", "b", testCrypto),
    dialogName("call", "a", "c", testCrypto),
    dialogName("calla", "", "b", testCrypto),
    dialogName("call", "ab", "", testCrypto),
    dialogName("cal", "la", "b", testCrypto),
  ];
  assert.equal(new Set(names).size, names.length);
});

test("cfs-ue 7: a function is at a host and port by name or address, letter case ignored", () => {
  const address = { name: "PCSCF1.open-ims.test", addresses: ["127.0.1.1", "2001:DB8::1"], port: 4060 };
  assert.ok(isFunctionAt(address, "pcscf1.OPEN-ims.test", 4060));
  assert.ok(isFunctionAt(address, "127.0.1.1", 4060));
  assert.ok(isFunctionAt(address, "2001:db8::1", 4060));
  assert.ok(!isFunctionAt(address, "pcscf1.open-ims.test", null), "5060 is meant where none is given");
  assert.ok(!isFunctionAt(address, "pcscf1.open-ims.test", 4061));
  assert.ok(!isFunctionAt(address, "pcscf2.open-ims.test", 4060));
  assert.ok(isFunctionAt({ name: "p", addresses: [] }, "p", 1234), "without a port any is meant");
  assert.ok(isFunctionAt({ name: "p", addresses: [], port: 5060 }, "p", null));
});
