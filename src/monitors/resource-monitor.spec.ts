// Memory and the volume of the data: what is short becomes a signal at once, and what cannot be looked up changes nothing.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import { Signals } from '../signals/signals.js'
import { memoryUse } from './memory-use.js'
import { ResourceMonitor } from './resource-monitor.js'
import { VolumeMonitor, volumeOf } from './volume-monitor.js'

const GB = 1e9
const NEVER = { warning: 2, critical: 2 }
const NO_INODES = { totalInodes: 0, freeInodes: 0 }
const THRESHOLDS = {
  storageUsed: { warning: 0.9, critical: 0.95 },
  storageFreeMegabytes: { warning: 0, critical: 0 },
  memoryUsed: { warning: 0.9, critical: 0.95 },
}

let root: string
beforeEach(() => {
  root = makeTempDirectory()
})
afterEach(() => removeTempDirectory(root))

function files(of: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(of)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
}

function monitored(thresholds = THRESHOLDS) {
  const signals = new Signals()
  const machine = { free: 50 * GB, memory: 0.5 * GB, fails: false }
  const monitor = new ResourceMonitor(signals, thresholds, {
    volume: async () => {
      if (machine.fails) throw new Error('the volume does not answer')
      return { totalBytes: 100 * GB, freeBytes: machine.free, ...NO_INODES }
    },
    memory: async () => ({ usedBytes: machine.memory, limitBytes: GB, of: 'container' }),
  })
  return { signals, machine, monitor }
}

test('a volume that fills up warns at 90 %, blocks at 95 %, is free again below 90 % and well below 85 % of the warning', async () => {
  const { signals, machine, monitor } = monitored()
  const levels: string[] = []
  for (const free of [50, 9, 4, 9, 11, 20, 30, 50]) {
    machine.free = free * GB
    await monitor.measure()
    levels.push(signals.levelOf('storage_space'))
  }
  expect(levels).toEqual(['ok', 'warning', 'critical', 'critical', 'warning', 'warning', 'ok', 'ok'])
})

test('people are told at 80 %, before the mode is', async () => {
  const { signals, machine, monitor } = monitored()
  machine.free = 19 * GB
  await monitor.measure()
  expect(signals.active).toMatchObject([{ cause: 'storage_growth', level: 'warning' }])
  machine.free = 25 * GB
  await monitor.measure()
  expect(signals.active).toEqual([])
})

describe('a volume over hours', () => {
  function measured(thresholds = THRESHOLDS) {
    const signals = new Signals()
    const now = { ms: 0, use: { totalBytes: 100 * GB, freeBytes: 60 * GB, ...NO_INODES } }
    const monitor = new VolumeMonitor(
      signals,
      thresholds,
      async () => now.use,
      () => now.ms,
    )
    const hours = async (count: number, perHour: number) => {
      for (let n = 0; n < count; n++) {
        await monitor.measure()
        now.ms += 3_600_000
        now.use.freeBytes -= perHour
      }
    }
    return { signals, monitor, now, hours }
  }

  test('that will be full within a week is told of, with its growth and the time that is left', async () => {
    const { signals, monitor, hours } = measured()
    await hours(5, 0.5 * GB)
    expect([signals.active, monitor.figures?.bytesPerDay]).toEqual([[], undefined])
    await hours(1, 0.5 * GB)
    expect(signals.active).toMatchObject([
      { cause: 'storage_growth', level: 'warning', detail: expect.stringMatching(/full in 4\.8 days$/) },
    ])
    expect(monitor.figures?.bytesPerDay).toBeCloseTo(12 * GB, -3)
  })

  test('that grows slowly, empties, or only wavers is not', async () => {
    for (const perHour of [0.2 * GB, 0, -0.2 * GB]) {
      const { signals, hours } = measured()
      await hours(30, perHour)
      expect(signals.active).toEqual([])
    }
    const { signals, monitor, now, hours } = measured()
    for (let n = 0; n < 20; n++) {
      now.use.freeBytes = (n % 2 === 0 ? 60 : 58) * GB
      await hours(1, 0)
    }
    expect([signals.active, (monitor.figures?.bytesPerDay ?? 9e99) < 2 * GB]).toEqual([[], true])
  })

  test('is not judged by its growth where its share does not count', async () => {
    const { signals, hours } = measured({ ...THRESHOLDS, storageUsed: NEVER })
    await hours(10, 3 * GB)
    expect(signals.active).toEqual([])
  })

  test('that is short of inodes is short', async () => {
    const { signals, monitor, now } = measured()
    now.use = { ...now.use, totalInodes: 1_000, freeInodes: 30 }
    await monitor.measure()
    expect(signals.active).toMatchObject([
      { cause: 'storage_space', level: 'critical', detail: '30 inodes of the volume of the data are free' },
      { cause: 'storage_growth' },
    ])
  })
})

