// A thread of its own that uses limits as it is told, and tells what it was given; its clock of limits stands still.
import { parentPort, workerData } from 'node:worker_threads'
import { Access } from '../../src/auth/access.js'
import { AddressLimit } from '../../src/auth/address-limit.js'
import { CostlyReads } from '../../src/auth/costly-reads.js'
import { Quotas } from '../../src/auth/quotas.js'
import { WorkBudgets } from '../../src/auth/work-budgets.js'
import type { QuotasOfRoles } from '../../src/config/figures.js'
import type { WorkLimits } from '../../src/contract/work-limits.js'
import { SharedLimits } from '../../src/threads/shared-limits.js'

export interface LimitsThreadData {
  readonly thread: number
  readonly memory: SharedArrayBuffer
  readonly quotas: QuotasOfRoles
  readonly workLimits: WorkLimits
  readonly failuresPerMinute: number
  /** How many threads are at the start of a task that all do at once. */
  readonly gate: SharedArrayBuffer
}

/** `together`: begin when so many threads have come to this task. */
export type LimitsTask =
  | { readonly charge: string; readonly times: number; readonly events: number; readonly together: number }
  | { readonly take: string; readonly times: number; readonly together: number }
  | { readonly fail: string; readonly times: number; readonly together: number }
  /** Takes and gives back without an end. */
  | { readonly churn: string }
  /** Begins a costly read, or waits in line for it: the thread says when it is in line, and when it has begun. */
  | { readonly read: string }
  | { readonly endRead: string }

const { thread, memory, quotas, workLimits, failuresPerMinute, gate } = workerData as LimitsThreadData
const stopped = new SharedLimits(thread, memory, { now: () => 0n })
const quotasOfAll = new Quotas(quotas, stopped)
const budgets = new WorkBudgets(workLimits, stopped)
const failures = new AddressLimit(failuresPerMinute, 'failed tokens', stopped)
const reads = new CostlyReads(budgets, new SharedLimits(thread, memory))
const ends = new Map<string, () => void>()

/** Returns how many of the attempts were admitted. */
function attempt({ times, together }: { times: number; together: number }, admitted: () => boolean): number {
  const waiting = new Int32Array(gate)
  Atomics.add(waiting, 0, 1)
  while (Atomics.load(waiting, 0) < together);
  let count = 0
  for (let n = 0; n < times; n++) if (admitted()) count++
  return count
}

function charged(agentId: string, events: number): boolean {
  try {
    quotasOfAll.charge(new Access({ agentId, role: 'agent' }), { requests: 1, events })
    return true
  } catch {
    return false
  }
}

function churn(agentId: string): never {
  for (;;) budgets.taken(agentId, 'bufferedBytes', 1_000)?.()
}

function read(agentId: string): void {
  const { promise, resolve } = Promise.withResolvers<void>()
  let hasBegun = false
  const begin = () => {
    hasBegun = true
    ends.set(agentId, resolve)
    parentPort?.postMessage('begun')
    return promise
  }
  void reads.run({ agentId }, { whenGone: () => undefined }, begin)
  if (!hasBegun) parentPort?.postMessage('in line')
}

parentPort?.on('message', (task: LimitsTask) => {
  if ('charge' in task) parentPort?.postMessage(attempt(task, () => charged(task.charge, task.events)))
  else if ('take' in task) parentPort?.postMessage(attempt(task, () => budgets.taken(task.take, 'waits') !== undefined))
  else if ('fail' in task) parentPort?.postMessage(attempt(task, () => failures.admits(task.fail)))
  else if ('churn' in task) churn(task.churn)
  else if ('read' in task) read(task.read)
  else ends.get(task.endRead)?.()
})
parentPort?.postMessage('ready')
