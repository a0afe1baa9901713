// What every measurement here shares: repeat, take the median, say the machine. Run any script with `node FILE`.
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';

/** Nanoseconds per call of `body(count)`, the median and the spread of `repeats` runs after one warm-up. */
export async function perCall(body, count, repeats = 7) {
  await body(count);
  const times = [];
  for (let i = 0; i < repeats; i++) {
    const begin = process.hrtime.bigint();
    await body(count);
    times.push(Number(process.hrtime.bigint() - begin) / count);
  }
  times.sort((a, b) => a - b);
  return { median: times[times.length >> 1], best: times[0], worst: times[times.length - 1] };
}

/** One table row: nanoseconds shown as ns, us or ms. */
export function row(name, { median, best, worst }) {
  const units = [
    ['ns', 1],
    ['us', 1e3],
    ['ms', 1e6],
    ['s', 1e9],
  ];
  const show = (ns) => {
    const [unit, size] = units.findLast(([, size]) => ns >= size) ?? units[0];
    return `${Number((ns / size).toPrecision(3))} ${unit}`;
  };
  console.log(`| ${name} | ${show(median)} | ${show(best)} .. ${show(worst)} |`);
}

export function heading(what) {
  let commit = 'unknown';
  try {
    commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    // Not in a checkout.
  }
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, node ${process.version}, commit ${commit}`,
  );
  console.log(`\n| ${what} | median | spread |\n| --- | --- | --- |`);
}
