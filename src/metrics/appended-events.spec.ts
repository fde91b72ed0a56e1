// Appends are counted by whose they are and of what type, whatever happens to the names meanwhile.

import { metricsUnderTest } from '../../test/support/metrics-under-test.js'
import { Metrics } from './metrics.js'

const ofTypes = (...types: readonly string[]) => types.map(type => ({ stream: 's', type, data: {} }))

async function counted(metrics: Metrics): Promise<ReadonlyMap<string, number>> {
  const { values } = await metrics.eventsAppended.get()
  return new Map(values.map(({ labels, value }) => [`${labels.agent_id} ${labels.event_type}`, value]))
}

test('what is counted between two scrapes is told by the second, alone and of batches', async () => {
  const metrics = await metricsUnderTest()
  metrics.appended.stored('ada', ofTypes('A'))
  metrics.appended.stored('ada', ofTypes('A', 'B', 'A'))
  expect(await counted(metrics)).toEqual(
    new Map([
      ['ada A', 3],
      ['ada B', 1],
    ]),
  )
  metrics.appended.stored('bob', ofTypes('A'))
  expect(await counted(metrics)).toEqual(
    new Map([
      ['ada A', 3],
      ['ada B', 1],
      ['bob A', 1],
    ]),
  )
})

test('none is lost or counted twice while more agents come than keep their names', async () => {
  const metrics = await metricsUnderTest()
  let events = 0
  for (let round = 0; round < 8; round++) {
    for (let n = 0; n < 1_500; n++) {
      const types = n % 3 === 0 ? ofTypes('A', `T${n}`) : ofTypes('A')
      metrics.appended.stored(`agent-${round}-${n}`, types)
      events += types.length
    }
    const sums = await counted(metrics)
    expect([...sums.values()].reduce((sum, value) => sum + value, 0)).toBe(events)
  }
})
