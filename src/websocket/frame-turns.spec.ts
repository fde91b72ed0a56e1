// When frames are handled: as long as a round has time for them, and then by turns in which no agent comes before its turn.
import { FRAME_LIMITS } from '../streaming/frame-limits.js'
import { FrameRound, FrameTurns, TurnLine } from './frame-turns.js'

test('a round of the loop has its time for frames, whoever sends them, and the next one has it again', async () => {
  let now = 0
  const round = new FrameRound(() => now)
  expect(round.isOver).toBe(false)
  now += FRAME_LIMITS.turnMs - 1
  expect(round.isOver).toBe(false)
  now += 1
  expect(round.isOver).toBe(true)
  await new Promise(setImmediate)
  expect(round.isOver).toBe(false)
})

test('an agent with a hundred sockets has a slice as every other: nobody waits for a hundred', async () => {
  const told: string[] = []
  const turns = new FrameTurns()
  const [flood, other] = [new TurnLine(turns), new TurnLine(turns)]
  const all = Array.from({ length: 100 }, (_, n) => flood.take(() => void told.push(`flood ${n}`)))
  await Promise.all([...all, other.take(() => void told.push('other'))])
  expect(told.indexOf('other')).toBe(1)
  expect(told.filter(name => name !== 'other')).toEqual(Array.from({ length: 100 }, (_, n) => `flood ${n}`))
})

test('one that waits alone has the whole turn, several have slices of it, and a turn ends in time', async () => {
  const turns = new FrameTurns()
  const slices: number[] = []
  await new TurnLine(turns).take(ms => void slices.push(ms))
  let rounds = 0
  const many = Array.from({ length: 20 }, () =>
    new TurnLine(turns).take(ms => {
      slices.push(ms)
      for (const begun = performance.now(); performance.now() - begun < FRAME_LIMITS.turnMs; );
    }),
  )
  const count = () => {
    rounds++
    if (slices.length < 21) setImmediate(count)
  }
  count()
  await Promise.all(many)
  expect(slices).toEqual([FRAME_LIMITS.turnMs, ...new Array(19).fill(FRAME_LIMITS.sliceMs), FRAME_LIMITS.turnMs])
  expect(rounds).toBeGreaterThanOrEqual(20)
})

test('what throws in its turn is told to whoever took it, and the line goes on', async () => {
  const line = new TurnLine(new FrameTurns())
  const broken = line.take(() => {
    throw new Error('planted')
  })
  await expect(broken).rejects.toThrow('planted')
  await line.take(() => undefined)
})
