// Counts the open sockets of the stream until they close: without a token per address and in all, else per agent.
import type { Socket } from 'node:net'
import { Injectable } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { Quotas } from '../auth/quotas.js'
import { WorkBudgets } from '../auth/work-budgets.js'
import { StoreError } from '../contract/errors.js'
import { Metrics } from '../metrics/metrics.js'
import { FRAME_LIMITS } from '../streaming/frame-limits.js'
import { HeldCounts } from '../threads/held-counts.js'
import { SharedLimits } from '../threads/shared-limits.js'
import { Agents } from './agent-sockets.js'

/** The name under which all strangers are counted. */
const ALL = ''

@Injectable()
export class SocketCounts {
  readonly agents: Agents
  /** Sockets whose token is not known yet, each with the function that stops counting it here. */
  private readonly strangers = new Map<Socket, () => void>()
  private ofAgents = 0
  private readonly ofAddresses: HeldCounts
  private readonly ofAll: HeldCounts

  constructor(
    private readonly quotas: Quotas,
    private readonly budgets: WorkBudgets,
    metrics: Metrics,
    limits: SharedLimits,
  ) {
    this.ofAddresses = new HeldCounts(limits, 'strangers of an address')
    this.ofAll = new HeldCounts(limits, 'strangers')
    metrics.gauge('websocket_connections', 'Open sockets of the stream.', () => this.strangers.size + this.ofAgents)
    this.agents = new Agents(budgets)
  }

  /** Throws WORK_LIMIT. */
  admitStranger(socket: Socket, address: string): void {
    if (!this.ofAddresses.take(address, 1, FRAME_LIMITS.strangersOfAddress)) {
      throw tooMany(`An address has at most ${FRAME_LIMITS.strangersOfAddress}`)
    }
    if (!this.ofAll.take(ALL, 1, FRAME_LIMITS.strangers)) {
      this.ofAddresses.giveBack(address, 1)
      throw tooMany(`There are at most ${FRAME_LIMITS.strangers.toLocaleString('en-US')}`)
    }
    const forget = () => {
      if (!this.strangers.delete(socket)) return
      this.ofAddresses.giveBack(address, 1)
      this.ofAll.giveBack(ALL, 1)
    }
    this.strangers.set(socket, forget)
    whenClosed(socket, forget)
  }

  /** Throws RATE_LIMITED or WORK_LIMIT. */
  admitAgent(socket: Socket, access: Access): void {
    this.quotas.charge(access, { requests: 1 })
    const giveBack = this.budgets.take(access.agentId, 'connections')
    this.ofAgents++
    whenClosed(socket, () => {
      this.ofAgents--
      giveBack()
    })
    this.strangers.get(socket)?.()
  }

  /** In this thread. */
  get strangersOpen(): number {
    return this.strangers.size
  }
}

function whenClosed(socket: Socket, giveBack: () => void): void {
  if (socket.destroyed) giveBack()
  else socket.once('close', giveBack)
}

function tooMany(limit: string): StoreError {
  return new StoreError('WORK_LIMIT', `${limit} connections of the stream at a time whose token is not known`, {
    retryAfterSeconds: 1,
  })
}
