// Tokens, scopes and quotas, made from the options that are handed in.
import { type DynamicModule, Module } from '@nestjs/common'
import { APP_GUARD } from '@nestjs/core'
import type { AuthOptions } from './auth-options.js'
import { Authentication } from './authentication.js'
import { CostlyReads } from './costly-reads.js'
import { Denials } from './denials.js'
import { Quotas } from './quotas.js'
import { ScopeGuard } from './scope.guard.js'
import { TokenVerifier } from './token-verifier.js'
import { WorkBudgets } from './work-budgets.js'

@Module({})
export class AuthModule {
  static of(options: AuthOptions): DynamicModule {
    const denials = new Denials()
    const quotas = new Quotas(options.quotas)
    const verifier = new TokenVerifier(options)
    const budgets = new WorkBudgets(options.workLimits)
    return {
      module: AuthModule,
      providers: [
        { provide: Denials, useValue: denials },
        { provide: Quotas, useValue: quotas },
        { provide: TokenVerifier, useValue: verifier },
        { provide: WorkBudgets, useValue: budgets },
        { provide: CostlyReads, useValue: new CostlyReads(budgets) },
        { provide: Authentication, useValue: new Authentication(verifier, quotas, denials) },
        { provide: APP_GUARD, useClass: ScopeGuard },
      ],
      exports: [Denials, Quotas, TokenVerifier, WorkBudgets, CostlyReads, Authentication],
    }
  }
}
