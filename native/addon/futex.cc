// Waiting and waking on a word of shared memory, and what else a scheduling loop asks of the system. One primitive
// for JavaScript and native threads alike: native code cannot wake Atomics.wait, hence a futex.
//
// A thread inside a long native call cannot be terminated, and process.exit() waits for it. Therefore a wait sleeps in
// slices and calls an empty JavaScript function after each: the call fails when the thread is to end, and the wait
// returns. A sleep may miss a wake that falls between two slices, so the waker must change the word before it wakes;
// then the next slice sees the change and does not sleep. That is the rule of every futex.
#include "addon.h"
#include "arguments.h"

#if defined(__linux__)

#include <cerrno>
#include <climits>
#include <ctime>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace maniple {

namespace {

constexpr int64_t kSliceNs = 20'000'000;
constexpr int kWoken = 0, kChanged = 1, kTimeout = 2;

int64_t nowNs(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return int64_t(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

int32_t load(const int32_t* word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

int32_t* wordOf(const Napi::CallbackInfo& info) {
  const Span<int32_t> view = spanOf<int32_t>(info[0], "view");
  const double index = numberOf(info[1], "index");
  if (!(index >= 0 && index < double(view.length))) {
    throw Napi::RangeError::New(info.Env(), "index lies outside the view");
  }
  return view.data + size_t(index);
}

/// Whether this thread is being terminated: then no JavaScript runs on it any more. Plain Node-API calls, because the
/// C++ wrapper would try to describe the failure in a thread that can no longer hold objects.
bool ending(const Napi::CallbackInfo& info) {
  Environment* own = info.Env().GetInstanceData<Environment>();
  napi_value nothing = nullptr;
  napi_value receiver = nullptr;
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(info.Env(), &scope) != napi_ok) return true;
  const bool called = napi_get_reference_value(info.Env(), own->nothing, &nothing) == napi_ok &&
                      napi_get_undefined(info.Env(), &receiver) == napi_ok &&
                      napi_call_function(info.Env(), receiver, nothing, 0, nullptr, nullptr) == napi_ok;
  napi_close_handle_scope(info.Env(), scope);
  return !called;
}

/// futexWait(view, index, expected, timeoutMicroseconds): 0 woken, 1 the word is not `expected`, 2 timed out.
Napi::Value futexWait(const Napi::CallbackInfo& info) {
  int32_t* word = wordOf(info);
  const int32_t expected = info[2].As<Napi::Number>().Int32Value();
  const double timeout = numberOf(info[3], "timeoutMicroseconds");
  // Infinity and anything beyond a century mean: for ever.
  const int64_t budget = timeout < 3e15 ? int64_t((timeout > 0 ? timeout : 0) * 1000) : INT64_MAX;
  const int64_t start = nowNs(CLOCK_MONOTONIC);
  int64_t left = budget;
  int result = kTimeout;
  for (;;) {
    if (load(word) != expected) {
      result = kChanged;
      break;
    }
    if (left <= 0) break;
    const int64_t slice = left < kSliceNs ? left : kSliceNs;
    const timespec relative = {time_t(slice / 1'000'000'000), long(slice % 1'000'000'000)};
    const long code = syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, &relative, nullptr, 0);
    if (code == 0) {
      result = kWoken;
      break;
    }
    if (errno == EAGAIN) {
      result = kChanged;
      break;
    }
    left = budget == INT64_MAX ? INT64_MAX : budget - (nowNs(CLOCK_MONOTONIC) - start);
    if (left > 0) {
      if (ending(info)) return Napi::Value();
    }
  }
  return Napi::Number::New(info.Env(), result);
}

/// futexWake(view, index, count): how many threads were woken.
Napi::Value futexWake(const Napi::CallbackInfo& info) {
  int32_t* word = wordOf(info);
  const double count = numberOf(info[2], "count");
  const int most = count >= double(INT_MAX) ? INT_MAX : int(count);
  const long woken = syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, most, nullptr, nullptr, 0);
  return Napi::Number::New(info.Env(), double(woken < 0 ? 0 : woken));
}

/// spinWhile(view, index, expected, iterations): spins while the word is `expected`, at most so many times; returns
/// the last value read.
Napi::Value spinWhile(const Napi::CallbackInfo& info) {
  const int32_t* word = wordOf(info);
  const int32_t expected = info[2].As<Napi::Number>().Int32Value();
  int64_t iterations = wholeOf(info[3], "iterations", 0, 1'000'000'000);
  int32_t value = load(word);
  while (value == expected && iterations-- > 0) {
    relax();
    value = load(word);
  }
  return Napi::Number::New(info.Env(), value);
}

/// What a thread leaves behind.
struct Farewell {
  int32_t* status;
  int32_t value;
  int32_t* wake;
};

void sayFarewell(void* data) {
  Farewell* farewell = static_cast<Farewell*>(data);
  __atomic_store_n(farewell->status, farewell->value, __ATOMIC_SEQ_CST);
  if (__atomic_exchange_n(farewell->wake, 0, __ATOMIC_SEQ_CST) != 0) {
    syscall(SYS_futex, farewell->wake, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }
  delete farewell;
}

/// onThreadEnd(status, index, value, wake, wakeIndex): when this thread's environment is torn down, whatever ended it, the
/// first word takes the value; the second becomes 0, and who sleeps on it is woken. No JavaScript runs on the thread then.
Napi::Value onThreadEnd(const Napi::CallbackInfo& info) {
  const Span<int32_t> status = spanOf<int32_t>(info[0], "status");
  const int64_t index = wholeOf(info[1], "index", 0, int64_t(status.length) - 1);
  const Span<int32_t> wake = spanOf<int32_t>(info[3], "wake");
  const int64_t wakeIndex = wholeOf(info[4], "wakeIndex", 0, int64_t(wake.length) - 1);
  Environment* own = info.Env().GetInstanceData<Environment>();
  own->status = Napi::Persistent(info[0].As<Napi::Object>());
  own->wake = Napi::Persistent(info[3].As<Napi::Object>());
  auto* farewell = new Farewell{status.data + index, info[2].As<Napi::Number>().Int32Value(), wake.data + wakeIndex};
  napi_add_env_cleanup_hook(info.Env(), sayFarewell, farewell);
  return info.Env().Undefined();
}

Napi::Value setAffinity(const Napi::CallbackInfo& info) {
  const int64_t cpu = wholeOf(info[0], "cpu", 0, CPU_SETSIZE - 1);
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(int(cpu), &set);
  return Napi::Boolean::New(info.Env(), sched_setaffinity(0, sizeof set, &set) == 0);
}

Napi::Value allowedCpus(const Napi::CallbackInfo& info) {
  cpu_set_t set;
  CPU_ZERO(&set);
  Napi::Array cpus = Napi::Array::New(info.Env());
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  uint32_t at = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (CPU_ISSET(cpu, &set)) cpus.Set(at++, Napi::Number::New(info.Env(), cpu));
  }
  return cpus;
}

Napi::Value threadCpuTimeNs(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), double(nowNs(CLOCK_THREAD_CPUTIME_ID)));
}

