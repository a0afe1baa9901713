// What every domain of the add-on knows of the whole: its registration, and the state of one JavaScript thread.
#pragma once

#include <napi.h>

namespace maniple {

/// State of one environment (the main thread or one worker thread); the add-on has no other, so it may be loaded by
/// any number of threads.
struct Environment {
  /// An empty JavaScript function. Calling it fails once the thread is being terminated: see futex.cc.
  Napi::FunctionReference nothing;
  /// Views whose words change when the thread ends: kept alive until then. See futex.cc.
  Napi::ObjectReference status;
  Napi::ObjectReference wake;
};

// One function per domain, defined in <domain>.cc, called in addon.cc. Add a line here and there for a new domain.
void register_conjugate_gradients(Napi::Env env, Napi::Object exports);
void register_fft(Napi::Env env, Napi::Object exports);
void register_fork(Napi::Env env, Napi::Object exports);
void register_futex(Napi::Env env, Napi::Object exports);
void register_interrupt(Napi::Env env, Napi::Object exports);
void register_merging(Napi::Env env, Napi::Object exports);
void register_nufft(Napi::Env env, Napi::Object exports);
void register_phasing(Napi::Env env, Napi::Object exports);
void register_reduction(Napi::Env env, Napi::Object exports);
void register_scores(Napi::Env env, Napi::Object exports);
void register_structure_factor(Napi::Env env, Napi::Object exports);
void register_taskbench(Napi::Env env, Napi::Object exports);

}  // namespace maniple
