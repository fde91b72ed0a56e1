// `node scripts/preview.mjs`: what it would apply, what it refuses, and what it asks of kubectl, in whose place a recorder stands.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parseAllDocuments } from 'yaml'
import { withTempDirectory } from '../support/temp-directory.js'
import { type Manifest, tools } from './rendering.js'

// skip: neither kubectl nor kustomize is here, of which npm run tools installs one if it may
const whereItRenders = tools.kustomize === undefined ? test.skip : test

function preview(args: readonly string[], path = process.env['PATH'] ?? '') {
  const env = { ...process.env, PATH: path }
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/preview.mjs', ...args], {
    encoding: 'utf8',
    env,
  })
  return { code: status, said: stdout, complaint: stderr }
}

whereItRenders(
  'a dry run prints the environment: all in a namespace of its own that admits restricted pods, with the image',
  () => {
    const { code, said } = preview([
      'branch-7',
      'up',
      '--dry-run',
      '--image',
      'registry.example:5000/lighthouse:branch-7',
    ])
    const objects = parseAllDocuments(said).map(document => document.toJS() as Manifest)
    expect(code).toBe(0)
    const [namespace, ...others] = objects
    expect(namespace).toMatchObject({ kind: 'Namespace', metadata: { name: 'lighthouse-preview-branch-7' } })
    expect(namespace?.metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
      'app.kubernetes.io/part-of': 'lighthouse-preview',
    })
    expect(others.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['Secret', 'Service', 'StatefulSet']))
    for (const { metadata } of others) expect(metadata.namespace).toBe('lighthouse-preview-branch-7')
    const set = others.find(({ kind }) => kind === 'StatefulSet')
    expect(set?.spec.template.spec.containers[0].image).toBe('registry.example:5000/lighthouse:branch-7')
  },
)

describe('it refuses, and says why', () => {
  test.each([
    [['Branch_7', 'up'], '"Branch_7" is no name'],
    [[`b${'x'.repeat(40)}`, 'up'], 'is no name'],
    [['branch-7'], 'say which environment, and up or down'],
    [['branch-7', 'sideways'], 'say which environment, and up or down'],
    [['branch-7', 'up', '--imagine'], '--imagine'],
  ])('%j', (args, why) => {
    expect(preview(args)).toEqual({ code: 1, said: '', complaint: expect.stringContaining(why) })
  })

  test('to work without kubectl', () => {
    const complaint = 'lighthouse: kubectl is not on the path, so no environment can be made or removed'
    expect(preview(['branch-7', 'down'], '')).toMatchObject({ code: 1, complaint: expect.stringContaining(complaint) })
  })
})

/** A `kubectl` that writes down what it is asked, keeps what it is to apply, and answers what the cluster has. */
async function withRecorder(
  { label, secret }: { readonly label?: string; readonly secret?: boolean },
  use: (
    run: (...args: readonly string[]) => ReturnType<typeof preview>,
    told: () => string[],
    applied: () => string,
  ) => void,
): Promise<void> {
  const [program = '', ...args] = tools.kustomize ?? []
  await withTempDirectory(folder => {
    const script = [
      '#!/bin/sh',
      `if [ "$1" = kustomize ]; then shift; exec ${program} ${args.join(' ')} "$@"; fi`,
      `echo "$*" >> ${folder}/told`,
      `case "$*" in`,
      `  *"get namespace"*) ${label === undefined ? 'exit 1' : `printf %s '${label}'`} ;;`,
      `  *"get secret"*) ${secret === true ? 'echo secret' : 'exit 1'} ;;`,
      `  *apply*) cat > ${folder}/applied ;;`,
      'esac',
    ]
    writeFileSync(join(folder, 'kubectl'), `${script.join('\n')}\n`)
    chmodSync(join(folder, 'kubectl'), 0o755)
    const told = () =>
      existsSync(join(folder, 'told')) ? readFileSync(join(folder, 'told'), 'utf8').trim().split('\n') : []
    const path = `${folder}:${process.env['PATH']}`
    use(
      (...given) => preview(given, path),
      told,
      () => readFileSync(join(folder, 'applied'), 'utf8'),
    )
  })
}

whereItRenders('a new environment gets a secret of its own, and is waited for', async () => {
  await withRecorder({}, (run, told, applied) => {
    expect(run('branch-7', 'up', '--context', 'staging')).toMatchObject({ code: 0, complaint: '' })
    const secret = parseAllDocuments(applied())
      .map(one => one.toJS())
      .find(({ kind }) => kind === 'Secret')
    expect(Buffer.from(secret.data['jwt-secret'], 'base64').length).toBeGreaterThanOrEqual(32)
    expect(told().every(line => line.startsWith('--context staging '))).toBe(true)
    expect(told().at(-1)).toContain('-n lighthouse-preview-branch-7 rollout status statefulset/lighthouse')
    run('branch-7', 'up')
    expect(applied()).not.toContain(secret.data['jwt-secret'])
  })
})

whereItRenders('one that is there keeps its secret, so that its tokens stay good', async () => {
  await withRecorder({ label: 'lighthouse-preview', secret: true }, (run, _, applied) => {
    expect(run('branch-7', 'up').code).toBe(0)
    expect(applied()).toContain('kind: StatefulSet')
    expect(applied()).not.toContain('kind: Secret')
  })
})

whereItRenders('down removes what it made, nothing that others made, and nothing where there is nothing', async () => {
  const removals = (told: readonly string[]) => told.filter(line => line.startsWith('delete'))
  await withRecorder({ label: 'lighthouse-preview' }, (run, told) => {
    expect(run('branch-7', 'down').code).toBe(0)
    expect(removals(told())).toEqual(['delete namespace lighthouse-preview-branch-7'])
  })
  await withRecorder({ label: '' }, (run, told) => {
    expect(run('branch-7', 'down')).toMatchObject({ code: 1, complaint: expect.stringContaining('is left alone') })
    expect(run('branch-7', 'up').code).toBe(1)
    expect(removals(told())).toEqual([])
  })
  await withRecorder({}, (run, told) => {
    expect(run('branch-7', 'down')).toMatchObject({ code: 0, said: expect.stringContaining('nothing is removed') })
    expect(removals(told())).toEqual([])
  })
})
