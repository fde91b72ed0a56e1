// Presses «Execute» of every operation at /docs, in the order of the page, in a real browser that nobody has told anything.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { type Browser, chromium, type Page } from 'playwright-core'
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

const idOf = ({ operation: { tags = [], operationId } }: Button) => `operations-${tags[0]}-${operationId}`
const blockOf = (page: Page, button: Button) => page.locator(`#${idOf(button)}`)

async function press(page: Page, button: Button): Promise<string> {
  const block = blockOf(page, button)
  const summary = block.locator('.opblock-summary-control')
  await summary.dispatchEvent('click')
  await block.locator('button.execute').dispatchEvent('click')
  const status = await block.locator('.live-responses-table .response .response-col_status').first().textContent()
  await summary.dispatchEvent('click')
  return (status ?? '').trim()
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
      // How long a step may take is for the test as a whole to say: the machine may have much else to do.
      page.setDefaultTimeout(0)
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
  1_200_000,
)
