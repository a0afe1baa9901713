// Sums and fills of arrays: the entry points of runtime/privileges/reduction.ts.
#include "../kernels/reduction.h"

#include "addon.h"
#include "arguments.h"

namespace maniple {

namespace {

/// addArrays(target, source): target += source, both Float32Array or both Float64Array.
void addArrays(const Napi::CallbackInfo& info) {
  const ReductionTable& table = active_reductionTable();
  if (kindOf(info[0], "target") == napi_float64_array) {
    const Span<double> target = spanOf<double>(info[0], "target");
    table.addDouble(target.data, spanOf<double>(info[1], "source", target.length).data, target.length);
  } else {
    const Span<float> target = spanOf<float>(info[0], "target");
    table.addSingle(target.data, spanOf<float>(info[1], "source", target.length).data, target.length);
  }
}

/// fillArray(target, value).
void fillArray(const Napi::CallbackInfo& info) {
  const ReductionTable& table = active_reductionTable();
  const double value = numberOf(info[1], "value");
  if (kindOf(info[0], "target") == napi_float64_array) {
    const Span<double> target = spanOf<double>(info[0], "target");
    table.fillDouble(target.data, value, target.length);
  } else {
    const Span<float> target = spanOf<float>(info[0], "target");
    table.fillSingle(target.data, float(value), target.length);
  }
}

}  // namespace

void register_reduction(Napi::Env env, Napi::Object exports) {
  exports.Set("addArrays", Napi::Function::New<addArrays>(env, "addArrays"));
  exports.Set("fillArray", Napi::Function::New<fillArray>(env, "fillArray"));
}

}  // namespace maniple
