// Makes a damaged store writable again by an operator's decision: keeps evidence, notes losses, renumbers nothing.
import { basename } from 'node:path'
import { FOOTER_BYTES } from '../format/footer.js'
import { HEADER_BLOCK_BYTES } from '../format/segment-header.js'
import { writeFloor } from '../recovery/floor.js'
import { quarantine } from '../recovery/quarantine.js'
import type { KnownDamage } from '../segment/accepted-damage.js'
import type { EngineContext, EngineFiles } from '../segment/engine-context.js'
import { openSource, rebuildIndex } from '../segment/load-segment.js'
import { UNKNOWN_END } from '../segment/scan.js'
import { type VerifiedStore, verify } from './verify.js'

export type RepairStep =
  | { readonly do: 'keep evidence'; readonly file: string; readonly from: number; readonly to: number }
  | { readonly do: 'accept'; readonly damage: KnownDamage }
  | { readonly do: 'write anew'; readonly file: string }
  | { readonly do: 'rebuild index'; readonly file: string }
  | { readonly do: 'forget'; readonly file: string }

export interface RepairPlan {
  readonly steps: readonly RepairStep[]
  /** Damage that cannot be accepted, because nobody knows how many positions are lost. */
  readonly refused: readonly KnownDamage[]
}

/** The steps that follow from what verify found. There are none while any damage has to be refused. */
export async function planRepair(
  context: EngineContext,
  { survey, damage, indexless }: VerifiedStore,
): Promise<RepairPlan> {
  const open = damage.filter(item => !survey.damage.accepted.covers(item))
  const refused = open.filter(({ to }) => to === UNKNOWN_END)
  if (refused.length > 0) return { steps: [], refused }
  const steps: RepairStep[] = []
  for (const item of open) steps.push(...(await evidenceOf(context, survey.catalogue.segments, item)))
  const { floor, accepted } = context.files.layout
  for (const file of survey.damagedFacts)
    if (file === floor || file === accepted) steps.push({ do: 'write anew', file })
  for (const item of open) steps.push({ do: 'accept', damage: item })
  // Every byte was read, so damage that is still there is accepted by now, and recorded damage beyond that is gone.
  if (survey.damage.recorded.length > 0) steps.push({ do: 'forget', file: context.files.layout.damage })
  for (const segment of indexless) steps.push({ do: 'rebuild index', file: segment.path })
  return { steps, refused }
}

/** Keeps the damaged bytes or, where they are not known, the two ends of the file, which identify it. */
async function evidenceOf(
  context: EngineContext,
  segments: VerifiedStore['survey']['catalogue']['segments'],
  damage: KnownDamage,
): Promise<RepairStep[]> {
  const listed = segments.find(({ path }) => damage.where === path || damage.where.startsWith(`${path} at byte `))
  if (listed === undefined) return []
  const file = listed.path
  const { length } = await openSource(context.files.pool, listed)
  const { bytes } = damage
  if (bytes !== undefined) return bytes.to > bytes.from ? [{ do: 'keep evidence', file, ...bytes }] : []
  return [
    { do: 'keep evidence', file, from: 0, to: Math.min(length, HEADER_BLOCK_BYTES) },
    { do: 'keep evidence', file, from: Math.max(0, length - FOOTER_BYTES), to: length },
  ]
}

/** The steps run in an order in which a crash leaves either damage still to be accepted, or all its evidence. */
export async function applyRepair(
  context: EngineContext,
  { survey, indexless }: VerifiedStore,
  plan: RepairPlan,
): Promise<void> {
  const { disk, layout, latch } = context.files
  await disk.makeDirectory(layout.quarantine)
  await disk.syncDirectory(layout.root)
  for (const step of plan.steps) {
    if (step.do !== 'keep evidence') continue
    const listed = survey.catalogue.segments.find(({ path }) => path === step.file)
    if (listed === undefined) continue
    const source = await openSource(context.files.pool, listed)
    await quarantine(disk, layout.quarantine, { name: basename(step.file), source, from: step.from, to: step.to })
  }
  if (survey.damagedFacts.includes(layout.floor)) await writeFloor(context.files, survey.floor)
  const damage = plan.steps.flatMap(step => (step.do === 'accept' ? [step.damage] : []))
  if (damage.length > 0 || survey.damagedFacts.includes(layout.accepted)) {
    await latch.guardWrite(async () => void (await survey.damage.accepted.add(disk, layout.accepted, damage)))
  }
  if (survey.damage.recorded.length > 0) await forgetRecord(context.files)
  for (const { sealed, path } of indexless) {
    const listed = survey.catalogue.segments.find(segment => segment.path === path)
    if (listed !== undefined)
      await rebuildIndex(context, { listed, source: await openSource(context.files.pool, listed), ...sealed })
  }
}

async function forgetRecord({ disk, layout }: EngineFiles): Promise<void> {
  await disk.unlink(layout.damage)
  await disk.syncDirectory(layout.root)
}

/** Verifies the store once more, and returns the damage that would still keep it from being written to. */
export async function stillDamaged(context: EngineContext): Promise<readonly KnownDamage[]> {
  const { survey, damage } = await verify(context)
  return [...damage.filter(item => !survey.damage.accepted.covers(item)), ...survey.damage.recorded]
}
