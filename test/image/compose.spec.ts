// The compose files against the schema of their specification and against what they name: files, stages, settings, services.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { Ajv } from 'ajv'
import { settingTable } from '../../src/config/settings.js'
import { readCompose, type Service } from './compose-file.js'
import { commandOf, copiesOf, type Stage, stages } from './dockerfile.js'

const FILES = ['compose.yml', 'compose.dev.yml', 'compose.test.yml']
const settings = new Set(Object.values(settingTable).flatMap(({ variable }) => [variable, `${variable}_FILE`]))

const linter = dirname(createRequire(import.meta.url).resolve('dclint/package.json'))
const schema = JSON.parse(readFileSync(join(linter, 'schemas', 'compose.schema.json'), 'utf8'))
// It names its draft by an address that is not the draft's own.
const valid = new Ajv({ strict: false, validateFormats: false }).compile({ ...schema, $schema: undefined })

/** The scripts of a command that are files of the image, where they are in the checkout. */
const scriptsOf = ({ command }: Pick<Service, 'command'>) =>
  command
    .flatMap(word => word.split(' '))
    .filter(word => /\.[mc]?js$/.test(word))
    .map(word => word.replace(/^\/lighthouse\//, ''))

/** Whether an image of that stage, or one that it is made from, has a file that is one of the checkout. */
function takes(stage: Stage, path: string): boolean {
  const before = stages.find(({ name }) => name === stage.base)
  const taken = copiesOf(stage).some(({ sources }) =>
    sources
      .map(source => source.replace(/^\/lighthouse\//, ''))
      .some(source => source === '.' || path === source || path.startsWith(`${source}/`)),
  )
  return taken || path.startsWith('node_modules/') || (before !== undefined && takes(before, path))
}

describe.each(FILES)('docker/%s', file => {
  const { raw, services, volumes, builds } = readCompose(file)

  test('is one by the schema of the specification', () => {
    valid(raw)
    expect(valid.errors).toBeNull()
  })

  test('is built from files that are there, and mounts files and volumes that are there', () => {
    for (const { context, dockerfile } of builds) expect(existsSync(resolve('docker', context, dockerfile))).toBe(true)
    for (const { volumes: mounts } of services)
      for (const { source } of mounts)
        expect([
          source,
          source.startsWith('.') ? existsSync(resolve('docker', source)) : volumes.includes(source),
        ]).toEqual([source, true])
    const used = services.flatMap(({ volumes: mounts }) => mounts.map(({ source }) => source))
    expect(volumes.filter(name => !used.includes(name))).toEqual([])
  })

  test('runs commands whose scripts are in the image', () => {
    for (const service of services) {
      if (service.stage === undefined) continue
      expect(service.command).not.toEqual([])
      for (const script of scriptsOf(service)) {
        expect([script, takes(service.stage, script)]).toEqual([script, true])
        if (!/(^|\/)(dist|node_modules)\//.test(script)) expect(statSync(script).isFile()).toBe(true)
      }
    }
  })

  test('sets variables that what it runs reads', () => {
    for (const service of services) {
      if (service.stage === undefined) continue
      const read = [
        ...service.command,
        ...scriptsOf(service)
          .filter(path => existsSync(path))
          .map(path => readFileSync(path, 'utf8')),
      ]
      const isRead = (name: string) => settings.has(name) || read.some(one => new RegExp(`\\b${name}\\b`).test(one))
      expect(Object.keys(service.set).filter(name => !isRead(name))).toEqual([])
    }
  })

  test('names only services that it has, and waits for them in no circle', () => {
    const names = services.map(({ name }) => name)
    const started = new Set<string>()
    for (let rest = services; rest.length > 0; ) {
      const ready = rest.filter(({ dependsOn }) => Object.keys(dependsOn).every(name => started.has(name)))
      expect(ready).not.toEqual([])
      for (const { name } of ready) started.add(name)
      rest = rest.filter(one => !ready.includes(one))
    }
    const addresses = services
      .flatMap(({ set }) => Object.values(set))
      .flatMap(value => [...value.matchAll(/(?:^|\/\/)([a-z]+):\d+/g)])
    for (const [, host] of addresses) expect(names).toContain(host)
  })

  test('is reachable from this machine only', () => {
    for (const { ports } of services) for (const { address } of ports) expect(address).toBe('127.0.0.1')
  })

  test('builds its images or pins their versions', () => {
    for (const { stage, image } of services) if (stage === undefined) expect(image).toMatch(/:v?\d+\.\d+\.\d+$/)
  })
})

test('the image takes only files that the checkout has', () => {
  const sources = stages
    .flatMap(copiesOf)
    .filter(({ from }) => from === undefined)
    .flatMap(one => one.sources)
  expect(sources.filter(path => !existsSync(join('.', path)))).toEqual([])
})

test.each(stages)('what the image $name runs when it is told nothing else is in it', stage => {
  for (const script of scriptsOf({ command: commandOf(stage) })) {
    expect([script, takes(stage, script)]).toEqual([script, true])
    if (!/(^|\/)(dist|node_modules)\//.test(script)) expect([script, existsSync(script)]).toEqual([script, true])
  }
})
