// An agent of `@lighthouse/client/testing` at work until it is told to end: it asks for commands to be validated, round by
// round, and after each round compares the store with what was acknowledged. It ends with 1 when an event was lost or doubled.
import { setTimeout as pause } from 'node:timers/promises'
import { Lighthouse } from '../client/dist/node/lighthouse.js'
import { EventDataGenerator, Ledger, MockAgent } from '../client/dist/testing/testing.js'

const { LIGHTHOUSE_URL: url = 'http://127.0.0.1:8765', LIGHTHOUSE_TOKEN: token = '', BRIDGE_URL: bridge } = process.env
const { BEHAVIOUR: behaviour = 'steady', PAUSE_MS = '100', ROUND = '50' } = process.env
/** The network of the test environment breaks connections, and a server that is restarted is away for seconds. */
const retry = { attempts: 100, firstDelayMs: 20, longestDelayMs: 1_000 }

const lighthouse = new Lighthouse({ url, token, retry })
const run = new Date().toISOString().replaceAll(/\D/g, '')
const stopping = new AbortController()
/** What is not answered so long after it was told to end is given up: an engine would kill it. */
const GRACE_MS = 10_000
const givingUp = new AbortController()
const stop = () => {
  stopping.abort()
  setTimeout(() => givingUp.abort(), GRACE_MS).unref()
}
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop)

/** What the bridge says to a command, or that it did not answer. */
async function verdictOn({ command }, agent) {
  try {
    const body = JSON.stringify({ agent, command })
    const answer = await fetch(`${bridge}/commands`, { method: 'POST', body, signal: AbortSignal.timeout(10_000) })
    const { verdict } = await answer.json()
    return verdict ?? `status ${answer.status}`
  } catch {
    return 'no answer'
  }
}

/** Its events go to a stream of their own, which is read again at the end. */
async function round(agentId, number) {
  const seed = `${run}-${number}`
  const stream = `agent_${agentId}/${seed}`
  const ledger = new Ledger()
  const agent = new MockAgent(lighthouse, ledger, { agentId, behaviour, seed })
  const events = new EventDataGenerator({ seed, start: new Date().toISOString() })
  const verdicts = {}
  let left = Number(ROUND)
  for (const generated of events.validationStream(0.2, { agentId })) {
    if (left-- === 0 || stopping.signal.aborted) break
    await agent.append([{ ...generated, event: { ...generated.event, stream } }], givingUp.signal)
    if (bridge !== undefined) {
      const verdict = await verdictOn(generated.event.data, agentId)
      verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
    }
    await pause(Number(PAUSE_MS), undefined, { signal: stopping.signal }).catch(() => undefined)
  }
  const { stored, lost, doubled } = await ledger.compare(lighthouse.read({ streams: stream, signal: givingUp.signal }))
  const { acknowledged, repeated, conflicts, refused, crashes, unanswered } = agent.counts
  const counts = { acknowledged, stored, repeated, conflicts, refused, crashes, unanswered }
  const line = { agent: agentId, behaviour, round: number, ...counts, lost: lost.length, doubled: doubled.length }
  process.stdout.write(`${JSON.stringify({ ...line, verdicts })}\n`)
  return lost.length + doubled.length
}

const { agentId } = await lighthouse.whoami()
for (let number = 1; !stopping.signal.aborted; number++) {
  if ((await round(agentId, number)) > 0) process.exitCode = 1
}
