// Writes the PrometheusRule of the cluster anew, of the rules that a Prometheus reads as a file; `--print` only shows it.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { root } from './runtime.mjs'

const target = join(root, 'k8s/components/prometheus-operator/prometheus-rule.yaml')
const rules = parse(readFileSync(join(root, 'k8s/monitoring/rules.yml'), 'utf8'))
const labels = { 'app.kubernetes.io/name': 'lighthouse', 'app.kubernetes.io/instance': 'lighthouse' }
const rule = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: { name: 'lighthouse', labels },
  spec: rules,
}
const text = `# Written by scripts/prometheus-rule.mjs of ../../monitoring/rules.yml: change that, and write this anew.\n${stringify(rule, { lineWidth: 0 })}`
if (process.argv.includes('--print')) process.stdout.write(text)
else writeFileSync(target, text)
