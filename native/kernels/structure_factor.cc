#include "structure_factor.h"

#include "portable.h"

MANIPLE_NAMESPACE_BEGIN
namespace {

constexpr int TERMS = 11;
constexpr double TWO_PI = 6.283185307179586476925;

/// Taylor coefficients in t^2 of sin(2 pi t) / t and cos(2 pi t). With |t| <= 1/4 the first term left out is below
/// 2e-17 of the sum.
struct Series {
  double sine[TERMS], cosine[TERMS];
  constexpr Series() : sine(), cosine() {
    double s = TWO_PI, c = 1;
    for (int i = 0; i < TERMS; i++) {
      sine[i] = s;
      cosine[i] = c;
      s *= -(TWO_PI * TWO_PI) / ((2 * i + 2) * (2 * i + 3));
      c *= -(TWO_PI * TWO_PI) / ((2 * i + 1) * (2 * i + 2));
    }
  }
};
constexpr Series SERIES;

/// U registers of pixels at once: enough independent chains to hide the latency of the additions.
template <int U>
MANIPLE_FN void addBlock(const double* positions, const double* weights, int64_t atoms, const f64v* x, const f64v* y,
                         const f64v* z, f64v* re, f64v* im) {
  // Adding and subtracting this rounds to the nearest whole number; the lowest bit of the sum is its parity.
  constexpr double toWhole = 6755399441055744.0;
  for (int64_t j = 0; j < atoms; j++) {
    const f64v px = broadcast<f64v>(positions[3 * j]), py = broadcast<f64v>(positions[3 * j + 1]),
               pz = broadcast<f64v>(positions[3 * j + 2]), weight = broadcast<f64v>(weights[j]);
    f64v t[U], u[U], sine[U], cosine[U], signedWeight[U];
    for (int k = 0; k < U; k++) {
      const f64v turns = x[k] * px + y[k] * py + z[k] * pz;
      // To a quarter turn about 0 or about a half turn, where the series converge fast.
      const f64v shifted = turns * 2 + toWhole;
      t[k] = turns - (shifted - toWhole) * 0.5;
      signedWeight[k] = bits<f64v>(bits<i64v>(weight) ^ (bits<i64v>(shifted) << 63));
      u[k] = t[k] * t[k];
      sine[k] = broadcast<f64v>(SERIES.sine[TERMS - 1]);
      cosine[k] = broadcast<f64v>(SERIES.cosine[TERMS - 1]);
    }
    for (int i = TERMS - 2; i >= 0; i--) {
      const f64v s = broadcast<f64v>(SERIES.sine[i]), c = broadcast<f64v>(SERIES.cosine[i]);
      for (int k = 0; k < U; k++) {
        sine[k] = sine[k] * u[k] + s;
        cosine[k] = cosine[k] * u[k] + c;
      }
    }
    for (int k = 0; k < U; k++) {
      re[k] += signedWeight[k] * cosine[k];
      im[k] += signedWeight[k] * (t[k] * sine[k]);
    }
  }
}

template <int U>
MANIPLE_FN void addPixels(const double* positions, const double* weights, int64_t atoms, const double* s,
                          const double* form, int64_t n, int64_t first, int64_t count, double* out) {
  constexpr int W = kLanes<double>;
  alignas(64) double lanes[3][U * W] = {};
  for (int c = 0; c < 3; c++) {
    for (int64_t i = 0; i < count; i++) lanes[c][i] = s[c * n + first + i];
  }
  f64v x[U], y[U], z[U], re[U], im[U];
  for (int k = 0; k < U; k++) {
    x[k] = load<f64v>(lanes[0] + k * W);
    y[k] = load<f64v>(lanes[1] + k * W);
    z[k] = load<f64v>(lanes[2] + k * W);
    re[k] = im[k] = f64v{};
  }
  addBlock<U>(positions, weights, atoms, x, y, z, re, im);
  for (int k = 0; k < U; k++) {
    store<f64v>(lanes[0] + k * W, re[k]);
    store<f64v>(lanes[1] + k * W, im[k]);
  }
  for (int64_t i = 0; i < count; i++) {
    out[2 * (first + i)] += form[first + i] * lanes[0][i];
    out[2 * (first + i) + 1] += form[first + i] * lanes[1][i];
  }
}

void add(const double* positions, const double* weights, int64_t atoms, const double* s, const double* form, int64_t n,
         double* out) {
  constexpr int U = kRegister == 64 ? 4 : 2;
  constexpr int64_t block = U * kLanes<double>;
  for (int64_t first = 0; first < n; first += block) {
    addPixels<U>(positions, weights, atoms, s, form, n, first, n - first < block ? n - first : block, out);
  }
}

}  // namespace

extern const StructureFactorTable structureFactorTable = {add};

MANIPLE_NAMESPACE_END
