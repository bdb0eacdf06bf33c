// Configuration file of the CFD: every member of CfdConfig, and what the program around it needs.
import {
  adminSetting,
  dnsSetting,
  ipAddresses,
  listenSetting,
  logSetting,
  milliseconds,
  stopSetting,
  storeSetting,
  text,
  timersSetting,
} from "@liquid-ims/program/settings";
import { type Static, Type } from "typebox";

export const cfdSchema = Type.Object(
  {
    name: text({
      description: "Name of this CFD in its log lines",
      default: "cfd",
      examples: ["cfd1"],
    }),
    listen: listenSetting,
    sCscfs: Type.Array(
      Type.Object(
        {
          name: text({
            description: "Server-Name of the S-CSCF, verbatim as the HSS has it and as it stands in From",
            examples: ["sip:scscf1.ims.test:6060"],
          }),
          addresses: ipAddresses("Source addresses of it. Empty: its name is looked up, again every 30 s"),
          answersRegEvent: Type.Boolean({
            description: "It answers SUBSCRIBEs for the reg event of a user by itself (RFC 3680)",
            default: false,
            examples: [true],
          }),
        },
        { additionalProperties: false },
      ),
      {
        description: "S-CSCFs that may register users here; everybody else is answered 403",
        examples: [[{ name: "sip:scscf1.ims.test:6060", addresses: ["127.0.1.21"] }]],
        default: [],
      },
    ),
    trustLoopback: Type.Boolean({
      description: "Take REGISTERs from any loopback address, for labs where all functions share one",
      default: false,
      examples: [true],
    }),
    regEvent: Type.Object(
      {
        askAll: Type.Boolean({
          description:
            "Ask every S-CSCF, not only those with answersRegEvent. One that does not know the reg event may take the " +
            "question for a request to the user, and a user whom it does not serve for its own: leave it false then",
          default: false,
          examples: [true],
        }),
        identity: Type.Optional(
          text({
            description:
              "URI by which the CFD presents itself: that of the application server in the users' iFCs",
            otherwise: "the Request-URI of the S-CSCF's REGISTER",
            examples: ["sip:cfd.ims.test:7080"],
          }),
        ),
        timeout: milliseconds(
          "Longest wait for the answer; then the doubt stays until the record expires",
          5_000,
        ),
        atOnce: Type.Integer({
          description: "Questions that are open at a time; others wait",
          minimum: 1,
          maximum: 10_000,
          default: 20,
          examples: [20],
        }),
        mostWaiting: Type.Integer({
          description: "Users whose question waits; beyond them nobody is asked",
          minimum: 1,
          maximum: 1_000_000,
          default: 1_000,
          examples: [1_000],
        }),
      },
      {
        additionalProperties: false,
        description: "The question to the S-CSCF when an Expires: 0 may mean one of several contacts",
        examples: [{ askAll: true }],
      },
    ),
    functions: Type.Array(
      Type.Object(
        {
          name: text({
            description: "P-CSCF: host:port as in its Path; S-CSCF: its Server-Name, verbatim",
            examples: ["pcscf1.ims.test:4060"],
          }),
          addresses: ipAddresses(
            "Addresses under which it may be seen. Where P-CSCFs share one, icid-generated-at needs a port to name one",
          ),
        },
        { additionalProperties: false },
      ),
      {
        description: "All functions of the network: which address belongs to which name",
        examples: [[{ name: "pcscf1.ims.test:4060", addresses: ["127.0.1.1"] }]],
        default: [],
      },
    ),
    homeDomain: Type.Optional(
      text({
        description: "Domain of this network; a P-CSCF of another P-Visited-Network-ID is a visited one",
        otherwise: "no P-CSCF counts as visited",
        examples: ["ims.test"],
      }),
    ),
    impiRealm: Type.Optional(
      text({
        description: "Realm of the private identity that is derived where a REGISTER shows none",
        otherwise: "the public identity's own domain (TS 23.003 13.4B)",
        examples: ["ims.test"],
      }),
    ),
    expiryGrace: milliseconds(
      "A record is kept so long beyond its Expires, against clocks and messages that are late",
      2_000,
      0,
    ),
    leftFor: Type.Optional(
      Type.Integer({
        description: "How long the record of a user who has left can still be seen as left",
        unit: "milliseconds",
        minimum: 0,
        maximum: 86_400_000,
        otherwise: "64 times timers.T1",
        examples: [32_000],
      }),
    ),
    storeTimeout: milliseconds("A store that does not answer in this time counts as down: 503", 2_000),
    queueLimit: Type.Integer({
      description: "REGISTERs that wait for the store at a time; more are answered 503",
      minimum: 1,
      maximum: 1_000_000,
      default: 1_000,
      examples: [1_000],
    }),
    retryAfter: Type.Integer({
      description: "Retry-After of a 503",
      unit: "seconds",
      minimum: 0,
      maximum: 3_600,
      default: 5,
      examples: [5],
    }),
    timers: timersSetting,
    store: storeSetting("The location service; the CFS reads the same file", "location.db"),
    dns: dnsSetting,
    admin: adminSetting(9_090),
    log: logSetting,
    stop: stopSetting,
  },
  {
    additionalProperties: false,
    title: "CFD",
    description: "Configuration of the Control Function Discovery",
  },
);

/** The effective configuration of a CFD program. */
export type CfdSettings = Static<typeof cfdSchema>;

/** Names of environment variables begin so. */
export const cfdPrefix = "LIQUID_IMS_CFD_";
