// Files that are read once: together, and again when it has failed.
import { ReadOnce } from './read-once.js'

test('whoever asks at once asks the disk once, and a read that failed is not what everybody gets for ever', async () => {
  let reads = 0
  let broken = true
  const file = new ReadOnce(async () => {
    reads++
    if (broken) throw new Error('no descriptors left')
    return Buffer.from('whole')
  })
  const failed = await Promise.allSettled([file.read(), file.read()])
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(reads).toBe(1)
  broken = false
  const found = await Promise.all([file.read(), file.read(), file.read()])
  expect(found.map(String)).toEqual(['whole', 'whole', 'whole'])
  expect(reads).toBe(2)
})
