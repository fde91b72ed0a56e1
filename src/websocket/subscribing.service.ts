// Handles the frames `subscribe` and `unsubscribe`: each id is one follower of the feed that writes to the socket.
import { Injectable } from '@nestjs/common'
import { Quotas } from '../auth/quotas.js'
import { WorkBudgets } from '../auth/work-budgets.js'
import { checkRead } from '../contract/check/check-read.js'
import { codeOf, StoreError } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import type { EventFilter } from '../contract/filter.js'
import { mustBeInCommon } from '../contract/lineage.js'
import { positionBefore, readAfter } from '../contract/moment.js'
import { Feed } from '../following/feed.js'
import type { Follower, Sink } from '../following/follower.js'
import { isWide } from '../following/follower-index.js'
import type { SharedEvent } from '../following/recent-events.js'
import { FrameHandlers, type FrameSession, type OpenChannel } from '../streaming/frame-handlers.service.js'
import { type Envelope, subscriptionEnvelope } from '../wire/event-frames.js'
import { validatorOf } from '../wire/validator.js'
import { type ServerFrame, SubscribeFrame, UnsubscribeFrame } from './frames.dto.js'

@Injectable()
export class Subscribing {
  constructor(
    private readonly feed: Feed,
    private readonly quotas: Quotas,
    private readonly budgets: WorkBudgets,
    frames: FrameHandlers,
  ) {
    frames.add('subscribe', validatorOf(SubscribeFrame).body, (frame, client) => this.subscribe(frame, client))
    frames.add('unsubscribe', validatorOf(UnsubscribeFrame).body, (frame, client) => this.unsubscribe(frame, client))
  }

  private subscribe(frame: SubscribeFrame, client: FrameSession): void | Promise<void> {
    const { id, filter, after = 'head', lineage, onDamaged } = frame
    const { access } = client
    client.needs('streams.subscribe')
    this.quotas.charge(access, { requests: 1 })
    const within = access.within('streams.subscribe')
    const asked: EventFilter = { ...filter, ...(within === undefined ? undefined : { within }) }
    checkRead({ filter: asked })
    const subscription = new Subscription(id, client, onDamaged === 'skip')
    client.hold(id, subscription)
    const begin = (position: Position) => subscription.begin(this.feed, asked, position)
    const failed = (error: unknown) => {
      // The client may have ended it while its position was looked up; then the error concerns nobody.
      if (client.holds(id, subscription)) {
        client.drop(id, codeOf(error) ?? 'INTERNAL')
        throw error
      }
    }
    try {
      if (isWide(asked)) subscription.release = this.budgets.take(access.agentId, 'wideSubscriptions')
      const covers = (stream: string) => access.covers('streams.subscribe', stream)
      const moment = readAfter(after)
      if (lineage !== undefined && typeof moment === 'number') {
        mustBeInCommon(this.feed.store.lineage(), lineage, moment)
      }
      const position = positionBefore(moment, this.feed.store, { covers, within })
      if (position instanceof Promise) return position.then(begin).catch(failed)
      begin(position)
    } catch (error) {
      failed(error)
    }
  }

  private unsubscribe({ id }: UnsubscribeFrame, client: FrameSession): void {
    const held = client.drop(id, 'unsubscribed')
    if (held === undefined) throw new StoreError('NOT_FOUND', 'There is no subscription or consumer with this id.')
    const position = held instanceof Subscription ? held.position : undefined
    client.send({
      type: 'closed',
      id,
      reason: 'unsubscribed',
      ...(position === undefined ? undefined : { position }),
    } satisfies ServerFrame)
  }
}

class Subscription implements OpenChannel, Sink {
  /** Gives back what it takes of the agent's budget; may be called more than once. */
  release: (() => void) | undefined
  readonly damaged: Sink['damaged']
  private readonly envelope: Envelope
  private follower: Follower | undefined
  private ended = false

  constructor(
    private readonly id: string,
    private readonly client: FrameSession,
    skipDamaged: boolean,
  ) {
    this.damaged = skipDamaged
      ? range => this.client.send({ type: 'damaged', id, ...range } satisfies ServerFrame)
      : undefined
    this.envelope = subscriptionEnvelope(client.connection.form, id)
  }

  begin(feed: Feed, filter: EventFilter, after: Position): void {
    if (this.ended) return
    const { id } = this
    this.client.send({ type: 'subscribed', id, position: after } satisfies ServerFrame)
    const reader = { agentId: this.client.access.agentId, surface: 'websocket' } as const
    this.follower = feed.follow({ filter, after, sink: this, reader })
    this.client.log?.({ operation_type: 'subscribe', subscription: id, position: after }, 'subscription begun')
  }

  get position(): Position | undefined {
    return this.follower?.position
  }

  end(reason: string): void {
    this.ended = true
    this.release?.()
    const { id, follower } = this
    follower?.end()
    // One that never began has no line of its beginning either.
    if (follower === undefined) return
    const { position } = follower
    this.client.log?.({ operation_type: 'subscribe', subscription: id, position, reason }, 'subscription ended')
  }

  resume(): void {
    this.follower?.resume()
  }

  get hasRoom(): boolean {
    return this.client.connection.hasRoom
  }

  event(event: SharedEvent): void {
    this.client.connection.write(event.frame(this.envelope))
  }

  checkpoint(position: Position): void {
    this.client.send({ type: 'checkpoint', id: this.id, position } satisfies ServerFrame)
  }

  caughtUp(position: Position): void {
    this.client.send({ type: 'caughtUp', id: this.id, position } satisfies ServerFrame)
  }

  fellBehind(position: Position): void {
    this.client.send({ type: 'fellBehind', id: this.id, position } satisfies ServerFrame)
  }

  failed(error: unknown, position: Position): void {
    const { id } = this
    const reason = codeOf(error) ?? 'INTERNAL'
    this.client.drop(id, reason)
    this.client.send({
      type: 'closed',
      id,
      reason,
      position,
      problem: this.client.problem(error),
    } satisfies ServerFrame)
  }
}
