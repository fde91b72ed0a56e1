// The errors of a command that are no errors of a store: what was typed, and a server that does not answer as one.

/** The command line is not understood. */
export class Usage extends Error {}

/** No server of ours is at the address, or its answer broke off. The message says what to do next. */
export class NoServer extends Error {}

/** There is no secret to sign with, and this command makes none: no server would know it. */
export class NoSecret extends Error {}

/** A server has understood and refused, or has nothing of what was asked for. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
    /** What to do next, in a sentence. */
    readonly next?: string,
  ) {
    super(message)
  }
}
