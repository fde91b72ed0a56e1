// A page of another origin is told what a browser keeps from it; nobody else is.
import { hintForPage } from './page.js'

const page = { origin: 'http://localhost:5173' }

test.each(['http://localhost:8765/v1/events', 'ws://localhost:8765/v1/stream', 'https://localhost:5173/'])(
  'what is asked of %s may be refused for where the page comes from',
  url => {
    expect(hintForPage(url, page)).toMatch(/ http:\/\/localhost:5173 .*LIGHTHOUSE_CORS_ORIGINS/)
  },
)

test.each(['http://localhost:5173/v1/events', 'ws://localhost:5173/v1/stream'])('%s is the own origin', url => {
  expect(hintForPage(url, page)).toBe('')
})

test('who is no page is told nothing of pages', () => {
  expect(hintForPage('http://localhost:8765')).toBe('')
})
