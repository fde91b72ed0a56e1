// What docker/Dockerfile says, stage by stage: as much of it as tests ask for.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

export interface Stage {
  readonly name: string
  readonly base: string
  readonly instructions: readonly (readonly [name: string, text: string])[]
}

export function stagesOf(text: string): readonly Stage[] {
  const lines = text.replace(/^#.*\n/gm, '').replace(/\\\n\s*/g, '')
  const stages: { name: string; base: string; instructions: [string, string][] }[] = []
  for (const [, name = '', rest = ''] of lines.matchAll(/^([A-Z]+) (.+)$/gm)) {
    const [base = '', , as = ''] = rest.split(' ')
    if (name === 'FROM') stages.push({ name: as, base, instructions: [] })
    else stages.at(-1)?.instructions.push([name, rest])
  }
  return stages
}

export const stages: readonly Stage[] = stagesOf(readFileSync(resolve('docker', 'Dockerfile'), 'utf8'))

export function stageOf(name: string): Stage {
  const stage = stages.find(one => one.name === name)
  if (stage === undefined) throw new Error(`docker/Dockerfile has no stage ${name}`)
  return stage
}

/** What a container of that stage runs when it is told nothing else. */
export function commandOf(stage: Stage): readonly string[] {
  const command = stage.instructions.find(([name]) => name === 'CMD')
  return command === undefined ? [] : JSON.parse(command[1])
}

export function environmentOf(stage: Stage): Readonly<Record<string, string>> {
  const set = stage.instructions.filter(([name]) => name === 'ENV').flatMap(([, text]) => text.split(' '))
  return Object.fromEntries(set.map(one => one.split('=') as [string, string]))
}

/** The files of the checkout, or of another stage, that an image takes: source, target. */
export function copiesOf(stage: Stage): readonly { from: string | undefined; sources: string[]; target: string }[] {
  return stage.instructions
    .filter(([name]) => name === 'COPY')
    .map(([, text]) => {
      const words = text.split(' ')
      const from = words.find(word => word.startsWith('--from='))?.slice('--from='.length)
      const paths = words.filter(word => !word.startsWith('--'))
      return { from, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' }
    })
}
