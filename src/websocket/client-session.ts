// The session of one client on a socket: its token, the channels that it has open, and the order of its frames.
import type { Access, Scope } from '../auth/access.js'
import { codeOf, invalid, StoreError } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import type { EventStore } from '../contract/event-store.js'
import { Turn } from '../contract/turns.js'
import { cutToBytes } from '../contract/utf8.js'
import { shuttingDown } from '../streaming/draining.service.js'
import type { ClientFrame, FrameHandlers, FrameSession, OpenChannel } from '../streaming/frame-handlers.service.js'
import { FRAME_LIMITS } from '../streaming/frame-limits.js'
import { retryAfterOf } from '../wire/problem.js'
import { type AgentSockets, type Agents, BufferedBytes } from './agent-sockets.js'
import type { Connection, Listener } from './connection.js'
import type { FrameMeter } from './frame-meter.js'
import type { AuthFrame, ModeFrame, ServerFrame } from './frames.dto.js'
import type { AuthenticatedToken, Handshakes, UpgradeInfo } from './handshake.service.js'
import { type CameFrame, Inbox } from './inbox.js'
import { BrokenProtocol, readFrame } from './read-frame.js'
import type { SessionReports } from './session-reports.service.js'

export const CLOSE = {
  shutdown: 1001,
  tooLarge: 1009,
  failed: 1011,
  later: 1013,
  broken: 4400,
  unauthenticated: 4401,
} as const

export interface SessionServices {
  readonly store: EventStore
  readonly mode: () => ModeFrame
  readonly handshakes: Handshakes
  readonly frames: FrameHandlers
  readonly reports: SessionReports
}

/** What belongs to the token; it exists only once the token is known. */
interface Session {
  readonly token: AuthenticatedToken
  readonly agent: AgentSockets
  readonly buffered: BufferedBytes
  readonly frameBytes: number
}

export class ClientSession implements Listener, FrameSession {
  private session: Session | undefined
  private readonly channels = new Map<string, { readonly what: OpenChannel; readonly giveBack: () => void }>()
  private authTimer: NodeJS.Timeout | undefined
  private readonly inbox = new Inbox()
  /** Says whether frames may still be handled now: by the round of all sockets, or during a turn by its time. */
  private time: { readonly isOver: boolean }
  private readonly agents: Agents
  /** True while the token of the first frame is being verified; no other frame is handled meanwhile. */
  private isAsking = false
  private isWorking = false
  private isOver = false
  private isLeaving = false

  constructor(
    readonly connection: Connection,
    readonly upgrade: UpgradeInfo,
    private readonly services: SessionServices,
  ) {
    this.agents = services.handshakes.agents
    this.time = this.agents.round
    connection.listen(this)
  }

  /** Without a bearer from the handshake, the first frame must bring the token within `authMs`. */
  begin(bearer: AuthenticatedToken | undefined): void {
    const late = this.connection.guarded(() => this.close(CLOSE.unauthenticated, 'No token came in time.'))
    if (bearer === undefined) this.authTimer = setTimeout(late, FRAME_LIMITS.authMs)
    else this.welcome(bearer)
  }

  get identity(): AuthenticatedToken | undefined {
    return this.session?.token
  }

  /** Throws UNAUTHENTICATED before the token is known; handlers are only called after that. */
  get access(): Access {
    return this.known.token.verified.access
  }

  get token(): string {
    return this.known.token.token
  }

  private get known(): Session {
    if (this.session === undefined) throw new StoreError('UNAUTHENTICATED', 'The connection has no token yet.')
    return this.session
  }

  needs(scope: Scope): void {
    if (this.access.has(scope)) return
    const detail = `The token lacks the scope ${scope}`
    this.services.handshakes.denied('FORBIDDEN', detail, this.access)
    throw new StoreError('FORBIDDEN', detail)
  }

  get log(): FrameSession['log'] {
    const write = this.services.reports.line
    if (write === undefined) return undefined
    const agent_id = this.identity?.verified.access.agentId
    const { correlationId: correlation_id, traceparent } = this.upgrade
    const trace_id = traceparent?.slice(3, 35)
    return (facts, message) => write({ correlation_id, agent_id, trace_id, ...facts }, message)
  }

  async assertTokenGood(): Promise<void> {
    const fault = await this.services.handshakes.faultOf(this.known.token)
    if (fault !== undefined) throw new StoreError('UNAUTHENTICATED', fault)
  }

  send(frame: object): void {
    this.connection.send(frame)
  }

  refuse(error: unknown, frame?: ClientFrame): void {
    const retryAfterSeconds = retryAfterOf(error)
    this.send({
      type: 'error',
      ...(frame?.id === undefined ? undefined : { id: frame.id }),
      problem: this.problem(error, frame),
      ...(retryAfterSeconds === undefined ? undefined : { retryAfterSeconds }),
    } satisfies ServerFrame)
  }

  problem(error: unknown, frame?: ClientFrame): object {
    return this.services.reports.problem(error, this.upgrade, frame)
  }

