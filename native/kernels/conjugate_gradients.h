// The vector steps of conjugate gradients: the arithmetic of tasks/spi/conjugate-gradients.ts, rounding for rounding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "levels.h"

namespace maniple {

/// Inner products are sums in double precision in eight lanes, element i in lane i mod 8, lanes added halves first.
struct ConjugateGradientsTable {
  double (*dot)(const float* a, const float* b, size_t count);
  /// residual = rightSide / total inside, 0 elsewhere; returns r.r.
  double (*begin)(float* residual, const float* rightSide, const uint8_t* inside, double total, size_t count);
  /// direction = residual + beta direction.
  void (*direction)(float* direction, const float* residual, double beta, size_t count);
  /// product = (product inside, 0 elsewhere) + ridge direction; returns p.q.
  double (*product)(float* product, const float* direction, const uint8_t* inside, double ridge, size_t count);
  /// solution += alpha direction, residual -= alpha product; returns r.r.
  double (*update)(float* solution, float* residual, const float* direction, const float* product, double alpha,
                   size_t count);
};

}  // namespace maniple

MANIPLE_TABLES(ConjugateGradientsTable, conjugateGradientsTable)
