// The step of iterative phasing onto a support, and how supports are found. The one onto the moduli is in fft.h: it happens
// between two transforms.
#pragma once

#include <cstddef>
#include <cstdint>

#include "levels.h"

namespace maniple {

struct PhasingTable {
  /// density = image where it is positive and inside the support, density - beta image elsewhere.
  void (*hybrid)(float* density, const float* image, const uint8_t* support, size_t count, float beta);
  /// density = image where it is positive and inside the support, 0 elsewhere.
  void (*reduction)(float* density, const float* image, const uint8_t* support, size_t count);
  /// The largest value above 0, or 0.
  float (*largest)(const float* values, size_t count);
  /// out = values where they are positive, 0 elsewhere; they may be one array.
  void (*positivePart)(const float* values, float* out, size_t count);
  /// support = 1 where the value is above the level, 0 elsewhere.
  void (*above)(const float* values, float level, uint8_t* support, size_t count);
};

}  // namespace maniple

MANIPLE_TABLES(PhasingTable, phasingTable)
