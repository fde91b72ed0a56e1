// A report as JSON, as every command with --json prints one.

export function reportJson(report: unknown): string {
  return JSON.stringify(report, undefined, 2)
}
