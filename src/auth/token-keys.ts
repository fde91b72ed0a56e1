// Holds the keys that verify signatures: a shared secret, a public key, or a key set that rotates.
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import type { JwtAlgorithm } from '../config/settings.js'
import type { AuthOptions } from './auth-options.js'
import { BadToken, headerOf } from './claims.js'

const kindOf = { RS256: 'rsa', ES256: 'ec' } as const
/** What a key of a set signs here, by its kind. */
const algorithmOf = { RSA: 'RS256', EC: 'ES256' } as const
const shortestSecretBytes = 32
const shortestRsaBits = 2048
const refetchAfterMs = 30_000
/** No token is taken by a set that was asked for longer ago. */
export const FRESH_FOR_MS = 300_000
/** A set this old is asked for while it still counts, so that nobody has to wait for it. */
export const RENEW_AFTER_MS = 240_000
const fetchTimeoutMs = 3_000
const longestKeySetBytes = 256 * 1024

/** What came of asking for a key set: `keys` are in force now, whether they came just now or before. */
export interface KeySetOutcome {
  readonly reached: boolean
  readonly keys: number
}

export class TokenKeys {
  private readonly pem: KeyObject | undefined
  private rotating = new Map<string, KeyObject>()
  private askedAt = Number.NEGATIVE_INFINITY
  /** When the set in force was asked for, or last could not be had: of both the answer is there. */
  private settledAt = Number.NEGATIVE_INFINITY
  private asking: Promise<void> | undefined
  private hasFailed = false

  constructor(
    private readonly options: AuthOptions,
    private readonly now: () => number = Date.now,
    private readonly told: (outcome: KeySetOutcome) => void = () => undefined,
  ) {
    const { algorithms, secret, publicKeyPem, jwksUrl } = options
    if (algorithms.length === 0) throw new Error('No algorithm for tokens is allowed')
    if (algorithms.includes('HS256') && Buffer.byteLength(secret ?? '') < shortestSecretBytes) {
      throw new Error(`HS256 needs a secret of at least ${shortestSecretBytes} bytes`)
    }
    this.pem = publicKeyPem === undefined ? undefined : createPublicKey(publicKeyPem)
    for (const algorithm of algorithms) {
      if (algorithm === 'HS256' || (this.pem === undefined && jwksUrl !== undefined)) continue
      if (this.pem === undefined) throw new Error(`${algorithm} needs a public key or a key set address`)
      if (!fits(this.pem, algorithm)) throw new Error(`The public key does not fit ${algorithm}`)
    }
  }

  /** By which this token says it was signed. Throws BadToken; a promise only when the key set is too old, or may have by now the key it had not. */
  ofToken(token: string): string | KeyObject | Promise<string | KeyObject> {
    const { alg, kid } = headerOf(token)
    const algorithm = this.options.algorithms.find(one => one === alg)
    if (algorithm === undefined) throw new BadToken('The algorithm is not allowed')
    if (algorithm === 'HS256') return this.options.secret as string
    if (this.pem !== undefined) return this.pem
    this.keepFresh()
    if (this.now() - this.settledAt <= FRESH_FOR_MS) {
      const known = this.find(algorithm, kid)
      if (known !== undefined) return known
      if (this.asking === undefined && this.now() - this.askedAt <= refetchAfterMs) throw unknownKey()
    }
    return this.refresh().then(() => {
      const found = this.find(algorithm, kid)
      if (found === undefined) throw unknownKey()
      return found
    })
  }

  /** Since when nobody has looked whether the keys are still good that this token may be signed by. Throws BadToken. */
  asOf(token: string): number {
    return this.isRotating && headerOf(token).alg !== 'HS256' ? this.settledAt : this.now()
  }

  /** Asks for the key set in the background when it will soon be too old. */
  keepFresh(): void {
    if (this.isRotating && this.now() - this.settledAt > RENEW_AFTER_MS) void this.refresh()
  }

  /** For who looks again and again: a set that could not be had is asked for again, though nobody shows a token. */
  retry(): void {
    if (this.hasFailed) void this.refresh()
  }

  private get isRotating(): boolean {
    return this.pem === undefined && this.options.jwksUrl !== undefined
  }

  private find(algorithm: Exclude<JwtAlgorithm, 'HS256'>, kid: string | undefined): KeyObject | undefined {
    const key = kid === undefined ? undefined : this.rotating.get(kid)
    return key !== undefined && fits(key, algorithm) ? key : undefined
  }

  /** Never fails: the last keys stay when the key set cannot be had. One that is had counts, also without any key. */
  private refresh(): Promise<void> {
    if (this.options.jwksUrl === undefined) return Promise.resolve()
    if (this.asking !== undefined) return this.asking
    // Tokens with invented key ids cannot make it ask more often.
    if (this.now() - this.askedAt <= refetchAfterMs) return Promise.resolve()
    const askedAt = this.now()
    this.askedAt = askedAt
    this.asking = fetchKeys(this.options.jwksUrl)
      .then(
        keys => {
          this.rotating = keys
          this.hasFailed = false
        },
        () => {
          this.hasFailed = true
        },
      )
      .finally(() => {
        this.settledAt = askedAt
        this.asking = undefined
        this.told({ reached: !this.hasFailed, keys: this.rotating.size })
      })
    return this.asking
  }
}

function unknownKey(): BadToken {
  return new BadToken('The key of the token is not known')
}

function fits(key: KeyObject, algorithm: Exclude<JwtAlgorithm, 'HS256'>): boolean {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType !== kindOf[algorithm]) return false
  return algorithm === 'RS256' ? modulusLength >= shortestRsaBits : namedCurve === 'prime256v1'
}

interface DeclaredKey extends JsonWebKey {
  readonly kid?: unknown
  readonly use?: unknown
  readonly key_ops?: unknown
  readonly alg?: unknown
}

/** What a provider keeps a key for, it may say in either way, and what is kept for something else proves nothing here. */
function isForSignatures({ use, key_ops }: DeclaredKey): boolean {
  const operations = key_ops ?? ['verify']
  return (use ?? 'sig') === 'sig' && Array.isArray(operations) && operations.includes('verify')
}

async function fetchKeys(url: string): Promise<Map<string, KeyObject>> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(fetchTimeoutMs), redirect: 'error' })
  if (!answer.ok || answer.body === null) throw new Error('The key set cannot be had')
  const keys = declaredKeys(JSON.parse(await bounded(answer.body)))
  const found = new Map<string, KeyObject>()
  for (const jwk of keys) {
    if (typeof jwk.kid !== 'string' || (jwk.kty !== 'RSA' && jwk.kty !== 'EC') || !isForSignatures(jwk)) continue
    // What a provider declares for another algorithm must not prove anything by this one.
    if ((jwk.alg ?? algorithmOf[jwk.kty]) !== algorithmOf[jwk.kty]) continue
    try {
      found.set(jwk.kid, createPublicKey({ key: jwk as never, format: 'jwk' }))
    } catch {
      // A key that cannot be read must not make the others unusable.
    }
  }
  return found
}

/** Throws for what is no key set, such as the page of a proxy: it says nothing of the keys, so they stay. */
function declaredKeys(answer: unknown): readonly DeclaredKey[] {
  const { keys } = (answer ?? {}) as { readonly keys?: unknown }
  if (!Array.isArray(keys)) throw new Error('The answer is no key set')
  // RFC 7517 leaves out what is no key that is understood.
  return keys.filter((key): key is DeclaredKey => typeof key === 'object' && key !== null)
}

async function bounded(body: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > longestKeySetBytes) throw new Error('The key set is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
