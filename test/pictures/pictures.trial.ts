// Measures the pictures in a real browser: no words leave their box or the picture, and none lie on others or on a border.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Browser, chromium } from 'playwright-core'
import { PICTURES } from './pictures.js'

const PATH = (process.env['PATH'] ?? '').split(delimiter)
const executablePath = PATH.map(folder => join(folder, 'chromium')).find(path => existsSync(path))
const without = executablePath === undefined ? ' (skipped: there is no chromium here; npm run tools)' : ''
// skip: there is no chromium here; the names of the tests say so
const inBrowser = executablePath === undefined ? test.skip : test

let browser: Browser | undefined
beforeAll(async () => {
  if (executablePath !== undefined) browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
})
afterAll(() => browser?.close())

interface Drawn {
  readonly text: string
  readonly box: Box
  /** Of the box around them; of words that stand free, the picture itself. */
  readonly room: Box
}

interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** What stands where, as the browser draws it; written for the page, where there are no types. */
const MEASURE = `(() => {
  const place = element => {
    const { left, right, top, bottom } = element.getBoundingClientRect()
    return { left, right, top, bottom }
  }
  const svg = document.querySelector('svg')
  const words = [...svg.querySelectorAll('text')].map(element => ({
    text: element.textContent,
    box: place(element),
    room: place(element.parentElement.querySelector(':scope > rect') ?? svg),
  }))
  return { words, boxes: [...svg.querySelectorAll('g.box > rect')].map(place) }
})()`

async function measured(svg: string): Promise<{ words: Drawn[]; boxes: Box[] }> {
  const page = await (browser as Browser).newPage()
  try {
    await page.setContent(`<body style="margin:0">${svg}</body>`)
    return await page.evaluate(MEASURE)
  } finally {
    await page.close()
  }
}

const overlap = (one: Box, other: Box) =>
  one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom

/** With so much air, as other fonts are a little wider. */
const AIR = 5

function faultsOf({ words, boxes }: { words: Drawn[]; boxes: Box[] }): string[] {
  return words.flatMap(({ text, box, room }, at) => {
    const faults: string[] = []
    if (box.left < room.left + AIR || box.right > room.right - AIR || box.top < room.top || box.bottom > room.bottom)
      faults.push(`«${text}» leaves its place`)
    for (const other of words.slice(at + 1))
      if (overlap(box, other.box) && Math.abs(box.top - other.box.top) < 10)
        faults.push(`«${text}» lies on «${other.text}»`)
    for (const edge of boxes)
      if (overlap(box, edge) && !contains(edge, box)) faults.push(`«${text}» lies on the border of a box`)
    return faults
  })
}

const contains = (outer: Box, inner: Box) =>
  outer.left <= inner.left && inner.right <= outer.right && outer.top <= inner.top && inner.bottom <= outer.bottom

inBrowser.each(PICTURES.map(picture => [picture.name, picture] as const))(
  `the words of %s have room${without}`,
  async (_, picture) => {
    const drawn = await measured(picture.svg())
    expect(drawn.words.length).toBeGreaterThan(5)
    expect(faultsOf(drawn)).toEqual([])
  },
)

inBrowser(`words that are too long are noticed${without}`, async () => {
  const [picture] = PICTURES
  const long = (picture?.svg() ?? '').replace('>opened<', '>opened by somebody<')
  expect(faultsOf(await measured(long))).toContain('«opened by somebody» leaves its place')
})
