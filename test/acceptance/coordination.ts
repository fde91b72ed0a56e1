// Five agents of five manners who work with each other through the bridge and share work, while connections are cut and the server is killed.
import { deepStrictEqual, ok, strictEqual } from 'node:assert'
import type { RecordedEvent } from '../../client/src/lighthouse.js'
import { EventDataGenerator, type GeneratedEvent, refOf } from '../../client/src/testing/testing.js'
import { BridgeProcess } from '../../client/test/support/bridge-process.js'
import { IntegrationTestEnvironment } from '../support/integration-environment.js'
import { until } from '../support/until.js'
import { type Scale, Steps, type Tell } from './steps.js'

const AGENTS = 5
const GROUP = 'acceptance'
const SEED = 11
/** Of each agent: one that is approved, one that is rejected, one that an expert has to decide. */
const COMMANDS = [
  { command: 'npm run build', verdict: 'approved' },
  { command: 'rm -rf /', verdict: 'rejected' },
  { command: 'kubectl apply -f all.yml', verdict: 'escalated' },
] as const

export async function multiAgentCoordination({ isWhole }: Scale, tell: Tell): Promise<void> {
  const steps = new Steps('test_multi_agent_coordination', tell)
  const environment = await IntegrationTestEnvironment.setUp({ strategy: 'processes', seed: SEED, slowMs: 10 })
  const coordination = new Coordination(environment, isWhole ? 2_000 : 200)
  try {
    await coordination.begin()
    await steps.timed('five agents ask the bridge, experts decide, pairs work together', () => coordination.askBridge())
    await steps.timed('five agents append and share work through a cut and a kill -9', () => coordination.work())
    await steps.timed(
      'nothing is lost or doubled, and the order holds across agents',
      () => coordination.judge(),
      counts => counts,
    )
    await steps.timed('a bridge that was killed knows what it knew', () => coordination.killBridge())
  } finally {
    await coordination.end()
    await environment.tearDown()
  }
}

class Coordination {
  private readonly generated: readonly GeneratedEvent[]
  private readonly agents: readonly string[]
  private readonly over = new AbortController()
  /** What each of two followers has seen, by position. */
  private readonly followed: number[][] = [[], []]
  /** What the agents have done of the work they share, by position. */
  private readonly done = new Map<number, number>()
  private running: Promise<unknown>[] = []
  private bridge: BridgeProcess | undefined

  constructor(
    private readonly environment: IntegrationTestEnvironment,
    count: number,
  ) {
    this.generated = [...taken(count, new EventDataGenerator({ seed: SEED, largeShare: 0 }).mix({ agents: AGENTS }))]
    const isWorker = (id: string) => !/^(validator|expert)-/.test(id)
    this.agents = [...new Set(this.generated.map(({ agentId }) => agentId))].filter(isWorker)
    strictEqual(this.agents.length, AGENTS)
  }

  async begin(): Promise<void> {
    const group = this.environment.clientOf('operator', 'admin').group(GROUP)
    const consumers = { agents: this.agents }
    await group.define({ after: 'start', ordering: 'stream', ackTimeoutSeconds: 1, maxAttempts: 100, consumers })
    this.running = this.followed.map(seen => this.follow(seen))
    this.bridge = await BridgeProcess.before(this.environment.url)
  }

  async askBridge(): Promise<void> {
    await Promise.all(this.agents.map(agent => this.askAs(agent)))
    const [by, partner] = this.agents as [string, string]
    await this.ask('/pairs', { id: 'pair', by, partner, task: 'T-17' })
    const answers = await Promise.all([this.ask('/pairs/pair/join', { agent: partner }), this.ask('/pairs/pair')])
    deepStrictEqual([answers[0][0], (await this.ask('/pairs/pair'))[1].status], [200, 'active'])
  }

  private async askAs(agent: string): Promise<void> {
    for (const { command, verdict } of COMMANDS) {
      const id = `${agent}-${verdict}`
      const [status, body] = await this.ask('/commands', { id, agent, command })
      deepStrictEqual([status, body.verdict], [200, verdict])
    }
    const decide = (expert: string) => this.ask(`/commands/${agent}-escalated/decision`, { expert, allow: true })
    const answers = await Promise.all(['expert-1', 'expert-2'].map(decide))
    deepStrictEqual(answers.map(([status]) => status).sort(), [200, 409])
    const [, trail] = await this.ask(`/commands/${agent}-escalated/trail`)
    for (let n = 1; n < trail.length; n++) strictEqual(trail[n].causationId, trail[n - 1].id)
    strictEqual(trail.length, 3)
  }

