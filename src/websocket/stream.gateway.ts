// `/v1/stream`: makes a session of every connection, checks its token every second, and ends it with the server.
import type { IncomingMessage } from 'node:http'
import { type BeforeApplicationShutdown, Inject, type OnModuleInit } from '@nestjs/common'
import { OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets'
import type { WebSocket } from 'ws'
import { EventStore } from '../contract/event-store.js'
import { ModeHolder } from '../degradation/mode-holder.js'
import { GRACE_MS, shuttingDown } from '../streaming/draining.service.js'
import { FrameHandlers } from '../streaming/frame-handlers.service.js'
import { FRAME_LIMITS } from '../streaming/frame-limits.js'
import { CLOSE, ClientSession, type SessionServices } from './client-session.js'
import { Connection } from './connection.js'
import type { ModeFrame } from './frames.dto.js'
import { frameFormOf, Handshakes, protocolAmong, STREAM_PATH } from './handshake.service.js'
import { SessionReports } from './session-reports.service.js'

const TICK_MS = 1_000

@WebSocketGateway({
  path: STREAM_PATH,
  maxPayload: FRAME_LIMITS.appendFrameBytes,
  maxFragments: FRAME_LIMITS.fragments,
  closeTimeout: FRAME_LIMITS.closeMs,
  // The library's limit is off: a socket that does not take its pongs is not read any further, and need not be cut.
  maxPendingAutoPongs: 0,
  perMessageDeflate: false,
  handleProtocols: (offered: Set<string>) => protocolAmong(offered) ?? false,
})
export class StreamGateway implements OnGatewayConnection, OnModuleInit, BeforeApplicationShutdown {
  @Inject(ModeHolder) private readonly mode: ModeHolder
  private readonly open = new Set<ClientSession>()
  private readonly house: SessionServices
  private ticks = 0
  private readonly timer = setInterval(() => this.tick(), TICK_MS).unref()

  constructor(
    private readonly store: EventStore,
    private readonly handshakes: Handshakes,
    reports: SessionReports,
    frames: FrameHandlers,
  ) {
    this.house = { store, mode: () => this.modeFrame(), handshakes, frames, reports }
    handshakes.draining.register(error => this.drain(error))
  }

  onModuleInit(): void {
    this.mode.listen(() => this.each(conversation => conversation.sendMode()))
  }

  private modeFrame(): ModeFrame {
    const { current: mode, reason } = this.mode
    return { type: 'mode', mode, ...(mode === 'NORMAL' ? {} : { reason }) }
  }

  handleConnection(socket: WebSocket, request: IncomingMessage): void {
    try {
      const { opening, bearer } = this.handshakes.admissionOf(request)
      const connection = new Connection(socket, opening.socket, frameFormOf(socket.protocol))
      const conversation = new ClientSession(connection, opening, this.house)
      this.open.add(conversation)
      const since = performance.now()
      socket.once('close', (code: number) => {
        this.open.delete(conversation)
        const facts = { operation_type: 'connect', code, duration_ms: Math.round(performance.now() - since) }
        conversation.log?.(facts, 'connection closed')
      })
      connection.guarded(() => conversation.begin(bearer))()
    } catch {
      // Without a session nothing would read or close the socket.
      socket.terminate()
    }
  }

  private drain({ message }: Error): void {
    clearInterval(this.timer)
    this.each(conversation => conversation.drain(message))
  }

  /**
   * Appends in flight and frames that wait for their turn are answered first, but a client that does not take its answers
   * delays the end only a while.
   */
  async beforeApplicationShutdown(): Promise<void> {
    const deadline = Date.now() + GRACE_MS
    const inHand = () => [...this.open].some(one => one.hasMore || one.connection.appendsInFlight > 0)
    while (inHand() && Date.now() < deadline) await soon()
    const { message } = shuttingDown()
    this.each(conversation => conversation.leave(CLOSE.shutdown, message))
    while (this.open.size > 0 && Date.now() < deadline + GRACE_MS) await soon()
    for (const { connection } of this.open) connection.cut()
  }

  private tick(): void {
    this.ticks++
    const beats = this.ticks % (FRAME_LIMITS.heartbeatMs / TICK_MS) === 0
    this.each(conversation => {
      if (beats) conversation.sendHeartbeat(this.store.head())
      return this.lookAt(conversation)
    })
  }

  /** A failure ends the session it occurs in; the others go on. */
  private each(work: (conversation: ClientSession) => void | Promise<void>): void {
    for (const conversation of this.open) conversation.connection.guarded(work)(conversation)
  }

  private async lookAt(conversation: ClientSession): Promise<void> {
    const { identity } = conversation
    if (identity === undefined) return
    const fault = await this.handshakes.faultOf(identity)
    if (fault !== undefined) conversation.close(CLOSE.unauthenticated, fault)
  }
}

function soon(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 10))
}
