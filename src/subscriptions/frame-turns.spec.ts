// When frames are handled: as long as a round has time for them, and then by turns in which no agent comes before its turn.
import { FRAME_LIMITS } from './frame-limits.js'
import { FrameRound, TurnLine } from './frame-turns.js'

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

test('an agent with a hundred sockets stands in the line once: another waits for one turn, not for a hundred', async () => {
  const told: string[] = []
  const [flood, other] = [new TurnLine(), new TurnLine()]
  const all = Array.from({ length: 100 }, (_, n) => flood.take(() => void told.push(`flood ${n}`)))
  await Promise.all([...all, other.take(() => void told.push('other'))])
  expect(told.indexOf('other')).toBeLessThanOrEqual(1)
  expect(told.filter(name => name !== 'other')).toEqual(Array.from({ length: 100 }, (_, n) => `flood ${n}`))
})

test('what throws in its turn is told to whoever took it, and the line goes on', async () => {
  const line = new TurnLine()
  const broken = line.take(() => {
    throw new Error('planted')
  })
  await expect(broken).rejects.toThrow('planted')
  await line.take(() => undefined)
})
