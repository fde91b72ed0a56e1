// The followers of this process's log in its other threads: each has a port to the writer, and all read one head.
import type { MessagePort } from 'node:worker_threads'
import type { LocalWriter } from '../backends/follower/local-writer.js'
import { SharedHead, servePort } from '../backends/follower/port-writer.js'

export class Followers {
  private readonly head = new SharedHead()

  constructor(private readonly writer: LocalWriter) {}

  /** Where followers read the head of the log. */
  get memory(): SharedArrayBuffer {
    return this.head.memory
  }

  /** Answers the follower at the other end of the port. Returns how to end that. */
  serve(port: MessagePort): () => void {
    return servePort(this.writer, port, this.head)
  }
}
