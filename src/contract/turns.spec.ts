// Turns on the event loop: others get in between, short work is finished first, and neither short nor long work waits for ever.
import { nextTurn, TURN_MS, Turn } from './turns.js'

test('turns are granted with rounds of the loop in between, the first to ask first', async () => {
  const told: string[] = []
  const rounds = (left: number): void => {
    if (left === 0) return
    setImmediate(() => {
      told.push('round')
      rounds(left - 1)
    })
  }
  rounds(40)
  await Promise.all(['a', 'b', 'c'].map(name => nextTurn().then(() => told.push(name))))
  expect(told.filter(name => name !== 'round')).toEqual(['a', 'b', 'c'])
  const between = told.slice(told.indexOf('a') + 1, told.indexOf('b'))
  expect(between.length).toBeGreaterThan(4)
  expect(told.slice(told.indexOf('b') + 1, told.indexOf('c')).length).toBeGreaterThan(4)
})

test('a turn is over when its time is, and the next begins after the rest', async () => {
  const pace = Turn.of(0)
  expect(pace.isOver).toBe(true)
  const patient = Turn.of(60_000)
  expect(patient.isOver).toBe(false)
  await patient.next()
  expect(patient.isOver).toBe(false)
})

test('the first turn has the length it is given, whatever the later ones have', async () => {
  const hasty = new Turn(60_000, 0)
  expect(hasty.isOver).toBe(true)
  await hasty.next()
  expect(hasty.isOver).toBe(false)
  // Also where the later ones have the usual length.
  expect(new Turn(TURN_MS, 0).isOver).toBe(true)
})

/** Takes turns and says so each time. */
async function work(name: string, turns: number, told: string[], turn = new Turn()): Promise<void> {
  for (let n = 0; n < turns; n++) {
    await turn.next()
    told.push(name)
  }
}

test('whoever asks again without a name for its work stands behind those who wait', async () => {
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

test('work that was begun first is finished first', async () => {
  const told: string[] = []
  await Promise.all([work('first', 3, told), work('second', 3, told)])
  expect(told).toEqual(['first', 'first', 'first', 'second', 'second', 'second'])
})

test('work that has had many turns lets every second one go to work that is short', async () => {
  const told: string[] = []
  const endless = new Turn()
  await work('endless', 8, told, endless)
  told.length = 0
  await Promise.all([work('endless', 4, told, endless), work('page', 3, told), work('page', 2, told)])
  expect(told.slice(0, 6).filter(name => name === 'page')).toHaveLength(3)
  expect(told.filter(name => name === 'endless')).toHaveLength(4)
})

test('work that is long is served in the order of the calls, however much short work comes', async () => {
  const told: string[] = []
  const [one, other] = [new Turn(), new Turn()]
  await work('one', 8, told, one)
  await work('other', 8, told, other)
  told.length = 0
  await Promise.all([work('one', 2, told, one), work('other', 2, told, other), work('page', 8, told)])
  expect(told.filter(name => name !== 'page')).toEqual(['one', 'other', 'one', 'other'])
  expect(told.lastIndexOf('other')).toBeLessThan(told.length - 1)
})
