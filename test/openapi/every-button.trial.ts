// Presses «Execute» of every operation at /docs, in the order of the page, in a real browser that nobody has told anything.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { type Browser, chromium, type Locator, type Page } from 'playwright-core'
import { startDevelopmentServer } from '../support/development-server.js'
import { type Button, buttonsOf, readDocument } from './page.js'

const PATH = (process.env['PATH'] ?? '').split(delimiter)
const executablePath = PATH.map(folder => join(folder, 'chromium')).find(path => existsSync(path))
const without = executablePath === undefined ? ' (skipped: there is no chromium here; npm run tools)' : ''
// skip: there is no chromium here; the names of the tests say so
const inBrowser = executablePath === undefined ? test.skip : test
/** A folder in which the page is drawn, for whoever wants to look at it. */
const pictures = process.env['SCREENSHOTS']

const TALLEST = 2_700
/** A stream that never ends is shown after two seconds. */
const PATIENCE_MS = 6_000
const TRIES = 4

const idOf = ({ operation: { tags = [], operationId } }: Button) => `operations-${tags[0]}-${operationId}`
const blockOf = (page: Page, button: Button) => page.locator(`#${idOf(button)}`)

async function press(page: Page, button: Button): Promise<string> {
  const block = blockOf(page, button)
  const summary = block.locator('.opblock-summary-control')
  const execute = block.locator('button.execute')
  const answer = block.locator('.live-responses-table .response .response-col_status').first()
  await until(summary, execute)
  await drawn(page)
  await until(execute, answer)
  const status = await answer.textContent()
  await summary.dispatchEvent('click')
  return (status ?? '').trim()
}

/** What an open panel holds is filled in while it is drawn, and drawn again. */
async function drawn(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    for (let frames = 0; frames < 10; frames++) await new Promise(done => requestAnimationFrame(done))
  })()`)
}

/** Clicks until what follows is there: the page draws its parts anew now and then, and a click in between is lost. */
async function until(clicked: Locator, follows: Locator): Promise<void> {
  for (let tries = 1; ; tries++) {
    await clicked.dispatchEvent('click')
    try {
      return await follows.waitFor({ timeout: PATIENCE_MS })
    } catch (error) {
      if (tries === TRIES) throw error
    }
  }
}

/** How tall the open panel of an operation is, in pixels. */
async function heightOf(page: Page, button: Button): Promise<number> {
  const block = blockOf(page, button)
  await block.locator('.opblock-summary-control').click()
  await block.locator('button.execute').waitFor()
  if (pictures !== undefined) await block.screenshot({ path: join(pictures, 'docs-append.png') })
  const { height = 0 } = (await block.boundingBox()) ?? {}
  await block.locator('.opblock-summary-control').click()
  return height
}

inBrowser(
  `every button of the page succeeds as it stands${without}`,
  async () => {
    const server = await startDevelopmentServer()
    let browser: Browser | undefined
    try {
      browser = await chromium.launch({ executablePath: executablePath as string })
      const page = await browser.newPage({ viewport: { width: 1280, height: 1_000 } })
      page.setDefaultTimeout(60_000)
      const complaints: string[] = []
      page.on('console', message => void (message.type() === 'error' && complaints.push(message.text())))
      page.on('pageerror', error => void complaints.push(error.message))
      await page.goto(`http://127.0.0.1:${server.port}/docs`)
      await page.locator('.opblock').first().waitFor()
      const buttons = buttonsOf(readDocument())
      const listed = await page.locator('.opblock').evaluateAll(blocks => blocks.map(({ id }) => id))
      expect(listed).toEqual(buttons.map(idOf))
      if (pictures !== undefined) await page.screenshot({ path: join(pictures, 'docs-top.png') })
      expect(await heightOf(page, buttons[0] as Button)).toBeLessThan(TALLEST)
      const filter = page.locator('.operation-filter-input')
      const seen: (readonly [string, string])[] = []
      for (const [tag, ofTag] of Map.groupBy(buttons, ({ operation }) => operation.tags?.[0])) {
        await filter.fill(tag ?? '')
        for (const button of ofTag) {
          const status = await press(page, button)
          seen.push([button.operation.operationId, status])
          process.stdout.write(`${button.operation.operationId.padEnd(24)} ${status}\n`)
        }
      }
      process.stdout.write(`${seen.length} operations, ${complaints.length} complaints of the browser\n`)
      expect(seen.length).toBe(listed.length)
      expect(seen.filter(([, status]) => !/^2\d\d$/.test(status))).toEqual([])
      expect(complaints).toEqual([])
    } finally {
      await browser?.close()
      await server.stop()
    }
  },
  600_000,
)
