// When the HSS is told that an authentication was given up: not while another one of the same user goes on, for it has one
// flag for all of them and forgets the S-CSCF with it. TS 24.229 5.4.1.2.1, TS 29.228 6.1.2.1.

export interface GivenUpOptions {
  /** Whether a challenge of this private identity waits for its answer. */
  readonly isWaiting: (userName: string) => boolean;
  readonly isRegistered: (publicIdentity: string) => boolean;
  /** Nothing of this user goes on any more, and he is not registered: the HSS is to know. */
  readonly tell: (userName: string, publicIdentity: string) => void;
}

export interface GivenUpAuthentications {
  /** A REGISTER of this private identity is being dealt with, until what is given back is called, once. */
  begin(userName: string): () => void;
  /** Nobody has answered a challenge. */
  giveUp(userName: string, publicIdentity: string): void;
}

export function createGivenUpAuthentications(options: GivenUpOptions): GivenUpAuthentications {
  const { isWaiting, isRegistered, tell } = options;
  /** REGISTERs that are being dealt with, by private identity. */
  const underWay = new Map<string, number>();
  /** What the HSS has not been told yet: the public identity, by the private one. */
  const untold = new Map<string, string>();

  function settle(userName: string): void {
    const publicIdentity = untold.get(userName);
    if (publicIdentity === undefined || underWay.has(userName) || isWaiting(userName)) return;
    untold.delete(userName);
    if (!isRegistered(publicIdentity)) tell(userName, publicIdentity);
  }

  return {
    begin(userName) {
      underWay.set(userName, (underWay.get(userName) ?? 0) + 1);
      return () => {
        const left = (underWay.get(userName) ?? 1) - 1;
        if (left === 0) underWay.delete(userName);
        else underWay.set(userName, left);
        settle(userName);
      };
    },
    giveUp(userName, publicIdentity) {
      untold.set(userName, publicIdentity);
      settle(userName);
    },
  };
}
