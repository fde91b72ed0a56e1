// Five agents at work: commands validated and escalated, tasks claimed by one alone, a crash, a recovery, and nothing lost.
import { fileURLToPath } from 'node:url'
import { ConflictError, Lighthouse } from '@lighthouse/client'
import { EventDataGenerator, Fleet, refOf } from '@lighthouse/client/testing'

const AGENTS = ['builder-1', 'tester-1', 'reviewer-1', 'operator-1', 'researcher-1']

/** Below the streams of the token's agent, so that every token that may append may run it, as often as it likes. */
function placed(events, base, count) {
  const list = []
  for (const generated of events) {
    list.push({ ...generated, event: { ...generated.event, stream: `${base}/${generated.event.stream}` } })
    if (list.length === count) break
  }
  return list
}

async function atWork(lighthouse, base, run, say) {
  const fleet = new Fleet(() => lighthouse, { seed: run, slowMs: 20 })
  const mix = new EventDataGenerator({ seed: run, start: new Date().toISOString(), dangerRatio: 0.2, largeShare: 0 })
  await fleet.append(placed(mix.mix({ agents: AGENTS.length }), base, 200))
  const { counts } = fleet
  say('five agents at work')
  say(
    `  ${counts.acknowledged} events acknowledged; ${counts.crashes} times an agent crashed in the middle of an append,`,
  )
  say(
    `  ${counts.repeated} times one was sent again and stored once, ${counts.conflicts} conflicts, ${counts.refused} refused`,
  )
  return fleet
}

async function escalation(lighthouse, base, say) {
  const types = ['CommandRejected', 'CommandApproved']
  for await (const decided of lighthouse.read({ streams: `${base}/*`, types })) {
    const chain = [decided]
    for (let cause = decided.causationId; cause !== undefined && chain.length < 4; cause = chain[0].causationId) {
      const event = await lighthouse.event(cause)
      if (event === undefined) break
      chain.unshift(event)
    }
    if (!chain.some(({ type }) => type === 'ExpertDecided')) continue
    say('one that went to an expert, by its chain of causes')
    for (const { type, data } of chain.slice(-4))
      say(`  ${type}${data.command === undefined ? '' : `: ${data.command}`}`)
    return
  }
}

async function claims(lighthouse, base, run, say) {
  const claim = async (agent, task) => {
    const tag = `task:${run}-${task}`
    const event = { type: 'TaskClaimed', stream: `${base}/claims/${agent}`, data: { task }, tags: [tag] }
    const condition = { failIfEventsMatch: { items: [{ types: ['TaskClaimed'], tags: [tag] }] } }
    try {
      await lighthouse.append(event, { condition })
      return 1
    } catch (error) {
      if (error instanceof ConflictError) return 0
      throw error
    }
  }
  const tasks = [1, 2, 3, 4, 5]
  const won = await Promise.all(
    tasks.map(async task => (await Promise.all(AGENTS.map(agent => claim(agent, task)))).reduce((a, b) => a + b)),
  )
  const tries = tasks.length * AGENTS.length
  const claimed = won.reduce((a, b) => a + b)
  say(`${tasks.length} tasks, each claimed by ${AGENTS.length} agents at once`)
  say(
    `  ${claimed} claims stored, ${tries - claimed} too late, ${won.filter(n => n !== 1).length} tasks with two owners or none`,
  )
  return won.every(n => n === 1)
}

async function crashAndRecovery(lighthouse, base, run, say) {
  const stream = `${base}/tasks`
  const group = lighthouse.group(`demo-${run}`)
  await group.define({ streams: stream, types: 'TaskOffered', after: 'start', ackTimeoutSeconds: 1 })
  const offered = [1, 2, 3, 4, 5, 6].map(task => ({ type: 'TaskOffered', data: { task } }))
  await lighthouse.appendTo(stream, offered)
  const left = await group.take({ max: 3 })
  say(`an agent takes ${left.length} of ${offered.length} tasks and crashes; another works on`)
  const done = new AbortController()
  let finished = 0
  let again = 0
  await group.consume(
    async (event, { attempt }) => {
      const result = { type: 'TaskDone', stream, data: event.data, causationId: event.id }
      // Under a key of the task the result is stored once, also if two agents come to it.
      const { duplicate } = await lighthouse.append(result, { key: `done-${event.id}` })
      if (attempt > 1) again++
      if (!duplicate && ++finished === offered.length) done.abort()
    },
    { concurrency: 3, signal: done.signal },
  )
  say(`  ${finished} of ${offered.length} done, ${again} of them delivered again when the deadline had passed`)
  await group.delete()
  return finished === offered.length
}

/** Resolves with whether all went as it should; `say` is given each line. */
export async function runDemo(lighthouse, say) {
  const run = Date.now().toString(36)
  const { agentId } = await lighthouse.whoami()
  const base = `agent_${agentId}/demo-${run}`
  const fleet = await atWork(lighthouse, base, run, say)
  await escalation(lighthouse, base, say)
  const claimed = await claims(lighthouse, base, run, say)
  const recovered = await crashAndRecovery(lighthouse, base, run, say)

  // Claims and tasks are not the fleet's.
  const generated = async function* () {
    for await (const event of lighthouse.read({ streams: `${base}/*` })) if (refOf(event) !== undefined) yield event
  }
  const { stored, lost, doubled } = await fleet.ledger.compare(generated())
  say(`${fleet.ledger.acknowledgedCount} acknowledged, ${stored} stored, all below ${base}`)
  say(`${lost.length} lost, ${doubled.length} doubled`)
  return claimed && recovered && lost.length === 0 && doubled.length === 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { LIGHTHOUSE_URL: url = 'http://127.0.0.1:8765', LIGHTHOUSE_TOKEN: token = '' } = process.env
  const isWell = await runDemo(new Lighthouse({ url, token }), line => console.log(line))
  if (!isWell) process.exitCode = 1
}
