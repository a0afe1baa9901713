// Merging, but for its transforms: where pixels look, what they weigh, and what is left of the transformed sums. The
// arithmetic of tasks/spi/merging-twin.ts, rounding for rounding.
#pragma once

#include <cstddef>

#include "levels.h"

namespace maniple {

struct MergingTable {
  /// One rotation: x = m[0] s_x + m[1] s_y + m[2] s_z, y with m[3 ... 5], z with m[6 ... 8]; s is (3, pixels).
  void (*points)(const double* m, const float* s, size_t pixels, float* x, float* y, float* z);
  /// One image: out = (photons weight, exposure correction weight) for each pixel.
  void (*values)(const float* photons, double exposure, const float* correction, const float* weights, size_t pixels,
                 float* out);
  /// rightSide and kernel of (2n)^3 complex modes: see `evenParts` in tasks/spi/merging-twin.ts.
  void (*even)(const float* modes, size_t n, float* rightSide, float* kernel);
  /// to += share from.
  void (*share)(float* to, const float* from, double share, size_t count);
};

}  // namespace maniple

MANIPLE_TABLES(MergingTable, mergingTable)
