// Decides at the beginning of an operation whether its trace is recorded. Pure.

export interface SamplingRules {
  /** Of the traces that begin here, in percent. */
  readonly percent: number
  /** The same while the mode is not NORMAL. */
  readonly percentInTrouble: number
  readonly agents: ReadonlySet<string>
  /** Routes as `POST /v1/events`, and names of spans. */
  readonly operations: ReadonlySet<string>
}

export interface TracedOperation {
  readonly name: string
  readonly agentId: string | undefined
}

/** Named by the configuration: recorded whatever the caller says. */
export function isPicked({ name, agentId }: TracedOperation, { operations, agents }: SamplingRules): boolean {
  return operations.has(name) || (agentId !== undefined && agents.has(agentId))
}

/** `share` is that of all trace ids below the one in question: their last 52 bits are random, so every server decides alike. */
export function isInShare(share: number, { percent, percentInTrouble }: SamplingRules, inTrouble: boolean): boolean {
  return share * 100 < (inTrouble ? percentInTrouble : percent)
}
