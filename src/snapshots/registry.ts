// The kept folds and the protected snapshots, in one small file beside the snapshots that is replaced as a whole.
import { StoreError } from '../contract/errors.js'
import type { SideStore } from '../contract/side-store.js'
import { snapshotHash } from './snapshot-file.js'
import { REGISTRY_NAME } from './snapshot-names.js'

/** Each of them is looked after for as long as it is kept; as many again of projections. */
export const FOLDS_MAX = 100
/** Who keeps the folds of projections in force. No agent has a name like this. */
export const BY_PROJECTIONS = '$projections'
const HASH_CHARS = 64
const BYTES_MAX = 128 * 1024 * 1024

export interface KeptFold {
  readonly id: string
  readonly text: string
  readonly name: string | null
  readonly keptBy: string
  readonly sinceMs: number
  /** When a snapshot of it was last compared with the log; equal to `sinceMs` before the first comparison. */
  readonly verifiedMs: number
}

interface Content {
  readonly folds: readonly KeptFold[]
  readonly protected: readonly string[]
}

export class Registry {
  private folds = new Map<string, KeptFold>()
  private protectedIds = new Set<string>()

  constructor(private readonly files: SideStore) {}

  /** Answers false when the file was damaged: it is then quarantined, and the registry begins anew with `found`. */
  async open(found: () => readonly KeptFold[]): Promise<boolean> {
    const bytes = await this.files.read(REGISTRY_NAME, BYTES_MAX)
    if (bytes === undefined) return true
    const text = bytes.subarray(HASH_CHARS + 1)
    const whole = snapshotHash(text).toString('hex') === bytes.toString('latin1', 0, HASH_CHARS)
    if (whole) this.take(JSON.parse(text.toString('utf8')) as Content)
    else {
      await this.files.quarantine(REGISTRY_NAME)
      this.take({ folds: found().slice(0, 2 * FOLDS_MAX), protected: [] })
      await this.save()
    }
    return whole
  }

  /** In the order in which they were first kept. */
  get all(): KeptFold[] {
    return [...this.folds.values()]
  }

  find(id: string): KeptFold | undefined {
    return this.folds.get(id)
  }

  isProtected(id: string): boolean {
    return this.protectedIds.has(id)
  }

  /** Throws SNAPSHOT_CONFLICT when there is no room for it, or its name is another's. */
  assertKeepable({ id, name, keptBy }: KeptFold): void {
    const alike = this.all.filter(one => isOfProjections(one.keptBy) === isOfProjections(keptBy))
    // One that is taken over from the projections needs a place among those on request as well.
    if (alike.length >= FOLDS_MAX && !alike.some(one => one.id === id)) {
      const detail = `${FOLDS_MAX} folds are kept already, and a server keeps no more: let one go.`
      throw new StoreError('SNAPSHOT_CONFLICT', detail)
    }
    if (name !== null && this.all.some(one => one.name === name && one.id !== id)) {
      throw new StoreError('SNAPSHOT_CONFLICT', `Another fold is kept under the name ${name}.`)
    }
  }

  /** One that is kept already stays as it is, but for a name it had not. */
  async keep(fold: KeptFold): Promise<void> {
    this.assertKeepable(fold)
    const before = this.find(fold.id)
    const name = fold.name ?? before?.name ?? null
    // A caller's fold stays the caller's, because the service unregisters its own when it no longer needs them.
    const keptBy = before === undefined || isService(before.keptBy) ? fold.keptBy : before.keptBy
    await this.change(() => this.folds.set(fold.id, { ...(before ?? fold), name, keptBy }))
  }

  unregister(id: string): Promise<void> {
    return this.change(() => this.folds.delete(id))
  }

  async verified(id: string, nowMs: number): Promise<void> {
    const fold = this.folds.get(id)
    if (fold !== undefined) await this.change(() => this.folds.set(id, { ...fold, verifiedMs: nowMs }))
  }

  protect(id: string): Promise<void> {
    return this.change(() => this.protectedIds.add(id))
  }

  unprotect(id: string): Promise<void> {
    return this.change(() => this.protectedIds.delete(id))
  }

  /** Undoes a change that cannot be saved, so that memory never differs from the file. */
  private async change(make: () => unknown): Promise<void> {
    const [folds, ids] = [new Map(this.folds), new Set(this.protectedIds)]
    make()
    try {
      await this.save()
    } catch (error) {
      this.folds = folds
      this.protectedIds = ids
      throw error
    }
  }

  private async save(): Promise<void> {
    const content: Content = { folds: this.all, protected: [...this.protectedIds] }
    const text = Buffer.from(JSON.stringify(content))
    await this.files.write(REGISTRY_NAME, [Buffer.from(`${snapshotHash(text).toString('hex')}\n`), text])
  }

  private take({ folds, protected: ids }: Content): void {
    this.folds = new Map(folds.map(fold => [fold.id, fold]))
    this.protectedIds = new Set(ids)
  }
}

function isService(keptBy: string): boolean {
  return keptBy.startsWith('$')
}

function isOfProjections(keptBy: string): boolean {
  return keptBy === BY_PROJECTIONS
}
