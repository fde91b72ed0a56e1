// Keeps a live projection for each definition that wants one, and makes it anew when it or the upcasters change.
import { type BeforeApplicationShutdown, Injectable, Logger, type OnModuleInit } from '@nestjs/common'
import type { Position } from '../contract/event.js'
import type { Folded } from '../folding/fold.js'
import { foldId, foldText, projectionParts } from '../folding/fold-descriptor.js'
import { Projections, type ProjectionVersion } from '../folding/projections.service.js'
import { SnapshotSource } from '../folding/snapshot-source.service.js'
import { Feed } from '../following/feed.js'
import { shuttingDown } from '../streaming/draining.service.js'
import type { Upcasters } from '../upcasting/upcaster.js'
import { Upcasting } from '../upcasting/upcasting.service.js'
import { LiveProjection } from './live-projection.js'

@Injectable()
export class LiveProjections implements OnModuleInit, BeforeApplicationShutdown {
  private readonly held = new Map<string, LiveProjection>()
  private readonly logger = new Logger('projections')
  private current: Promise<void> | undefined
  private ended = false

  constructor(
    private readonly feed: Feed,
    private readonly projections: Projections,
    private readonly upcasting: Upcasting,
    private readonly keptStates: SnapshotSource,
  ) {
    const changed = () => {
      this.current = undefined
      this.look()
    }
    projections.definitions.stream.listeners.add(changed)
    upcasting.onChange(changed)
  }

  onModuleInit(): void {
    this.look()
  }

  /** Runs after draining, so that followers hear that the server ends and not that the projection does. */
  beforeApplicationShutdown(): void {
    this.ended = true
    for (const name of [...this.held.keys()]) this.drop(name)
  }

  /** Throws CLOSED once the server ends: from then on none is kept, and none will be. */
  assertOpen(): void {
    if (this.ended) throw shuttingDown()
  }

  /** The live projection of exactly this version; undefined when it is not kept live. */
  async find({ name, version }: ProjectionVersion): Promise<LiveProjection | undefined> {
    await this.settled()
    const live = this.held.get(name)
    return live?.projection.version === version ? live : undefined
  }

  private look(): void {
    this.settled().catch((error: unknown) => this.logger.error({ error }, 'live projections cannot be begun'))
  }

  /** Resolves when exactly the defined live projections are held. */
  private settled(): Promise<void> {
    if (this.current !== undefined) return this.current
    const settling: Promise<void> = this.settle(() => this.current === settling)
    this.current = settling
    settling.catch(() => {
      if (this.current === settling) this.current = undefined
    })
    return settling
  }

  /** A change during the reads may have outdated them, so this pass then gives way to the one the change began. */
  private async settle(isNewest: () => boolean): Promise<void> {
    await this.projections.definitions.stream.assertComplete()
    await this.upcasting.definitions.stream.assertComplete()
    const { current } = await this.projections.definitions.log()
    const upcasters = await this.upcasting.inForce()
    if (this.ended) return
    if (!isNewest()) return this.settled()
    const wanted = current.filter(({ definition }) => definition.live)
    const names = new Set(wanted.map(({ name }) => name))
    for (const name of [...this.held.keys()]) if (!names.has(name)) this.drop(name)
    for (const version of wanted) {
      if (this.holds(version, upcasters)) continue
      const from = await this.keptState(version, upcasters)
      if (this.ended) return
      if (!isNewest()) return this.settled()
      this.keep(version, upcasters, from)
    }
  }

  private holds({ name, version }: ProjectionVersion, upcasters: Upcasters): boolean {
    const held = this.held.get(name)
    return held?.projection.version === version && held.upcasters === upcasters
  }

  /** Looks for a state without `within`, because a live projection holds the events of all its streams. */
  private keptState(wanted: ProjectionVersion, { mark }: Upcasters): Promise<Folded | undefined> {
    const folds = () => [foldId(foldText(projectionParts(wanted, { upcasters: mark })))]
    return this.keptStates.newest(folds, this.feed.store.head())
  }

  private keep(wanted: ProjectionVersion, upcasters: Upcasters, from: Folded | undefined): void {
    const { name } = wanted
    this.drop(name)
    const onStop = (error: unknown, position: Position) =>
      this.logger.error({ error, projection: name, position }, 'a live projection has stopped')
    const live = new LiveProjection(wanted, { feed: this.feed, upcasters, onStop }, from)
    this.held.set(name, live)
    live.begin()
  }

  private drop(name: string): void {
    this.held.get(name)?.end()
    this.held.delete(name)
  }
}
