// What passes is tried again, a few times and ever later; everything else fails at once.
import { patiently, pauseMs } from './transient.js'

function failing(times: number, code: string) {
  const calls = { made: 0 }
  const work = async () => {
    calls.made++
    if (calls.made <= times) throw Object.assign(new Error(`${code}: told by a test`), { code })
    return 'done'
  }
  return { calls, work }
}

test.each(['EAGAIN', 'EINTR', 'EMFILE', 'ENFILE', 'EBUSY', 'ETIMEDOUT'])('%s is tried again', async code => {
  const { calls, work } = failing(2, code)
  expect([await patiently(work), calls.made]).toEqual(['done', 3])
})

test.each(['EIO', 'ENOENT', 'EACCES', 'ENOSPC', 'EROFS'])('%s fails at once', async code => {
  const { calls, work } = failing(1, code)
  await expect(patiently(work)).rejects.toMatchObject({ code })
  expect(calls.made).toBe(1)
})

test('what does not pass fails with its own error after five attempts', async () => {
  const { calls, work } = failing(9, 'EBUSY')
  await expect(patiently(work)).rejects.toMatchObject({ code: 'EBUSY' })
  expect(calls.made).toBe(5)
})

test('the pauses double up to a second, and no two of them need be alike', () => {
  expect([1, 2, 3, 4].map(failures => pauseMs(failures, 1))).toEqual([5, 10, 20, 40])
  expect([pauseMs(3, 0), pauseMs(30, 1)]).toEqual([10, 1_000])
})

test('what is no error of a disk fails at once', async () => {
  let made = 0
  const work = () => Promise.reject(new TypeError(`try ${++made}`))
  await expect(patiently(work)).rejects.toThrow('try 1')
})