test('where megabytes count, a volume that is nearly full but large is well', async () => {
  const { signals, machine, monitor } = monitored({
    ...THRESHOLDS,
    storageUsed: NEVER,
    storageFreeMegabytes: { warning: 2_000, critical: 1_000 },
  })
  machine.free = 3 * GB
  await monitor.measure()
  expect(signals.active).toEqual([])
  machine.free = 0.9 * GB
  await monitor.measure()
  expect(signals.active).toMatchObject([
    { cause: 'storage_space', level: 'critical', detail: '900 MB of the volume of the data are free' },
  ])
})

test('memory that is short is told with what was measured', async () => {
  const { signals, machine, monitor } = monitored()
  machine.memory = 0.96 * GB
  await monitor.measure()
  expect(signals.active).toMatchObject([
    { cause: 'memory', level: 'critical', metrics: { memory_used_bytes: 0.96 * GB, memory_limit_bytes: GB } },
  ])
})

test('a volume that does not answer keeps the level that it had', async () => {
  const { signals, machine, monitor } = monitored()
  machine.free = 4 * GB
  await monitor.measure()
  machine.fails = true
  await monitor.measure()
  expect(signals.levelOf('storage_space')).toBe('critical')
})

test('while a volume hangs memory is judged all the same, and the volume is asked once', async () => {
  const signals = new Signals()
  let asked = 0
  const hung = Promise.withResolvers<never>()
  const monitor = new ResourceMonitor(signals, THRESHOLDS, {
    volume: () => {
      asked++
      return hung.promise
    },
    memory: async () => ({ usedBytes: asked * 0.96 * GB, limitBytes: GB, of: 'heap' }),
  })
  void monitor.measure()
  await monitor.measure()
  expect(signals.levelOf('memory')).toBe('critical')
  expect([asked, monitor.volume.use]).toEqual([1, undefined])
  expect(monitor.silentMs).toBeGreaterThan(0)
})

test.each([
  ['version 2', { 'memory.current': '900\n', 'memory.max': '1000\n', 'memory.stat': 'anon 1\ninactive_file 300\n' }],
  [
    'version 1',
    {
      'memory/memory.usage_in_bytes': '900\n',
      'memory/memory.limit_in_bytes': '1000\n',
      'memory/memory.stat': 'total_inactive_file 300\n',
    },
  ],
])(
  'of a container the working set counts, without pages that the kernel takes back first: cgroups %s',
  async (_, of) => {
    files(of)
    expect(await memoryUse(root)).toEqual({ usedBytes: 600, limitBytes: 1_000, of: 'container' })
  },
)

test.each([
  ['no container', {}],
  ['no limit', { 'memory.current': '900', 'memory.max': 'max', 'memory.stat': 'inactive_file 300' }],
  [
    'no limit in version 1',
    {
      'memory/memory.usage_in_bytes': '900',
      'memory/memory.limit_in_bytes': '9223372036854771712',
      'memory/memory.stat': 'total_inactive_file 0',
    },
  ],
])('with %s the heap counts', async (_, of) => {
  files(of)
  const { usedBytes, limitBytes, of: counted } = await memoryUse(root)
  expect([counted, usedBytes > 0, usedBytes < limitBytes]).toEqual(['heap', true, true])
})

test('the volume of a directory has a size and room', async () => {
  const { totalBytes, freeBytes } = await volumeOf(root)
  expect(freeBytes).toBeGreaterThan(0)
  expect(totalBytes).toBeGreaterThan(freeBytes)
})
