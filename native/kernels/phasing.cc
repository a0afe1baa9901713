// The step of iterative phasing onto a support: see phasing.h. Plain loops without branches, which the compiler turns
// into vectors.
#include "phasing.h"

#include "portable.h"

MANIPLE_NAMESPACE_BEGIN
namespace {

void hybrid(float* MANIPLE_RESTRICT density, const float* MANIPLE_RESTRICT image,
            const uint8_t* MANIPLE_RESTRICT support, size_t count, float beta) {
  for (size_t i = 0; i < count; i++) {
    const float value = image[i], outside = density[i] - beta * value;
    const bool kept = (support[i] != 0) & (value > 0);
    density[i] = kept ? value : outside;
  }
}

void reduction(float* MANIPLE_RESTRICT density, const float* MANIPLE_RESTRICT image,
               const uint8_t* MANIPLE_RESTRICT support, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float value = image[i];
    const bool kept = (support[i] != 0) & (value > 0);
    density[i] = kept ? value : 0.0f;
  }
}

float largest(const float* values, size_t count) {
  constexpr size_t width = kLanes<float>;
  f32v most{};
  for (size_t i = 0; i < count; i += width) {
    const f32v v = get<f32v>(values, int64_t(i), int(count - i < width ? count - i : width));
    most = select(v > most, v, most);
  }
  float top = 0;
  for (size_t lane = 0; lane < width; lane++) top = most[lane] > top ? most[lane] : top;
  return top;
}

void positivePart(const float* values, float* out, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = values[i] > 0 ? values[i] : 0.0f;
}

void above(const float* MANIPLE_RESTRICT values, float level, uint8_t* MANIPLE_RESTRICT support, size_t count) {
  for (size_t i = 0; i < count; i++) support[i] = values[i] > level;
}

}  // namespace

extern const PhasingTable phasingTable = {hybrid, reduction, largest, positivePart, above};
MANIPLE_NAMESPACE_END
