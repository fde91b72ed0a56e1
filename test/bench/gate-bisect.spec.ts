// The gate finds the commit that made something slower, in a repository whose files say what a row costs.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bisect } from '../../bench/gate/bisect.js'
import { Checkouts } from '../../bench/gate/checkouts.js'
import type { PairRow } from '../../bench/pairs/row.js'
import { withTempDirectory } from '../support/temp-directory.js'

/** A build fails where a commit says so. */
const BUILD = `import { readFileSync } from 'node:fs'
process.exitCode = readFileSync('state.json', 'utf8').includes('broken') ? 1 : 0
`

const row: PairRow = {
  name: 'cost',
  what: 'what the file says',
  unit: 'ms',
  better: 'less',
  start: async ({ side }) => {
    const { cost } = JSON.parse(readFileSync(join(side.root, 'state.json'), 'utf8')) as { cost: number }
    return {
      pid: process.pid,
      measure: async () => ({ figure: cost, perSecond: Number.NaN }),
      stop: async () => {},
    }
  },
}

class Repository {
  constructor(readonly root: string) {
    this.git('init', '-q', '-b', 'main')
    mkdirSync(join(root, 'scripts'))
    writeFileSync(join(root, 'scripts', 'run.mjs'), BUILD)
    // The packages are those of this checkout, as for any commit with its lock.
    copyFileSync('package-lock.json', join(root, 'package-lock.json'))
  }

  commit(subject: string, state: object): string {
    writeFileSync(join(this.root, 'state.json'), JSON.stringify({ ...state, subject }))
    this.git('add', 'scripts', 'package-lock.json', 'state.json')
    this.git('commit', '-q', '-m', subject)
    return this.git('rev-parse', 'HEAD')
  }

  git(...args: string[]): string {
    const who = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false']
    return spawnSync('git', ['-C', this.root, ...who, ...args], { encoding: 'utf8' }).stdout.trim()
  }
}

async function found(directory: string, commits: readonly (readonly [subject: string, state: object])[]) {
  mkdirSync(join(directory, 'repository'))
  const repository = new Repository(join(directory, 'repository'))
  const ids = commits.map(([subject, state]) => repository.commit(subject, state))
  const checkouts = new Checkouts(directory, repository.root)
  const said: string[] = []
  try {
    const report = await bisect({
      checkouts,
      range: [ids[0] as string, 'HEAD'],
      rows: [row],
      settings: { pairs: 2, seconds: 0.001, warmingSeconds: 0, directory },
      minutes: 1,
      say: line => said.push(line),
    })
    return { report, said, ids, trees: () => repository.git('worktree', 'list').split('\n').length }
  } finally {
    checkouts.close()
  }
}

test('of five commits the one that added a fifth is named, and no working tree stays behind', () =>
  withTempDirectory(async directory => {
    const costs = [1, 1.01, 1, 1.2, 1.21]
    const commits = costs.map((cost, at) => [`change ${at}`, { cost }] as const)
    const { report, said, ids, trees } = await found(directory, commits)
    expect(report).toMatchObject({ exitCode: 1, judgement: 'block' })
    expect(report.attribution).toMatchObject({ commit: ids[3], subject: 'change 3', row: 'cost', certain: true })
    expect(report.attribution?.steps.length).toBeLessThan(4)
    expect(said.at(-1)).toContain('change 3')
    expect(trees()).toBe(1)
  }))

test('a commit that cannot be built is left out, and what it hides is said to be uncertain', () =>
  withTempDirectory(async directory => {
    const states = [{ cost: 1 }, { cost: 1 }, { broken: true }, { cost: 1.2 }, { cost: 1.2 }]
    const { report, ids } = await found(
      directory,
      states.map((state, at) => [`change ${at}`, state] as const),
    )
    expect(report.attribution).toMatchObject({ commit: ids[3], certain: false })
  }))

test('where nothing is slower no commit is named', () =>
  withTempDirectory(async directory => {
    const { report } = await found(directory, [
      ['one', { cost: 1 }],
      ['two', { cost: 1.02 }],
      ['three', { cost: 1 }],
    ])
    expect(report).toMatchObject({ exitCode: 0, judgement: 'good' })
    expect(report.attribution).toBeUndefined()
  }))
