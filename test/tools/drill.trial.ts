// `npm run drill`: upgrade, roll back and restore under agents that append all the time, from a version of the history to this one.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { withTempDirectory } from '../support/temp-directory.js'

const DRILL = ['scripts/run.mjs', 'drill', '--events', '100']

function drill(...args: readonly string[]) {
  const { LIGHTHOUSE_PORT: _, ...env } = process.env
  // What is set here for the server of the machine would end every start of the drill, if it came that far.
  const odd = { ...env, LIGHTHOUSE_ENV: 'nowhere' }
  const { status, stdout, stderr } = spawnSync(process.execPath, [...DRILL, ...args], { encoding: 'utf8', env: odd })
  return { code: status, said: stdout, complaint: stderr }
}

const git = (...args: readonly string[]) => spawnSync('git', args, { encoding: 'utf8' })
// skip: a clone without its history has no earlier version to upgrade from
const withHistory = git('log', '-1', '--diff-filter=A', '--', 'src/cli/print-backup.ts').stdout ? test : test.skip

withHistory(
  'nothing is lost or doubled by an upgrade, by a roll back, by the loss of a machine, or by a roll back by a backup',
  async () => {
    await withTempDirectory(async folder => {
      const { code, said, complaint } = drill('--in', folder)
      process.stdout.write(said)
      expect({ code, complaint }).toEqual({ code: 0, complaint: '' })
      const steps = said.split('\n').filter(line => line.includes(' acknowledged, 0 lost, 0 doubled'))
      expect(steps.map(line => line.split('  ')[0]?.trim())).toEqual([
        'backup',
        'upgrade',
        'roll back',
        'upgrade again',
        'backup',
        'restore',
        'roll back by a backup',
        expect.stringContaining('events acknowledged, 0 lost, 0 doubled, in '),
      ])
      expect(readdirSync(folder)).toEqual([])
    })
  },
  300_000,
)

test('without a version to upgrade from it ends with 1, says what to name, and leaves nothing behind', async () => {
  await withTempDirectory(folder => {
    const { code, said, complaint } = drill('--in', folder, '--from', 'no-such-version')
    expect({ code, said }).toEqual({ code: 1, said: '' })
    expect(complaint).toContain('"no-such-version" is neither a folder with a built version nor a revision')
    expect(readdirSync(folder)).toEqual([])
  })
})
