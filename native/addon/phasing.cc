// Steps of iterative phasing, in place, and what supports are found with; their meaning is in tasks/spi/phasing-step.ts.
// Columns along x are transformed,
// changed and transformed back while they are in registers; planes of constant x are transformed back, brought onto the
// support and transformed for the next step while they are in the cache: the arrays pass through memory twice in a step.
#include "../kernels/phasing.h"

#include <cmath>
#include <limits>
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

/// phasingSteps(density, spectrum, modulus, support, n, beta | null, steps).
void phasingSteps(const Napi::CallbackInfo& info) {
  const size_t n = size_t(wholeOf(info[4], "n", 1, 4096));
  const size_t plane = n * n, half = n * (n / 2 + 1);
  const Span<float> density = spanOf<float>(info[0], "density", n * plane);
  const Span<float> spectrum = spanOf<float>(info[1], "spectrum", 2 * n * half);
  const Span<float> modulus = spanOf<float>(info[2], "modulus", n * half);
  const Span<uint8_t> support = spanOf<uint8_t>(info[3], "support", n * plane);
  const bool hybrid = !info[5].IsNull();
  const float beta = hybrid ? float(numberOf(info[5], "beta")) : 0;
  const int64_t steps = wholeOf(info[6], "steps", 0, 1 << 20);
  Planes& planes = planesOf(int(n));
  const FftFunctions<float>& fft = fftFunctions(float());
  const PhasingTable& onto = active_phasingTable();
  Fft3<float> forward = planes.shape.with(-1), backward = planes.shape.with(1);
  backward.scale = float(1 / (double(n) * double(plane)));
  float* image = planes.image.data();
  if (steps == 0) return;
  for (size_t x = 0; x < n; x++) fft.forward(forward, density.data + x * plane, spectrum.data + 2 * x * half);
  for (int64_t step = 0; step < steps; step++) {
    fft.imposeModuli(*forward.plan[1], forward.work, spectrum.data, modulus.data, half, half);
    for (size_t x = 0; x < n; x++) {
      float* from = spectrum.data + 2 * x * half;
      fft.backward(backward, from, from, image);
      float* to = density.data + x * plane;
      if (hybrid) onto.hybrid(to, image, support.data + x * plane, plane, beta);
      else onto.reduction(to, image, support.data + x * plane, plane);
      // The next step's transform, as long as the plane is in the cache.
      if (step + 1 < steps) fft.forward(forward, to, from);
    }
  }
}

/// positivePart(values, out).
void positivePart(const Napi::CallbackInfo& info) {
  const Span<float> values = spanOf<float>(info[0], "values");
  const Span<float> out = spanOf<float>(info[1], "out", values.length);
  active_phasingTable().positivePart(values.data, out.data, values.length);
}

/// above(volume, part, support).
void above(const Napi::CallbackInfo& info) {
  const Span<float> volume = spanOf<float>(info[0], "volume");
  const Span<uint8_t> support = spanOf<uint8_t>(info[2], "support", volume.length);
  const PhasingTable& table = active_phasingTable();
  const double exact = numberOf(info[1], "part") * double(table.largest(volume.data, volume.length));
  // The floats above a level are those above the largest float that is not above it.
  float level = float(exact);
  if (double(level) > exact) level = std::nextafter(level, -std::numeric_limits<float>::infinity());
  table.above(volume.data, level, support.data, volume.length);
}

}  // namespace

void register_phasing(Napi::Env env, Napi::Object exports) {
  exports.Set("phasingSteps", Napi::Function::New<phasingSteps>(env, "phasingSteps"));
  exports.Set("positivePart", Napi::Function::New<positivePart>(env, "positivePart"));
  exports.Set("above", Napi::Function::New<above>(env, "above"));
}

}  // namespace maniple
