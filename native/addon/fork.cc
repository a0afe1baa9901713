// Memory that child processes do not get. Starting a program forks first, and the system then counts all that the child might
// copy: with much address space reserved it refuses, although the child copies nothing before it becomes the program.
#include "addon.h"
#include "arguments.h"

#if defined(__linux__)

#include <sys/mman.h>
#include <unistd.h>

namespace maniple {

namespace {

/// Whole pages only: the edges may hold something else.
Napi::Value keepFromForks(const Napi::CallbackInfo& info) {
  const Span<int32_t> memory = spanOf<int32_t>(info[0], "memory");
  const uintptr_t page = uintptr_t(sysconf(_SC_PAGESIZE));
  const uintptr_t first = (reinterpret_cast<uintptr_t>(memory.data) + page - 1) / page * page;
  const uintptr_t end = (reinterpret_cast<uintptr_t>(memory.data + memory.length)) / page * page;
  const bool done = first >= end || madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTFORK) == 0;
  return Napi::Boolean::New(info.Env(), done);
}

}  // namespace

void register_fork(Napi::Env env, Napi::Object exports) {
  exports.Set("keepFromForks", Napi::Function::New<keepFromForks>(env, "keepFromForks"));
}

}  // namespace maniple

#else

namespace maniple {
void register_fork(Napi::Env, Napi::Object) {}
}  // namespace maniple

#endif
