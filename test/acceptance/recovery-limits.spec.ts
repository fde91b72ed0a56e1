// The limits that operators are told are those that the acceptance run holds.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { RECOVERY_LIMITS } from './recovery-limits.js'

test('docs/OPERATIONS.md has each limit of a recovery, and no other', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'OPERATIONS.md'), 'utf8')
  const section = page.split('## How long a recovery may take')[1]?.split('\n## ')[0] ?? ''
  const told = [...section.matchAll(/^\| (.+) \| (\d+) s \|$/gm)].map(([, what, seconds]) => [what, Number(seconds)])
  expect(told).toEqual(Object.entries(RECOVERY_LIMITS))
})
