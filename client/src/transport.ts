// What carries one request over HTTP: a part of `fetch` that other ways of sending can have too.

export interface SentRequest {
  readonly method: string
  readonly headers: { readonly [name: string]: string }
  readonly body?: string
  /** Aborting it ends the request, and the reading of its answer. */
  readonly signal: AbortSignal
}

/** The part of a stream of bytes that is used: one reader, which takes piece after piece. */
export interface Body {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
    cancel(): Promise<void>
  }
  cancel(): Promise<void>
}

/** The part of a `Response` that is used. */
export interface Reply {
  readonly ok: boolean
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: Body | null
  text(): Promise<string>
}

/** Resolves when the headers have come; rejects when there is no answer, with a code in the error or in its cause. */
export type Transport = (url: URL, request: SentRequest) => Promise<Reply>
