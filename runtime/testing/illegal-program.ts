// What breaks a rule, and where.
import type { Point } from './program-description.js';

/** Two accesses that meet at a point and may not. */
export interface Witness {
  readonly region: string;
  readonly field: string;
  readonly point: Point;
  readonly requirements: readonly [number, number];
  /** Null for single launches. */
  readonly launchPoints: readonly [Point, Point] | null;
}

/** Where a single requirement breaks a rule. */
export interface Where {
  readonly requirement: number;
  readonly points: readonly Point[];
  /** Of the rules of containment, which. */
  readonly rule?: 'region' | 'path' | 'field' | 'privilege' | 'coherence';
}

/** Why a description is not a legal program; `error` names the class that the runtime throws at the launch. */
export class IllegalProgramError extends Error {
  readonly error: string;
  readonly operation: string;
  readonly witness: Witness | undefined;
  /** Which requirement, and points of which a refusal names one (none where the requirement holds none). */
  readonly where: Where | undefined;
  constructor(error: string, operation: string, message: string, witness?: Witness, where?: Where) {
    super(`${operation}: ${message}`);
    this.name = 'IllegalProgramError';
    this.error = error;
    this.operation = operation;
    this.witness = witness;
    this.where = where;
  }
}
