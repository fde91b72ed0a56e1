// What an editor does to debug the server: .vscode/launch.json against the compose file, its image and the npm scripts.
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { readCompose } from './compose-file.js'
import { commandOf, stageOf } from './dockerfile.js'

interface Configuration {
  readonly request: 'launch' | 'attach'
  readonly runtimeExecutable?: string
  readonly runtimeArgs?: readonly string[]
  readonly autoAttachChildProcesses?: boolean
  readonly address?: string
  readonly port?: number
  readonly localRoot?: string
  readonly remoteRoot?: string
  readonly restart?: boolean
}

/** JSON with comments, of whole lines alone. */
const read = (path: string) => JSON.parse(readFileSync(path, 'utf8').replaceAll(/^\s*\/\/.*$/gm, ''))
const { configurations } = read('.vscode/launch.json') as { configurations: readonly Configuration[] }
const one = (request: string) => configurations.find(configuration => configuration.request === request)

test('an editor attaches to the port that docker/compose.dev.yml opens for it, and finds the sources of the image here', () => {
  const service = readCompose('compose.dev.yml').services.find(({ name }) => name === 'lighthouse')
  const attach = one('attach')
  expect(service?.ports).toContainEqual({ address: attach?.address, container: String(attach?.port) })
  const development = stageOf('development')
  expect(commandOf(development)).toContain(`0.0.0.0:${attach?.port}`)
  const [[, folder] = []] = stageOf(development.base).instructions.filter(([name]) => name === 'WORKDIR')
  expect(attach).toMatchObject({ localRoot: `\${workspaceFolder}`, remoteRoot: folder, restart: true })
})

test('an editor starts the development server by its npm script, and follows into the process that serves', () => {
  const launch = one('launch')
  const { scripts } = read('package.json') as { scripts: Record<string, string> }
  const [run, script = ''] = launch?.runtimeArgs ?? []
  expect([launch?.runtimeExecutable, run, Object.keys(scripts).includes(script)]).toEqual(['npm', 'run', true])
  expect(launch?.autoAttachChildProcesses).toBe(true)
  // The maps are in the scripts themselves, for the files that are compiled in a container are not here.
  expect(read('tsconfig.dev.json').compilerOptions).toMatchObject({
    sourceMap: false,
    inlineSourceMap: true,
  })
})
