// The vector steps of conjugate gradients: see conjugate_gradients.h. Eight elements at a time; the last ones as eight, with
// zeros behind them, which change no sum.
#include "conjugate_gradients.h"

#include "portable.h"

MANIPLE_NAMESPACE_BEGIN
namespace {

constexpr int W = 8;

MANIPLE_FN f64x8 wide(const float* p, int active) {
  return convert<f64x8>(active == W ? load<f32x8>(p) : loadPart<f32x8>(p, active));
}
/// Stores rounded values, and returns what was stored, zeros behind it.
MANIPLE_FN f64x8 narrow(float* p, f64x8 v, int active) {
  const f32x8 rounded = convert<f32x8>(v);
  if (active == W) {
    store(p, rounded);
    return convert<f64x8>(rounded);
  }
  storePart(p, rounded, active);
  return wide(p, active);
}
/// v where the support is not 0, 0 elsewhere.
MANIPLE_FN f64x8 masked(f64x8 v, const uint8_t* inside, int active) {
  Vec<uint8_t, W> bytes{};
  if (active == W) memcpy(&bytes, inside, W);
  else for (int lane = 0; lane < active; lane++) bytes[lane] = inside[lane];
  return select<f64x8>(convert<i64x8>(bytes) != 0, v, f64x8{});
}

/// step(i, active) for every eight elements, summed.
template <class Step>
MANIPLE_FN double inLanes(size_t count, Step step) {
  f64x8 total{};
  size_t i = 0;
  for (; i + W <= count; i += W) total += step(i, W);
  if (i < count) total += step(i, int(count - i));
  return sum(total);
}

double dot(const float* a, const float* b, size_t count) {
  return inLanes(count, [=](size_t i, int active) __attribute__((always_inline)) {
    return wide(a + i, active) * wide(b + i, active);
  });
}

double begin(float* residual, const float* rightSide, const uint8_t* inside, double total, size_t count) {
  const f64x8 divisor = broadcast<f64x8>(total);
  return inLanes(count, [=](size_t i, int active) __attribute__((always_inline)) {
    const f64x8 value = masked(wide(rightSide + i, active) / divisor, inside + i, active);
    const f64x8 r = narrow(residual + i, value, active);
    return r * r;
  });
}

void direction(float* direction, const float* residual, double beta, size_t count) {
  const f64x8 factor = broadcast<f64x8>(beta);
  inLanes(count, [=](size_t i, int active) __attribute__((always_inline)) {
    return narrow(direction + i, wide(residual + i, active) + factor * wide(direction + i, active), active);
  });
}

double product(float* product, const float* direction, const uint8_t* inside, double ridge, size_t count) {
  const f64x8 factor = broadcast<f64x8>(ridge);
  return inLanes(count, [=](size_t i, int active) __attribute__((always_inline)) {
    const f64x8 p = wide(direction + i, active);
    return p * narrow(product + i, masked(wide(product + i, active), inside + i, active) + factor * p, active);
  });
}

double update(float* solution, float* residual, const float* direction, const float* product, double alpha,
              size_t count) {
  const f64x8 factor = broadcast<f64x8>(alpha);
  return inLanes(count, [=](size_t i, int active) __attribute__((always_inline)) {
    narrow(solution + i, wide(solution + i, active) + factor * wide(direction + i, active), active);
    const f64x8 r =
        narrow(residual + i, wide(residual + i, active) - factor * wide(product + i, active), active);
    return r * r;
  });
}

}  // namespace

extern const ConjugateGradientsTable conjugateGradientsTable = {dot, begin, direction, product, update};
MANIPLE_NAMESPACE_END
