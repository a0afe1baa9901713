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

}  // namespace

extern const PhasingTable phasingTable = {hybrid, reduction};
MANIPLE_NAMESPACE_END
