// What os-cfs can do, as plain functions: the HTTP adapter and the virtual lab both call these.
import type {
  FunctionList,
  FunctionResource,
  ProblemDetails,
  TransferOperation,
  TransferRequest,
} from "@liquid-ims/reference-points/os-cfs";
import type {
  FunctionOperation,
  FunctionRequest,
  RemoveFunctionOptions,
} from "@liquid-ims/reference-points/os-cfs-functions";
import type { Forecast } from "../transfer/forecast.ts";

/** A value, or what the caller is owed instead. */
export type OperationResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: ProblemDetails };

/** A transfer as it is shown; a dry run has a forecast. */
export type TransferResource = TransferOperation & { readonly forecast?: Forecast };

/** A registration as the location service knows it. */
export interface RegistrationLine {
  readonly user: string;
  readonly identities: readonly string[];
  readonly pCscf: string | null;
  readonly sCscf: string;
  readonly contact: string | null;
  readonly expiresAt: number;
  /** Why its LCF cannot be reached; null when it can. */
  readonly unreachable: string | null;
}

/** All registrations, and those of which only their LCFs tell. */
export interface UserList {
  readonly users: readonly RegistrationLine[];
  /** When the location store was made, ms since 1970; null where it cannot say. */
  readonly location: { readonly createdAt: number | null };
  /** LCFs that speak with the CFS without a location record: they cannot be moved until they have one. */
  readonly unknown: {
    readonly count: number;
    readonly reasons: readonly { readonly reason: string; readonly count: number; readonly remedy: string }[];
    readonly users: readonly {
      readonly user: string;
      readonly registration: string | null;
      readonly reason: string;
    }[];
  };
}

/** What came of a question to the LCF of a registration. */
export interface QueriedRegistration {
  readonly user: string;
  readonly contact: string | null;
  /** `not asked`: it cannot be, `detail` says why. */
  readonly result: "answered" | "no answer" | "not asked";
  /** For people; empty where nothing needs to be said. */
  readonly detail: string;
  /** From the command to its answer. */
  readonly milliseconds: number | null;
  /** That the device has now. */
  readonly dialogs: number | null;
}

/** May this function be stopped? */
export interface CanRemove {
  readonly function: string;
  readonly canRemove: boolean;
  /** Registrations on it. */
  readonly users: number;
  /** Dialogs reported to go on through it. */
  readonly dialogs: number;
  /** Users who came to it since the drain began, moved on by the standing order. */
  readonly inflow: readonly { readonly user: string; readonly at: number }[];
  readonly drain: FunctionResource["drain"];
  /** What stands against it, for people; empty when nothing does. */
  readonly blockers: readonly string[];
}

export interface CreateOptions {
  /** The same key again gives the transfer that it made the first time. */
  readonly idempotencyKey?: string;
}

export interface Operations {
  /** 404 unknown function, 409 one runs already, 422 no usable target or a wrong value; else durable and begun. */
  createTransfer(
    request: TransferRequest,
    options?: CreateOptions,
  ): Promise<OperationResult<TransferResource>>;
  getTransfer(id: string): Promise<OperationResult<TransferResource>>;
  /** The newest first, without their users. */
  listTransfers(): Promise<OperationResult<{ readonly transfers: readonly TransferResource[] }>>;
  /** Stops new moves; those under way end. 404 unknown, 409 ended already. */
  cancelTransfer(id: string): Promise<OperationResult<TransferResource>>;
  /** Ends the standing order of a function. 404 when it has none. */
  endDrain(name: string): Promise<OperationResult<TransferResource>>;
  listFunctions(): Promise<OperationResult<FunctionList>>;
  getFunction(name: string): Promise<OperationResult<FunctionResource>>;
  canRemove(name: string): Promise<OperationResult<CanRemove>>;
  /** Brings an I-CSCF or a CFD into the DNS. 409 another order for it goes on, 422 a wrong value; else durable and begun. */
  putFunction(name: string, request: FunctionRequest): Promise<OperationResult<FunctionOperation>>;
  /** Takes it out. 404 unknown and no kind given, 409 the last one of its kind, or another order for it goes on. */
  removeFunction(name: string, options?: RemoveFunctionOptions): Promise<OperationResult<FunctionOperation>>;
  /** 404 unknown. */
  getFunctionOperation(id: string): Promise<OperationResult<FunctionOperation>>;
  /** Everybody, of whatever function. */
  listAllUsers(): Promise<OperationResult<UserList>>;
  /** Asks the LCFs of a user, which shows that commands reach them; changes nothing. 404 when he is not registered. */
  queryUser(
    user: string,
  ): Promise<OperationResult<{ readonly registrations: readonly QueriedRegistration[] }>>;
  /** Registrations of a function. 404 unknown. */
  listUsers(name: string): Promise<OperationResult<{ readonly users: readonly RegistrationLine[] }>>;
}
