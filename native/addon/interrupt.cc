// Ctrl-C where nobody listens: signals reach JavaScript through the event loop, which an endless loop of a program
// (or a task that runs on the launching thread) never comes back to. The first signal goes to node's own handler, as
// ever; another one ends the process there and then, with the exit code of an interruption.
#include "addon.h"

#if defined(__unix__) || defined(__APPLE__)

#include <csignal>
#include <ctime>
#include <unistd.h>

namespace maniple {

namespace {

/// npm and npx pass on the Ctrl-C that the terminal gave to everybody: what follows so soon is the same key.
constexpr int64_t kSameKeyMs = 500;
constexpr int kExitCode = 130;

constexpr int kSignals[] = {SIGINT, SIGTERM};
struct sigaction previous[2];
volatile int64_t firstMs = -1;

int64_t nowMs() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t(t.tv_sec) * 1000 + t.tv_nsec / 1'000'000;
}

/// Only what may be called in a signal handler: write, clock_gettime, _exit.
void heard(int number) {
  const int64_t now = nowMs();
  if (firstMs < 0) {
    firstMs = now;
  } else if (now - firstMs > kSameKeyMs) {
    constexpr char text[] = "maniple: interrupted again; ending at once\n";
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0) _exit(kExitCode);
    _exit(kExitCode);
  }
  previous[number == SIGINT ? 0 : 1].sa_handler(number);
}

/// armInterrupt(): stands before the handlers of SIGINT and SIGTERM that node has now. They go when node's own go.
Napi::Value armInterrupt(const Napi::CallbackInfo& info) {
  firstMs = -1;
  for (int i = 0; i < 2; i++) {
    struct sigaction current = {};
    if (sigaction(kSignals[i], nullptr, &current) != 0) continue;
    // Nobody listens, somebody of another kind does, or we stand there already.
    if (current.sa_flags & SA_SIGINFO || current.sa_handler == SIG_DFL || current.sa_handler == SIG_IGN ||
        current.sa_handler == heard) {
      continue;
    }
    previous[i] = current;
    current.sa_handler = heard;
    sigaction(kSignals[i], &current, nullptr);
  }
  return info.Env().Undefined();
}

}  // namespace

void register_interrupt(Napi::Env env, Napi::Object exports) {
  exports.Set("armInterrupt", Napi::Function::New(env, armInterrupt, "armInterrupt"));
}

}  // namespace maniple

#else

namespace maniple {
void register_interrupt(Napi::Env env, Napi::Object exports) {
  exports.Set("armInterrupt", Napi::Function::New(env, [](const Napi::CallbackInfo&) {}, "armInterrupt"));
}
}  // namespace maniple

#endif
