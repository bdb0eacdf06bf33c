// Operations whose location service does not answer: the caller is owed 503 and a remedy, not a fault of the CFS.
import { LocationDown } from "../store/guarded-location.ts";
import type { OperationResult, Operations } from "./operations.ts";
import { problem } from "./problem.ts";

async function answered<Value>(result: Promise<OperationResult<Value>>): Promise<OperationResult<Value>> {
  try {
    return await result;
  } catch (error) {
    if (!(error instanceof LocationDown)) throw error;
    const remedy = `${error.message}; ask again`;
    return { ok: false, problem: problem("store-down", { field: "request", value: undefined, remedy }) };
  }
}

/** The same operations; `LocationDown` is the problem `store-down`. */
export function withStoreProblems(operations: Operations): Operations {
  return {
    createTransfer: (request, options) => answered(operations.createTransfer(request, options)),
    getTransfer: (id) => answered(operations.getTransfer(id)),
    listTransfers: () => answered(operations.listTransfers()),
    cancelTransfer: (id) => answered(operations.cancelTransfer(id)),
    endDrain: (name) => answered(operations.endDrain(name)),
    listFunctions: () => answered(operations.listFunctions()),
    getFunction: (name) => answered(operations.getFunction(name)),
    canRemove: (name) => answered(operations.canRemove(name)),
    putFunction: (name, request) => answered(operations.putFunction(name, request)),
    removeFunction: (name, options) => answered(operations.removeFunction(name, options)),
    getFunctionOperation: (id) => answered(operations.getFunctionOperation(id)),
    listUsers: (name) => answered(operations.listUsers(name)),
    queryUser: (user) => answered(operations.queryUser(user)),
    listAllUsers: () => answered(operations.listAllUsers()),
  };
}
