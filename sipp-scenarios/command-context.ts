// What a scenario gets from the program that runs it.

export interface CommandContext {
  readonly signal: AbortSignal;
  readonly environment: NodeJS.ProcessEnv;
  /** The whole command line, for a core that is started. */
  readonly argv: readonly string[];
  readonly say: (text: string) => void;
  readonly complain: (text: string) => void;
  readonly progress: (line: string) => void;
}
