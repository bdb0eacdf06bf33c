// Configuration file of the CFS: every member of CfsConfig, and what the program around it needs.
import {
  adminSetting,
  ipAddress,
  ipAddresses,
  listenSetting,
  logSetting,
  milliseconds,
  portNumber,
  stopSetting,
  storeSetting,
  text,
  timersSetting,
} from "@liquid-ims/program/settings";
import { type Static, Type } from "typebox";
import { cxSetting } from "./cx-settings.ts";
import { cfsDnsSetting } from "./dns-settings.ts";
import { defaultUsersPerSecond } from "./transfer/pace.ts";
import { guardSetting, timesSetting } from "./transfer-settings.ts";

const lcfSetting = Type.Object(
  {
    longestExpires: Type.Integer({
      description: "Longest subscription that is granted",
      unit: "seconds",
      minimum: 1,
      maximum: 86_400,
      default: 3_500,
      examples: [3_500],
    }),
    shortestExpires: Type.Integer({
      description: "Shortest subscription that is granted",
      unit: "seconds",
      minimum: 1,
      maximum: 86_400,
      default: 60,
      examples: [60],
    }),
    recordWait: milliseconds("How long a hello waits for its location record", 2_000),
    notifyTimeout: milliseconds("After how long an unanswered NOTIFY makes its dialog suspect", 2_000),
    challengeLife: milliseconds("How long a ticket's challenge may be repeated", 60_000),
    nonceLife: milliseconds("How long a nonce is remembered, and how far a hello's clock may be off", 60_000),
    commandRepeat: milliseconds("After how long a delivered but unanswered command is sent again", 4_000),
    identityRate: Type.Number({
      description: "Hellos for one identity",
      unit: "a second",
      exclusiveMinimum: 0,
      maximum: 1_000,
      default: 1,
      examples: [1],
    }),
    pCscfRate: Type.Number({
      description: "Hellos through one P-CSCF",
      unit: "a second",
      exclusiveMinimum: 0,
      maximum: 100_000,
      default: 50,
      examples: [50],
    }),
  },
  {
    additionalProperties: false,
    description: "Dialogs with the LCFs in the UEs",
    examples: [{ recordWait: 2_000 }],
  },
);

const hosts = (description: string) =>
  Type.Array(text({ description: "Host name or address literal", examples: ["pcscf1.ims.test"] }), {
    description,
    examples: [["pcscf1.ims.test", "127.0.1.1"]],
  });

const osCfsSetting = Type.Object(
  {
    enabled: Type.Boolean({ description: "Serve os-cfs", default: true, examples: [true] }),
    host: ipAddress({
      description: "Address of os-cfs; one off the loopback needs allowRemote",
      default: "127.0.0.1",
    }),
    port: portNumber({ default: 8085, examples: [8085] }),
    allowRemote: Type.Boolean({
      description:
        "Let os-cfs listen on an address that others can reach; it has no password, and whoever reaches it moves users",
      default: false,
      examples: [false],
    }),
    bodyLimit: Type.Integer({
      description: "Longest request body",
      unit: "bytes",
      minimum: 1_024,
      maximum: 104_857_600,
      default: 1_048_576,
      examples: [1_048_576],
    }),
  },
  {
    additionalProperties: false,
    description: "os-cfs, the HTTP interface to the OSS/BSS",
    examples: [{ port: 8085 }],
  },
);

