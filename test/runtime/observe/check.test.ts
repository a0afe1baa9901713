// The checker, checked: logs that are right, logs with one thing wrong, and the logs of an analysis with seeded faults.
import { join } from 'node:path';
import t from 'tap';
import type { AnalysisFaults } from '../../../runtime/analysis/faults.js';
import { COHERENCE_NAMES, OPERATOR_NAMES, PRIVILEGE_NAMES } from '../../../runtime/events/log-format.js';
import { type CheckReport, checkLog } from '../../../runtime/observe/check.js';
import { demandOf } from '../../../runtime/observe/check-interference.js';
import {
  EXECUTION_INTERFERENCE,
  INTERFERENCES,
  interference,
  type Privilege,
  REDUCTIONS,
  USAGE_CODES,
  usage,
  usageCode,
  usageOf,
} from '../../../runtime/privileges/index.js';
import { generateProgram, runtimeExecutor } from '../../../runtime/testing/index.js';
import { keyedDraw } from '../../../runtime/testing/keyed-random.js';
import { withoutWaits } from '../../../runtime/testing/recorded-order.js';
import { scratchFolder } from '../../support/command.js';
import { type Fault, faultsOf, relationOf } from '../faults/probe.js';
import { WrittenLog } from './written-log.js';

t.setTimeout(600_000);
const folder = scratchFolder();
let files = 0;

/** Checks a log that was written by hand. */
function checked(write: (log: WrittenLog) => void): CheckReport {
  const file = join(folder, `written${files++}.mprof`);
  const log = new WrittenLog(file);
  write(log);
  log.close();
  return checkLog(file);
}

/** Writers of blocks, then readers of halos, each of which needs its neighbours. */
function halos(log: WrittenLog, edges: (point: number) => readonly number[]): void {
  const write = log.launch(2, [[0, 'overwrite']]);
  log.records(write, 4);
  const read = log.launch(3, [[0, 'read']]);
  log.records(read, 4, edges);
  log.runAll();
}
const neighbours = (point: number) => [point - 1, point, point + 1].filter((n) => n >= 0 && n < 4);

t.test('a log in order is clean', (t) => {
  const report = checked((log) => halos(log, neighbours));
  t.ok(report.clean);
  t.match(report, { missing: 0, needless: 0, early: 0, records: 8, edges: 10, conflicts: 10, untimed: 0 });
  t.end();
});

t.test('a dropped edge is missing, whichever it is', (t) => {
  for (let point = 0; point < 4; point++) {
    for (const dropped of neighbours(point)) {
      const report = checked((log) =>
        halos(log, (p) => neighbours(p).filter((n) => p !== point || n !== dropped)),
      );
      t.notOk(report.clean);
      t.match(report, { missing: 1, needless: 0 });
      const [pair] = report.missingPairs;
      t.match(pair, {
        earlier: `step@${dropped}`,
        later: `step@${point}`,
        field: 'grid.a',
        uses: ['overwrite', 'read'],
      });
      const [at] = pair!.point as [number];
      t.ok(
        at >= 4 * dropped && at < 4 * dropped + 4 && at >= 4 * point - 1 && at <= 4 * point + 4,
        `both hold ${at}`,
      );
    }
  }
  t.end();
});

t.test('an added edge is needless, whichever it is', (t) => {
  for (let point = 0; point < 4; point++) {
    for (let other = 0; other < 4; other++) {
      if (neighbours(point).includes(other)) continue;
      const report = checked((log) =>
        halos(log, (p) => (p === point ? [...neighbours(p), other] : neighbours(p))),
      );
      t.ok(report.clean, 'slower, but not wrong');
      t.match(report, {
        missing: 0,
        needless: 1,
        needlessPairs: [{ earlier: `step@${other}`, later: `step@${point}` }],
      });
    }
  }
  t.end();
});

t.test('what has ended before needs no edge, what has not does', (t) => {
  for (const retire of [true, false]) {
    const report = checked((log) => {
      log.records(log.launch(1, [[0, 'update']]), 1);
      log.ran({ record: 0, start: 10, end: 20 });
      log.flushLane();
      if (retire) log.program.retire(0);
      log.records(log.launch(1, [[0, 'update']]), 1);
      log.ran({ record: 1, start: 30, end: 40 });
      log.flushLane();
      if (!retire) log.program.retire(0);
      log.program.retire(1);
    });
    t.match(report, { missing: retire ? 0 : 1 });
  }
  t.end();
});

