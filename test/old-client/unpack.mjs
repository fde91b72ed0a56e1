// Unpacks the client as it was released before this version, built, with the tests it came with: they must pass against the server of today.
// It was made of `git archive d3a8b0f`, of client/ and what its tests take from test/support, and built with the compiler of that commit.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const archive = fileURLToPath(new URL('client.tar.gz', import.meta.url))
const place = fileURLToPath(new URL('../../dist-old-client', import.meta.url))

rmSync(place, { recursive: true, force: true })
mkdirSync(place)
execFileSync('tar', ['-xzf', archive, '-C', place])
