// Which users the location service has at a P-CSCF, as os-cfs tells.

interface UserList {
  readonly users: readonly { readonly user: string; readonly unreachable: string | null }[];
}

function isUserList(value: unknown): value is UserList {
  if (typeof value !== "object" || value === null || !("users" in value)) return false;
  const { users } = value;
  return Array.isArray(users) && users.every((one) => typeof one?.user === "string" && "unreachable" in one);
}

/** Public identities with why no LCF can be commanded there (null: one can). `root` is that of os-cfs. */
export async function usersAt(
  root: string,
  functionName: string,
): Promise<ReadonlyMap<string, string | null>> {
  const response = await fetch(`${root}/functions/${encodeURIComponent(functionName)}/users`, {
    signal: AbortSignal.timeout(30_000),
  });
  const body: unknown = await response.json();
  if (!response.ok || !isUserList(body))
    throw new Error(
      `os-cfs of ${root} answers ${response.status} for ${functionName}: ${JSON.stringify(body)}`,
    );
  return new Map(body.users.map(({ user, unreachable }) => [user, unreachable]));
}

/** What the records should say; each is a set of public identities. */
export interface ExpectedRecords {
  readonly functionName: string;
  readonly there: readonly string[];
  readonly notThere: readonly string[];
}

export interface RecordsFound {
  /** Users found where they should be. */
  readonly there: number;
  readonly missing: readonly string[];
  readonly surplus: readonly string[];
}

/** The CFD hears of a registration after the UE has its 200. */
const patienceMs = 5_000;
const lookEveryMs = 100;

/** Looks until all is as it should be, for a few seconds. */
export async function awaitRecords(
  root: string,
  { functionName, there, notThere }: ExpectedRecords,
): Promise<RecordsFound> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const present = await usersAt(root, functionName);
    const missing = there.filter((user) => !present.has(user));
    const surplus = notThere.filter((user) => present.has(user));
    if ((missing.length === 0 && surplus.length === 0) || performance.now() > until)
      return { there: there.length - missing.length, missing, surplus };
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
