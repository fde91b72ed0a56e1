// How the server ends for those who hold something open.
import { Logger } from '@nestjs/common'
import { codeOf, type StoreError } from '../contract/errors.js'
import { Draining } from './draining.service.js'

Logger.overrideLogger(false)

let draining: Draining
let ended: string[]

beforeEach(() => {
  draining = new Draining()
  ended = []
})

const hold = (name: string) =>
  draining.register(({ code, message }: StoreError) => void ended.push(`${name}: ${code}, ${message}`))

test('everybody who holds something open is told once, in the same words', () => {
  hold('a stream')
  hold('a wait')
  draining.begin()
  draining.onModuleDestroy()
  expect(ended).toEqual([
    'a stream: CLOSED, The server is shutting down.',
    'a wait: CLOSED, The server is shutting down.',
  ])
})

test('whoever has let go is not told, and may let go again', () => {
  const letGo = hold('a stream')
  letGo()
  draining.begin()
  letGo()
  expect(ended).toEqual([])
})

test('what one of them ends while it is told is not told again, and the rest is', () => {
  let letGo: () => void = () => undefined
  draining.register(() => letGo())
  letGo = hold('a consumer')
  hold('a socket')
  draining.begin()
  expect(ended).toEqual(['a socket: CLOSED, The server is shutting down.'])
})

test('one that cannot be told does not keep it from the others', () => {
  draining.register(() => {
    throw new Error('nobody is there')
  })
  hold('a socket')
  draining.begin()
  expect(ended).toEqual(['a socket: CLOSED, The server is shutting down.'])
})

test('nobody begins anything while the server ends', () => {
  draining.assertOpen()
  draining.begin()
  const refusals = [() => draining.assertOpen(), () => hold('a stream')].map(begin => {
    try {
      return begin()
    } catch (error) {
      return codeOf(error)
    }
  })
  expect(refusals).toEqual(['CLOSED', 'CLOSED'])
})
