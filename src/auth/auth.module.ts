// Provides authentication, scopes, quotas and work budgets, configured from the settings.
import { Module } from '@nestjs/common'
import { APP_GUARD } from '@nestjs/core'
import { Settings } from '../config/settings.js'
import { AuthOptions, authOptionsOf } from './auth-options.js'
import { Authentication } from './authentication.js'
import { CostlyReads } from './costly-reads.js'
import { Denials } from './denials.js'
import { Quotas } from './quotas.js'
import { ScopeGuard } from './scope.guard.js'
import { Tickets } from './tickets.js'
import { TokenVerifier } from './token-verifier.js'
import { WorkBudgets } from './work-budgets.js'

@Module({
  providers: [
    Denials,
    { provide: AuthOptions, useFactory: authOptionsOf, inject: [Settings] },
    { provide: Quotas, useFactory: ({ quotas }: Settings) => new Quotas(quotas), inject: [Settings] },
    { provide: WorkBudgets, useFactory: ({ workLimits }: Settings) => new WorkBudgets(workLimits), inject: [Settings] },
    { provide: TokenVerifier, useFactory: (options: AuthOptions) => new TokenVerifier(options), inject: [AuthOptions] },
    { provide: CostlyReads, useFactory: (budgets: WorkBudgets) => new CostlyReads(budgets), inject: [WorkBudgets] },
    { provide: Tickets, useFactory: (budgets: WorkBudgets) => new Tickets(budgets), inject: [WorkBudgets] },
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
