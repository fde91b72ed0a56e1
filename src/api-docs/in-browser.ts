// What the page of the API does beside Swagger UI. The browser gets the text of each function, so none uses anything but its arguments and what browsers have.

export interface Link {
  readonly operationId: string
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly requestBody?: unknown
}

export interface Followed {
  readonly operationId: string
  readonly parameters: Readonly<Record<string, unknown>>
  /** Undefined when the link says nothing of the body. */
  readonly body: unknown
}

/**
 * What the links of an answer say of later operations, with the values that stand in its body: `$response.body#/id` as a
 * value of its own, and `{$response.body#/id}` within a text. A value that is not there leaves the whole link out.
 */
export function followLinks(links: Readonly<Record<string, Link>>, body: unknown): Followed[] {
  const stepInto = (value: unknown, step: string) => (value as Record<string, unknown> | null | undefined)?.[step]
  const found = (pointer: string) => {
    const value = pointer.split('/').slice(1).reduce(stepInto, body)
    if (value === undefined) throw new RangeError(pointer)
    return value
  }
  const filledIn = (value: unknown): unknown => {
    if (typeof value === 'string') {
      const whole = /^\$response\.body#(\/.*)$/.exec(value)
      if (whole !== null) return found(whole[1] as string)
      return value.replace(/\{\$response\.body#(\/[^}]*)\}/g, (_, pointer: string) => String(found(pointer)))
    }
    if (Array.isArray(value)) return value.map(filledIn)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filledIn(one)]))
  }
  return Object.values(links).flatMap(({ operationId, parameters = {}, requestBody }) => {
    try {
      return [{ operationId, parameters: filledIn(parameters) as Followed['parameters'], body: filledIn(requestBody) }]
    } catch {
      return []
    }
  })
}

/** As `fetch`, but an answer that would never end does so after some seconds, because Swagger UI shows only whole answers. */
export async function fetchForAWhile(url: string, request?: RequestInit): Promise<Response> {
  const seconds = 2
  const answer = await fetch(url, request)
  const { status, statusText, headers, body } = answer
  if (body === null || !headers.get('content-type')?.startsWith('text/event-stream')) return answer
  const reader = body.getReader()
  const timer = setTimeout(() => void reader.cancel(), seconds * 1_000)
  const parts: Uint8Array<ArrayBuffer>[] = []
  for (let part = await reader.read(); !part.done; part = await reader.read()) parts.push(part.value)
  clearTimeout(timer)
  const note = new TextEncoder().encode(`: there is more; this page reads for ${seconds} seconds\n`)
  return new Response(new Blob([...parts, note]), { status, statusText, headers })
}

interface Spec {
  readonly paths?: Readonly<Record<string, unknown>>
  readonly components?: Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>
}

/** The document with one path alone and the components it leads to; as it is where `path` leads to no path. */
export function withWhatItNeeds(spec: Spec, path: readonly string[]): Spec {
  const [first, route = ''] = path
  const { components = {}, paths = {} } = spec
  if (first !== 'paths' || paths[route] === undefined) return spec
  const needed: Record<string, Record<string, unknown>> = { securitySchemes: { ...components['securitySchemes'] } }
  const toRead: unknown[] = [paths[route]]
  while (toRead.length > 0) {
    const value = toRead.pop()
    if (typeof value === 'object' && value !== null) toRead.push(...Object.values(value))
    const [, kind = '', name = ''] =
      (typeof value === 'string' && /^#\/components\/(\w+)\/([\w.-]+)$/.exec(value)) || []
    const component = components[kind]?.[name]
    needed[kind] ??= {}
    if (component === undefined || name in needed[kind]) continue
    needed[kind][name] = component
    toRead.push(component)
  }
  delete needed['']
  return { ...spec, paths: { [route]: paths[route] }, components: needed }
}
