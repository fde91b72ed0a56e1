// Checks the fake disk's crashes over random histories against a second, naive account of what may survive.
import { expect, test } from '@jest/globals'
import type { DiskFile } from '../../src/backends/embedded/engine/disk/disk.js'
import { FakeDisk } from './fake-disk.js'
import { Random } from './random.js'

const SECTOR = 512
const HISTORIES = 80

/** What a file may hold: every content it had since the last sync that covered it all, oldest first. */
class ContentAccount {
  private versions: Uint8Array[] = [new Uint8Array(0)]
  private certain = new Map<number, number>()
  private doubtful = false
  private partlyDurable = false

  get now(): Uint8Array {
    return this.versions.at(-1) as Uint8Array
  }

  write(position: number, data: Uint8Array, durable: boolean): void {
    const next = new Uint8Array(Math.max(this.now.length, position + data.length))
    next.set(this.now)
    next.set(data, position)
    this.versions.push(next)
    this.partlyDurable ||= durable
    for (let at = 0; at < data.length; at++) {
      if (durable) this.certain.set(position + at, data[at] as number)
      else this.certain.delete(position + at)
    }
  }

  truncate(length: number): void {
    const next = new Uint8Array(length)
    next.set(this.now.subarray(0, length))
    this.versions.push(next)
    for (const at of [...this.certain.keys()]) if (at >= length) this.certain.delete(at)
  }

  sync(): void {
    // Behind a failed sync nothing is known to be durable, but nothing new may be invented either.
    if (this.doubtful) return
    this.versions = [this.now]
    this.partlyDurable = false
  }

  failSync(): void {
    this.doubtful = this.versions.length > 1 || this.doubtful
  }

  /** What must be found when everything pending is lost; undefined where this account is too naive to say. */
  leastDurable(): Uint8Array | undefined {
    return this.doubtful || this.partlyDurable ? undefined : this.versions[0]
  }

  complaint(found: Uint8Array): string | undefined {
    const lengths = this.versions.map(version => version.length)
    if (found.length < Math.min(...lengths) || found.length > Math.max(...lengths)) return `length ${found.length}`
    for (const [at, byte] of this.certain) if (found[at] !== byte) return `durable byte ${at} is ${found[at]}`
    for (let start = 0; start < found.length; start += SECTOR) {
      const sector = Buffer.from(found.subarray(start, start + SECTOR))
      if (!this.versions.some(version => sector.equals(padded(version, start, sector.length))))
        return `sector at ${start}`
    }
    return undefined
  }
}

function padded(version: Uint8Array, start: number, length: number): Buffer {
  const sector = Buffer.alloc(length)
  sector.set(version.subarray(start, start + length))
  return sector
}

async function contentStep(random: Random, disk: FakeDisk, files: readonly DiskFile[], account: ContentAccount) {
  const durable = random.chance(0.3)
  const file = files[durable ? 1 : 0] as DiskFile
  const kind = random.below(10)
  if (kind < 6) {
    const data = random.bytes(random.between(1, random.chance(0.3) ? 2500 : 100))
    const position = random.chance(0.6) ? account.now.length : random.below(account.now.length + 200)
    await file.write([data.subarray(0, 7), data.subarray(7)], position)
    account.write(position, data, durable)
  } else if (kind < 7) {
    const length = random.below(account.now.length + 50)
    await file.truncate(length)
    account.truncate(length)
  } else if (kind < 9 || random.chance(0.7)) {
    await file.sync()
    account.sync()
  } else {
    disk.arm({ failAt: 1, only: kind => kind === 'sync' })
    await expect(file.sync()).rejects.toThrow('EIO')
    account.failSync()
  }
}

test('no crash invents, mixes within a sector, or loses what is durable', async () => {
  let torn = 0
  for (let seed = 0; seed < HISTORIES; seed++) {
    const random = new Random(seed)
    const disk = new FakeDisk({ seed, directories: ['/d'] })
    const file = await disk.open('/d/a', { mode: 'create' })
    const files = [file, await disk.open('/d/a', { mode: 'write', durable: true })]
    await disk.syncDirectory('/d')
    const account = new ContentAccount()
    for (let step = 0; step < 25; step++) {
      await contentStep(random, disk, files, account)
      expect(Buffer.from(disk.bytes('/d/a')).equals(account.now)).toBe(true)
      for (let crash = 0; crash < 3; crash++) {
        const found = disk.clone().afterCrash(crash).bytes('/d/a')
        const complaint = account.complaint(found)
        if (complaint) throw new Error(`seed ${seed}, step ${step}, crash ${crash}: ${complaint}\n${disk.story()}`)
        if (!Buffer.from(found).equals(account.now)) torn++
      }
      const least = account.leastDurable()
      const lost = disk.clone().afterCrash(1, 'lose-all').bytes('/d/a')
      if (least) expect(Buffer.from(lost).equals(least)).toBe(true)
      expect(account.complaint(lost)).toBeUndefined()
      const killed = disk.clone().afterCrash(1, 'kill').bytes('/d/a')
      expect(Buffer.from(killed).equals(account.now)).toBe(true)
    }
  }
  expect(torn).toBeGreaterThan(HISTORIES)
})

