// The routes of `/v1/snapshots`, which keep and release folds and show, verify, protect and remove snapshots.
import { Body, Controller, Delete, Get, Param, Post } from '@nestjs/common'
import { ApiBody, ApiHeader } from '@nestjs/swagger'
import type { Access } from '../auth/access.js'
import { CallerAccess } from '../auth/caller.decorator.js'
import { Needs } from '../auth/scope.decorator.js'
import { StoreError } from '../contract/errors.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { entityTag } from '../wire/negotiation.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { ValidatorPipe } from '../wire/validator.pipe.js'
import type { KeptFold } from './registry.js'
import { isFoldId, isSnapshotId } from './snapshot-names.js'
import type { SnapshotEntry } from './snapshot-store.js'
import {
  KeepFoldAnswer,
  KeepFoldDto,
  type KeptFoldAnswer,
  RemovedAnswer,
  SnapshotAnswer,
  SnapshotStateAnswer,
  SnapshotsAnswer,
  VerifiedAnswer,
} from './snapshots.dto.js'
import { Snapshots } from './snapshots.service.js'

type Text = string | Buffer

const ID = { name: 'id', description: 'The id of a snapshot.', example: `${'0'.repeat(32)}-0000000000001200` }
const FOLD = { name: 'fold', description: 'The id of a fold.', example: '0'.repeat(64) }

@Controller('v1/snapshots')
export class SnapshotsController {
  constructor(private readonly snapshots: Snapshots) {}

  @Get()
  @Needs('admin.read')
  @Route('listSnapshots', {
    summary: 'List snapshots',
    description: 'And the folds of which they are kept.',
    answers: { 200: { description: 'All there are.', type: SnapshotsAnswer } },
  })
  list(@CallerAccess() access: Access, @Http() http: HttpExchange): Text {
    const { registry, all } = this.snapshots
    const snapshots = all.map(one => this.shown(one, access))
    return http.send({ folds: registry.all.map(foldAnswer), snapshots })
  }

