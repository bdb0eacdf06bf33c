// Key files as BIND's tools write them, and what is wrong with others.
import assert from "node:assert/strict";
import test from "node:test";
import { parseTsigKeyFile } from "@liquid-ims/dns/tsig-key";

const secret = "c2VjcmV0LW9mLXRoZS10ZXN0";

function names(text: string): string[] {
  const read = parseTsigKeyFile(text);
  return read.ok
    ? read.keys.map(({ name, algorithm }) => `${name} ${algorithm}`)
    : [`line ${read.line}: ${read.detail}`];
}

test("tsig-keygen: one key", () => {
  const text = `key "cfs-key" {\n\talgorithm hmac-sha256;\n\tsecret "${secret}";\n};\n`;
  assert.deepEqual(names(text), ["cfs-key hmac-sha256"]);
});

test("rndc-confgen and ddns-confgen: comments and other statements are passed over", () => {
  const rndc = `# Start of rndc.conf
key "rndc-key" {
	algorithm hmac-sha256;
	secret "${secret}";
};

options {
	default-key "rndc-key";
	default-server 127.0.0.1;
};
# Use with the following in named.conf:
# key "not-this" {
# 	algorithm hmac-md5;
# };
`;
  assert.deepEqual(names(rndc), ["rndc-key hmac-sha256"]);
  const ddns = `// a comment\nkey "ddns-key.open-ims.test" { secret "${secret}"; /* ; } */ algorithm HMAC-SHA512.; };
update-policy {\n  grant ddns-key.open-ims.test zonesub ANY;\n};\nkey other. { algorithm hmac-sha1; secret ${secret}; };`;
  assert.deepEqual(names(ddns), ["ddns-key.open-ims.test hmac-sha512", "other hmac-sha1"]);
});

test("what is wrong is named with its line, and never a secret", () => {
  const body = (members: string) => `\nkey "k" {\n${members}\n};\n`;
  const faults: readonly (readonly [string, RegExp])[] = [
    ["", /^line 1: no key: write key "name"/],
    ["\n# only a comment\n", /^line 3: no key/],
    [body(`secret "${secret}";`), /^line 2: key "k" has no algorithm: write/],
    [body("algorithm hmac-sha256;"), /^line 2: key "k" has no secret/],
    [body(`algorithm hmac-md5; secret "${secret}";`), /^line 2: .*"hmac-md5" is not one of hmac-sha1, /],
    [
      body(`algorithm "${secret}"; secret hmac-sha256;`),
      /^line 2: key "k": algorithm this is not one of hmac-sha1, /,
    ],
    [body(`algorithm hmac-sha256; secret "${secret}!";`), /^line 2: key "k": its secret is no base64$/],
    [body(`algorithm hmac-sha256; secret "";`), /its secret is no base64/],
    [body(`algorithm hmac-sha256;\nsecret "${secret}"`), /^line 4: key "k": secret without its value or ;/],
    [
      body(`algorithm hmac-sha256; secrte "${secret}";`),
      /^line 3: key "k": "algorithm" or "secret" expected here/,
    ],
    [`key "k" { algorithm hmac-sha256; secret "${secret}"; }`, /^line 1: key "k": no ; behind its }/],
    [`key "k" { algorithm hmac-sha256; secret "${secret}";`, /^line 1: key "k" without its }/],
    [`key "k" { algorithm hmac-sha256; secret "${secret}`, /^line 1: a string without its closing "/],
    ["\n/* never ends", /^line 2: a comment without its \*\//],
    [
      `key "a..b" { algorithm hmac-sha256; secret "${secret}"; };`,
      /^line 1: .*a key's name is a domain name/,
    ],
    ["options { x y; }", /^line 1: "options": a statement without its ;/],
    ["Kcfs.+163+12345.private", /^line 1: this: a statement without its ;/],
    [
      `Private-key-format: v1.3\nKey: ${secret}\n`,
      /^line 1: this: a statement without its ;, where a key is key "name" \{ algorithm/,
    ],
    [`hmac-sha256:cfs-key:${secret}\n`, /^line 1: this: a statement without its ;/],
    [`${secret}\n`, /^line 1: this: a statement without its ;/],
  ];
  for (const [text, message] of faults) {
    const [first = ""] = names(text);
    assert.match(first, message, text);
    assert.ok(!first.includes(secret.slice(0, 8)), first);
  }
});
