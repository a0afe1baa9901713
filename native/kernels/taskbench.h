// The kernels of Task Bench: work of a known length. Their meaning is in apps/taskbench/kernel.ts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "levels.h"

namespace maniple {

struct TaskBenchTable {
  /// 64 numbers, A = A A + A; their product.
  double (*compute)(int64_t iterations);
  /// 32 sums C = C + A B; their sum.
  double (*compute2)(int64_t iterations);
};

}  // namespace maniple

MANIPLE_TABLES(TaskBenchTable, taskBenchTable)
