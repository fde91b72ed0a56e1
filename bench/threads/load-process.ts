// A process of its own for the load: does what it is told over IPC, one task after the other, and tells what came of it.
import { type Task, work } from './workloads.js'

process.on('message', (task: Task) => {
  work(task).then(
    done => process.send?.(done),
    error => process.send?.({ error: String(error) }),
  )
})
process.send?.('ready')
