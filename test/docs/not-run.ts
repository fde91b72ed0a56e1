// Blocks of the pages that no test runs, each with its reason; a block that is neither run nor here fails the test.

/** Pages whose blocks without a language are drawings of what is there, and nothing to be done. */
export const DRAWINGS: Readonly<Record<string, string>> = {
  'docs/ARCHITECTURE.md': 'the floors and the ways through them',
  'docs/FORMAT.md': 'bytes on disk; test/format holds them',
  'docs/INDEX-FORMAT.md': 'bytes on disk; test/format holds them',
  'docs/BACKUP-FORMAT.md': 'files on disk; test/crash/backup.spec.ts holds them',
  'docs/adr/0005-http-api.md': 'the way of a request',
  'docs/adr/0006-live.md': 'the way of an event to its followers',
  'docs/adr/0007-state-from-history.md': 'the way of an event into a state',
  'docs/adr/0012-commit-log.md': 'what stands on what',
  'docs/adr/0013-degradation.md': 'the road of trouble to the mode',
  'docs/adr/0014-alerting.md': 'the way of a signal to people',
  'docs/adr/0015-traces.md': 'the way of a span to the collector',
  'docs/adr/0017-failures.md': 'the way of a failure to its action',
  'docs/adr/0018-lineage.md': 'logs that part, and what they have in common',
  'docs/adr/0019-resources-and-health.md': 'the road of figures to health',
  'docs/adr/0020-damage-mended-by-itself.md': 'the way of damage to a mended store',
  'docs/adr/0021-held-events.md': 'the road of what waits in memory',
  'docs/adr/0022-command-line.md': 'the way of a command line to what it does',
  'docs/adr/0016-service-levels.md': 'the way of a measurement to a breach',
  'docs/adr/0023-agents-to-test-with.md': 'the way of a generated event',
  'docs/adr/0024-load.md': 'the way of an operation to a verdict',
  'docs/adr/0026-threads.md': 'who reads the log, who writes it, and what crosses between them',
}

/** Languages of blocks that cannot be done here. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  python: 'a program for the Python client: client/test/python.trial.ts runs those of both pages',
  cron: 'a table of cron: its command is the one above it, which is run',
}

/** Blocks that would be run, but ask for more than a test may take: by their page and their first words. */
export const TOO_MUCH: Readonly<Record<string, string>> = {
  'README.md npm start': 'the two commands themselves, which `npm run stranger` runs in a fresh clone',
  'docs/CONTAINERS.md docker':
    'no container engine is here; test/tools/image.trial.ts builds the image, test/image holds the compose files',
  'docs/LOAD.md npx lighthouse load':
    'seconds to hours of load, judged by times that a busy machine does not keep; load.spec and load.trial of test/cli run less',
  'docs/QUICK-START.md npm start': 'the command of the README, which `npm run stranger` runs in a fresh clone',
  'docs/TRACING.md LIGHTHOUSE_TRACES_URL':
    'a server that runs until it is stopped; `otlp-outlet.spec` starts one with a collector',
  'docs/OPERATIONS.md npx lighthouse restore $BACKUP $DATA.before':
    'a backup of a fresh store has nothing to cut; restore-to.spec and test/cli/walk.spec restore up to a position',
  'docs/UPGRADE.md npm run drill': 'takes a minute; test/tools/drill.trial.ts is a shorter one',
  'docs/KUBERNETES.md kubectl': 'asks a cluster; test/kubernetes renders what is applied, and holds it to the schemas',
  'docs/KUBERNETES.md helm': 'asks a cluster; test/kubernetes renders the chart with these values',
  'docs/KUBERNETES.md node scripts/preview.mjs':
    'asks a cluster; test/kubernetes/preview.trial.ts does both with a kubectl that only writes down what it is asked',
  'docs/PYTHON.md pip wheel': 'asks a registry of packages; client/test/python.trial.ts builds and installs it without',
  'docs/PYTHON.md npm run clients:check': 'takes a minute; client/test/checking/check.trial.ts is a shorter one',
}
