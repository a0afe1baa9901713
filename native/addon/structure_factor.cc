// Structure factors: the entry point of tasks/spi/structure-factor.ts.
#include "../kernels/structure_factor.h"

#include "addon.h"
#include "arguments.h"

namespace maniple {

namespace {

/// (positions, weights, from, to, s, form, out): adds the atoms from ... to-1, all of one kind, to out.
void add(const Napi::CallbackInfo& info) {
  const Span<double> weights = spanOf<double>(info[1], "weights");
  const Span<double> positions = spanOf<double>(info[0], "positions", 3 * weights.length);
  const int64_t from = wholeOf(info[2], "from", 0, int64_t(weights.length));
  const int64_t to = wholeOf(info[3], "to", from, int64_t(weights.length));
  const Span<double> form = spanOf<double>(info[5], "form");
  const Span<double> s = spanOf<double>(info[4], "s", 3 * form.length);
  const Span<double> out = spanOf<double>(info[6], "out", 2 * form.length);
  if (s.length != 3 * form.length) throw Napi::RangeError::New(info.Env(), "s must hold three numbers per pixel");
  active_structureFactorTable().add(positions.data + 3 * from, weights.data + from, to - from, s.data, form.data,
                                    int64_t(form.length), out.data);
}

}  // namespace

void register_structure_factor(Napi::Env env, Napi::Object exports) {
  exports.Set("structureFactorAdd", Napi::Function::New(env, add, "structureFactorAdd"));
}

}  // namespace maniple
