// An HTTP bridge for agents: commands are validated and escalated to experts, pairs work together, and the store is its memory.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { ConflictError, Lighthouse, LighthouseError } from '@lighthouse/client'

const FORBIDDEN = [
  [/\brm\s+-\w*r\w*\s+(?:\/|~|\$HOME)/, 'removes what is not of the project'],
  [/\b(?:drop\s+table|truncate)\b/i, 'destroys data'],
  [/\bcurl\b[^|]*\|\s*(?:ba)?sh\b/, 'runs what it downloads'],
  [/\bpush\b.*\s(?:-f|--force)(?:\s|$)/, 'rewrites history'],
]
const FOR_EXPERTS = [
  [/\bsudo\b|--privileged\b|\bchmod\b/, 'asks for privileges'],
  [/\bkubectl\s+apply\b|\bterraform\b|\bdeploy\b/, 'changes what runs'],
]
const MOST_BODY_BYTES = 64 * 1024

const ruleFor = (command, rules) => rules.find(([pattern]) => pattern.test(command))?.[1]

/** What an event makes of the state of its command or pair: the same for one just appended and for one read again. */
const reducers = {
  CommandValidationRequested: (_, { agent, command }) => ({ kind: 'command', agent, command, verdict: 'pending' }),
  CommandApproved: (state, { reason }) => ({ ...state, verdict: 'approved', reason }),
  CommandRejected: (state, { reason }) => ({ ...state, verdict: 'rejected', reason }),
  ValidationEscalated: (state, { reason }) => ({ ...state, verdict: 'escalated', reason }),
  ExpertDecided: (state, { expert, allow, reason }) => ({
    ...state,
    verdict: allow ? 'approved' : 'rejected',
    decidedBy: expert,
    reason,
  }),
  PairSessionRequested: (_, { by, partner, task }) => ({ kind: 'pair', by, partner, task, status: 'requested' }),
  PairSessionJoined: state => ({ ...state, status: 'active' }),
  PairSessionEnded: (state, { outcome }) => ({ ...state, status: 'ended', outcome }),
}

class Refused extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

export class Bridge {
  /** What is known of each command and pair, by id: all of it made of events, so that another bridge knows the same. */
  states = new Map()

  constructor(lighthouse, base) {
    this.lighthouse = lighthouse
    this.base = base
  }

  /** A bridge that knows what the store knows. Its streams are below `base`, one for each command and pair. */
  static async open(lighthouse, base) {
    const bridge = new Bridge(lighthouse, base)
    for await (const event of lighthouse.read({ streams: `${base}/*` })) bridge.apply(event)
    return bridge
  }

  /** Asking again under the same id answers what became of it. */
  async submit({ id = randomUUID(), agent, command }) {
    mustBeTexts({ id, agent, command })
    if (!this.states.has(id)) await this.append(id, 'CommandValidationRequested', { agent, command }, 'none')
    const asked = this.stateOf(id, 'command')
    // A bridge that ended between the two events has left a request without a verdict.
    if (asked.verdict === 'pending') {
      const [type, reason] = judge(asked.command)
      await this.append(id, type, { reason })
    }
    return this.stateOf(id, 'command')
  }

  async decide(id, { expert, allow, reason = '' }) {
    mustBeTexts({ expert })
    if (this.stateOf(id, 'command').verdict !== 'escalated') throw new Refused(409, 'nobody is asked to decide this')
    await this.append(id, 'ExpertDecided', { expert, allow: allow === true, reason })
    return this.stateOf(id, 'command')
  }

  async requestPair({ id = randomUUID(), by, partner, task }) {
    mustBeTexts({ id, by, partner, task })
    if (!this.states.has(id)) await this.append(id, 'PairSessionRequested', { by, partner, task }, 'none')
    return this.stateOf(id, 'pair')
  }

  async joinPair(id, { agent }) {
    const { partner, status } = this.stateOf(id, 'pair')
    if (agent !== partner) throw new Refused(403, `${partner} was asked to join`)
    if (status !== 'requested') throw new Refused(409, `the session is ${status}`)
    await this.append(id, 'PairSessionJoined', { agent })
    return this.stateOf(id, 'pair')
  }

  async endPair(id, { outcome = 'done' }) {
    if (this.stateOf(id, 'pair').status === 'ended') throw new Refused(409, 'the session is ended')
    await this.append(id, 'PairSessionEnded', { outcome })
    return this.stateOf(id, 'pair')
  }

