// Keeps what belongs to a route, found by its declared path and method without making a key for each request.

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
/** What a request with a method that no route has is counted as. */
export const OTHER_METHOD = 'other'

export class PerRoute<T> {
  private readonly kept = new Map<string | undefined, Map<string, T>>()

  constructor(private readonly make: (method: string, path: string | undefined) => T) {}

  /** `path` is the declared one, so that no client can make the memory grow; without a route it is undefined. */
  of(method: string, path: string | undefined): T {
    const held = this.kept.get(path)?.get(method)
    return held ?? this.found(METHODS.has(method) ? method : OTHER_METHOD, path)
  }

  private found(method: string, path: string | undefined): T {
    let methods = this.kept.get(path)
    if (methods === undefined) {
      methods = new Map()
      this.kept.set(path, methods)
    }
    const held = methods.get(method)
    if (held !== undefined) return held
    const made = this.make(method, path)
    methods.set(method, made)
    return made
  }
}
