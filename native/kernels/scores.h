// Orientation scores: inner products of many images with many references, and the best of them per image.
#pragma once

#include <cstddef>
#include <cstdint>

#include "levels.h"

namespace maniple {

struct ScoresTable {
  /// out[i pitch + j] = sum_p images[i pixels + p] references[j pixels + p], i < n, j < m. Products are summed in
  /// single precision over at most kScorePixels pixels, these sums in double: the bits of one product depend on its two
  /// rows alone. At most kScoreReferences references, which then stay in the second-level cache; `scratch` holds
  /// kScoreScratch numbers, aligned to 64 bytes.
  void (*products)(const float* images, size_t n, const float* references, size_t m, size_t pixels, double* out,
                   size_t pitch, float* scratch);
  /// Merges the keys gain[j] dots[i pitch + j] + shift[j] into the `top` best of each image, best first: keys
  /// (n, top), index (n, top), where reference j is called base + j. A later equal key ranks behind.
  void (*select)(const double* dots, size_t pitch, size_t n, size_t m, const double* gain, const double* shift,
                 int32_t base, size_t top, double* keys, int32_t* index);
  /// out[p] = weight[p] log(max(in[p], floor) * inverse), begin <= p < end; a null weight is 1 everywhere.
  void (*logRatios)(int64_t begin, int64_t end, float* out, const float* in, const float* weight, float floor,
                    float inverse);
  /// sum_p weight[p] max(in[p], floor).
  double (*flooredSum)(const float* in, const float* weight, size_t pixels, float floor);
  /// Of one image and one model, with m[p] = max(model[p], floor), floor a normal number above 0:
  /// sums = {sum_p photons[p], sum_p gain[p] m[p], sum_p photons[p] log m[p]}.
  void (*poissonSums)(const float* photons, const float* model, const float* gain, size_t pixels, float floor,
                      double* sums);
  /// Of the distribution exp(beta d) / sum over n differences d <= 0: {sum of exp, sum of beta d exp}. Differences whose
  /// beta d is below -21, a part of 1e-9, are left out.
  void (*partition)(const float* differences, size_t n, float beta, double* sums);
  /// out[i] = exp(beta d[i]), 0 where beta d is below -80.
  void (*weights)(const float* differences, size_t n, float beta, double* out);
};

constexpr size_t kScorePixels = 1024;
constexpr size_t kScoreReferences = 256;
/// A few rows of padding, and what the last prefetches point at.
constexpr size_t kScoreScratch = (kScoreReferences + 8) * kScorePixels;

}  // namespace maniple

MANIPLE_TABLES(ScoresTable, scoresTable)