  /** Everything that was said and done about a command or pair, and by which event each was caused. */
  async trail(id) {
    this.stateOf(id)
    const trail = []
    for await (const event of this.lighthouse.readStream(this.streamOf(id))) {
      trail.push({
        id: event.id,
        type: event.type,
        at: event.timestamp,
        causationId: event.causationId,
        data: event.data,
      })
    }
    return trail
  }

  stateOf(id, kind) {
    const state = this.states.get(id)
    if (state === undefined || (kind !== undefined && state.kind !== kind)) throw new Refused(404, `there is no ${id}`)
    return state
  }

  streamOf(id) {
    return `${this.base}/${id}`
  }

  /** The stream must be as it was when this was decided, so of two bridges, or two experts, one is told to look again. */
  async append(id, type, data, expectedRevision = this.states.get(id).revision) {
    const stream = this.streamOf(id)
    const causationId = this.states.get(id)?.last
    const event = { type, stream, data, correlationId: id, causationId }
    const { id: eventId, revision } = await this.lighthouse.append(event, { expectedRevision })
    this.apply({ ...event, id: eventId, revision })
  }

  apply({ type, stream, data, id, revision }) {
    const name = stream.slice(this.base.length + 1)
    this.states.set(name, { id: name, ...reducers[type](this.states.get(name), data), revision, last: id })
  }
}

function judge(command) {
  const forbidden = ruleFor(command, FORBIDDEN)
  if (forbidden !== undefined) return ['CommandRejected', forbidden]
  const open = ruleFor(command, FOR_EXPERTS)
  return open === undefined ? ['CommandApproved', 'no rule is against it'] : ['ValidationEscalated', open]
}

function mustBeTexts(fields) {
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value !== 'string' || value === '') throw new Refused(400, `${name} must be a text`)
  }
  if ('id' in fields && !/^[\w-]{1,64}$/.test(fields.id))
    throw new Refused(400, 'id must be 1 to 64 of A-Z a-z 0-9 _ -')
}

const routes = {
  'POST /commands': (bridge, _, body) => bridge.submit(body),
  'GET /commands/:id': (bridge, id) => bridge.stateOf(id, 'command'),
  'GET /commands/:id/trail': (bridge, id) => bridge.trail(id),
  'POST /commands/:id/decision': (bridge, id, body) => bridge.decide(id, body),
  'POST /pairs': (bridge, _, body) => bridge.requestPair(body),
  'GET /pairs/:id': (bridge, id) => bridge.stateOf(id, 'pair'),
  'POST /pairs/:id/join': (bridge, id, body) => bridge.joinPair(id, body),
  'POST /pairs/:id/end': (bridge, id, body) => bridge.endPair(id, body),
}

async function bodyOf(request) {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk
    if (text.length > MOST_BODY_BYTES) throw new Refused(413, 'the body is too large')
  }
  try {
    const body = JSON.parse(text || '{}')
    if (typeof body === 'object' && body !== null) return body
  } catch {
    // What is no JSON is refused like JSON that is no object.
  }
  throw new Refused(400, 'the body must be a JSON object')
}

async function answer(bridge, request) {
  const [, kind, id, rest] = new URL(request.url, 'http://bridge').pathname.split('/')
  const shape = [kind, ...(id === undefined ? [] : [':id']), ...(rest === undefined ? [] : [rest])].join('/')
  const route = routes[`${request.method} /${shape}`]
  if (route === undefined) throw new Refused(404, 'there is no such route')
  return route(bridge, id, request.method === 'POST' ? await bodyOf(request) : undefined)
}

function statusOf(error) {
  if (error instanceof Refused) return error.status
  if (error instanceof ConflictError) return 409
  return error instanceof LighthouseError ? 503 : 500
}

/** It asks nobody who they are, so it listens on a loopback address, unless it is told one that only agents reach. */
export async function startBridge(bridge, port = 0, host = '127.0.0.1') {
  const server = createServer(async (request, response) => {
    let status = 200
    const body = await answer(bridge, request).catch(error => {
      status = statusOf(error)
      return { error: error.message }
    })
    response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
  })
  server.listen(port, host)
  await once(server, 'listening')
  const close = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return { url: `http://127.0.0.1:${server.address().port}`, close }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { LIGHTHOUSE_URL: url = 'http://127.0.0.1:8765', LIGHTHOUSE_TOKEN: token = '' } = process.env
  const { PORT = '8766', HOST } = process.env
  const lighthouse = new Lighthouse({ url, token })
  const { agentId } = await lighthouse.whoami()
  const bridge = await startBridge(await Bridge.open(lighthouse, `agent_${agentId}/bridge`), Number(PORT), HOST)
  console.log(`the bridge listens at ${bridge.url}`)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => bridge.close())
}
