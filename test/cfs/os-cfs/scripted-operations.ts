// Operations that do nothing but note their calls: for tests of the HTTP layer.
import type { OperationResult, Operations } from "@liquid-ims/cfs/operations/operations";

export interface Call {
  readonly name: string;
  readonly parameters: readonly unknown[];
}

/** Operations that note how they are called and answer what they are told to. */
export function scripted(
  calls: Call[],
  answer: () => OperationResult<never> | { ok: true; value: unknown },
): Operations {
  const operation =
    (name: string) =>
    async (...parameters: unknown[]) => {
      calls.push({ name, parameters });
      // The values are of the kind that the test asks for.
      return answer() as OperationResult<never>;
    };
  return {
    createTransfer: operation("createTransfer"),
    getTransfer: operation("getTransfer"),
    listTransfers: operation("listTransfers"),
    cancelTransfer: operation("cancelTransfer"),
    endDrain: operation("endDrain"),
    listFunctions: operation("listFunctions"),
    getFunction: operation("getFunction"),
    canRemove: operation("canRemove"),
    putFunction: operation("putFunction"),
    removeFunction: operation("removeFunction"),
    getFunctionOperation: operation("getFunctionOperation"),
    queryUser: operation("queryUser"),
    listUsers: operation("listUsers"),
    listAllUsers: operation("listAllUsers"),
  };
}
