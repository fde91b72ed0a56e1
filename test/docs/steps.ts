// What a reader of a page does, in its order: each block is a step or more, with what the page shows of the answer.
import { TOO_MUCH } from './not-run.js'
import type { Block, Page } from './pages.js'

export interface Step {
  readonly line: number
  readonly kind: 'shell' | 'body' | 'frames' | 'javascript'
  readonly text: string
  /** Of a body, the route that it is sent to: `POST /v1/replay`. */
  readonly route?: string
  readonly shown?: string
}

export interface Reading {
  readonly steps: readonly Step[]
  /** Blocks that nothing can be done with, and why. */
  readonly faults: readonly string[]
}

/** What an answer looks like: it stands behind the command that is answered so. */
const ANSWERS = new Set(['json', 'ndjson', 'sse'])
/** Comments of a shell block that tell of the answer to the commands above them. */
const TELLS = /^# → (.*)$/

export function readingOf(page: Page): Reading {
  const steps: Step[] = []
  const faults: string[] = []
  for (const [at, block] of page.blocks.entries()) {
    const before = page.blocks[at - 1]
    if (isTooMuch(page, block)) continue
    if (block.language === 'sh') steps.push(...commandsOf(block))
    else if (block.language === 'js') steps.push({ line: block.line, kind: 'javascript', text: block.text })
    else if (block.language === 'frames')
      steps.push({ line: block.line, kind: 'frames', text: block.text, shown: answersIn(block.text) })
    else if (block.language === 'json' && block.info !== '')
      steps.push({ line: block.line, kind: 'body', text: block.text, route: block.info })
    else if (ANSWERS.has(block.language)) {
      const asked = before !== undefined && before.heading === block.heading && isAsked(before)
      const last = steps.pop()
      if (last === undefined || !asked || last.shown !== undefined)
        faults.push(`${page.path}:${block.line} shows an answer, and no command stands before it that is answered so`)
      if (last !== undefined) steps.push({ ...last, shown: last.shown ?? block.text })
    }
  }
  return { steps, faults }
}

/** Of a conversation, what the server says. */
function answersIn(text: string): string {
  return text
    .split('\n')
    .filter(line => line.startsWith('←'))
    .join('\n')
}

export function isTooMuch({ path }: Page, { text }: Block): boolean {
  return Object.keys(TOO_MUCH).some(begins => `${path} ${text}`.startsWith(begins))
}

function isAsked({ language, info }: Block): boolean {
  return language === 'sh' || (language === 'json' && info !== '')
}

/** A comment `# → …` ends a step: what follows the arrow is what the commands above it are answered. */
function commandsOf(block: Block): Step[] {
  const steps: Step[] = []
  let lines: string[] = []
  let line = block.line + 1
  const end = (shown?: string) => {
    if (lines.some(text => text.trim() !== ''))
      steps.push({ line, kind: 'shell', text: lines.join('\n'), ...(shown === undefined ? undefined : { shown }) })
    line += lines.length + 1
    lines = []
  }
  for (const text of block.text.split('\n')) {
    const told = TELLS.exec(text)?.[1]
    if (told === undefined) lines.push(text)
    else end(told)
  }
  end()
  return steps
}
