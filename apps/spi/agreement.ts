// Whether the phasings of a map found the same particle: the one sign of a wrong map that needs no truth.
import type { Averaged } from '../../tasks/spi/index.js';

/**
 * Kept phasings whose mean correlation with the best is below this have not found the same particle: right maps reach
 * 0.9, wrong ones 0.25 (docs/performance.md).
 */
const AGREEMENT_LEAST = 0.5;

/** A warning about a map that is not to be trusted; null where nothing speaks against it. */
export function disagreement({
  kept,
  rFactors,
  agreement,
}: Pick<Averaged, 'kept' | 'rFactors' | 'agreement'>): string | null {
  if (kept.length < 2 || agreement >= AGREEMENT_LEAST) return null;
  return (
    `the best ${kept.length} of ${rFactors.length} phasings agree to ${agreement.toFixed(2)} only, so the map is not to be ` +
    'trusted, whatever half sets say: use less detail (--detail), more images or more photons'
  );
}
