// A token is kept while it is good, asked for once by many, and replaced once when it is refused.
import { expect, test } from '@jest/globals'
import { goodUntil, Tokens } from './tokens.js'

const jwt = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`

test('a token is replaced when a fifth of its life is left, and half a minute before its end at the latest', () => {
  expect(goodUntil(jwt({ exp: 100 }), 0)).toBe(80_000)
  expect(goodUntil(jwt({ exp: 3_600, name: 'Zoë' }), 0)).toBe(3_570_000)
})

test.each(['', 'opaque', 'a.b.c', jwt({}), jwt({ exp: 'soon' }), jwt({ exp: 5 })])(
  '%s is good until it is refused',
  token => {
    expect(goodUntil(token, 10_000)).toBe(Number.POSITIVE_INFINITY)
  },
)

test('many who need one at once ask once, and again only when it ends', async () => {
  let now = 0
  let asked = 0
  const tokens = new Tokens(
    async () => jwt({ exp: 100, n: ++asked }),
    () => now,
  )
  const [one, two] = await Promise.all([tokens.current(), tokens.current()])
  expect([one === two, asked]).toEqual([true, 1])
  now = 79_999
  await tokens.current()
  expect(asked).toBe(1)
  now = 80_000
  await tokens.current()
  expect(asked).toBe(2)
})

test('one that is refused is asked for once more, however many it was refused to', async () => {
  let asked = 0
  const tokens = new Tokens(() => `token ${++asked}`)
  const first = await tokens.current()
  await tokens.refused(first)
  const second = await tokens.current()
  await tokens.refused(first)
  expect([second, await tokens.current(), asked]).toEqual(['token 2', 'token 2', 2])
})

test('a function that fails is asked again by whoever comes next', async () => {
  let asked = 0
  const tokens = new Tokens(() => {
    if (++asked === 1) throw new Error('away')
    return 'good'
  })
  await expect(tokens.current()).rejects.toThrow('away')
  expect(await tokens.current()).toBe('good')
})

test('a text is always the same', async () => {
  const tokens = new Tokens('fixed')
  await tokens.refused('fixed')
  expect([await tokens.current(), tokens.renewable]).toEqual(['fixed', false])
  expect(() => new Tokens(undefined as never)).toThrow(TypeError)
})
