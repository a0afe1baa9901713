// The kernels of Task Bench for tasks in JavaScript: see apps/taskbench/kernel.ts, which says what they compute.
#include "../kernels/taskbench.h"

#include <cstring>

#include "addon.h"
#include "arguments.h"

namespace maniple {

namespace {

constexpr int64_t kMost = int64_t(1) << 53;

int64_t iterationsOf(const Napi::CallbackInfo& info, size_t at) { return wholeOf(info[at], "iterations", 0, kMost); }

Napi::Value taskBenchCompute(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), active_taskBenchTable().compute(iterationsOf(info, 0)));
}

Napi::Value taskBenchCompute2(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), active_taskBenchTable().compute2(iterationsOf(info, 0)));
}

Napi::Value taskBenchBusyWait(const Napi::CallbackInfo& info) {
  int64_t acc = 113;
  for (int64_t i = 0, iterations = iterationsOf(info, 0); i < iterations; i++) acc = acc * 139 % 2147483647;
  return Napi::Number::New(info.Env(), double(acc));
}

Napi::Value taskBenchMemory(const Napi::CallbackInfo& info) {
  const Span<uint8_t> scratch = spanOf<uint8_t>(info[0], "scratch");
  const int64_t samples = wholeOf(info[1], "samples", 1, kMost);
  const int64_t iterations = iterationsOf(info, 2);
  const int64_t step = wholeOf(info[3], "step", 0, kMost);
  const size_t bytes = scratch.length / size_t(samples);
  for (int64_t i = 0; i < iterations; i++) {
    // Unsigned: whatever it wraps to, the window lies within the buffer.
    uint8_t* window = scratch.data + size_t((uint64_t(step) * uint64_t(iterations) + uint64_t(i)) % uint64_t(samples)) * bytes;
    std::memcpy(window + bytes / 2, window, bytes / 2);
  }
  return info.Env().Undefined();
}

}  // namespace

void register_taskbench(Napi::Env env, Napi::Object exports) {
  exports.Set("taskBenchCompute", Napi::Function::New<taskBenchCompute>(env, "taskBenchCompute"));
  exports.Set("taskBenchCompute2", Napi::Function::New<taskBenchCompute2>(env, "taskBenchCompute2"));
  exports.Set("taskBenchBusyWait", Napi::Function::New<taskBenchBusyWait>(env, "taskBenchBusyWait"));
  exports.Set("taskBenchMemory", Napi::Function::New<taskBenchMemory>(env, "taskBenchMemory"));
}

}  // namespace maniple
