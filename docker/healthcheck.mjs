// Ends with 0 when the server of this container takes requests, else with 1 and the reason: the image has no curl.
import * as clear from 'node:http'
import * as secure from 'node:https'

const port = process.env.LIGHTHOUSE_PORT ?? '8765'
const { get } = process.env.LIGHTHOUSE_TLS_CERT_PATH ? secure : clear
// It asks this machine itself, and the certificate is made out to another name.
const asked = get({ host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false, timeout: 2_000 }, answer => {
  if (answer.statusCode === 200) return answer.resume()
  fail(`/readyz answers ${answer.statusCode}`)
  answer.destroy()
})
asked.on('timeout', () => asked.destroy(new Error('no answer within 2 s')))
asked.on('error', error => fail(error.message))

function fail(reason) {
  process.stderr.write(`${reason}\n`)
  process.exitCode = 1
}
