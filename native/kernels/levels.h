// Vector levels: one kernel source is compiled once per level into a namespace of that name, and the table of the
// best level that this processor has is chosen when the add-on is loaded.
#pragma once

namespace maniple {

enum class Level { generic = 0, avx2 = 1, avx512 = 2 };

/// The highest level that both this build and this processor have, capped by MANIPLE_SIMD. Found once.
Level activeLevel();
const char* levelName(Level level);

}  // namespace maniple

/// Declares one table of function pointers per level: `maniple::avx2::fftTable` and so on. The kernel source defines
/// the one of its own level with MANIPLE_TABLE.
#if defined(MANIPLE_HAVE_X86_LEVELS)
#define MANIPLE_TABLES(Type, name)                     \
  namespace maniple {                                  \
  namespace generic { extern const Type name; }        \
  namespace avx2 { extern const Type name; }           \
  namespace avx512 { extern const Type name; }         \
  inline const Type& active_##name() {                 \
    switch (activeLevel()) {                           \
      case Level::avx512: return avx512::name;         \
      case Level::avx2: return avx2::name;             \
      default: return generic::name;                   \
    }                                                  \
  }                                                    \
  }
#else
#define MANIPLE_TABLES(Type, name)                                         \
  namespace maniple {                                                      \
  namespace generic { extern const Type name; }                            \
  inline const Type& active_##name() { return generic::name; }             \
  }
#endif
