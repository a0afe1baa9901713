// The Node-API add-on: registers each domain's functions on one object. native/index.ts gives them their types.
#include "addon.h"

#include "../kernels/levels.h"

namespace maniple {

namespace {

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData<Environment>(new Environment());
  exports.Set("simdLevel", Napi::String::New(env, levelName(activeLevel())));
  register_conjugate_gradients(env, exports);
  register_fft(env, exports);
  register_fork(env, exports);
  register_futex(env, exports);
  register_interrupt(env, exports);
  register_merging(env, exports);
  register_nufft(env, exports);
  register_phasing(env, exports);
  register_reduction(env, exports);
  register_scores(env, exports);
  register_structure_factor(env, exports);
  register_taskbench(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(maniple, initialise)

}  // namespace maniple