  /** Reserves the id. Throws when it is taken or the connection has too many, and WORK_LIMIT when the agent has. */
  hold(id: string, what: OpenChannel): void {
    if (this.channels.has(id)) throw refusal(`the id ${JSON.stringify(id)} is taken on this connection`)
    if (this.channels.size >= FRAME_LIMITS.followings) {
      throw refusal(`a connection holds at most ${FRAME_LIMITS.followings} subscriptions and consumers`)
    }
    this.channels.set(id, { what, giveBack: this.known.agent.take('subscriptions') })
  }

  /** False when the client has ended this channel, even if it uses the id for another one by now. */
  holds(id: string, held: OpenChannel): boolean {
    return this.channels.get(id)?.what === held
  }

  drop(id: string, reason = 'the connection ended'): OpenChannel | undefined {
    const held = this.channels.get(id)
    if (held === undefined) return undefined
    this.channels.delete(id)
    held.giveBack()
    held.what.end(reason)
    return held.what
  }

  /** Called before anything is kept of the bytes, so that a limit holds before memory is used. */
  arrived(meter: FrameMeter): boolean {
    if (this.isOver) return false
    if (this.session === undefined) {
      const most = FRAME_LIMITS.strangerBytes
      // The first frame must be the token, so it is judged by what it announces. A frame behind it may announce more,
      // because it is judged by the bytes that have come.
      if (meter.total > most || (meter.frames === 0 && meter.announced > most))
        this.close(CLOSE.broken, `More than ${bytesOf(most)} came before the welcome.`)
    } else if (meter.announced > this.session.frameBytes) {
      this.close(CLOSE.tooLarge, `A frame of this token has at most ${bytesOf(this.session.frameBytes)}.`)
    } else {
      this.weigh()
    }
    if (this.mayGoOn) return true
    this.wait()
    return false
  }

  message(bytes: Buffer, isBinary: boolean): void {
    if (this.isOver) return
    if (this.mayGoOn) this.read({ bytes, isBinary })
    else this.keep({ bytes, isBinary })
  }

  /** A frame must not overtake those in the inbox or the token, and there must be time left for it. */
  private get mayGoOn(): boolean {
    return this.inbox.length === 0 && !this.isAsking && !this.time.isOver
  }

  drained(): void {
    for (const { what } of this.channels.values()) what.resume()
  }

  closed(): void {
    this.ended()
    this.session?.buffered.hold(0)
  }

  /** A defect of the server ends the connection on which it occurred, and no other. */
  failed(error: unknown): void {
    this.refuse(error)
    this.close(CLOSE.failed, 'The server failed.')
  }

  /** Sends the reason in a `goaway` first, because a close frame has little room for it. */
  close(code: number, reason: string): void {
    if (this.isOver) return
    this.send({ type: 'goaway', reason: cutToBytes(reason, FRAME_LIMITS.goawayReasonBytes) } satisfies ServerFrame)
    this.leave(code, reason)
  }

  /** The server is about to end: nothing new begins, but appends in flight are still answered. */
  drain(reason: string): void {
    this.isLeaving = true
    for (const id of [...this.channels.keys()]) this.drop(id, reason)
    this.send({ type: 'goaway', reason } satisfies ServerFrame)
  }

  /** Closes without a `goaway`, for an end that has been announced already. */
  leave(code: number, reason: string): void {
    if (this.isOver) return
    this.ended()
    this.connection.close(code, reason)
  }

  /** Left out while the socket is full, because a client that does not read would only get more to read. */
  sendHeartbeat(head: Position): void {
    if (this.session !== undefined && this.connection.hasRoom)
      this.send({ type: 'heartbeat', position: head } satisfies ServerFrame)
  }

  /** Left out like a heartbeat: the header of any answer says it too. */
  sendMode(): void {
    if (this.session !== undefined && this.connection.hasRoom) this.send(this.services.mode())
  }

  private ended(): void {
    this.isOver = true
    clearTimeout(this.authTimer)
    this.inbox.clear()
    const end = this.connection.guarded((id: string) => void this.drop(id))
    for (const id of [...this.channels.keys()]) end(id)
  }

  /** The frame waits for its turn or for the token. The socket is not read meanwhile, so that no more frames come. */
  private keep(frame: CameFrame): void {
    this.inbox.push(frame)
    if (this.session === undefined && this.inbox.length > FRAME_LIMITS.heldFrames) {
      this.close(CLOSE.broken, `More than ${FRAME_LIMITS.heldFrames} frames came before the welcome.`)
      return
    }
    this.weigh()
    this.wait()
  }

  private wait(): void {
    this.connection.hold(true)
    this.goOn()
  }

  private weigh(): void {
    if (this.session === undefined) return
    try {
      const { meter, unreadBytes } = this.connection
      this.session.buffered.hold(meter.unfinished + unreadBytes + this.inbox.weight)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      this.refuse(error)
      this.close(CLOSE.broken, error.message)
    }
  }

