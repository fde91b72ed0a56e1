// Requests that never arrive completely: they are answered and let go, on a server that waits less long than the real one.
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from '@jest/globals'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { createHttpAdapter, httpLimits } from './http-server.js'

@Module({})
class Nothing {}

const HURRIED = { ...httpLimits, requestTimeoutMs: 50, lookForLateEveryMs: 10 }

test.each(['GET /livez HTTP/1.1\r\nHost: a\r\n', 'GET', ''])(
  'a client that stops after %j is answered 408',
  async head => {
    const app = await NestFactory.create<NestFastifyApplication>(Nothing, createHttpAdapter(HURRIED), { logger: false })
    await app.listen(0, '127.0.0.1')
    try {
      const socket = connect(Number(new URL(await app.getUrl()).port), '127.0.0.1')
      let answer = ''
      socket.on('data', bytes => (answer += bytes))
      socket.write(head)
      await once(socket, 'close')
      expect(answer).toMatch(/^HTTP\/1\.1 408 /)
      expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toMatchObject({ code: 'REQUEST_TIMEOUT' })
    } finally {
      await app.close()
    }
  },
)
