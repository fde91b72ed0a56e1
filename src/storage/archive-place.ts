// Lets the archives of a store lie on another volume: `archive/` becomes a link to a directory there, which this store
// alone uses. Every command finds them through the link, so nothing else has to be told.
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import {
  copyFile,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
} from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { codeOf, StoreError } from '../contract/errors.js'

const ARCHIVE = /^seg-\d{16}-\d{8}-([0-9a-f]{64})\.zst$/

/** To be called by the owner of the data directory, before it looks at its files. An empty `place` leaves all as it is. */
export function placeArchives(directory: string, place: string): Promise<void> {
  return new ArchivePlace(directory, place).settle()
}

class ArchivePlace {
  private readonly archive: string
  /** The link before it takes the place of the directory. It remembers where the files go if this is interrupted. */
  private readonly coming: string
  /** The directory once the link has taken its place. */
  private readonly going: string

  constructor(
    private readonly directory: string,
    private readonly place: string,
  ) {
    this.archive = join(directory, 'archive')
    this.coming = join(directory, 'archive.link.tmp')
    this.going = join(directory, 'archive.moved.tmp')
  }

  async settle(): Promise<void> {
    await this.finish()
    const target = await linkIn(this.archive)
    if (target !== undefined) return this.check(target)
    if (this.place === '') return
    if (isWithin(this.place, this.directory) || isWithin(this.directory, this.place))
      throw refused(`the archives cannot lie in ${this.place}: one of it and ${this.directory} lies in the other`)
    await this.move()
  }

  /** A crash may have come between the two renames of `swap`, or before the old files were removed. */
  private async finish(): Promise<void> {
    if ((await statOf(this.going)) === undefined) return
    if ((await linkIn(this.archive)) === undefined) {
      await rmdir(this.archive).catch(unless('ENOENT'))
      await rename(this.going, this.archive)
    } else await rm(this.going, { recursive: true })
    await syncDirectory(this.directory)
  }

  /** A volume that is not mounted must not pass for a store without archives, nor another's archives for its own. */
  private async check(target: string): Promise<void> {
    if (this.place !== '' && dirname(target) !== this.place)
      throw refused(`its archives lie in ${target}, and not in ${this.place}: move that directory there, and the link`)
    const found = await stat(target).catch(unless('ENOENT'))
    if (found === undefined) throw refused(`its archives are not there: ${target}. Is that volume mounted?`)
    const owner = await readFile(ownerFile(target), 'utf8').catch(unless('ENOENT'))
    const self = await nameOf(this.directory)
    if (owner === undefined || owner === self) return
    const remedy = `Where that one is gone for good, remove ${ownerFile(target)}`
    throw refused(`its archives in ${target} belong to another data directory, of which this is a copy. ${remedy}`)
  }

  private async move(): Promise<void> {
    // It is not made here, because a volume that is not mounted would be filled below its mount point.
    if ((await stat(this.place).catch(unless('ENOENT'))) === undefined)
      throw refused(`${this.place}, where archives are to go, is not there. Is that volume mounted?`)
    let target = await linkIn(this.coming)
    if (target === undefined || dirname(target) !== this.place) {
      await rm(this.coming, { force: true })
      target = join(this.place, `lighthouse-${randomUUID()}`)
      await symlink(target, this.coming, 'dir')
      await syncDirectory(this.directory)
    }
    await mkdir(target, { recursive: true })
    await writeDurably(ownerFile(target), await nameOf(this.directory))
    for (const name of (await readdir(this.archive).catch(unless('ENOENT'))) ?? [])
      if (!name.endsWith('.tmp')) await moveOne(join(this.archive, name), join(target, name))
    for (const changed of [target, this.place]) await syncDirectory(changed)
    await rename(this.archive, this.going).catch(unless('ENOENT'))
    await rename(this.coming, this.archive)
    await syncDirectory(this.directory)
    await this.finish()
  }
}

/** The copy is synced and read back before it has its name, and the original stays until the link is in its place. */
async function moveOne(from: string, to: string): Promise<void> {
  const wanted = ARCHIVE.exec(basename(from))?.[1] ?? (await sha256Of(from))
  if ((await statOf(to)) !== undefined && (await sha256Of(to)) === wanted) return
  const unfinished = `${to}.tmp`
  await copyFile(from, unfinished)
  await syncFile(unfinished)
  const found = await sha256Of(unfinished)
  // A damaged archive goes as it is: it is found damaged there as it would be here.
  if (found !== wanted && found !== (await sha256Of(from))) throw refused(`${to} was not read back as it was written`)
  await rename(unfinished, to)
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer)
  return hash.digest('hex')
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncDirectory(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Says which directory it is, wherever it is mounted or linked. A copy has another name. */
async function nameOf(directory: string): Promise<string> {
  const { dev, ino } = await stat(directory, { bigint: true })
  return `${dev}:${ino}`
}

function ownerFile(target: string): string {
  return `${target}.owner`
}

/** Where the link leads; undefined where there is none. */
async function linkIn(path: string): Promise<string | undefined> {
  const found = await statOf(path)
  return found?.isSymbolicLink() === true ? resolve(dirname(path), await readlink(path)) : undefined
}

async function statOf(path: string): Promise<Stats | undefined> {
  return lstat(path).catch(unless('ENOENT'))
}

function unless(code: string): (error: unknown) => undefined {
  return error => {
    if (codeOf(error) !== code) throw error
    return undefined
  }
}

function isWithin(inner: string, outer: string): boolean {
  const way = relative(outer, inner)
  return way === '' || !(way.startsWith('..') || resolve(way) === way)
}

function refused(why: string): StoreError {
  return new StoreError('STORAGE_UNAVAILABLE', why)
}
