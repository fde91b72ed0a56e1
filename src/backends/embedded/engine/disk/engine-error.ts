// The error of the engine when it refuses to open a store, in its own words; the backend translates them.

export type EngineRefusal = 'locked' | 'unsafe_filesystem' | 'format_unsupported' | 'damaged_fact' | 'unfinished_import'

export class EngineError extends Error {
  override readonly name = 'EngineError'

  constructor(
    readonly refusal: EngineRefusal,
    message: string,
  ) {
    super(message)
  }
}
