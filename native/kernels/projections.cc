// The projections of iterative phasing: see projections.h. Plain loops without branches, which the compiler turns into
// vectors. Squares and quotients are in double precision: intensities of any scale neither vanish nor overflow.
#include "projections.h"

#include <cmath>

#include "portable.h"

MANIPLE_NAMESPACE_BEGIN
namespace {

/// Numbers of one block: the working arrays stay in the first-level cache.
constexpr size_t kBlock = 256;

/// re and im are turned into factor re + real and factor im: where there is no phase, a factor 0 and `real` the modulus.
MANIPLE_FN void imposeBlock(float* MANIPLE_RESTRICT spectrum, const float* MANIPLE_RESTRICT modulus, size_t count) {
  float re[kBlock], im[kBlock], real[kBlock];
  double factor[kBlock];
  for (size_t i = 0; i < count; i++) {
    re[i] = spectrum[2 * i];
    im[i] = spectrum[2 * i + 1];
  }
  for (size_t i = 0; i < count; i++) {
    const double x = re[i], y = im[i], wanted = modulus[i];
    const double now = std::sqrt(x * x + y * y);
    const double known = now > 0 ? wanted / now : 0;
    factor[i] = wanted < 0 ? 1 : known;
  }
  for (size_t i = 0; i < count; i++) real[i] = factor[i] > 0 ? 0 : modulus[i];
  for (size_t i = 0; i < count; i++) {
    spectrum[2 * i] = float(re[i] * factor[i]) + real[i];
    spectrum[2 * i + 1] = float(im[i] * factor[i]);
  }
}

void imposeModuli(float* spectrum, const float* modulus, size_t count) {
  size_t i = 0;
  for (; i + kBlock <= count; i += kBlock) imposeBlock(spectrum + 2 * i, modulus + i, kBlock);
  imposeBlock(spectrum + 2 * i, modulus + i, count - i);
}

void hybridStep(float* MANIPLE_RESTRICT density, const float* MANIPLE_RESTRICT image,
                const uint8_t* MANIPLE_RESTRICT support, size_t count, float beta) {
  for (size_t i = 0; i < count; i++) {
    const float value = image[i], outside = density[i] - beta * value;
    const bool kept = (support[i] != 0) & (value > 0);
    density[i] = kept ? value : outside;
  }
}

void reductionStep(float* MANIPLE_RESTRICT density, const float* MANIPLE_RESTRICT image,
                   const uint8_t* MANIPLE_RESTRICT support, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float value = image[i];
    const bool kept = (support[i] != 0) & (value > 0);
    density[i] = kept ? value : 0.0f;
  }
}

}  // namespace

extern const ProjectionsTable projectionsTable = {imposeModuli, hybridStep, reductionStep};
MANIPLE_NAMESPACE_END
