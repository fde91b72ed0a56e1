// The pictures of the documentation are those that their script draws, are shown by a page, and need nothing from elsewhere.
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { pagesOf } from '../docs/pages.js'
import { PICTURES } from './pictures.js'

const root = resolve(import.meta.dirname, '..', '..')
const folder = resolve(root, 'docs', 'pictures')

test.each(PICTURES.map(picture => [picture.name, picture] as const))('%s is as it is drawn', (name, picture) => {
  expect(readFileSync(resolve(folder, `${name}.svg`), 'utf8')).toBe(picture.svg())
})

test('there is no picture that nothing draws', () => {
  expect(readdirSync(folder).sort()).toEqual(PICTURES.map(({ name }) => `${name}.svg`).sort())
})

test('each picture is shown by a page, with words for whoever does not see it', () => {
  const shown = pagesOf(root).flatMap(({ text }) =>
    [...text.matchAll(/!\[([^\]]{10,})\]\((?:docs\/)?pictures\/([\w-]+)\.svg\)/g)].map(([, , name]) => name),
  )
  expect(PICTURES.map(({ name }) => name).filter(name => !shown.includes(name))).toEqual([])
})

test('no picture fetches anything, and each has colours for a dark page', () => {
  for (const picture of PICTURES) {
    const svg = picture.svg()
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|@import|@font-face|href=/)
    expect(svg).toContain('prefers-color-scheme: dark')
    expect(svg).toMatch(/<title id="title">[^<]{10,}<\/title>\n<desc id="description">[^<]{40,}<\/desc>/)
  }
})
