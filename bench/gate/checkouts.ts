// Working trees of commits: taken out of this repository, given packages, and removed afterwards.
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { openSide, type Side } from '../pairs/side.js'

const LOCK = 'package-lock.json'

export class Checkouts {
  private readonly trees: string[] = []

  constructor(
    /** Where the trees are put. */
    private readonly directory: string,
    private readonly repository: string,
  ) {}

  /** A side is a folder with a checkout, or whatever git takes for a commit. */
  open(name: Side['name'], given: string): Promise<Side> {
    const isFolder = existsSync(join(given, LOCK)) && statSync(given).isDirectory()
    return openSide(name, isFolder ? given : this.treeOf(name, given))
  }

  /** A working tree of its own for a commit. */
  treeOf(name: string, commit: string): string {
    const tree = resolve(this.directory, name)
    this.git('worktree', 'add', '--force', '--detach', tree, this.named(commit))
    this.trees.push(tree)
    this.givePackages(tree)
    return tree
  }

  /** The whole name of a commit, which means the same in each working tree. */
  named(commit: string): string {
    return this.git('rev-parse', '--verify', '--end-of-options', `${commit}^{commit}`)
  }

  /** The packages of this checkout where the lock is the same; others are installed in the tree. */
  givePackages(tree: string): void {
    const packages = join(tree, 'node_modules')
    const isLinked = lstatSync(packages, { throwIfNoEntry: false })?.isSymbolicLink() === true
    const isSame = readFileSync(join(tree, LOCK)).equals(readFileSync(LOCK))
    // An installation through the link would replace the packages of this checkout.
    if (isLinked && !isSame) rmSync(packages)
    if (isSame && !isLinked) {
      rmSync(packages, { recursive: true, force: true })
      symlinkSync(resolve('node_modules'), packages)
    }
    if (isSame) return
    const { status } = spawnSync(process.execPath, [join(tree, 'scripts', 'run.mjs'), 'setup'], { cwd: tree })
    if (status !== 0) throw new Error(`${tree} cannot be set up`)
  }

  close(): void {
    for (const tree of this.trees.splice(0)) this.git('worktree', 'remove', '--force', tree)
  }

  private git(...args: readonly string[]): string {
    return gitIn(this.repository, ...args)
  }
}

/** What git says on its standard output. */
export function gitIn(folder: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('git', ['-C', folder, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`git ${args[0]}: ${stderr.trim()}`)
  return stdout.trim()
}
