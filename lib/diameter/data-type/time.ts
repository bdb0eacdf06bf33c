// Time: seconds of NTP, as milliseconds since 1970. RFC 6733 4.3.1, RFC 5905 6.
import { type DataType, decoded } from "./data-type.ts";
import { unsigned32 } from "./unsigned32.ts";

/** 1900 to 1970. */
const ntpEpochSeconds = 2_208_988_800;
/** Values with the top bit clear count from 2036 on (RFC 5905 6, RFC 2030 3). */
const eraSeconds = 0x1_0000_0000;

export const time: DataType<number> = {
  name: "Time",
  minimumBytes: 4,
  decode(data) {
    const seconds = unsigned32.decode(data);
    if (!seconds.ok) return seconds;
    const whole = seconds.value >= 0x80000000 ? seconds.value : seconds.value + eraSeconds;
    return decoded((whole - ntpEpochSeconds) * 1000);
  },
  encode(milliseconds) {
    const whole = Math.floor(milliseconds / 1000) + ntpEpochSeconds;
    if (whole < 0x80000000 || whole >= 0x80000000 + eraSeconds)
      throw new RangeError(`Time: ${milliseconds} ms since 1970 is not within 1968 to 2104`);
    return unsigned32.encode(whole % eraSeconds);
  },
};
