// Which vector level to use: what the processor and the system offer, capped by MANIPLE_SIMD=generic|avx2|avx512.
#include "../kernels/levels.h"

#include <cstdlib>
#include <cstring>

namespace maniple {

namespace {

Level detect() {
  Level best = Level::generic;
#if defined(MANIPLE_HAVE_X86_LEVELS)
  __builtin_cpu_init();
  // The same instructions as scripts/build-native.mjs switches on; __builtin_cpu_supports also asks the system.
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512cd");
  if (avx2) best = Level::avx2;
  if (avx512) best = Level::avx512;
#endif
  const char* cap = std::getenv("MANIPLE_SIMD");
  if (cap != nullptr) {
    if (std::strcmp(cap, "generic") == 0) best = Level::generic;
    if (std::strcmp(cap, "avx2") == 0 && best == Level::avx512) best = Level::avx2;
  }
  return best;
}

}  // namespace

Level activeLevel() {
  static const Level level = detect();
  return level;
}

const char* levelName(Level level) {
  switch (level) {
    case Level::avx512: return "avx512";
    case Level::avx2: return "avx2";
    default: return "generic";
  }
}

}  // namespace maniple
