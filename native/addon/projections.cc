// The projections of iterative phasing, in place on the caller's arrays. Their meaning is in tasks/spi/projections.ts.
#include "../kernels/projections.h"

#include "addon.h"
#include "arguments.h"

namespace maniple {

namespace {

/// imposeModuli(spectrum, modulus).
void imposeModuli(const Napi::CallbackInfo& info) {
  const Span<float> modulus = spanOf<float>(info[1], "modulus");
  const Span<float> spectrum = spanOf<float>(info[0], "spectrum", 2 * modulus.length);
  active_projectionsTable().imposeModuli(spectrum.data, modulus.data, modulus.length);
}

/// hybridStep(density, image, support, beta).
void hybridStep(const Napi::CallbackInfo& info) {
  const Span<float> density = spanOf<float>(info[0], "density");
  const Span<float> image = spanOf<float>(info[1], "image", density.length);
  const Span<uint8_t> support = spanOf<uint8_t>(info[2], "support", density.length);
  active_projectionsTable().hybridStep(density.data, image.data, support.data, density.length,
                                       float(numberOf(info[3], "beta")));
}

/// reductionStep(density, image, support).
void reductionStep(const Napi::CallbackInfo& info) {
  const Span<float> density = spanOf<float>(info[0], "density");
  const Span<float> image = spanOf<float>(info[1], "image", density.length);
  const Span<uint8_t> support = spanOf<uint8_t>(info[2], "support", density.length);
  active_projectionsTable().reductionStep(density.data, image.data, support.data, density.length);
}

}  // namespace

void register_projections(Napi::Env env, Napi::Object exports) {
  exports.Set("imposeModuli", Napi::Function::New<imposeModuli>(env, "imposeModuli"));
  exports.Set("hybridStep", Napi::Function::New<hybridStep>(env, "hybridStep"));
  exports.Set("reductionStep", Napi::Function::New<reductionStep>(env, "reductionStep"));
}

}  // namespace maniple
