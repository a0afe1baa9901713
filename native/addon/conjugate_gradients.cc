// Conjugate gradients: the entry points of tasks/spi/conjugate-gradients.ts, which says what they mean.
#include "../kernels/conjugate_gradients.h"

#include "addon.h"
#include "arguments.h"

namespace maniple {

namespace {

/// dot(a, b).
Napi::Value dot(const Napi::CallbackInfo& info) {
  const Span<float> a = spanOf<float>(info[0], "a");
  const Span<float> b = spanOf<float>(info[1], "b", a.length);
  return Napi::Number::New(info.Env(), active_conjugateGradientsTable().dot(a.data, b.data, a.length));
}

/// beginStep(residual, rightSide, inside, total).
Napi::Value beginStep(const Napi::CallbackInfo& info) {
  const Span<float> residual = spanOf<float>(info[0], "residual");
  const Span<float> rightSide = spanOf<float>(info[1], "rightSide", residual.length);
  const Span<uint8_t> inside = spanOf<uint8_t>(info[2], "inside", residual.length);
  const double rr = active_conjugateGradientsTable().begin(residual.data, rightSide.data, inside.data,
                                                           numberOf(info[3], "total"), residual.length);
  return Napi::Number::New(info.Env(), rr);
}

/// directionStep(direction, residual, beta).
void directionStep(const Napi::CallbackInfo& info) {
  const Span<float> direction = spanOf<float>(info[0], "direction");
  const Span<float> residual = spanOf<float>(info[1], "residual", direction.length);
  active_conjugateGradientsTable().direction(direction.data, residual.data, numberOf(info[2], "beta"),
                                             direction.length);
}

/// productStep(product, direction, inside, ridge).
Napi::Value productStep(const Napi::CallbackInfo& info) {
  const Span<float> product = spanOf<float>(info[0], "product");
  const Span<float> direction = spanOf<float>(info[1], "direction", product.length);
  const Span<uint8_t> inside = spanOf<uint8_t>(info[2], "inside", product.length);
  const double pq = active_conjugateGradientsTable().product(product.data, direction.data, inside.data,
                                                             numberOf(info[3], "ridge"), product.length);
  return Napi::Number::New(info.Env(), pq);
}

/// updateStep(solution, residual, direction, product, alpha).
Napi::Value updateStep(const Napi::CallbackInfo& info) {
  const Span<float> solution = spanOf<float>(info[0], "solution");
  const size_t count = solution.length;
  const Span<float> residual = spanOf<float>(info[1], "residual", count);
  const Span<float> direction = spanOf<float>(info[2], "direction", count);
  const Span<float> product = spanOf<float>(info[3], "product", count);
  const double rr = active_conjugateGradientsTable().update(solution.data, residual.data, direction.data,
                                                            product.data, numberOf(info[4], "alpha"), count);
  return Napi::Number::New(info.Env(), rr);
}

}  // namespace

void register_conjugate_gradients(Napi::Env env, Napi::Object exports) {
  exports.Set("dot", Napi::Function::New<dot>(env, "dot"));
  exports.Set("beginStep", Napi::Function::New<beginStep>(env, "beginStep"));
  exports.Set("directionStep", Napi::Function::New<directionStep>(env, "directionStep"));
  exports.Set("productStep", Napi::Function::New<productStep>(env, "productStep"));
  exports.Set("updateStep", Napi::Function::New<updateStep>(env, "updateStep"));
}

}  // namespace maniple