export const cfsSchema = Type.Object(
  {
    name: text({ description: "Name of this CFS in its log lines", default: "cfs", examples: ["cfs1"] }),
    listen: listenSetting,
    homeDomain: text({ description: "Domain of this network", examples: ["ims.test"] }),
    functions: Type.Array(
      Type.Object(
        {
          kind: Type.Enum(["P-CSCF", "S-CSCF", "I-CSCF", "CFD"], {
            description: "What it is",
            examples: ["P-CSCF"],
          }),
          name: text({
            description: "P-CSCF: host:port as in its Path; S-CSCF: its Server-Name, verbatim",
            examples: ["pcscf1.ims.test:4060"],
          }),
          addresses: ipAddresses("Addresses under which it may be seen"),
        },
        { additionalProperties: false },
      ),
      {
        description: "All functions of the network. Only those named here can be emptied or be targets",
        examples: [[{ kind: "P-CSCF", name: "pcscf1.ims.test:4060", addresses: ["127.0.1.1"] }]],
        default: [],
      },
    ),
    contact: Type.Optional(
      text({
        description: "Contact URI of the CFS in its dialogs: a name with SRV records",
        otherwise: "sip:cfs.<homeDomain>",
        examples: ["sip:cfs.ims.test"],
      }),
    ),
    allowed: Type.Optional(
      Type.Object(
        { pCscf: hosts("P-CSCFs"), sCscf: hosts("S-CSCFs") },
        {
          additionalProperties: false,
          description: "Where LCFs may be told to go",
          otherwise: "the hosts of all P-CSCFs and S-CSCFs of functions, by name and by address",
          examples: [{ pCscf: ["pcscf1.ims.test"], sCscf: ["scscf1.ims.test"] }],
        },
      ),
    ),
    directFlow: Type.Array(
      Type.Object(
        {
          host: text({ description: "Host name or address", examples: ["cfs.ims.test"] }),
          port: portNumber({ minimum: 1, description: "Port", examples: [5061] }),
          transport: Type.Enum(["tls", "ws", "tcp"], { description: "Transport", examples: ["tls"] }),
          fingerprint: Type.Optional(
            text({
              description: "SHA-256 of the TLS public key in base64url",
              otherwise: "plain TCP only",
              examples: ["47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"],
            }),
          ),
        },
        { additionalProperties: false },
      ),
      {
        description: "Addresses that tickets name for direct flows",
        default: [],
        examples: [[{ host: "cfs.ims.test", port: 5070, transport: "tcp" }]],
      },
    ),
    lcf: lcfSetting,
    pace: Type.Object(
      {
        mode: Type.Enum(["parallel", "fixed"], {
          description: "parallel: all users at once; fixed: so many users a second",
          default: "fixed",
          examples: ["fixed"],
        }),
        usersPerSecond: Type.Number({
          description: "For mode fixed",
          unit: "users a second",
          exclusiveMinimum: 0,
          maximum: 10_000,
          default: defaultUsersPerSecond,
          examples: [5],
        }),
        usersInFlight: Type.Optional(
          Type.Integer({
            description: "Never more users under way",
            minimum: 1,
            otherwise: "no limit",
            examples: [50],
          }),
        ),
      },
      {
        additionalProperties: false,
        description: "Pace of transfers whose request names none",
        examples: [{ mode: "fixed", usersPerSecond: 5 }],
      },
    ),
    times: timesSetting,
    guard: guardSetting,
    replaceDialogs: Type.Boolean({
      description: "Replace the dialogs of those who move; false is for experiments that show the difference",
      default: true,
      examples: [true],
    }),
    keepTransfers: Type.Integer({
      description: "Ended transfers that can still be looked at",
      minimum: 0,
      maximum: 100_000,
      default: 100,
      examples: [100],
    }),
    timers: timersSetting,
    location: storeSetting("The location service that the CFD writes; only read", "location.db"),
    store: storeSetting("The CFS's own store: dialogs, commands, transfers, its signing keys", "cfs.db"),
    keys: Type.Object(
      {
        file: Type.Optional(
          Type.String({
            description: "Private JWK that signs, as `cfs keys new` writes it; readable by its owner only",
            format: "file",
            minLength: 1,
            otherwise: "a key that the CFS makes once and keeps in its store",
            examples: ["/etc/liquid-ims/cfs-key.json"],
          }),
        ),
      },
      {
        additionalProperties: false,
        description: "The key that signs tickets and commands",
        examples: [{ file: "/etc/liquid-ims/cfs-key.json" }],
      },
    ),
    osCfs: osCfsSetting,
    cx: Type.Optional(cxSetting),
    dns: cfsDnsSetting,
    admin: adminSetting(9_091),
    log: logSetting,
    stop: stopSetting,
  },
  {
    additionalProperties: false,
    title: "CFS",
    description: "Configuration of the Control Function Selection",
  },
);

/** The effective configuration of a CFS program. */
export type CfsSettings = Static<typeof cfsSchema>;

/** Names of environment variables begin so. */
export const cfsPrefix = "LIQUID_IMS_CFS_";
