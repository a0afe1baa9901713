// The projections of iterative phasing: onto the measured moduli, and onto a support.
#pragma once

#include <cstddef>
#include <cstdint>

#include "levels.h"

namespace maniple {

struct ProjectionsTable {
  /// Replaces the moduli of `count` complex numbers and keeps their phases; one of modulus 0 gets phase 0. A negative
  /// modulus leaves its number as it is.
  void (*imposeModuli)(float* spectrum, const float* modulus, size_t count);
  /// density = image where it is positive and inside the support, density - beta image elsewhere.
  void (*hybridStep)(float* density, const float* image, const uint8_t* support, size_t count, float beta);
  /// density = image where it is positive and inside the support, 0 elsewhere.
  void (*reductionStep)(float* density, const float* image, const uint8_t* support, size_t count);
};

}  // namespace maniple

MANIPLE_TABLES(ProjectionsTable, projectionsTable)
