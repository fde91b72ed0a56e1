// The directories of the fake disk: what a lookup sees, and which creations, renames and removals are not durable yet.

import { type CrashMode, FakeInode } from './fake-inode.js'
import { diskError } from './fault-plan.js'
import type { Random } from './random.js'

export class FakeDirectory {
  readonly entries = new Map<string, Node>()
  /** What the entries would be after a crash that loses everything pending. */
  readonly durable = new Map<string, Node>()
}

type Node = FakeInode | FakeDirectory

/** Sets one name of one directory, or removes it. */
interface EntryChange {
  readonly directory: FakeDirectory
  readonly name: string
  readonly node: Node | undefined
}

/** One operation on names, atomic: a rename is two entry changes, the new name first. */
interface TreeChange {
  entries: readonly EntryChange[]
  /** A sync of its directory failed: later syncs succeed without making it durable. */
  doomed: boolean
}

interface Place {
  readonly directory: FakeDirectory
  readonly name: string
}

export class FakeTree {
  private readonly root = new FakeDirectory()
  private pending: TreeChange[] = []
  private readonly live = new Set<FakeInode>()

  find(path: string, syscall: string): Node | undefined {
    let node: Node | undefined = this.root
    for (const name of namesOf(path)) {
      if (node === undefined) return undefined
      if (node instanceof FakeInode) throw diskError('ENOTDIR', syscall, path)
      node = node.entries.get(name)
    }
    return node
  }

  directory(path: string, syscall: string): FakeDirectory {
    const node = this.find(path, syscall)
    if (node === undefined) throw diskError('ENOENT', syscall, path)
    if (node instanceof FakeInode) throw diskError('ENOTDIR', syscall, path)
    return node
  }

  create(path: string): FakeInode {
    const inode = new FakeInode()
    this.apply([{ ...this.place(path, 'open'), node: inode }])
    return inode
  }

  makeDirectory(path: string): void {
    const names = namesOf(path)
    for (let depth = 1; depth <= names.length; depth++) {
      const ancestor = `/${names.slice(0, depth).join('/')}`
      const node = this.find(ancestor, 'mkdir')
      if (node instanceof FakeInode) throw diskError(depth === names.length ? 'EEXIST' : 'ENOTDIR', 'mkdir', path)
      if (node === undefined) this.apply([{ ...this.place(ancestor, 'mkdir'), node: new FakeDirectory() }])
    }
  }

  rename(from: string, to: string): void {
    const source = this.place(from, 'rename')
    const target = this.place(to, 'rename')
    const node = source.directory.entries.get(source.name)
    if (node === undefined) throw diskError('ENOENT', 'rename', from)
    if (node instanceof FakeDirectory && isBelow(to, from)) throw diskError('EINVAL', 'rename', from)
    if (isBelow(from, to)) throw diskError('ENOTEMPTY', 'rename', to)
    const replaced = target.directory.entries.get(target.name)
    if (replaced === node) return
    refuseReplacing(node, replaced, to)
    this.apply([
      { ...target, node },
      { ...source, node: undefined },
    ])
  }

  unlink(path: string): void {
    const node = this.find(path, 'unlink')
    if (node === undefined) return
    if (node instanceof FakeDirectory) throw diskError('EISDIR', 'unlink', path)
    this.apply([{ ...this.place(path, 'unlink'), node: undefined }])
  }

  /** Makes durable what happened to the names in this directory. */
  sync(directory: FakeDirectory): void {
    for (const change of [...this.pending]) {
      if (change.doomed || !this.pending.includes(change)) continue
      const [first, second] = change.entries
      if (first?.directory === directory && second && second.directory !== directory) this.commitNewName(change)
      else if (change.entries.some(entry => entry.directory === directory)) this.commit(change)
    }
  }

  failSync(directory: FakeDirectory): void {
    for (const change of this.pending) {
      if (change.entries.some(entry => entry.directory === directory)) change.doomed = true
    }
  }

  syncAll(): void {
    for (const change of [...this.pending]) this.commit(change)
  }

  /** What the next power-up finds; open descriptors and locks do not exist there. */
  crash(random: Random, mode: Exclude<CrashMode, 'kill'>): void {
    const lost = new Map<FakeDirectory, Set<string>>()
    for (const { entries, doomed } of this.pending) {
      // What happened to a name can only be lost from its end: a later change stands on the earlier ones.
      const baseless =
        entries.some(({ directory, name }) => lost.get(directory)?.has(name)) ||
        (movesDirectory(entries) && lost.size > 0)
      if (!baseless && survives(random, mode, doomed)) for (const entry of entries) setDurable(entry)
      else for (const { directory, name } of entries) lost.set(directory, (lost.get(directory) ?? new Set()).add(name))
    }
    this.pending = []
    revert(this.root)
    this.recount()
    for (const inode of this.live) inode.crash(random, mode)
  }

