// Makes of what V8 has counted in every process of a run which statements and branches of the sources were executed.
import { readdirSync, readFileSync } from 'node:fs'
import type { Profiler } from 'node:inspector'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { mergeScriptCovs, type ScriptCov } from '@bcoe/v8-coverage'
import { parse } from 'acorn'
import { convert } from 'ast-v8-to-istanbul'
import libCoverage, { type CoverageMapData, type FileCoverage } from 'istanbul-lib-coverage'

/** How many there are, and how many of them were executed. */
export interface Share {
  readonly of: number
  readonly covered: number
}

export interface FileShare {
  /** Below the root. */
  readonly file: string
  readonly statements: Share
  readonly branches: Share
  /** Lines where a statement or a branch was not executed. */
  readonly missed: readonly number[]
}

const loader = new URL('../../scripts/typescript.mjs', import.meta.url).href
const { compiled } = (await import(loader)) as { readonly compiled: (path: string) => string }
const SOURCE_MAP = /\n\/\/# sourceMappingURL=data:application\/json;(?:charset=utf-8;)?base64,(\S+)/

type Counted = ReadonlyMap<string, readonly ScriptCov[]>

/** Of every source in the folders, those that no process has loaded among them; `raw` is what NODE_V8_COVERAGE named. */
export async function measure(raw: string, root: string, folders: readonly string[]): Promise<FileShare[]> {
  const counted = countedIn(raw)
  const sources = folders.flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts') && !/\.(spec|trial|d)\.ts$/.test(name))
      .map(name => join(root, folder, name)),
  )
  return Promise.all(
    sources.sort().map(async path => {
      const code = compiled(path)
      const scripts = [...(counted.get(urlOf(path)) ?? []), ...asBuilt(root, path, code, counted)]
      return shareOf(root, await coverageOf(path, code, scripts))
    }),
  )
}

const urlOf = (path: string): string => pathToFileURL(path).href

/** What processes have counted that run the built product, where it is of the same code: then its bytes stand at the same places. */
function asBuilt(root: string, path: string, code: string, counted: Counted): readonly ScriptCov[] {
  const built = join(root, 'dist', relative(join(root, 'src'), path)).replace(/\.ts$/, '.js')
  const scripts = counted.get(urlOf(built))
  if (scripts === undefined || bare(readFileSync(built, 'utf8')) !== bare(code)) return []
  return scripts.map(script => ({ ...script, url: urlOf(path) }))
}

const bare = (code: string): string => code.slice(0, code.lastIndexOf('\n//# sourceMappingURL=')).trimEnd()

/** By the URL of what was run. */
function countedIn(raw: string): Counted {
  const counted = new Map<string, ScriptCov[]>()
  for (const name of readdirSync(raw)) {
    const { result } = JSON.parse(readFileSync(join(raw, name), 'utf8')) as { readonly result: readonly ScriptCov[] }
    for (const script of result) {
      const before = counted.get(script.url)
      if (before === undefined) counted.set(script.url, [script])
      else before.push(script)
    }
  }
  return counted
}

async function coverageOf(path: string, code: string, scripts: readonly ScriptCov[]): Promise<CoverageMapData> {
  const encoded = SOURCE_MAP.exec(code)?.[1]
  if (encoded === undefined) throw new Error(`${path} was compiled without a source map`)
  const merged = mergeScriptCovs(scripts)
  return (await convert({
    code,
    coverage: (merged ?? neverLoaded(path, code)) as unknown as Profiler.ScriptCoverage,
    ast: parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true }) as never,
    sourceMap: { ...JSON.parse(Buffer.from(encoded, 'base64').toString()), sources: [urlOf(path)] },
    ignoreNode: isOfTheCompiler,
  })) as CoverageMapData
}

/** Decorators are compiled to calls of `_ts_decorate` and to questions whether a class is defined, which no source asks. */
function isOfTheCompiler(node: { readonly type: string }): boolean {
  const { test, callee } = node as {
    readonly test?: { readonly left?: { readonly operator?: string } }
    readonly callee?: { readonly name?: string }
  }
  if (node.type === 'ConditionalExpression') return test?.left?.operator === 'typeof'
  return callee?.name === '_ts_decorate'
}

function neverLoaded(path: string, code: string): ScriptCov {
  const ranges = [{ startOffset: 0, endOffset: code.length, count: 0 }]
  return { scriptId: '0', url: urlOf(path), functions: [{ functionName: '', isBlockCoverage: true, ranges }] }
}

function shareOf(root: string, data: CoverageMapData): FileShare {
  const map = libCoverage.createCoverageMap(data)
  const path = map.files()[0] as string
  const file = map.fileCoverageFor(path)
  const { statements, branches } = file.toSummary()
  return {
    file: relative(root, path.startsWith('file:') ? fileURLToPath(path) : path),
    statements: { of: statements.total, covered: statements.covered },
    branches: { of: branches.total, covered: branches.covered },
    missed: missedLines(file),
  }
}

function missedLines(file: FileCoverage): number[] {
  const { s, statementMap, b, branchMap } = file.data
  const lines = new Set<number>()
  for (const [id, count] of Object.entries(s)) if (count === 0) lines.add(statementMap[id]?.start.line ?? 0)
  for (const [id, counts] of Object.entries(b)) {
    for (const [at, count] of counts.entries()) {
      const { locations = [], loc } = branchMap[id] ?? {}
      if (count === 0) lines.add(locations[at]?.start?.line ?? loc?.start.line ?? 0)
    }
  }
  return [...lines].sort((a, b) => a - b)
}
