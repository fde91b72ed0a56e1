// The version of this product, as package.json has it.
import { readFileSync } from 'node:fs'

export function productVersion(): string {
  // src and dist are equally deep, so this path leads to the repository's folder from both.
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