  /** A separate tree with the same names, files and pending changes. */
  copy(): FakeTree {
    const copy = new FakeTree()
    const copied = new Map<Node, Node>([[this.root, copy.root]])
    const copyOf = (node: Node): Node => {
      const known = copied.get(node)
      if (known) return known
      const made = node instanceof FakeInode ? node.copy() : new FakeDirectory()
      copied.set(node, made)
      if (node instanceof FakeDirectory) copyEntries(node, made as FakeDirectory, copyOf)
      return made
    }
    copyEntries(this.root, copy.root, copyOf)
    for (const { entries, doomed } of this.pending) {
      const copies = entries.map(({ directory, name, node }) => ({
        directory: copyOf(directory) as FakeDirectory,
        name,
        node: node && copyOf(node),
      }))
      copy.pending.push({ entries: copies, doomed })
    }
    copy.recount()
    return copy
  }

  files(): [path: string, inode: FakeInode][] {
    const found: [string, FakeInode][] = []
    const visit = (directory: FakeDirectory, prefix: string): void => {
      for (const [name, node] of directory.entries) {
        if (node instanceof FakeInode) found.push([`${prefix}/${name}`, node])
        else visit(node, `${prefix}/${name}`)
      }
    }
    visit(this.root, '')
    return found.sort(([a], [b]) => (a < b ? -1 : 1))
  }

  /** Files with a name or an open descriptor: what occupies space. */
  occupants(): Iterable<FakeInode> {
    for (const inode of this.live) if (inode.links === 0 && inode.handles === 0) this.live.delete(inode)
    return this.live
  }

  private place(path: string, syscall: string): Place {
    const names = namesOf(path)
    const name = names.pop()
    if (name === undefined) throw diskError('EBUSY', syscall, path)
    return { directory: this.directory(`/${names.join('/')}`, syscall), name }
  }

  private apply(entries: readonly EntryChange[]): void {
    for (const { directory, name, node } of entries) {
      const before = directory.entries.get(name)
      if (before instanceof FakeInode) before.links--
      if (node) directory.entries.set(name, node)
      else directory.entries.delete(name)
      if (node instanceof FakeInode) {
        node.links++
        this.live.add(node)
      }
    }
    this.pending.push({ entries, doomed: false })
  }

  private commit(change: TreeChange): void {
    this.commitEarlier(change, change.entries)
    for (const entry of change.entries) setDurable(entry)
    this.pending = this.pending.filter(other => other !== change)
  }

  /**
   * A rename between directories of which only the new one was synced: the new name is durable, the old one may
   * come back beside it. The other way round both are durable, for a file is never without a name.
   */
  private commitNewName(change: TreeChange): void {
    const [added, removed] = change.entries
    if (!added || !removed) return
    this.commitEarlier(change, [added])
    setDurable(added)
    change.entries = [removed]
  }

  private commitEarlier(change: TreeChange, entries: readonly EntryChange[]): void {
    const all = movesDirectory(entries)
    for (const earlier of this.pending.slice(0, this.pending.indexOf(change))) {
      if (!this.pending.includes(earlier)) continue
      if (all || earlier.entries.some(one => entries.some(other => isSameEntry(one, other)))) this.commit(earlier)
    }
  }

  private recount(): void {
    this.live.clear()
    for (const [, inode] of this.files()) inode.links = 0
    for (const [, inode] of this.files()) {
      inode.links++
      this.live.add(inode)
    }
  }
}

export function namesOf(path: string): string[] {
  const names: string[] = []
  for (const name of path.split(/[/\\]/)) {
    if (name === '..') names.pop()
    else if (name !== '' && name !== '.') names.push(name)
  }
  return names
}

function isBelow(path: string, ancestor: string): boolean {
  const above = namesOf(ancestor)
  const names = namesOf(path)
  return names.length > above.length && above.every((name, depth) => names[depth] === name)
}

/** The order of these refusals is Linux's. */
function refuseReplacing(node: Node, replaced: Node | undefined, to: string): void {
  if (replaced === undefined) return
  if (node instanceof FakeInode) {
    if (replaced instanceof FakeDirectory) throw diskError('EISDIR', 'rename', to)
    return
  }
  if (replaced instanceof FakeInode) throw diskError('ENOTDIR', 'rename', to)
  if (replaced.entries.size > 0) throw diskError('ENOTEMPTY', 'rename', to)
}

function movesDirectory(entries: readonly EntryChange[]): boolean {
  return entries.length > 1 && entries.some(({ node }) => node instanceof FakeDirectory)
}

function isSameEntry(one: EntryChange, other: EntryChange): boolean {
  return one.directory === other.directory && one.name === other.name
}

function setDurable({ directory, name, node }: EntryChange): void {
  if (node) directory.durable.set(name, node)
  else directory.durable.delete(name)
}

function survives(random: Random, mode: Exclude<CrashMode, 'kill'>, doomed: boolean): boolean {
  if (mode !== 'random') return mode === 'keep-all'
  return random.chance(doomed ? 0.25 : 0.5)
}

function revert(directory: FakeDirectory): void {
  directory.entries.clear()
  for (const [name, node] of directory.durable) {
    directory.entries.set(name, node)
    if (node instanceof FakeDirectory) revert(node)
  }
}

function copyEntries(from: FakeDirectory, to: FakeDirectory, copyOf: (node: Node) => Node): void {
  for (const [name, node] of from.entries) to.entries.set(name, copyOf(node))
  for (const [name, node] of from.durable) to.durable.set(name, copyOf(node))
}
