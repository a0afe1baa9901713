// Leases that were not released: what the program itself holds, and nobody else may use in ways that conflict.
import { IllegalProgramError } from './illegal-program.js';
import type { Subregion } from './live-region.js';
import type { Launch } from './program-description.js';
import { mayMeet, usageOf } from './relation.js';

export class OpenLeases {
  /** As launches that go on. */
  readonly #leases = new Map<string, { readonly launch: Launch; readonly held: Subregion }>();

  get names(): readonly string[] {
    return [...this.#leases.keys()];
  }

  take(launch: Launch, held: Subregion): void {
    this.#leases.set(launch.name, { launch, held });
  }

  release(name: string): void {
    this.#leases.delete(name);
  }

  /** Throws where a region that is to be freed is leased. */
  refuseFree(region: string, operation: string): void {
    for (const { launch, held } of this.#leases.values()) {
      if (held.region.name === region)
        throw new IllegalProgramError('LaunchError', operation, `the lease ${launch.name} is open`);
    }
  }

  /** Throws where tasks conflict with a lease. */
  refuse({ name, requirements }: Launch, tasks: readonly (readonly Subregion[])[]): void {
    for (const { launch, held } of this.#leases.values()) {
      const leased = new Set(held.ordinals);
      requirements.forEach(({ fields }, r) => {
        for (const mine of fields) {
          const use = launch.requirements[0]!.fields.find((f) => f.field === mine.field);
          if (!use || mayMeet(usageOf(use), usageOf(mine))) continue;
          for (const task of tasks) {
            const { region, ordinals } = task[r]!;
            const shared = region === held.region ? ordinals.filter((o) => leased.has(o)) : [];
            if (shared.length === 0) continue;
            const message = `conflicts with the lease ${launch.name}`;
            throw new IllegalProgramError('LaunchError', name, message, undefined, {
              requirement: r,
              points: shared.map((o) => region.points[o]!),
            });
          }
        }
      });
    }
  }
}
