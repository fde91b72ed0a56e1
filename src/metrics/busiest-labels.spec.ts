// Labels of a metric stay few, and those who are busy are told by name.
import { BusiestLabels, OTHER } from './busiest-labels.js'

test('at first there is room for everybody, then for nobody else', () => {
  const labels = new BusiestLabels(2)
  expect(['a', 'b', 'c', 'a'].map(value => labels.labelOf(value))).toEqual(['a', 'b', OTHER, 'a'])
})

test('whoever turns out to be busy gets the name of one who is not', () => {
  const labels = new BusiestLabels(2, 100)
  for (const value of ['a', 'b']) labels.labelOf(value)
  for (let i = 0; i < 120; i++) labels.labelOf('busy')
  expect(labels.labelOf('busy')).toBe('busy')
})

test('a million agents are a hundred names at any time', () => {
  const labels = new BusiestLabels()
  const last = Array.from({ length: 1_000_000 }, (_, i) => labels.labelOf(`agent-${i}`)).slice(-50_000)
  expect(new Set(last).size).toBeLessThanOrEqual(101)
})
