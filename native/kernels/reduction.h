// Sums of arrays, element by element, and arrays of one value: nearly all reductions (runtime/privileges/reduction.ts).
#pragma once

#include <cstddef>

#include "levels.h"

namespace maniple {

struct ReductionTable {
  /// into[i] += from[i]; the two do not overlap, or are one array.
  void (*addSingle)(float* into, const float* from, size_t count);
  void (*addDouble)(double* into, const double* from, size_t count);
  void (*fillSingle)(float* into, float value, size_t count);
  void (*fillDouble)(double* into, double value, size_t count);
};

}  // namespace maniple

MANIPLE_TABLES(ReductionTable, reductionTable)
