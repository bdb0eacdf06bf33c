// Who is registered at the lab's S-CSCF, by public identity, and the end of registrations that nobody refreshed.
// RFC 3261 10.3, TS 24.229 5.4.1.5.
import type { Timer } from "@liquid-ims/runtime/clock";
import type { Host } from "@liquid-ims/runtime/host";
import { liveBindings, type RegisteredUser } from "./bindings.ts";

export interface RegisteredUsers {
  /** The user of a public identity, also one whose bindings have all expired this moment. */
  get(publicIdentity: string): RegisteredUser | null;
  /** As `get`, with a binding that has not expired. */
  find(publicIdentity: string): RegisteredUser | null;
  /** All identities of a private one; an empty list stands for all its identities. */
  findPrivate(privateIdentity: string, publicIdentities: readonly string[]): RegisteredUser | null;
  /** Keeps a user, in place of what was known of his identities; one without a live binding is forgotten. */
  keep(user: RegisteredUser): void;
  forget(user: RegisteredUser): void;
}

/** `expired` is told of each user whose last binding has expired; he is forgotten already. */
export function createRegisteredUsers(host: Host, expired: (user: RegisteredUser) => void): RegisteredUsers {
  const byIdentity = new Map<string, RegisteredUser>();
  const timers = new Map<string, Timer>();

  function live(user: RegisteredUser): boolean {
    return liveBindings(user, host.clock.now()).length > 0;
  }

  function stop(privateIdentity: string): void {
    timers.get(privateIdentity)?.cancel();
    timers.delete(privateIdentity);
  }

  function forget(user: RegisteredUser): void {
    stop(user.privateIdentity);
    for (const identity of user.publicIdentities) byIdentity.delete(identity);
  }

  /** At the end of the longest binding; a REGISTER in between has put it off. */
  function watch({ privateIdentity, publicIdentities, bindings }: RegisteredUser): void {
    stop(privateIdentity);
    const [identity] = publicIdentities;
    if (identity === undefined) return;
    const last = Math.max(...[...bindings.values()].map((binding) => binding.expiresAt));
    const expire = (): void => {
      timers.delete(privateIdentity);
      const user = byIdentity.get(identity);
      if (user === undefined || live(user)) return;
      forget(user);
      expired(user);
    };
    const left = Math.max(0, last - host.clock.now());
    timers.set(privateIdentity, host.clock.after(left, expire, "registration expires"));
  }

  function find(publicIdentity: string): RegisteredUser | null {
    const user = byIdentity.get(publicIdentity);
    return user !== undefined && live(user) ? user : null;
  }

  return {
    get: (publicIdentity) => byIdentity.get(publicIdentity) ?? null,
    find,
    findPrivate(privateIdentity, publicIdentities) {
      for (const user of byIdentity.values()) {
        if (user.privateIdentity !== privateIdentity || !live(user)) continue;
        if (publicIdentities.length === 0) return user;
        if (user.publicIdentities.some((identity) => publicIdentities.includes(identity))) return user;
      }
      return null;
    },
    keep(user) {
      if (!live(user)) return forget(user);
      for (const identity of user.publicIdentities) byIdentity.set(identity, user);
      watch(user);
    },
    forget,
  };
}
