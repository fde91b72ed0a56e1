// Two servers of one process, as an embedding program or a test runs them, write two logs.
import { expect, test } from '@jest/globals'
import { createLogger } from './logger.js'
import { ServerLog } from './server-log.service.js'

test('each server of a process writes its own log, under the component of the service', () => {
  const [first, second]: [string[], string[]] = [[], []]
  const logs = [first, second].map(lines => new ServerLog(createLogger('info', { write: line => lines.push(line) })))
  for (const [n, log] of logs.entries()) {
    log.setContext('appends')
    log.info(`of server ${n}`)
  }
  const told = [first, second].map(lines => lines.map(line => JSON.parse(line)))
  expect(told).toMatchObject([
    [{ component: 'appends', message: 'of server 0' }],
    [{ component: 'appends', message: 'of server 1' }],
  ])
})
