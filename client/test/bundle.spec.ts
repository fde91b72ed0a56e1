// What a bundler makes of the package: for a page, nothing that only Node has; for Node, the entry that knows `ws`.
import { join } from 'node:path'
import { type BuildOptions, type BuildResult, build } from 'esbuild'

const client = join(import.meta.dirname, '..')
const absWorkingDir = join(client, '..')
const NODE_ONLY = /\bnode:|\bws\b|\/node\//

/** The modules that come into the bundle of somebody who imports this, and what the bundle still imports. */
async function bundled(imported: string, options: BuildOptions) {
  const { metafile, outputFiles }: BuildResult<{ write: false; metafile: true }> = await build({
    stdin: { contents: `export * from ${JSON.stringify(imported)}`, resolveDir: client },
    absWorkingDir,
    bundle: true,
    format: 'esm',
    logLevel: 'silent',
    ...options,
    write: false,
    metafile: true,
  })
  const [output] = Object.values(metafile.outputs)
  const imports = output?.imports.map(({ path }) => path) ?? []
  return { modules: [...Object.keys(metafile.inputs), ...imports], text: outputFiles[0]?.text ?? '' }
}

const pages: BuildOptions[] = [{ platform: 'browser' }, { platform: 'neutral' }, { platform: 'browser', minify: true }]

test.each(pages)('a bundle of %j has nothing of Node in it, and works', async options => {
  const { modules, text } = await bundled('@lighthouse/client', options)
  expect(modules).toContain('client/dist/lighthouse.js')
  expect(modules.filter(name => NODE_ONLY.test(name))).toEqual([])
  expect(text.match(/\bimport\b[^;]{0,80}["'`]/g)).toBeNull()
  const page = (await import(
    `data:text/javascript,${encodeURIComponent(text)}`
  )) as typeof import('../src/lighthouse.js')
  expect(new page.Lighthouse({ url: 'http://a', token: 't' })).toBeInstanceOf(page.Lighthouse)
})

test('a page can test agents too: what it is tested with has nothing of Node in it, nor the client itself', async () => {
  const { modules } = await bundled('@lighthouse/client/testing', { platform: 'browser' })
  expect(modules).toContain('client/dist/testing/testing.js')
  expect(modules.filter(name => NODE_ONLY.test(name))).toEqual([])
  expect(modules).not.toContain('client/dist/lighthouse.js')
})

test('what is for Node alone would be seen', async () => {
  const planted = await bundled('./dist/node/lighthouse.js', { platform: 'browser', external: ['ws', 'node:*'] })
  expect(planted.modules.filter(name => NODE_ONLY.test(name))).toEqual(
    expect.arrayContaining(['client/dist/node/lighthouse.js', 'node:http', 'ws']),
  )
})

test('a bundle for Node has the entry for Node', async () => {
  const { modules } = await bundled('@lighthouse/client', { platform: 'node' })
  expect(modules).toEqual(expect.arrayContaining(['client/dist/node/lighthouse.js', 'node_modules/ws/wrapper.mjs']))
})