  private goOn(): void {
    if (this.isAsking || this.isWorking || this.isOver) return
    this.isWorking = true
    this.connection.guarded(() => this.workOff())()
  }

  private async workOff(): Promise<void> {
    do await (this.session?.agent.turns ?? this.agents.strangers).take(ms => this.handleSome(ms))
    while (this.hasMore && !this.isAsking)
    this.isWorking = false
    if (!this.isAsking) this.connection.hold(false)
  }

  /** Whether frames that have come are not handled yet. */
  get hasMore(): boolean {
    return this.inbox.length > 0 || this.connection.unreadBytes > 0
  }

  /** Handles frames until the time is over, nothing is left, or a token must be verified before the next frame. */
  private handleSome(ms: number): void {
    this.time = Turn.of(ms)
    do {
      const frame = this.inbox.shift()
      if (frame !== undefined) this.read(frame)
      else if (!this.connection.readOn()) break
    } while (!this.time.isOver && !this.isAsking)
    this.time = this.agents.round
    this.weigh()
  }

  private read({ bytes, isBinary }: CameFrame): void {
    try {
      if (isBinary !== (this.connection.form === 'msgpack')) {
        throw new BrokenProtocol(`Frames of ${this.connection.form} are ${isBinary ? 'texts' : 'binary'}.`)
      }
      const frame = readFrame(bytes, this.connection.form, this.services.frames)
      if (bytes.length <= FRAME_LIMITS.frameBytes || frame.type === 'append') this.take(frame, bytes.length)
      else this.close(CLOSE.tooLarge, `A frame that is no append has at most ${bytesOf(FRAME_LIMITS.frameBytes)}.`)
    } catch (error) {
      if (error instanceof BrokenProtocol) this.close(CLOSE.broken, error.message)
      else throw error
    }
  }

  private take(frame: ClientFrame, bytes: number): void {
    if (frame.type === 'auth') this.authenticate((frame as AuthFrame).token)
    else if (this.session === undefined)
      throw new BrokenProtocol('Without Authorization or a ticket the first frame must be auth.')
    else this.answer(frame, bytes)
  }

  private answer(frame: ClientFrame, bytes: number): void {
    if (this.isLeaving) {
      this.refuseFrame(shuttingDown(), frame)
      return
    }
    const answered = this.services.frames.kindOf(frame.type)?.answer(frame, this, bytes, this.refuseFrame)
    if (answered instanceof Promise) this.connection.guarded(() => answered)()
  }

  private readonly refuseFrame = (error: unknown, frame: ClientFrame): void => {
    const code = codeOf(error)
    if (code === 'RATE_LIMITED') this.services.handshakes.denied(code, (error as Error).message, this.access)
    if (!this.isOver) this.refuse(error, frame)
  }

  private authenticate(token: string): void {
    if (this.session !== undefined) throw new BrokenProtocol('auth came a second time, or after Authorization.')
    let found: AuthenticatedToken | Promise<AuthenticatedToken>
    try {
      found = this.services.handshakes.identify(token, this.upgrade)
    } catch (error) {
      this.turnAway(error as Error)
      return
    }
    if (found instanceof Promise) {
      this.isAsking = true
      const answered = found.then(
        bearer => this.welcome(bearer),
        error => this.turnAway(error),
      )
      this.connection.guarded(() => answered)()
    } else {
      this.welcome(found)
    }
  }

  private turnAway(error: Error): void {
    if (codeOf(error) !== 'WORK_LIMIT') {
      this.close(CLOSE.unauthenticated, error.message)
      return
    }
    this.refuse(error)
    this.close(CLOSE.later, error.message)
  }

  private welcome(bearer: AuthenticatedToken): void {
    if (this.isOver) return
    clearTimeout(this.authTimer)
    this.isAsking = false
    const { access, expiresAt } = bearer.verified
    const agent = this.agents.of(access.agentId)
    const frameBytes = access.has('events.write') ? FRAME_LIMITS.appendFrameBytes : FRAME_LIMITS.frameBytes
    this.session = { token: bearer, agent, buffered: new BufferedBytes(agent), frameBytes }
    this.connection.belongsTo(agent)
    const { store } = this.services
    const { id: lineage, epoch } = store.lineage()
    this.send({
      type: 'welcome',
      agentId: access.agentId,
      head: store.head(),
      expiresAt: new Date(expiresAt).toISOString(),
      lineage,
      epoch,
      features: ['append.correlationId'],
    } satisfies ServerFrame)
    if (this.services.mode().mode !== 'NORMAL') this.sendMode()
    this.log?.({ operation_type: 'connect', form: this.connection.form }, 'connection opened')
    if (this.hasMore) this.goOn()
    // Whoever works off the inbox has left the socket held for the token, and lets go of it only when it comes back.
    else if (!this.isWorking) this.connection.hold(false)
  }
}

function bytesOf(count: number): string {
  return `${count.toLocaleString('en-US')} bytes`
}

function refusal(detail: string): StoreError {
  return invalid('/id', detail, detail)
}