  async work(): Promise<void> {
    const { fleet } = this.environment
    const { ledger } = fleet
    const sharing = this.agents.map(id => {
      const group = this.environment.clientOf(id).group(GROUP)
      const handle = ({ event }: { readonly event: RecordedEvent }) => {
        this.done.set(event.position, (this.done.get(event.position) ?? 0) + 1)
      }
      return fleet.agent(id).work(group, { signal: this.over.signal, handle })
    })
    this.running.push(...sharing)
    const appending = fleet.append(this.generated)
    await until(() => ledger.acknowledgedCount > this.generated.length / 5, 1)
    this.environment.cut()
    await until(() => ledger.acknowledgedCount > (2 * this.generated.length) / 5, 1)
    await this.environment.kill()
    await appending
    const operator = this.environment.clientOf('operator', 'admin')
    const head = await operator.head()
    let last = 0
    for await (const { position } of operator.read({ order: 'desc' })) {
      last = position
      break
    }
    await until(async () => ((await operator.group(GROUP).status())?.progress.floor ?? 0) >= head, 20)
    await until(() => this.followed.every(seen => (seen.at(-1) ?? 0) >= last), 20)
    this.over.abort()
    await Promise.all(this.running)
  }

  async judge(): Promise<Readonly<Record<string, number>>> {
    const { counts, comparison, kills } = await this.environment.collect()
    deepStrictEqual([comparison.lost, comparison.doubled, comparison.unacknowledged], [[], [], 0])
    const events: RecordedEvent[] = []
    for await (const event of this.environment.clientOf('operator', 'admin').read()) events.push(event)
    for (const check of [mustBeDense, mustFollowCauses, this.mustBeInOrderOfAgents]) check(events)
    const positions = events.map(({ position }) => position)
    for (const seen of this.followed) deepStrictEqual(seen, positions)
    const shared = events.filter(({ stream }) => !stream.startsWith('$')).map(({ position }) => position)
    for (const position of shared) ok(this.done.has(position), `nobody did the work of ${position}`)
    return { events: events.length, kills, ...counts }
  }

  async killBridge(): Promise<void> {
    const known = () =>
      Promise.all(
        ['/pairs/pair', ...this.agents.map(agent => `/commands/${agent}-escalated`)].map(path => this.ask(path)),
      )
    const before = await known()
    await this.bridge?.end('SIGKILL')
    this.bridge = await BridgeProcess.before(this.environment.url)
    deepStrictEqual(await known(), before)
  }

  async end(): Promise<void> {
    this.over.abort()
    await this.bridge?.end('SIGTERM')
  }

  private ask(path: string, body?: object) {
    return (this.bridge as BridgeProcess).ask(path, body)
  }

  private async follow(seen: number[]): Promise<void> {
    const { signal } = this.over
    const follower = this.environment.clientOf('operator', 'admin')
    for await (const { position } of follower.follow({ after: 'start', signal })) seen.push(position)
  }

  /** An agent appends one event after the other, so they are in the log in the order in which they were made. */
  private readonly mustBeInOrderOfAgents = (events: readonly RecordedEvent[]): void => {
    const refs = events.map(refOf).filter(ref => ref !== undefined)
    const stored = new Map(refs.map((ref, at) => [ref, at]))
    const latest = new Map<string, number>()
    for (const { ref, agentId } of this.generated) {
      const at = stored.get(ref) ?? -1
      ok(at > (latest.get(agentId) ?? -1), `${ref} of ${agentId} is not where it belongs`)
      latest.set(agentId, at)
    }
  }
}

function* taken(count: number, events: Iterable<GeneratedEvent>): Generator<GeneratedEvent> {
  let left = count
  for (const event of events) {
    yield event
    if (--left === 0) return
  }
}

/** Of each stream every revision once, in the order of the positions. */
function mustBeDense(events: readonly RecordedEvent[]): void {
  const next = new Map<string, number>()
  for (const { stream, revision } of events) {
    strictEqual(revision, next.get(stream) ?? 0, stream)
    next.set(stream, revision + 1)
  }
}

function mustFollowCauses(events: readonly RecordedEvent[]): void {
  const known = new Set<string>()
  for (const { id, causationId, parents = [] } of events) {
    const causes = causationId === undefined ? parents : [causationId, ...parents]
    for (const cause of causes) ok(known.has(cause), `${id} stands before its cause ${cause}`)
    known.add(id)
  }
}
