// What this machine or its surroundings lack.

/** One line for a person, exit code 3. */
export class MachineError extends Error {
  override readonly name = "MachineError";
}
