// Tickets for what cannot send a header: each stands for a token, for 30 s and for one request. Only the writer knows them.
import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { StoreError } from '../contract/errors.js'
import { type ThreadCalls, ThreadQuestion } from '../threads/thread-calls.js'
import { BadToken } from './claims.js'
import type { WorkBudgets } from './work-budgets.js'

export const TICKET_LIFETIME_MS = 30_000

const TICKET_BYTES = 32
/** Of all agents together; an agent's own limit is one of its work budgets. */
const MOST = 10_000

/** Answered with the token that the ticket stands for, or nothing where it is not known. */
const REDEEM = new ThreadQuestion<string, string | undefined>('what does this ticket stand for')

interface KeptTicket {
  readonly token: string
  readonly end: () => void
}

export class Tickets {
  /** By the hash of the ticket, so that the time of a look-up tells nothing of the tickets there are. */
  private readonly kept = new Map<string, KeptTicket>()

  constructor(
    private readonly budgets: WorkBudgets,
    private readonly lifetimeMs = TICKET_LIFETIME_MS,
  ) {}

  /** Throws WORK_LIMIT when the agent, or all of them together, have too many. */
  issue(token: string, agentId: string): string {
    if (this.kept.size >= MOST) {
      const detail = `There are at most ${MOST.toLocaleString('en-US')} tickets of all agents at a time`
      throw new StoreError('WORK_LIMIT', detail, { retryAfterSeconds: 1 })
    }
    const giveBack = this.budgets.take(agentId, 'tickets')
    const ticket = randomBytes(TICKET_BYTES).toString('base64url')
    const hash = hashOf(ticket)
    const end = () => {
      clearTimeout(timer)
      this.kept.delete(hash)
      giveBack()
    }
    const timer = setTimeout(end, this.lifetimeMs).unref()
    this.kept.set(hash, { token, end })
    return ticket
  }

  /** Returns the token that the ticket stands for, once. Whether that is still good is for its verifier to say. */
  redeem(ticket: string): string | Promise<string> {
    return tokenOf(this.take(ticket))
  }

  /** For a front thread, whose clients redeem tickets that were issued here. */
  answer(front: ThreadCalls): void {
    front.answer(REDEEM, ticket => this.take(ticket))
  }

  private take(ticket: string): string | undefined {
    const kept = this.kept.get(hashOf(ticket))
    kept?.end()
    return kept?.token
  }
}

/** A front thread asks the writer, because a ticket may be redeemed once. It issues none. */
export class AskedTickets extends Tickets {
  constructor(
    private readonly writer: ThreadCalls,
    budgets: WorkBudgets,
  ) {
    super(budgets)
  }

  override async redeem(ticket: string): Promise<string> {
    return tokenOf(await this.writer.ask(REDEEM, ticket))
  }
}

/** Throws BadToken. */
function tokenOf(redeemed: string | undefined): string {
  if (redeemed !== undefined) return redeemed
  throw new BadToken(
    'The ticket is not known: it was used, is older than 30 s, or is of another server. POST /v1/tickets gives a new one for each connection; go on with after=<the last position> and that',
  )
}

function hashOf(ticket: string): string {
  return createHash('sha256').update(ticket).digest('base64')
}

const MASKED = 'ticket=***'

/**
 * Takes the tickets out of the address of a request, so that nothing which logs or repeats the address can show them.
 * More than one is for the caller to refuse.
 */
export function takeTickets(request: Pick<IncomingMessage, 'url'>): readonly string[] {
  const { url = '' } = request
  const start = url.indexOf('?')
  if (start < 0) return []
  const found: string[] = []
  const parts = url
    .slice(start + 1)
    .split('&')
    .map(part => {
      const ticket = new URLSearchParams(part).get('ticket')
      if (ticket === null) return part
      found.push(ticket)
      return MASKED
    })
  if (found.length > 0) request.url = `${url.slice(0, start)}?${parts.join('&')}`
  return found
}
