// docs/walk-through.mjs, as it stands in the docs, against a server of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from '@jest/globals'
import { RunningServer, tokenOf } from '../support/running-server.js'

test('the walk through the API comes to its end', async () => {
  const server = await RunningServer.start()
  try {
    const env = {
      ...process.env,
      LIGHTHOUSE_URL: server.url,
      LIGHTHOUSE_BUILDER_TOKEN: await tokenOf({ sub: 'builder-1', role: 'agent' }),
      LIGHTHOUSE_LOADER_TOKEN: await tokenOf({ sub: 'loader', role: 'system_agent' }),
    }
    const walk = spawn(process.execPath, ['docs/walk-through.mjs'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let told = ''
    for (const output of [walk.stdout, walk.stderr]) output.on('data', text => (told += String(text)))
    const [code] = await once(walk, 'exit')
    expect([code, told]).toEqual([0, expect.stringContaining('2000 events as NDJSON')])
    expect(told).toContain('refused: ')
  } finally {
    await server.stop()
  }
}, 120_000)