t.test('paths lead through other records and through joins', (t) => {
  const report = checked((log) => {
    log.records(log.launch(1, [[0, 'update']]), 1); // 0
    const read = log.launch(2, [[0, 'read']]);
    log.records(read, 4, () => [0]); // 1..4
    log.program.open(log.launch(1, [[0, 'update']]), 0, 1, 0); // 5
    log.program.openJoin(); // 6
    for (let reader = 1; reader < 5; reader++) log.program.edge(reader, false);
    log.program.seal();
    log.program.resume(5);
    log.program.edge(6, false);
    log.program.seal();
    for (let record = 0; record < 6; record++)
      log.ran({ record, start: 10 * record + 10, end: 10 * record + 15 });
    log.flushLane();
    for (let record = 0; record < 7; record++) log.program.retire(record);
  });
  t.ok(report.clean, JSON.stringify(report.missingPairs));
  t.match(report, { joined: 5, needless: 0, missing: 0 });
  t.end();
});

t.test('new memory makes an order superfluous, if all of it is written', (t) => {
  const overwrite = (partition: 1 | 2, points: number) =>
    checked((log) => {
      log.records(log.launch(1, [[0, 'read']]), 1);
      log.program.event(12, 1, [1, 1, 0]);
      log.records(log.launch(partition, [[0, 'overwrite']]), points);
      log.records(log.launch(1, [[1, 'read']]), 1);
      log.records(log.launch(1, [[1, 'read']]), 1);
      log.runAll();
    });
  t.match(overwrite(2, 4), { clean: true, partial: 0, missing: 0 });
  t.match(overwrite(2, 3), { clean: false, partial: 1, partialNames: ['grid.a'] });
  t.end();
});

t.test('clocks are believed', (t) => {
  const report = checked((log) => {
    log.records(log.launch(1, [[0, 'update']]), 1);
    log.records(log.launch(1, [[0, 'update']]), 1, () => [0]);
    log.ran({ record: 1, start: 15, end: 18 });
    log.flushLane();
    log.ran({ record: 0, start: 10, end: 20 });
    log.flushLane();
    log.program.retire(0);
    log.program.retire(1);
  });
  t.match(report, { clean: false, early: 1, missing: 0 });
  t.end();
});

t.test('atomic uses may come in any order, but not together', (t) => {
  for (const [start, together] of [
    [12, 1],
    [25, 0],
  ] as const) {
    const report = checked((log) => {
      log.records(log.launch(1, [[0, 'atomic update']]), 1);
      log.records(log.launch(1, [[0, 'atomic update']]), 1);
      log.ran({ record: 0, start: 10, end: 20 });
      log.ran({ record: 1, start, end: start + 5 });
      log.flushLane();
      log.program.retire(0);
      log.program.retire(1);
    });
    t.match(report, { missing: 0, together });
  }
  t.end();
});

t.test('points of one launch that conflict, and uses of a freed region', (t) => {
  t.match(
    checked((log) => {
      log.records(log.launch(3, [[0, 'update']]), 4);
      log.runAll();
    }),
    { clean: false, within: 3, missing: 0 },
  );
  t.match(
    checked((log) => {
      log.program.event(13, 0, [1]);
      log.records(log.launch(1, [[0, 'update']]), 1);
      log.runAll();
    }),
    { clean: false, freed: 1 },
  );
  t.end();
});

t.test('the relation of the checker is that of the runtime, for all pairs of uses', (t) => {
  const wrong: string[] = [];
  const logged = (code: number) => {
    const { privilege, coherence, reduction, discardOutput } = usageOf(code);
    return {
      field: 0,
      privilege: PRIVILEGE_NAMES.indexOf(privilege),
      coherence: COHERENCE_NAMES.indexOf(coherence),
      operator: reduction === null ? -1 : OPERATOR_NAMES.indexOf(reduction),
      discardOutput: discardOutput === true,
    };
  };
  for (let a = 0; a < USAGE_CODES; a++) {
    for (let b = 0; b < USAGE_CODES; b++) {
      const relation = interference(usageOf(a), usageOf(b), 'execution');
      const expected =
        relation === 'true' || relation === 'anti' ? 'order' : relation === 'atomic' ? 'atomic' : 'free';
      if (demandOf(logged(a), logged(b), false) !== expected) wrong.push(`${a} ${b}: ${relation}`);
    }
  }
  t.same(wrong, []);
  t.ok(INTERFERENCES.length > 0);
  t.end();
});

