// How the work of a reconstruction is spread over its generations, so that the time left is no guess by their number.
import { planSchedule } from '../../tasks/spi/index.js';

/** Resolution elements across a typical particle: largest |s| times its diameter. */
const ELEMENTS = 14;

/**
 * The part of the generations' work that is done after each of them: a generation costs about what its model's grid
 * holds, the third power of its finest |s|. The last three of 23 take two thirds.
 */
export function workDone(): number[] {
  const costs = planSchedule(1, ELEMENTS).generations.map(({ extent }) => extent ** 3);
  const all = costs.reduce((sum, cost) => sum + cost, 0);
  let done = 0;
  return costs.map((cost) => {
    done += cost / all;
    return done;
  });
}
