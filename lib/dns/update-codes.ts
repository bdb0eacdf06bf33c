// Result codes of an UPDATE and errors of a TSIG, by name. RFC 1035 4.1.1, RFC 2136 2.2, RFC 8945 3.

const codes = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
} as const;

const tsigErrors = { BADSIG: 16, BADKEY: 17, BADTIME: 18, BADTRUNC: 22 } as const;

export type ResponseCode = keyof typeof codes;

export type TsigError = keyof typeof tsigErrors;

/** The codes that say that a prerequisite did not hold (RFC 2136 3.2). */
export const prerequisiteCodes: readonly ResponseCode[] = ["NXDOMAIN", "YXDOMAIN", "YXRRSET", "NXRRSET"];

export function responseCodeNumber(code: ResponseCode): number {
  return codes[code];
}

export function tsigErrorNumber(error: TsigError): number {
  return tsigErrors[error];
}

function nameOf<Name extends string>(numbers: Readonly<Record<Name, number>>, wanted: number): Name | null {
  for (const name in numbers) if (numbers[name] === wanted) return name;
  return null;
}

/** Null for a number that no UPDATE is answered with. */
export function responseCodeName(number: number): ResponseCode | null {
  return nameOf(codes, number);
}

/** Null for 0 and for every number that a TSIG record has no name for. */
export function tsigErrorName(number: number): TsigError | null {
  return nameOf(tsigErrors, number);
}
