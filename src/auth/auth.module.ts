// Provides authentication, scopes, quotas and work budgets, configured from the settings.
import { Module } from '@nestjs/common'
import { APP_GUARD } from '@nestjs/core'
import { Settings } from '../config/settings.js'
import { Signals } from '../signals/signals.js'
import { SignalsModule } from '../signals/signals.module.js'
import { SharedLimits } from '../threads/shared-limits.js'
import { ThisThread } from '../threads/this-thread.js'
import { AuthOptions, authOptionsOf } from './auth-options.js'
import { Authentication } from './authentication.js'
import { CostlyReads } from './costly-reads.js'
import { Denials, ToldDenials } from './denials.js'
import { tellOfKeySet } from './key-set-signal.js'
import { Quotas } from './quotas.js'
import { hearRevocations } from './revocations.js'
import { ScopeGuard } from './scope.guard.js'
import { AskedTickets, Tickets } from './tickets.js'
import { TokenClock } from './token-clock.js'
import { TokenKeys } from './token-keys.js'
import { TokenVerifier } from './token-verifier.js'
import { WorkBudgets } from './work-budgets.js'

function verifierOf(options: AuthOptions, signals: Signals, { writer }: ThisThread): TokenVerifier {
  const clock = new TokenClock()
  const keys = new TokenKeys(
    options,
    () => clock.steady(),
    outcome => tellOfKeySet(signals, outcome),
  )
  const verifier = new TokenVerifier(options, clock, keys)
  if (writer !== undefined) hearRevocations(verifier.revocations, writer)
  return verifier
}

function ticketsOf(budgets: WorkBudgets, { writer }: ThisThread): Tickets {
  return writer === undefined ? new Tickets(budgets) : new AskedTickets(writer, budgets)
}

function denialsOf({ writer }: ThisThread, limits: SharedLimits): Denials {
  return writer === undefined ? new Denials(limits) : new ToldDenials(writer, limits)
}

@Module({
  imports: [SignalsModule],
  providers: [
    { provide: Denials, useFactory: denialsOf, inject: [ThisThread, SharedLimits] },
    { provide: AuthOptions, useFactory: authOptionsOf, inject: [Settings] },
    {
      provide: Quotas,
      useFactory: ({ quotas }: Settings, limits: SharedLimits) => new Quotas(quotas, limits),
      inject: [Settings, SharedLimits],
    },
    {
      provide: WorkBudgets,
      useFactory: ({ workLimits }: Settings, limits: SharedLimits) => new WorkBudgets(workLimits, limits),
      inject: [Settings, SharedLimits],
    },
    { provide: TokenVerifier, useFactory: verifierOf, inject: [AuthOptions, Signals, ThisThread] },
    {
      provide: CostlyReads,
      useFactory: (budgets: WorkBudgets, limits: SharedLimits) => new CostlyReads(budgets, limits),
      inject: [WorkBudgets, SharedLimits],
    },
    { provide: Tickets, useFactory: ticketsOf, inject: [WorkBudgets, ThisThread] },
    {
      provide: Authentication,
      useFactory: (verifier: TokenVerifier, quotas: Quotas, denials: Denials, tickets: Tickets) =>
        new Authentication(verifier, quotas, denials, tickets),
      inject: [TokenVerifier, Quotas, Denials, Tickets],
    },
    { provide: APP_GUARD, useClass: ScopeGuard },
  ],
  exports: [AuthOptions, Denials, Quotas, Tickets, TokenVerifier, WorkBudgets, CostlyReads, Authentication],
})
export class AuthModule {}
