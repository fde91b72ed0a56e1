// The latch: after one failure nobody knows the outcome of, nothing is tried again.
import { describe, expect, test } from '@jest/globals'
import { diskError } from '../../../../../test/support/fault-plan.js'
import { isNoSpace, Latch, OwnershipLost } from './latch.js'

const failing = (code: string) => () => Promise.reject(diskError(code, 'fsync', '/data/x'))

function aLatch(): { latch: Latch; told: string[] } {
  const latch = new Latch()
  const told: string[] = []
  latch.whenTripped(error => told.push(error.message))
  return { latch, told }
}

test('what works is handed on', async () => {
  const { latch, told } = aLatch()
  await expect(latch.guard(async () => 7)).resolves.toBe(7)
  await expect(latch.guardWrite(async () => 8)).resolves.toBe(8)
  expect([latch.latched, told]).toEqual([false, []])
})

test('a failure is final: told once, and nothing is done ever after', async () => {
  const { latch, told } = aLatch()
  await expect(latch.guard(failing('EIO'))).rejects.toMatchObject({ name: 'Latched' })
  let tried = 0
  const attempt = async () => tried++
  await expect(latch.guard(attempt)).rejects.toMatchObject({ name: 'Latched' })
  await expect(latch.guardWrite(attempt)).rejects.toMatchObject({ name: 'Latched' })
  expect([tried, latch.latched, told.length]).toEqual([0, true, 1])
})

describe('no room', () => {
  test.each(['ENOSPC', 'EDQUOT', 'EFBIG'])('%s passes a write by, and no sync', async code => {
    const { latch } = aLatch()
    expect(await latch.guardWrite(failing(code)).catch(isNoSpace)).toBe(true)
    expect(latch.latched).toBe(false)
    await expect(latch.guard(failing(code))).rejects.toMatchObject({ name: 'Latched' })
    expect(latch.latched).toBe(true)
  })
})

test.each(['EMFILE', 'ENFILE'])('%s is the process’s trouble and not the disk’s', async code => {
  const { latch } = aLatch()
  await expect(latch.guard(failing(code))).rejects.toMatchObject({ code })
  await expect(latch.guardWrite(failing(code))).rejects.toMatchObject({ code })
  expect(latch.latched).toBe(false)
})

test('a directory that another process took is no failure of the disk', async () => {
  const { latch } = aLatch()
  const robbed = () => Promise.reject(new OwnershipLost('taken over'))
  await expect(latch.guard(robbed)).rejects.toMatchObject({ name: 'OwnershipLost' })
  await expect(latch.guardWrite(robbed)).rejects.toMatchObject({ name: 'OwnershipLost' })
  expect(latch.latched).toBe(false)
})

test('an error without a code is a failure like any other', async () => {
  const { latch } = aLatch()
  await expect(latch.guard(() => Promise.reject(new Error('short')))).rejects.toMatchObject({ name: 'Latched' })
  expect(latch.latched).toBe(true)
})

test('whoever listens late hears of it at once', async () => {
  const latch = new Latch()
  latch.trip(new Error('gone'))
  const told: string[] = []
  latch.whenTripped(error => told.push(error.message))
  expect(told).toEqual(['gone'])
})

test('whatever is thrown is told in words', () => {
  const { latch, told } = aLatch()
  expect(latch.trip('odd').message).toBe('the disk failed: odd')
  expect(told).toEqual(['odd'])
})
