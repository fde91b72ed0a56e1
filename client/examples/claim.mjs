// Claims a task that only one agent may have, in whatever stream the claim is written: a consistency boundary of one's own.
import { ConflictError, Lighthouse } from '@lighthouse/client'

const { LIGHTHOUSE_URL: url = 'http://127.0.0.1:8765', LIGHTHOUSE_TOKEN: token = '' } = process.env
const lighthouse = new Lighthouse({ url, token })
const task = `task:${Date.now().toString(36)}`

const claim = async worker => {
  try {
    await lighthouse.append(
      { type: 'TaskClaimed', stream: `agent_builder-1/${worker}`, data: {}, tags: [task] },
      { condition: { failIfEventsMatch: { items: [{ types: ['TaskClaimed'], tags: [task] }] } } },
    )
    return `${worker} has it`
  } catch (error) {
    if (error instanceof ConflictError) return `${worker} is too late`
    throw error
  }
}

const told = await Promise.all(['one', 'two', 'three'].map(claim))
console.log(told.sort().join('\n'))
