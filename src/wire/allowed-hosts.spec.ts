// Which hosts and origins a server answers to: its own loopback names, those that are listed, or any.
import { AllowedHosts, isLoopbackAddress, wrongOrigin } from './allowed-hosts.js'

const development = new AllowedHosts([], true)
const listed = new AllowedHosts(['Events.example', '[fd00::1]'], false)
const open = new AllowedHosts([], false)

test.each([
  'localhost',
  'localhost:8765',
  'LOCALHOST:1',
  'localhost.',
  'localhost.:8765',
  '127.0.0.1:8765',
  '127.1.2.3',
  '[::1]:8765',
  '[::1]',
  undefined,
])('a development server answers to %s', host => {
  expect([development, listed, open].map(of => of.permits(host))).toEqual([true, true, true])
})

test.each([
  'evil.example',
  'evil.example:8765',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  '127.evil.example',
  '127.0.0.1@evil.example',
  'evil.example#localhost',
  'localhost, evil.example',
  'localhost:8765:1',
  'xlocalhost',
  '0.0.0.0:8765',
  '10.0.0.1',
  '[::]',
  '[::ffff:127.0.0.1]',
  '::1',
  '[::1',
  '',
  ':8765',
  ' localhost',
])('and not to %j', host => {
  expect([development, listed, open].map(of => of.permits(host))).toEqual([false, false, true])
})

test('what is listed is added, in any spelling and with any port', () => {
  for (const host of ['events.example', 'EVENTS.example:443', 'events.example.:1', '[FD00::1]:8765'])
    expect([listed.permits(host), development.permits(host)]).toEqual([true, false])
  expect(listed.permits('more.events.example')).toBe(false)
})

test.each([
  ['http://localhost:8765', 'localhost:8765', true],
  ['https://events.example', 'EVENTS.example', true],
  ['http://localhost:3000', 'localhost:8765', false],
  ['http://127.0.0.1:8765', 'localhost:8765', false],
  ['https://evil.example', 'localhost:8765', false],
  ['null', 'localhost:8765', false],
  ['not an origin', 'localhost:8765', false],
  ['https://events.example', undefined, false],
  ['http://events.example', 'events.example:80', true],
  ['https://events.example', 'Events.example:443', true],
  ['http://events.example:80', 'events.example', true],
  ['http://[fd00::80]', '[fd00::80]:80', true],
  ['http://events.example', 'events.example:443', false],
  ['https://events.example', 'events.example:80', false],
  ['http://events.example', 'events.example:8080', false],
  ['http://events.example', 'evil.example:80', false],
  [undefined, 'localhost:8765', true],
])('the origin %s beside the host %s: %s', (origin, host, expected) => {
  expect(open.permitsOrigin(origin, host)).toBe(expected)
})

test('a page of a host that is listed may come from there, whatever its port', () => {
  expect(listed.permitsOrigin('https://events.example:3000', 'localhost:8765')).toBe(true)
  expect(listed.permitsOrigin('http://localhost:3000', 'localhost:8765')).toBe(false)
})

test.each(['localhost', '127.0.0.1', '127.9.9.9', '::1'])('%s is reached from its own machine only', address => {
  expect(isLoopbackAddress(address)).toBe(true)
})

test.each(['0.0.0.0', '::', '10.0.0.1', '127.evil.example', 'a'])('%s is not', address => {
  expect(isLoopbackAddress(address)).toBe(false)
})

test('a page of an origin that is listed may come from there, and from no other port or scheme', () => {
  const own = new AllowedHosts([], true, ['http://localhost:5173'])
  const may = (origin: string) => [own.permitsOrigin(origin, 'localhost:8765'), own.listsOrigin(origin)]
  expect(may('http://localhost:5173')).toEqual([true, true])
  for (const origin of ['http://localhost:5174', 'https://localhost:5173', 'http://localhost', 'null', 'no origin'])
    expect([origin, ...may(origin)]).toEqual([origin, false, false])
  expect(may('http://localhost:8765')).toEqual([true, false])
})

test.each([
  ['https://evil.example', 'from https://evil.example,'],
  ['HTTPS://Evil.example:443', 'from https://evil.example,'],
  ['null', 'from no origin that could be listed'],
  ['file:///tmp/page', 'from no origin that could be listed'],
  ['<b>', 'from no origin that could be listed'],
  [`https://${'a'.repeat(300)}.example`, /^The page comes from https:\/\/a{248}, and/],
])('a page of %s is told where it comes from', (origin, expected) => {
  expect(wrongOrigin(origin)).toMatchObject({ code: 'WRONG_ORIGIN' })
  expect(wrongOrigin(origin).message).toMatch(expected)
})
