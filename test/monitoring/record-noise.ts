// Writes noise.ndjson anew: node scripts/run.mjs ts test/monitoring/record-noise.ts [MINUTES]. A real server on a real disk
// under a mixed load from another process, and what its monitors see of each slice.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { NestFactory } from '@nestjs/core'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { serverOf } from '../../src/app.module.js'
import { loadSettings } from '../../src/config/load-settings.js'
import { createLogger } from '../../src/logging/logger.js'
import { Monitors } from '../../src/monitors/monitors.service.js'
import { descriptorsOf } from '../../src/monitors/process-facts.js'
import { ServiceLevels, SLICE_MS, type TimedWork } from '../../src/monitors/service-levels.js'
import { configureHttpServer, createHttpAdapter } from '../../src/server/http-server.js'
import { TEST_SECRET } from '../support/running-server.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { until } from '../support/until.js'
import { Agents } from './load.js'
import { NOISE_FILE, type RecordedSlice, type RecordedWork } from './noise.js'

const PAUSE_MS = 20
const PLENTY = { requestsPerMinute: 1e9, eventsPerMinute: 1e9, bytesPerMinute: 1e12 }
/** The first slices are those of a start. */
const LEFT_OUT = 3
/** As `LogHistogram` has them. */
const PER_OCTAVE = 8

const [first = '3', url = ''] = process.argv.slice(2)
if (first === 'load') await Agents.start({ url }, PAUSE_MS)
else await record(Number(first))

async function record(minutes: number): Promise<void> {
  const directory = makeTempDirectory()
  const app = await serverOn(directory)
  const levels = app.get(ServiceLevels, { strict: false })
  const monitors = app.get(Monitors, { strict: false })
  const seen: RecordedSlice[] = []
  const work: Partial<Record<TimedWork, RecordedWork>> = {}
  const slide = levels.slide.bind(levels)
  levels.slide = operation => {
    const slice = slide(operation)
    const { counts } = slice.durations as unknown as { readonly counts: Uint32Array }
    const durations = [...counts].flatMap((count, bucket) => (count === 0 ? [] : [[middleOf(bucket), count] as const]))
    work[operation] = { good: slice.good, bad: slice.bad, durations }
    return slice
  }
  const look = monitors.look.bind(monitors)
  monitors.look = async () => {
    await look()
    const { heapUsed: heapBytes, rss: residentBytes } = process.memoryUsage()
    const { usedBytes, limitBytes, limitOf } = monitors.memory
    seen.push({
      work: { ...(work as Record<TimedWork, RecordedWork>) },
      heapBytes,
      residentBytes,
      loop: monitors.loop,
      descriptors: await descriptorsOf(),
      volume: monitors.volume.volume,
      memory: { usedBytes, limitBytes, of: limitOf },
    } as RecordedSlice)
  }
  const load = spawn(process.execPath, [...process.execArgv, process.argv[1] as string, 'load', await app.getUrl()], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const wanted = LEFT_OUT + (minutes * 60_000) / SLICE_MS
  await until(() => seen.length >= wanted, 1_000)
  load.kill('SIGKILL')
  await once(load, 'close')
  await app.close()
  removeTempDirectory(directory)
  const provenance = {
    what: 'what the monitors of a real server saw, one entry for each slice of five seconds',
    how: 'test/monitoring/record-noise.ts: agents write, write in batches, read, follow, consume and err',
    recorded: new Date().toISOString(),
    minutes,
    node: process.version,
    cores: availableParallelism(),
    loadAverage: Math.round((loadavg()[1] as number) * 10) / 10,
  }
  const lines = [provenance, ...seen.slice(LEFT_OUT)].map(line => JSON.stringify(line))
  writeFileSync(NOISE_FILE, `${lines.join('\n')}\n`)
}

async function serverOn(directory: string): Promise<NestFastifyApplication> {
  const settings = loadSettings({
    LIGHTHOUSE_ENV: 'test',
    LIGHTHOUSE_DATA_DIR: directory,
    LIGHTHOUSE_JWT_SECRET: TEST_SECRET,
    LIGHTHOUSE_QUOTAS: JSON.stringify({ admin: PLENTY }),
  })
  const logger = createLogger('silent', { write: () => undefined })
  const app = await NestFactory.create<NestFastifyApplication>(serverOf(settings, logger), createHttpAdapter(), {
    logger: false,
    bodyParser: false,
  })
  configureHttpServer(app, logger)
  await app.listen(0, '127.0.0.1')
  return app
}

function middleOf(bucket: number): number {
  return Math.round(2 ** ((bucket + 0.5) / PER_OCTAVE)) / 1_000
}
