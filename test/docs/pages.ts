// The pages of the documentation, and every fenced block of theirs with where it stands and what it is.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Block {
  /** Of the fence, counted from 1. */
  readonly line: number
  /** The heading it stands under. */
  readonly heading: string
  /** The first word behind the fence; `text` where there is none. */
  readonly language: string
  /** What follows that word: of a body, the route that it is sent to. */
  readonly info: string
  readonly text: string
}

export interface Page {
  /** From the root of the project. */
  readonly path: string
  readonly text: string
  readonly blocks: readonly Block[]
}

const PAGES = ['README.md', 'CHANGELOG.md', 'client/README.md', 'client/python/README.md', 'docs/**/*.md']

export function pagesOf(root: string): Page[] {
  return PAGES.flatMap(pattern => globSync(pattern, { cwd: root }).sort()).map(path => {
    const text = readFileSync(join(root, path), 'utf8')
    return { path, text, blocks: blocksOf(text) }
  })
}

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = []
  let heading = ''
  let open: { line: number; indent: number; language: string; info: string; lines: string[] } | undefined
  for (const [at, line] of text.split('\n').entries()) {
    const fence = /^( *)```\s*(\S*)\s*(.*)$/.exec(line)
    if (open === undefined) {
      heading = /^#+ +(.*)$/.exec(line)?.[1] ?? heading
      if (fence === null) continue
      const [, indent = '', language = '', info = ''] = fence
      open = { line: at + 1, indent: indent.length, language: language || 'text', info, lines: [] }
    } else if (fence === null) {
      open.lines.push(line.slice(open.indent))
    } else {
      const { lines, indent: _, ...where } = open
      blocks.push({ ...where, heading, text: `${lines.join('\n')}\n` })
      open = undefined
    }
  }
  if (open !== undefined) throw new Error(`the block of line ${open.line} has no end`)
  return blocks
}
