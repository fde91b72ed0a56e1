// Turns on the event loop: one to a round, in the order they were asked for, and others get in between.
import { nextTurn, Turn } from './turns.js'

test('turns are granted one to a round of the loop, the first to ask first, whatever else comes in between', async () => {
  const told: string[] = []
  const rounds = (left: number): void => {
    if (left === 0) return
    setImmediate(() => {
      told.push('round')
      rounds(left - 1)
    })
  }
  rounds(4)
  await Promise.all(['a', 'b', 'c'].map(name => nextTurn().then(() => told.push(name))))
  expect(told.filter(name => name !== 'round')).toEqual(['a', 'b', 'c'])
  const between = told.slice(told.indexOf('a') + 1, told.indexOf('b'))
  expect(between).toContain('round')
  expect(told.slice(told.indexOf('b') + 1, told.indexOf('c'))).toContain('round')
})

test('a turn is over when its time is, and the next begins after the rest', async () => {
  const pace = new Turn(0)
  expect(pace.isOver).toBe(true)
  const patient = new Turn(60_000)
  expect(patient.isOver).toBe(false)
  await patient.next()
  expect(patient.isOver).toBe(false)
})

test('whoever asks again stands behind those who wait', async () => {
  const told: string[] = []
  const greedy = async () => {
    for (let n = 0; n < 3; n++) {
      await nextTurn()
      told.push('greedy')
    }
  }
  await Promise.all([greedy(), nextTurn().then(() => told.push('other'))])
  expect(told).toEqual(['greedy', 'other', 'greedy', 'greedy'])
})
