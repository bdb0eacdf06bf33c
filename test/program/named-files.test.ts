// Files that a configuration names: every mistake at once, each with its key.
import assert from "node:assert/strict";
import test from "node:test";
import { ProgramError } from "@liquid-ims/program/exit";
import { readAll, readNamed } from "@liquid-ims/program/named-files";

/** The rejection as exit code and text. */
async function refusalOf(read: () => unknown): Promise<readonly [number, string] | unknown> {
  try {
    await readNamed("store.file", read);
  } catch (error) {
    return error instanceof ProgramError ? [error.exitCode, error.message] : error;
  }
  return "it was taken";
}

test("the key is named once, the exit code stays, a fault of ours stays what it is", async () => {
  const full = Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
  const fault = new TypeError("undefined is not a function");
  const fail = (error: Error) => () => Promise.reject(error);
  assert.deepEqual(await refusalOf(fail(full)), [3, "store.file: ENOSPC: no space left"]);
  assert.deepEqual(await refusalOf(fail(new ProgramError(2, "store.file: a.db: is a folder"))), [
    ...[2, "store.file: a.db: is a folder"],
  ]);
  assert.equal(await refusalOf(fail(fault)), fault);
  assert.equal(
    await refusalOf(() => {
      throw fault;
    }),
    fault,
  );
});

test("what all of them give; or all that is wrong, in their order", async () => {
  const [text, number] = await readAll([Promise.resolve("a"), Promise.resolve(1)]);
  assert.deepEqual([text.length, number + 1], [1, 2]);
  const [late, early] = [new Error("late"), new Error("early")];
  await assert.rejects(
    readAll([Promise.resolve().then(() => Promise.reject(late)), Promise.reject(early), Promise.resolve(1)]),
    (error) => {
      assert.ok(error instanceof AggregateError);
      assert.deepEqual(error.errors, [late, early]);
      return true;
    },
  );
});
