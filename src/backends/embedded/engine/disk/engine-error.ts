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

/** The tag is what the holder has written into its lock file. One that is no JSON of ours is shown as it is. */
export function inUse(root: string, tag: string): EngineError {
  return new EngineError('locked', `${root} is in use by ${holderIn(tag)}`)
}

function holderIn(tag: string): string {
  try {
    const { pid, host, since } = JSON.parse(tag) as Record<string, unknown>
    return [`process ${pid}`, ...(host ? [` on ${host}`] : []), ...(since ? [`, since ${since}`] : [])].join('')
  } catch {
    return tag === '' ? 'another process' : tag
  }
}