  @Post()
  @Needs('admin.write')
  @Route('keepSnapshots', {
    summary: 'Keep snapshots of a fold',
    description:
      'And make one now. Further ones are made as the log grows, and replays of the same fold begin there. What the token may not read is in no state of it.',
    answers: { 201: { description: 'It is kept.', type: KeepFoldAnswer } },
  })
  @ApiBody({ type: KeepFoldDto })
  async keep(
    @Body(new ValidatorPipe(KeepFoldDto)) { name, ...fold }: KeepFoldDto,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<Text> {
    if (!access.has('events.read')) throw new StoreError('FORBIDDEN', 'A fold needs the scope events.read as well.')
    const kept = await this.snapshots.keep({ fold, name: name ?? null }, access)
    return http.send({
      fold: foldAnswer(kept.fold),
      snapshot: kept.snapshot === null ? null : this.shown(kept.snapshot, access),
    })
  }

  @Delete('folds/:fold')
  @Needs('admin.write')
  @Route('releaseFold', {
    summary: 'Let a fold go',
    description: 'With its snapshots, but for those that are protected and what they stand on.',
    path: [FOLD],
    answers: { 204: { description: 'It is kept no more.' } },
  })
  async letGo(@Param('fold') fold: string): Promise<void> {
    if (!isFoldId(fold)) throw new StoreError('NOT_FOUND', 'No such fold is kept.')
    await this.snapshots.unregister(fold)
  }

  @Get(':id')
  @Needs('admin.read')
  @Route('readSnapshot', {
    summary: 'Describe a snapshot',
    description: 'Without its state.',
    path: [ID],
    answers: { 200: { description: 'The snapshot.', type: SnapshotAnswer } },
  })
  one(@Param('id') id: string, @CallerAccess() access: Access, @Http() http: HttpExchange): Text {
    return http.send(this.shown(this.snapshots.one(checked(id)), access))
  }

  @Get(':id/state')
  @Needs('admin.read')
  @Route('readSnapshotState', {
    summary: 'Read the state of a snapshot',
    description:
      'With a token that may read every event that can be in it; for any other there is none. The ETag is the hash of the state, with the form behind it where that is not JSON: with it in If-None-Match, the same state answers 304.',
    path: [ID],
    answers: {
      200: { description: 'The state.', type: SnapshotStateAnswer },
      304: { description: 'It is still this state.' },
    },
  })
  @ApiHeader({ name: 'If-None-Match', description: 'The ETag of an earlier answer.', required: false })
  async state(
    @Param('id') id: string,
    @CallerAccess() access: Access,
    @Http() http: HttpExchange,
  ): Promise<Text | undefined> {
    const form = http.form()
    const { header, state } = await this.snapshots.state(checked(id), access)
    if (http.isUnchanged(entityTag(header.state.sha256, form))) return undefined
    return http.send({ id, position: header.position, events: header.events, state })
  }

  @Post(':id/verify')
  @Needs('admin.write')
  @Route('verifySnapshot', {
    summary: 'Verify a snapshot',
    description:
      'Folds anew without any snapshot and compares bytes. One that is wrong is moved to quarantine with all that may have been made of it, and is made again.',
    path: [ID],
    answers: { 200: { description: 'What was found.', type: VerifiedAnswer } },
  })
  async verify(@Param('id') id: string, @CallerAccess() access: Access, @Http() http: HttpExchange): Promise<Text> {
    const { verdict, wrong, made } = await this.snapshots.verify(checked(id))
    return http.send({
      verdict,
      quarantined: wrong,
      made: made === undefined ? null : this.shown(made, access),
    })
  }

  @Post(':id/protect')
  @Needs('admin.write')
  @Route('protectSnapshot', {
    summary: 'Protect a snapshot',
    description: 'It stays, however old, with what it stands on.',
    path: [ID],
    answers: { 200: { description: 'It is protected.', type: SnapshotAnswer } },
  })
  async protect(@Param('id') id: string, @CallerAccess() access: Access, @Http() http: HttpExchange): Promise<Text> {
    return http.send(this.shown(await this.snapshots.setProtected(checked(id), true), access))
  }

  @Delete(':id/protect')
  @Needs('admin.write')
  @Route('unprotectSnapshot', {
    summary: 'End the protection of a snapshot',
    description: 'It goes when its time has come.',
    path: [ID],
    answers: { 200: { description: 'It is not protected.', type: SnapshotAnswer } },
  })
  async unprotect(@Param('id') id: string, @CallerAccess() access: Access, @Http() http: HttpExchange): Promise<Text> {
    return http.send(this.shown(await this.snapshots.setProtected(checked(id), false), access))
  }

  @Delete(':id')
  @Needs('admin.write')
  @Route('deleteSnapshot', {
    summary: 'Remove a snapshot',
    description: 'With those that are differences to it. Refused when one of them is protected.',
    path: [ID],
    answers: { 200: { description: 'Removed.', type: RemovedAnswer } },
  })
  async remove(@Param('id') id: string, @Http() http: HttpExchange): Promise<Text> {
    return http.send({ removed: await this.snapshots.remove(checked(id)) })
  }

  /** A token that may not read all gets no hash, which would confirm a guessed state, and no counts or sizes. */
  private shown(snapshot: SnapshotEntry, access: Access): SnapshotAnswer {
    const { id, asked, upcasting, header, bytes } = snapshot
    const { position, events, createdMs, reason, base, state } = header
    const measures = { events, bytes, stateBytes: state.bytes, stateSha256: state.sha256 }
    return {
      id,
      fold: asked,
      upcasting,
      position,
      createdAt: timeOf(createdMs),
      reason,
      base: base?.id ?? null,
      ...(this.snapshots.mayRead(snapshot, access) ? measures : UNTOLD),
      protected: this.snapshots.registry.isProtected(id),
    }
  }
}

const UNTOLD = { events: null, bytes: null, stateBytes: null, stateSha256: null }

function foldAnswer({ id, name, text, keptBy, sinceMs }: KeptFold): KeptFoldAnswer {
  return { id, name, fold: JSON.parse(text) as object, keptBy, since: timeOf(sinceMs) }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

/** Throws NOT_FOUND for a text that is no id, because it names no snapshot. */
function checked(id: string): string {
  if (isSnapshotId(id)) return id
  throw new StoreError('NOT_FOUND', 'There is no such snapshot.')
}
