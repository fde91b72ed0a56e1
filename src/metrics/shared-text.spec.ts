// A costly text is made once for all who wait for it, and kept for as long as it was said.
import { SharedText } from './shared-text.js'

test('it is made once for all who wait for it, and anew once it is too old', async () => {
  let now = 0
  let made = 0
  const text = new SharedText(
    async () => `number ${++made}`,
    1_000,
    () => now,
  )
  expect(await Promise.all([text.read(), text.read()])).toEqual(['number 1', 'number 1'])
  now = 999
  expect(await text.read()).toBe('number 1')
  now = 1_000
  expect(await Promise.all([text.read(), text.read()])).toEqual(['number 2', 'number 2'])
})

test('one that could not be made is not kept', async () => {
  let broken = true
  const make = async () => {
    if (broken) throw new Error('not now')
    return 'whole'
  }
  const text = new SharedText(make, 1_000, () => 0)
  await expect(text.read()).rejects.toThrow('not now')
  broken = false
  expect(await text.read()).toBe('whole')
})