Napi::Value monotonicNs(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), double(nowNs(CLOCK_MONOTONIC)));
}

}  // namespace

void register_futex(Napi::Env env, Napi::Object exports) {
  Environment* own = env.GetInstanceData<Environment>();
  own->nothing = Napi::Persistent(env.RunScript("(function nothing() {})").As<Napi::Function>());
  exports.Set("futexWait", Napi::Function::New<futexWait>(env, "futexWait"));
  exports.Set("futexWake", Napi::Function::New<futexWake>(env, "futexWake"));
  exports.Set("spinWhile", Napi::Function::New<spinWhile>(env, "spinWhile"));
  exports.Set("onThreadEnd", Napi::Function::New<onThreadEnd>(env, "onThreadEnd"));
  exports.Set("setAffinity", Napi::Function::New<setAffinity>(env, "setAffinity"));
  exports.Set("allowedCpus", Napi::Function::New<allowedCpus>(env, "allowedCpus"));
  exports.Set("threadCpuTimeNs", Napi::Function::New<threadCpuTimeNs>(env, "threadCpuTimeNs"));
  exports.Set("monotonicNs", Napi::Function::New<monotonicNs>(env, "monotonicNs"));
}

}  // namespace maniple

#else

namespace maniple {
/// Without futexes the functions are absent; the runtime then waits with Atomics.wait.
void register_futex(Napi::Env, Napi::Object) {}
}  // namespace maniple

#endif