/** The fuzzer checks the log of every batch, too; here records are few, and used again and again. */
const programs = 25;

t.test('generated programs leave clean logs on every executor', async (t) => {
  const wrong: string[] = [];
  let conflicts = 0;
  for (let seed = 1; seed <= programs; seed++) {
    const { program } = generateProgram(seed, { operations: keyedDraw(seed, 0xc4ec).logUniform(8, 120) });
    for (const executor of ['inOrder', 'virtual', 'threads'] as const) {
      const profile = join(folder, 'generated.mprof');
      // Few records, so that they are used again while the program goes on.
      const window = { records: 1 << (6 + (seed % 5)), launches: 64 };
      await runtimeExecutor({ executor, seed, profile, window, workers: 1 + (seed % 3), memory: 2 ** 27 })(
        program,
      );
      const report = checkLog(profile);
      conflicts += report.conflicts;
      if (!report.clean || report.needless > 0) {
        const { missingPairs, earlyPairs, withinPairs, partialNames, untimed, freed, needlessPairs } = report;
        wrong.push(
          `seed ${seed} ${executor}: ${JSON.stringify({ missingPairs, earlyPairs, withinPairs, partialNames, untimed, freed, needlessPairs })}`,
        );
      }
    }
  }
  t.same(wrong.slice(0, 3), [], `${wrong.length} logs are wrong`);
  t.ok(conflicts > 20 * programs, `${conflicts} conflicts`);
});

t.test('the faults of an analysis are found in its log', async (t) => {
  const caught = async (faults: AnalysisFaults): Promise<number | undefined> => {
    for (let seed = 1; seed <= 200; seed++) {
      const program = withoutWaits(generateProgram(seed, { operations: 24 }).program);
      const profile = join(folder, 'faulty.mprof');
      try {
        await runtimeExecutor({ executor: 'virtual', seed, faults, eagerness: 0, profile, memory: 2 ** 27 })(
          program,
        );
      } catch {
        // What ran out of order may fail; its log says why.
      }
      if (checkLog(profile).missing > 0) return seed;
    }
    return undefined;
  };
  type Orders = NonNullable<Fault['orders']>;
  const apply: Orders = (meets, earlier, later) =>
    meets && !/^reduction before .* reduction$/.test(relationOf(earlier, later));
  const drops: Record<string, Orders> = {
    writers: (meets, earlier) => meets && (earlier < 0 || usageOf(earlier).privilege === 'read'),
    readers: (meets, earlier) => meets && (earlier < 0 || usageOf(earlier).privilege !== 'read'),
    wide: (meets, _earlier, _later, path) => meets && path !== 'wide',
    join: (meets, _earlier, _later, path) => meets && path !== 'joined writers',
    partial: (meets, _earlier, _later, path) => meets && !/^(same|table|geometry)$/.test(path),
    apply,
  };
  for (const [drop, orders] of Object.entries(drops)) {
    const seed = await caught(faultsOf({ orders }));
    t.ok(seed, `without ${drop}: found at program ${seed}`);
  }
  const codesOf = (privilege: Privilege) =>
    privilege === 'reduce'
      ? REDUCTIONS.map((operator) => usageCode(usage(privilege, operator)))
      : [usageCode(usage(privilege))];
  const used: readonly Privilege[] = ['read', 'update', 'overwrite', 'reduce'];
  for (const earlier of used) {
    for (const later of used) {
      if (earlier === 'read' && later === 'read') continue;
      const table = EXECUTION_INTERFERENCE.slice();
      for (const a of codesOf(earlier)) for (const b of codesOf(later)) table[a * USAGE_CODES + b] = 0;
      const both = earlier === 'reduce' && later === 'reduce';
      const seed = await caught(faultsOf({ interference: table, ...(both && { orders: apply }) }));
      t.ok(seed, `${earlier} then ${later}: found at program ${seed}`);
    }
  }
});
