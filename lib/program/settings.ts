// Settings that every server program has, as JSON Schema by typebox. Beside JSON Schema's own words a setting has
// `unit`, `secret` (never shown), `otherwise` (what holds where an optional key is left out) and the formats `ip`
// (an address literal) and `file` (a path; relative ones count from the folder of the configuration file).
import { type TNumberOptions, type TSchemaOptions, type TStringOptions, Type } from "typebox";

/** The words of ours, so that they are checked for spelling. */
interface Words {
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly unit?: string;
  readonly otherwise?: string;
}

/** An IP address literal. */
export function ipAddress(extra: Words & TSchemaOptions) {
  return Type.String({
    description: "IP address, IPv6 without brackets",
    examples: ["127.0.0.1"],
    format: "ip",
    ...extra,
  });
}

/** A time in whole milliseconds, from `minimum` (default 1) to a day. */
export function milliseconds(description: string, value: number, minimum = 1) {
  return Type.Integer({
    description,
    unit: "milliseconds",
    minimum,
    maximum: 86_400_000,
    default: value,
    examples: [value],
  });
}

/** A port of UDP or TCP. */
export function portNumber(extra: Words & TNumberOptions) {
  return Type.Integer({
    description: "Port; 0 lets the system choose",
    minimum: 0,
    maximum: 65_535,
    examples: [5060],
    ...extra,
  });
}

/** A name or another text that must say something. */
export function text(extra: Words & TStringOptions) {
  return Type.String({ minLength: 1, maxLength: 1000, ...extra });
}

/** Address literals of a function. */
export function ipAddresses(description: string) {
  return Type.Array(ipAddress({}), {
    description,
    examples: [["127.0.1.21"]],
    uniqueItems: true,
    default: [],
  });
}

/** Where SIP is awaited. */
export const listenSetting = Type.Array(
  Type.Object(
    {
      protocol: Type.Enum(["udp", "tcp"], {
        description: "Transport",
        examples: ["tcp"],
      }),
      host: ipAddress({ description: "Address of this machine, IPv6 without brackets" }),
      port: portNumber({ examples: [7080] }),
    },
    { additionalProperties: false },
  ),
  {
    description: "Where SIP requests are awaited",
    minItems: 1,
    examples: [[{ protocol: "tcp", host: "127.0.0.1", port: 7080 }]],
  },
);

/** The operator's port: health and metrics. Programs of one machine have different default ports. */
export function adminSetting(port: number) {
  return Type.Object(
    {
      enabled: Type.Boolean({
        description: "Serve /healthz and /metrics",
        default: true,
        examples: [true],
      }),
      host: ipAddress({
        description: "Address of the admin port; one off the loopback needs allowRemote",
        default: "127.0.0.1",
      }),
      port: portNumber({
        description: "Port of /healthz and /metrics; 0 lets the system choose",
        default: port,
        examples: [port],
      }),
      allowRemote: Type.Boolean({
        description: "Let the admin port listen on an address that others can reach; it has no password",
        default: false,
        examples: [false],
      }),
    },
    {
      additionalProperties: false,
      description: "HTTP for operators: GET /healthz, GET /metrics (Prometheus)",
      examples: [{ port }],
    },
  );
}

export const logSetting = Type.Object(
  {
    level: Type.Enum(["debug", "info", "warn", "error"], {
      description: "The least important level that is written",
      default: "info",
      examples: ["debug"],
    }),
  },
  {
    additionalProperties: false,
    description: "JSON lines on standard output",
    examples: [{ level: "info" }],
  },
);

export const dnsSetting = Type.Object(
  {
    servers: Type.Optional(
      Type.Array(
        Type.Object(
          {
            host: ipAddress({ description: "Address of the DNS server" }),
            port: portNumber({ description: "Its port", default: 53, examples: [53], minimum: 1 }),
          },
          { additionalProperties: false },
        ),
        {
          description: "Asked in this order. An empty list: names are not looked up",
          otherwise: "the DNS servers of this machine",
          examples: [[{ host: "127.0.2.53", port: 53 }]],
        },
      ),
    ),
    timeoutMs: milliseconds("How long one server has for its first answer; doubled in each round", 500),
    rounds: Type.Integer({
      description: "How often the list of servers is gone through",
      minimum: 1,
      maximum: 10,
      default: 4,
      examples: [4],
    }),
    maximumTtl: Type.Integer({
      description: "Longest life of an answer in the cache",
      unit: "seconds",
      minimum: 0,
      maximum: 86_400,
      default: 3600,
      examples: [60],
    }),
    cacheSize: Type.Integer({
      description: "Answers kept in the cache; the oldest goes first",
      minimum: 1,
      maximum: 1_000_000,
      default: 10_000,
      examples: [10_000],
    }),
  },
  {
    additionalProperties: false,
    description: "How names are looked up",
    examples: [{ servers: [{ host: "127.0.2.53" }] }],
  },
);

export const timersSetting = Type.Object(
  {
    T1: milliseconds("Estimate of the round trip (RFC 3261 17.1.1.1)", 500),
    T2: milliseconds("Longest interval between retransmissions", 4_000),
    T4: milliseconds("Longest life of a message in the network", 5_000),
  },
  { additionalProperties: false, description: "SIP timers", examples: [{ T1: 500 }] },
);

/** A store of records: in a file, or in the memory of the process. */
export function storeSetting(description: string, file: string) {
  return Type.Object(
    {
      kind: Type.Enum(["sqlite", "memory"], {
        description: "sqlite: a file that survives; memory: forgotten when the process ends",
        default: "sqlite",
        examples: ["sqlite"],
      }),
      file: Type.String({
        description: "The SQLite file; made when it is not there",
        format: "file",
        minLength: 1,
        default: file,
        examples: [`/var/lib/liquid-ims/${file}`],
      }),
      driver: Type.Enum(["worker", "inline"], {
        description: "worker: SQLite in a thread of its own; inline: on the thread of SIP, for tests",
        default: "worker",
        examples: ["worker"],
      }),
    },
    { additionalProperties: false, description, examples: [{ kind: "sqlite", file }] },
  );
}

export const stopSetting = Type.Object(
  {
    within: milliseconds(
      "After SIGTERM, how long what is open may take to be answered; then the program ends all the same",
      5_000,
      0,
    ),
  },
  { additionalProperties: false, description: "Stopping", examples: [{ within: 5_000 }] },
);