const DIRECTORIES = ['/d', '/e', '/d/f']
const PATHS = DIRECTORIES.flatMap(directory => ['a', 'b', 'c'].map(name => `${directory}/${name}`))

type Names = ReadonlyMap<string, string>

/** What names may show: every state since the last sync of their directory. */
class NamesAccount {
  private states: Names[] = [new Map()]
  private readonly since = new Map(DIRECTORIES.map(directory => [directory, 0]))
  private readonly safe = new Set<string>()

  get now(): Names {
    return this.states.at(-1) as Names
  }

  change(change: (names: Map<string, string>) => void): void {
    const next = new Map(this.now)
    change(next)
    this.states.push(next)
    const alive = new Set(next.values())
    for (const file of [...this.safe]) if (!alive.has(file)) this.safe.delete(file)
  }

  sync(directory: string): void {
    this.since.set(directory, this.states.length - 1)
    for (const [path, file] of this.now) if (directoryOf(path) === directory) this.safe.add(file)
  }

  complaint(found: Names): string | undefined {
    for (const path of PATHS) {
      const allowed = this.states.slice(this.since.get(directoryOf(path))).map(state => state.get(path))
      if (!allowed.includes(found.get(path))) return `${path} is ${found.get(path)}`
    }
    for (const file of this.safe) if (![...found.values()].includes(file)) return `${file} has no name`
    return undefined
  }
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}

function namesOn(disk: FakeDisk): Names {
  return new Map(disk.files().map(path => [path, Buffer.from(disk.bytes(path)).toString()]))
}

async function namesStep(random: Random, disk: FakeDisk, account: NamesAccount): Promise<void> {
  const path = random.pick(PATHS)
  const existing = [...account.now.keys()]
  const kind = random.below(10)
  if (kind < 3 && !account.now.has(path)) {
    const content = `file ${disk.operations}`
    const file = await disk.open(path, { mode: 'create', durable: true })
    await file.write([Buffer.from(content)], 0)
    await file.close()
    account.change(names => names.set(path, content))
  } else if (kind < 6 && existing.length > 0) {
    const from = random.pick(existing)
    await disk.rename(from, path)
    account.change(names => {
      const file = names.get(from) as string
      names.delete(from)
      names.set(path, file)
    })
  } else if (kind < 8 && existing.length > 0) {
    const gone = random.pick(existing)
    await disk.unlink(gone)
    account.change(names => names.delete(gone))
  } else {
    const directory = random.pick(DIRECTORIES)
    await disk.syncDirectory(directory)
    account.sync(directory)
  }
}

test('no crash loses a durable name, revives one from before a sync, or leaves a file without a name', async () => {
  let differing = 0
  for (let seed = 0; seed < HISTORIES; seed++) {
    const random = new Random(seed)
    const disk = new FakeDisk({ seed, directories: DIRECTORIES })
    const account = new NamesAccount()
    for (let step = 0; step < 30; step++) {
      await namesStep(random, disk, account)
      expect(namesOn(disk)).toEqual(account.now)
      for (let crash = 0; crash < 3; crash++) {
        const found = namesOn(disk.clone().afterCrash(crash))
        const complaint = account.complaint(found)
        if (complaint) throw new Error(`seed ${seed}, step ${step}, crash ${crash}: ${complaint}\n${disk.story()}`)
        if (found.size !== account.now.size) differing++
      }
      for (const mode of ['lose-all', 'keep-all'] as const) {
        const found = namesOn(disk.clone().afterCrash(1, mode))
        expect(account.complaint(found)).toBeUndefined()
        if (mode === 'keep-all') expect(found).toEqual(account.now)
      }
    }
  }
  expect(differing).toBeGreaterThan(HISTORIES)
})
