// One step of iterative phasing, in place. Its meaning is in tasks/spi/phasing-step.ts. Planes of constant x are
// transformed while they are in the cache, columns along x are transformed, changed and transformed back while they are
// in registers: the arrays pass through memory three times in a step, not seven.
#include "../kernels/phasing.h"

#include <memory>
#include <vector>

#include "addon.h"
#include "arguments.h"
#include "fft-plan.h"

namespace maniple {

namespace {

/// What a thread keeps from step to step.
struct Planes {
  int n;
  FftShape<float> shape;
  std::vector<float> image;
  explicit Planes(int n) : n(n), shape(1, n, n), image(size_t(n) * size_t(n)) {}
};

Planes& planesOf(int n) {
  thread_local std::unique_ptr<Planes> kept;
  if (kept == nullptr || kept->n != n) kept = std::make_unique<Planes>(n);
  return *kept;
}

/// phasingStep(density, spectrum, modulus, support, n, beta | null).
void phasingStep(const Napi::CallbackInfo& info) {
  const size_t n = size_t(wholeOf(info[4], "n", 1, 4096));
  const size_t plane = n * n, half = n * (n / 2 + 1);
  const Span<float> density = spanOf<float>(info[0], "density", n * plane);
  const Span<float> spectrum = spanOf<float>(info[1], "spectrum", 2 * n * half);
  const Span<float> modulus = spanOf<float>(info[2], "modulus", n * half);
  const Span<uint8_t> support = spanOf<uint8_t>(info[3], "support", n * plane);
  const bool hybrid = !info[5].IsNull();
  const float beta = hybrid ? float(numberOf(info[5], "beta")) : 0;
  Planes& planes = planesOf(int(n));
  const FftFunctions<float>& fft = fftFunctions(float());
  const PhasingTable& onto = active_phasingTable();
  Fft3<float> shape = planes.shape.with(-1);
  for (size_t x = 0; x < n; x++) fft.forward(shape, density.data + x * plane, spectrum.data + 2 * x * half);
  fft.imposeModuli(*shape.plan[1], shape.work, spectrum.data, modulus.data, half, half);
  shape.sign = 1;
  shape.scale = float(1 / (double(n) * double(plane)));
  float* image = planes.image.data();
  for (size_t x = 0; x < n; x++) {
    float* from = spectrum.data + 2 * x * half;
    fft.backward(shape, from, from, image);
    float* to = density.data + x * plane;
    if (hybrid) onto.hybrid(to, image, support.data + x * plane, plane, beta);
    else onto.reduction(to, image, support.data + x * plane, plane);
  }
}

}  // namespace

void register_phasing(Napi::Env env, Napi::Object exports) {
  exports.Set("phasingStep", Napi::Function::New<phasingStep>(env, "phasingStep"));
}

}  // namespace maniple
