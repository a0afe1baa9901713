// Structure factors of particles as direct sums over atoms: the arithmetic of tasks/spi/structure-factor.ts.
#pragma once

#include <cstdint>

#include "levels.h"

namespace maniple {

struct StructureFactorTable {
  /// out[i] (re, im) += form[i] * sum over the atoms of weights[j] exp(2 pi i s[i].positions[j]), i = 0 ... n-1.
  /// positions is (atoms, 3); s is (3, n) and form (n), real.
  void (*add)(const double* positions, const double* weights, int64_t atoms, const double* s, const double* form,
              int64_t n, double* out);
};

}  // namespace maniple

MANIPLE_TABLES(StructureFactorTable, structureFactorTable)
