// The step of iterative phasing onto a support. The one onto the moduli is in fft.h: it happens between two transforms.
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
};

}  // namespace maniple

MANIPLE_TABLES(PhasingTable, phasingTable)
