// Project Wycheproof's signatures of JSON Web Signature, good ones and forged ones, against what verifies tokens.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { importJWK, type JWK, SignJWT } from 'jose'
import type { AuthOptions } from '../../src/auth/auth-options.js'
import { BadToken, expiryOf } from '../../src/auth/claims.js'
import { TokenVerifier } from '../../src/auth/token-verifier.js'
import { ACCEPTED, REFUSED } from './append.js'
import { type ByDesign, hold, type Judged, judgeAt, unlessHere } from './judge.js'

const without = unlessHere('wycheproof')
// skip: the signatures are not here; the names of the tests say so
const withSignatures = without === '' ? test : test.skip

interface Group {
  readonly comment: string
  readonly public?: JWK
  readonly private: JWK
  readonly tests: readonly Vector[]
}

interface Vector {
  readonly tcId: number
  readonly comment: string
  readonly jws: string
  readonly result: 'valid' | 'invalid'
}

const TAKEN = ['HS256', 'RS256', 'ES256'] as const

/** Each group's keys, as a provider would publish them. */
let published: readonly Group[] = []
const provider = createServer((request, answer) => {
  const key = published[Number(request.url?.slice(1))]?.public
  answer.end(JSON.stringify({ keys: key === undefined ? [] : [key] }))
})

beforeAll(() => new Promise<void>(listening => void provider.listen(0, '127.0.0.1', listening)))
afterAll(() => new Promise(closed => void provider.close(closed)))

withSignatures(`Wycheproof: a signature that is good is taken, every other is refused${without}`, async () => {
  const judged: Judged[] = []
  const byDesign: Record<string, ByDesign[string]> = {}
  published = groups()
  for (const [nth, group] of published.entries()) {
    const verifier = verifierOf(nth, group)
    for (const vector of group.tests) {
      const name = `${vector.tcId} ${group.comment} ${vector.comment}`
      judged.push({
        name,
        expected: vector.result === 'valid' ? ACCEPTED : REFUSED,
        got: await fateOf(verifier, vector),
      })
      const excuse = vector.result === 'valid' ? whyRefused(vector) : whyTaken(vector, group)
      if (excuse !== undefined) byDesign[name] = excuse
    }
  }
  hold('Wycheproof', judged, byDesign)
})

withSignatures(`a token that is signed by a key of theirs opens the door${without}`, async () => {
  published = groups()
  const opened: string[] = []
  for (const [nth, { private: key }] of published.entries()) {
    const alg = TAKEN.find(one => one === key.alg)
    if (alg === undefined) continue
    // One of their private keys has its uses in one text, which no library reads.
    const { key_ops: _, ...signing } = key
    const claims = new SignJWT({ sub: 'judge', role: 'agent' }).setProtectedHeader({ alg, kid: key.kid as string })
    const token = await claims.setExpirationTime('1h').sign(await importJWK(signing, alg))
    const { access } = await verifierOf(nth, published[nth] as Group).verify(token)
    opened.push(`${alg} ${access.agentId}`)
  }
  expect(new Set(opened)).toEqual(new Set(TAKEN.map(alg => `${alg} judge`)))
})

function groups(): readonly Group[] {
  const file = judgeAt('wycheproof') as string
  return (JSON.parse(readFileSync(file, 'utf8')) as { testGroups: readonly Group[] }).testGroups
}

/** A server that takes all three algorithms, so that a token may try to be judged by the key of another one. */
function verifierOf(nth: number, { private: { kty, k } }: Group): TokenVerifier {
  const { port } = provider.address() as AddressInfo
  const secret = kty === 'oct' ? Buffer.from(k as string, 'base64url') : randomBytes(32)
  return new TokenVerifier({
    algorithms: TAKEN,
    leewaySeconds: 0,
    jwksUrl: `http://127.0.0.1:${port}/${nth}`,
    // The setting is a text, and their keys are bytes of which most are none.
    secret: secret as unknown as string,
  } satisfies AuthOptions)
}

/** What is signed holds no claims, so a good signature is known by the next thing that is asked: until when it is good. */
const NEXT_FAULT = faultOf(() => expiryOf('no claims', 0, 0))

async function fateOf(verifier: TokenVerifier, { jws }: Vector): Promise<string> {
  try {
    await verifier.verify(jws)
    return 'taken for a token'
  } catch (error) {
    if (!(error instanceof BadToken)) return String(error)
    return error.message === NEXT_FAULT ? ACCEPTED : REFUSED
  }
}

function faultOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    return (error as Error).message
  }
  return 'none'
}

type Excuse = ByDesign[string]

function whyRefused({ jws }: Vector): Excuse | undefined {
  const refused = (because: string) => ({ got: REFUSED, because })
  const [header = '', payload] = jws.split('.')
  if (!/^[\w.-]+$/.test(jws)) return refused('RFC 7515 allows no sign that is not of base64url, which they pass over')
  const { alg } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg: string }
  if (!TAKEN.some(one => one === alg)) return refused(`tokens are signed with ${TAKEN.join(', ')}`)
  return payload === '' ? refused('a token has claims, and of these nothing is signed') : undefined
}

/** Two that should have wrong padding have none in their file, and so are their good one, letter for letter. */
function whyTaken({ jws }: Vector, { tests }: Group): Excuse | undefined {
  const twin = tests.find(one => one.jws === jws && one.result === 'valid')
  return twin === undefined
    ? undefined
    : { got: ACCEPTED, because: `it is case ${twin.tcId} once more, which is valid` }
}
