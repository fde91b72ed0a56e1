// Runs the same random operations on the fake and on the real disk and compares every answer.
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { type Disk, type DiskFile, type DiskLock, diskErrorCode } from '../../src/backends/embedded/engine/disk/disk.js'
import { RealDisk } from '../../src/backends/embedded/engine/disk/real-disk.js'
import { FakeDisk } from './fake-disk.js'
import { Random } from './random.js'
import { withTempDirectory } from './temp-directory.js'

const SEQUENCES = 40
const STEPS = 120
const NAMES = ['a', 'b', 'c', 'd', 'd/a', 'd/b', 'd/e', 'd/e/a', 'a/x', 'd/e/f/g']

/** A disk under test with what was opened on it so far; both disks are given the same commands. */
interface Subject {
  readonly disk: Disk
  readonly root: string
  readonly files: DiskFile[]
  readonly locks: DiskLock[]
}

type Command = (subject: Subject) => Promise<unknown>

function fileCommand(random: Random): Command {
  const chosen = random.next()
  const position = random.below(3000)
  const chunks = Array.from({ length: random.between(0, 3) }, () => random.bytes(random.below(900)))
  const at = (files: DiskFile[]) => files[Math.floor(chosen * files.length)] as DiskFile
  const bytes = (length: number, of: Uint8Array) => Buffer.from(of.subarray(0, length)).toString('hex')
  const into = () => new Uint8Array(1000)
  const commands: Command[] = [
    async ({ files }) => at(files).write(chunks, position),
    async ({ files }) => at(files).write(chunks, await at(files).size()),
    async ({ files }) => at(files).truncate(position),
    async ({ files }) => at(files).size(),
    async ({ files }) => at(files).sync(),
    async ({ files }) => at(files).write(chunks, -1),
    async ({ files }) => {
      const buffer = into()
      return bytes(await at(files).read(buffer, position), buffer)
    },
    async ({ files }) => {
      const buffer = into()
      return bytes(at(files).readSync(buffer, position), buffer)
    },
    async ({ files }) => at(files).close(),
  ]
  return random.pick(commands)
}

function nameCommand(random: Random): Command {
  const name = random.pick(NAMES)
  const other = random.pick(NAMES)
  const mode = random.pick(['create', 'create', 'write', 'read'] as const)
  const durable = random.chance(0.3)
  const open = async ({ disk, root, files }: Subject, path: string) => {
    files.push(await disk.open(join(root, path), { mode, durable }))
  }
  const commands: Command[] = [
    subject => open(subject, name),
    subject => open(subject, name),
    subject => open(subject, name),
    async ({ disk, root, files }) => void files.push(disk.openSync(join(root, name))),
    ({ disk, root }) => disk.list(join(root, name)),
    ({ disk, root }) => disk.list(root),
    ({ disk, root }) => disk.makeDirectory(join(root, name)),
    ({ disk, root }) => disk.rename(join(root, name), join(root, other)),
    ({ disk, root }) => disk.unlink(join(root, name)),
    ({ disk, root }) => disk.syncDirectory(join(root, name)),
    ({ disk, root }) => disk.space(join(root, name)).then(() => 'told'),
    async ({ disk, root, locks }) => {
      const attempt = await disk.lock(join(root, name), `lock on ${name}`)
      if ('holder' in attempt) return attempt.holder
      locks.push(attempt.lock)
      return 'locked'
    },
    async ({ locks }) => locks.map(lock => lock.held()),
    async ({ locks }) => locks[0]?.release().then(() => locks.shift() && 'released'),
  ]
  return random.pick(commands)
}

async function answer(command: Command, subject: Subject): Promise<string> {
  try {
    return JSON.stringify(await command(subject)) ?? 'done'
  } catch (error) {
    return diskErrorCode(error) ?? String(error)
  }
}

async function contents({ disk, root }: Subject): Promise<string[]> {
  const found: string[] = []
  for (const name of NAMES) {
    const file = await disk.open(join(root, name), { mode: 'read' }).catch(() => undefined)
    if (!file) continue
    const bytes = Buffer.alloc(await file.size())
    await file.read(bytes, 0)
    await file.close()
    found.push(`${name} ${bytes.toString('base64')}`)
  }
  return found
}

async function compare(seed: number, directory: string): Promise<Map<string, number>> {
  const random = new Random(seed)
  const real: Subject = { disk: new RealDisk(), root: directory, files: [], locks: [] }
  const fake: Subject = { disk: new FakeDisk({ directories: ['/store'] }), root: '/store', files: [], locks: [] }
  const answers = new Map<string, number>()
  for (let step = 0; step < STEPS; step++) {
    const command = real.files.length > 0 && random.chance(0.5) ? fileCommand(random) : nameCommand(random)
    const expected = await answer(command, real)
    const found = await answer(command, fake)
    if (found !== expected) {
      throw new Error(
        `seed ${seed}, step ${step}: the real disk says ${expected}, the fake one ${found}\n${String(command)}` +
          `\n${(fake.disk as FakeDisk).story()}`,
      )
    }
    answers.set(expected, (answers.get(expected) ?? 0) + 1)
  }
  expect(await contents(fake)).toEqual(await contents(real))
  for (const file of real.files) await file.close()
  for (const lock of real.locks) await lock.release()
  return answers
}

// skip: the codes of refusals are those of Linux.
const onLinux = process.platform === 'linux' ? test : test.skip

onLinux('the fake disk answers like the real one', async () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < SEQUENCES; seed++) {
    for (const [found] of await withTempDirectory(directory => compare(seed, directory))) seen.add(found)
  }
  const codes = [...seen].filter(found => /^E[A-Z]+$/.test(found)).sort()
  expect(codes).toEqual(
    expect.arrayContaining(['EBADF', 'EEXIST', 'EINVAL', 'EISDIR', 'ENOENT', 'ENOTDIR', 'ENOTEMPTY']),
  )
})
