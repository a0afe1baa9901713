// The elementwise work of merging: see merging.h. Plain loops without branches, which the compiler turns into vectors;
// JavaScript computes in double precision and rounds where it stores, and so do these.
#include "merging.h"

#include "portable.h"

MANIPLE_NAMESPACE_BEGIN
namespace {

void points(const double* m, const float* MANIPLE_RESTRICT s, size_t pixels, float* MANIPLE_RESTRICT x,
            float* MANIPLE_RESTRICT y, float* MANIPLE_RESTRICT z) {
  const float* MANIPLE_RESTRICT sy = s + pixels;
  const float* MANIPLE_RESTRICT sz = sy + pixels;
  const double m0 = m[0], m1 = m[1], m2 = m[2], m3 = m[3], m4 = m[4], m5 = m[5], m6 = m[6], m7 = m[7], m8 = m[8];
  for (size_t p = 0; p < pixels; p++) {
    const double a = s[p], b = sy[p], c = sz[p];
    x[p] = float(m0 * a + m1 * b + m2 * c);
    y[p] = float(m3 * a + m4 * b + m5 * c);
    z[p] = float(m6 * a + m7 * b + m8 * c);
  }
}

void values(const float* MANIPLE_RESTRICT photons, double exposure, const float* MANIPLE_RESTRICT correction,
            const float* MANIPLE_RESTRICT weights, size_t pixels, float* MANIPLE_RESTRICT out) {
  for (size_t p = 0; p < pixels; p++) {
    const double weight = weights[p];
    out[2 * p] = float(double(photons[p]) * weight);
    out[2 * p + 1] = float(exposure * double(correction[p]) * weight);
  }
}

/// out[k] = (up[2k] + down[-2k]) / 2: one part of complex modes and of their mirror images.
MANIPLE_FN void meanWithMirror(const float* MANIPLE_RESTRICT up, const float* MANIPLE_RESTRICT down, size_t count,
                               float* MANIPLE_RESTRICT out) {
  for (size_t k = 0; k < count; k++) {
    out[k] = float(0.5 * (double(up[2 * k]) + double(*(down - 2 * ptrdiff_t(k)))));
  }
}

void even(const float* modes, size_t n, float* rightSide, float* kernel) {
  const size_t N = 2 * n, low = n - n / 2;
  const auto inside = [=](size_t i) { return i >= low && i < low + n; };
  for (size_t i = 0; i < N; i++) {
    for (size_t j = 0; j < N; j++) {
      const size_t row = (i * N + j) * N;
      if (i == 0 || j == 0) {
        for (size_t k = 0; k < N; k++) kernel[row + k] = 0;
        continue;
      }
      const size_t mirrored = ((N - i) * N + N - j) * N;
      if (inside(i) && inside(j)) {
        meanWithMirror(modes + 2 * (row + low), modes + 2 * (mirrored + N - low), n,
                       rightSide + ((i - low) * n + j - low) * n);
      }
      // The kernel is even: one pass over a row and its mirror image makes both.
      if (row > mirrored) continue;
      kernel[row] = kernel[mirrored] = 0;
      meanWithMirror(modes + 2 * (row + 1) + 1, modes + 2 * (mirrored + N - 1) + 1, N - 1, kernel + row + 1);
      if (row == mirrored) continue;
      for (size_t k = 1; k < N; k++) kernel[mirrored + N - k] = kernel[row + k];
    }
  }
}

void share(float* MANIPLE_RESTRICT to, const float* MANIPLE_RESTRICT from, double share, size_t count) {
  for (size_t k = 0; k < count; k++) to[k] = float(double(to[k]) + share * double(from[k]));
}

}  // namespace

extern const MergingTable mergingTable = {points, values, even, share};
MANIPLE_NAMESPACE_END
