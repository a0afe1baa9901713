// The portability header: vector types, and the few words in which kernels are written so that one text compiles for
// CPU vectors (here, once per vector level) and for the threads of a GPU (nvcc, hipcc). See README.md.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__CUDACC__) || defined(__HIPCC__)
#define MANIPLE_GPU 1
#if defined(__HIPCC__)
#include <hip/hip_runtime.h>
#endif
#else
#define MANIPLE_CPU 1
#include <cmath>
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#endif

#if !defined(MANIPLE_LEVEL)
#define MANIPLE_LEVEL generic
#endif
#define MANIPLE_NAMESPACE_BEGIN namespace maniple { namespace MANIPLE_LEVEL {
#define MANIPLE_NAMESPACE_END } }

#if defined(MANIPLE_CPU)
#define MANIPLE_FN static inline __attribute__((always_inline))
#else
#define MANIPLE_FN static __device__ __forceinline__
#endif
#if defined(MANIPLE_CPU)
#define MANIPLE_METHOD inline __attribute__((always_inline))
#else
#define MANIPLE_METHOD __device__ __forceinline__
#endif
#define MANIPLE_RESTRICT __restrict__

MANIPLE_NAMESPACE_BEGIN

#if defined(MANIPLE_CPU)

// ---- Vector types: f32x16 is sixteen floats, and so on. Arithmetic, comparison and indexing are the language's.

template <class T, int N>
struct VectorType {
  typedef T type __attribute__((vector_size(N * sizeof(T))));
  // The same with the alignment of one element, for memory that others laid out.
  typedef T loose __attribute__((vector_size(N * sizeof(T)), aligned(sizeof(T)), may_alias));
};
template <class T, int N> using Vec = typename VectorType<T, N>::type;

using f32x4 = Vec<float, 4>;
using f32x8 = Vec<float, 8>;
using f32x16 = Vec<float, 16>;
using f64x2 = Vec<double, 2>;
using f64x4 = Vec<double, 4>;
using f64x8 = Vec<double, 8>;
using i32x4 = Vec<int32_t, 4>;
using i32x8 = Vec<int32_t, 8>;
using i32x16 = Vec<int32_t, 16>;
using i64x2 = Vec<int64_t, 2>;
using i64x4 = Vec<int64_t, 4>;
using i64x8 = Vec<int64_t, 8>;

/// Bytes of one register at this level.
#if defined(__AVX512F__)
constexpr int kRegister = 64;
#elif defined(__AVX__)
constexpr int kRegister = 32;
#else
constexpr int kRegister = 16;
#endif

/// Lanes of T in one register: the natural width of "varying" values.
template <class T> constexpr int kLanes = kRegister / int(sizeof(T));
template <class T> using Varying = Vec<T, kLanes<T>>;
using f32v = Varying<float>;
using f64v = Varying<double>;
using i32v = Varying<int32_t>;
using i64v = Varying<int64_t>;

template <class V> struct Lane;
template <> struct Lane<f32x4> { using type = float; };
template <> struct Lane<f32x8> { using type = float; };
template <> struct Lane<f32x16> { using type = float; };
template <> struct Lane<f64x2> { using type = double; };
template <> struct Lane<f64x4> { using type = double; };
template <> struct Lane<f64x8> { using type = double; };
template <> struct Lane<i32x4> { using type = int32_t; };
template <> struct Lane<i32x8> { using type = int32_t; };
template <> struct Lane<i32x16> { using type = int32_t; };
template <> struct Lane<i64x2> { using type = int64_t; };
template <> struct Lane<i64x4> { using type = int64_t; };
template <> struct Lane<i64x8> { using type = int64_t; };
template <class V> using LaneOf = typename Lane<V>::type;
template <class V> constexpr int kWidth = int(sizeof(V) / sizeof(LaneOf<V>));
template <class V> using LooseOf = typename VectorType<LaneOf<V>, kWidth<V>>::loose;
/// What a comparison of V gives: lanes of all ones or all zeros.
template <class V> using MaskOf = decltype(V{} < V{});

template <class V> MANIPLE_FN V broadcast(LaneOf<V> x) { return x - V{}; }
template <class V> MANIPLE_FN V load(const LaneOf<V>* p) { return *reinterpret_cast<const LooseOf<V>*>(p); }
template <class V> MANIPLE_FN void store(LaneOf<V>* p, V v) { *reinterpret_cast<LooseOf<V>*>(p) = v; }
/// The first `count` lanes from memory, zeros behind them.
template <class V> MANIPLE_FN V loadPart(const LaneOf<V>* p, int count) {
  V v{};
  for (int i = 0; i < count; i++) v[i] = p[i];
  return v;
}
template <class V> MANIPLE_FN void storePart(LaneOf<V>* p, V v, int count) {
  for (int i = 0; i < count; i++) p[i] = v[i];
}
/// `active` lanes from element i on, or all of them: for the last items of a flat kernel.
template <class V> MANIPLE_FN V get(const LaneOf<V>* p, int64_t i, int active) {
  return active == kWidth<V> ? load<V>(p + i) : loadPart<V>(p + i, active);
}
template <class V> MANIPLE_FN void put(LaneOf<V>* p, int64_t i, V v, int active) {
  if (active == kWidth<V>) store(p + i, v);
  else storePart(p + i, v, active);
}
MANIPLE_FN void prefetch(const void* p) { __builtin_prefetch(p); }
/// Memory at base[index], lane by lane.
template <class V, class I> MANIPLE_FN V gather(const LaneOf<V>* base, I index) {
  V v;
  for (int i = 0; i < kWidth<V>; i++) v[i] = base[index[i]];
  return v;
}
template <class V> MANIPLE_FN V select(MaskOf<V> mask, V a, V b) { return mask ? a : b; }
template <class V> MANIPLE_FN V minimum(V a, V b) { return a < b ? a : b; }
template <class V> MANIPLE_FN V maximum(V a, V b) { return a > b ? a : b; }
/// Value conversion lane by lane (float to int truncates).
template <class To, class V> MANIPLE_FN To convert(V v) { return __builtin_convertvector(v, To); }
/// The same bits under another type.
template <class To, class V> MANIPLE_FN To bits(V v) { return reinterpret_cast<To>(v); }
/// 0, 1, 2, ...
template <class V> MANIPLE_FN V ramp() {
  V v;
  for (int i = 0; i < kWidth<V>; i++) v[i] = LaneOf<V>(i);
  return v;
}
/// To the nearest whole number, halves to even.
template <class V> MANIPLE_FN V nearest(V x) {
  V v;
  for (int i = 0; i < kWidth<V>; i++) v[i] = sizeof(LaneOf<V>) == 4 ? __builtin_rintf(float(x[i])) : __builtin_rint(x[i]);
  return v;
}
#if defined(__SSE4_1__)
template <> inline __attribute__((always_inline)) f32x4 nearest(f32x4 x) { return _mm_round_ps(x, 8); }
template <> inline __attribute__((always_inline)) f64x2 nearest(f64x2 x) { return _mm_round_pd(x, 8); }
#endif
#if defined(__AVX__)
template <> inline __attribute__((always_inline)) f32x8 nearest(f32x8 x) { return _mm256_round_ps(x, 8); }
template <> inline __attribute__((always_inline)) f64x4 nearest(f64x4 x) { return _mm256_round_pd(x, 8); }
#endif
#if defined(__AVX512F__)
template <> inline __attribute__((always_inline)) f32x16 nearest(f32x16 x) { return _mm512_roundscale_ps(x, 8); }
template <> inline __attribute__((always_inline)) f64x8 nearest(f64x8 x) { return _mm512_roundscale_pd(x, 8); }
#endif
/// Square roots, rounded correctly.
template <class V> MANIPLE_FN V squareRoot(V x) {
  V v;
  for (int i = 0; i < kWidth<V>; i++) v[i] = sizeof(LaneOf<V>) == 4 ? __builtin_sqrtf(float(x[i])) : __builtin_sqrt(x[i]);
  return v;
}
#if defined(__SSE4_1__)
template <> inline __attribute__((always_inline)) f32x4 squareRoot(f32x4 x) { return _mm_sqrt_ps(x); }
template <> inline __attribute__((always_inline)) f64x2 squareRoot(f64x2 x) { return _mm_sqrt_pd(x); }
#endif
#if defined(__AVX__)
template <> inline __attribute__((always_inline)) f32x8 squareRoot(f32x8 x) { return _mm256_sqrt_ps(x); }
template <> inline __attribute__((always_inline)) f64x4 squareRoot(f64x4 x) { return _mm256_sqrt_pd(x); }
#endif
#if defined(__AVX512F__)
template <> inline __attribute__((always_inline)) f32x16 squareRoot(f32x16 x) { return _mm512_sqrt_ps(x); }
template <> inline __attribute__((always_inline)) f64x8 squareRoot(f64x8 x) { return _mm512_sqrt_pd(x); }
#endif
/// Sum of the lanes, halves first: the same order at any width from the same lanes.
template <class V> MANIPLE_FN LaneOf<V> sum(V v) {
  LaneOf<V> part[kWidth<V>];
  store(part, v);
  for (int half = kWidth<V> / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) part[i] += part[i + half];
  }
  return part[0];
}

// ---- Shuffles that keep to 128-bit groups, the only cheap ones on every level.

#if defined(__clang__)
#define MANIPLE_SHUFFLE2(V, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define MANIPLE_SHUFFLE2(V, a, b, ...) __builtin_shuffle(a, b, MaskOf<V>{__VA_ARGS__})
#endif

/// Two registers of interleaved pairs to one of firsts and one of seconds; lanes come in the order of `interleave`.
template <class V> MANIPLE_FN void deinterleave(V a, V b, V& first, V& second);
template <class V> MANIPLE_FN void interleave(V first, V second, V& a, V& b);
/// Lanes in their natural order to the order in which `deinterleave` leaves the pairs.
template <class V> MANIPLE_FN V pairOrder(V natural);

#define MANIPLE_PAIRS(V, FIRST, SECOND, LOW, HIGH, ORDER)                                                          \
  template <> inline __attribute__((always_inline)) V pairOrder<V>(V v) {                                          \
    return MANIPLE_SHUFFLE2(V, v, v, ORDER);                                                                       \
  }                                                                                                                \
  template <> inline __attribute__((always_inline)) void deinterleave<V>(V a, V b, V& first, V& second) {          \
    first = MANIPLE_SHUFFLE2(V, a, b, FIRST);                                                                      \
    second = MANIPLE_SHUFFLE2(V, a, b, SECOND);                                                                    \
  }                                                                                                                \
  template <> inline __attribute__((always_inline)) void interleave<V>(V first, V second, V& a, V& b) {            \
    a = MANIPLE_SHUFFLE2(V, first, second, LOW);                                                                   \
    b = MANIPLE_SHUFFLE2(V, first, second, HIGH);                                                                  \
  }
#define MANIPLE_LIST(...) __VA_ARGS__

MANIPLE_PAIRS(f32x4, MANIPLE_LIST(0, 2, 4, 6), MANIPLE_LIST(1, 3, 5, 7), MANIPLE_LIST(0, 4, 1, 5),
              MANIPLE_LIST(2, 6, 3, 7), MANIPLE_LIST(0, 1, 2, 3))
MANIPLE_PAIRS(f64x2, MANIPLE_LIST(0, 2), MANIPLE_LIST(1, 3), MANIPLE_LIST(0, 2), MANIPLE_LIST(1, 3),
              MANIPLE_LIST(0, 1))
MANIPLE_PAIRS(f32x8, MANIPLE_LIST(0, 2, 8, 10, 4, 6, 12, 14), MANIPLE_LIST(1, 3, 9, 11, 5, 7, 13, 15),
              MANIPLE_LIST(0, 8, 1, 9, 4, 12, 5, 13), MANIPLE_LIST(2, 10, 3, 11, 6, 14, 7, 15),
              MANIPLE_LIST(0, 1, 4, 5, 2, 3, 6, 7))
MANIPLE_PAIRS(f64x4, MANIPLE_LIST(0, 4, 2, 6), MANIPLE_LIST(1, 5, 3, 7), MANIPLE_LIST(0, 4, 2, 6),
              MANIPLE_LIST(1, 5, 3, 7), MANIPLE_LIST(0, 2, 1, 3))
MANIPLE_PAIRS(f32x16, MANIPLE_LIST(0, 2, 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30),
              MANIPLE_LIST(1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31),
              MANIPLE_LIST(0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29),
              MANIPLE_LIST(2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31),
              MANIPLE_LIST(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15))
MANIPLE_PAIRS(f64x8, MANIPLE_LIST(0, 8, 2, 10, 4, 12, 6, 14), MANIPLE_LIST(1, 9, 3, 11, 5, 13, 7, 15),
              MANIPLE_LIST(0, 8, 2, 10, 4, 12, 6, 14), MANIPLE_LIST(1, 9, 3, 11, 5, 13, 7, 15),
              MANIPLE_LIST(0, 4, 1, 5, 2, 6, 3, 7))

/// Lanes of one 128-bit group.
template <class V> constexpr int kGroup = 16 / int(sizeof(LaneOf<V>));
/// 128-bit groups of one register.
template <class V> constexpr int kGroups = int(sizeof(V)) / 16;

/// One register from 128-bit groups of memory: group g from p[g * step].
template <class V, class T> MANIPLE_FN V loadGroups(const T* const* p, int step, ptrdiff_t offset) {
  using G = Vec<T, kGroup<V>>;
  if constexpr (kGroups<V> == 1) {
    return load<V>(p[0] + offset);
  } else {
    union { V v; G group[kGroups<V>]; } u;
    for (int g = 0; g < kGroups<V>; g++) u.group[g] = load<G>(p[g * step] + offset);
    return u.v;
  }
}
template <class V, class T> MANIPLE_FN void storeGroups(T* const* p, int step, ptrdiff_t offset, V v) {
  using G = Vec<T, kGroup<V>>;
  if constexpr (kGroups<V> == 1) {
    store<V>(p[0] + offset, v);
  } else {
    union { V v; G group[kGroups<V>]; } u;
    u.v = v;
    for (int g = 0; g < kGroups<V>; g++) store<G>(p[g * step] + offset, u.group[g]);
  }
}
#if defined(__AVX__)
template <> inline __attribute__((always_inline)) f32x8 loadGroups<f32x8, float>(const float* const* p, int step, ptrdiff_t o) {
  return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p[0] + o)), _mm_loadu_ps(p[step] + o), 1);
}
template <> inline __attribute__((always_inline)) f64x4 loadGroups<f64x4, double>(const double* const* p, int step, ptrdiff_t o) {
  return _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(p[0] + o)), _mm_loadu_pd(p[step] + o), 1);
}
template <> inline __attribute__((always_inline)) void storeGroups<f32x8, float>(float* const* p, int step, ptrdiff_t o, f32x8 v) {
  _mm_storeu_ps(p[0] + o, _mm256_castps256_ps128(v));
  _mm_storeu_ps(p[step] + o, _mm256_extractf128_ps(v, 1));
}
template <> inline __attribute__((always_inline)) void storeGroups<f64x4, double>(double* const* p, int step, ptrdiff_t o, f64x4 v) {
  _mm_storeu_pd(p[0] + o, _mm256_castpd256_pd128(v));
  _mm_storeu_pd(p[step] + o, _mm256_extractf128_pd(v, 1));
}
#endif
#if defined(__AVX512F__)
template <> inline __attribute__((always_inline)) f32x16 loadGroups<f32x16, float>(const float* const* p, int step, ptrdiff_t o) {
  __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(p[0] + o));
  v = _mm512_insertf32x4(v, _mm_loadu_ps(p[step] + o), 1);
  v = _mm512_insertf32x4(v, _mm_loadu_ps(p[2 * step] + o), 2);
  return _mm512_insertf32x4(v, _mm_loadu_ps(p[3 * step] + o), 3);
}
template <> inline __attribute__((always_inline)) f64x8 loadGroups<f64x8, double>(const double* const* p, int step, ptrdiff_t o) {
  __m512d v = _mm512_castpd128_pd512(_mm_loadu_pd(p[0] + o));
  v = _mm512_insertf64x2(v, _mm_loadu_pd(p[step] + o), 1);
  v = _mm512_insertf64x2(v, _mm_loadu_pd(p[2 * step] + o), 2);
  return _mm512_insertf64x2(v, _mm_loadu_pd(p[3 * step] + o), 3);
}
template <> inline __attribute__((always_inline)) void storeGroups<f32x16, float>(float* const* p, int step, ptrdiff_t o, f32x16 v) {
  _mm_storeu_ps(p[0] + o, _mm512_castps512_ps128(v));
  _mm_storeu_ps(p[step] + o, _mm512_extractf32x4_ps(v, 1));
  _mm_storeu_ps(p[2 * step] + o, _mm512_extractf32x4_ps(v, 2));
  _mm_storeu_ps(p[3 * step] + o, _mm512_extractf32x4_ps(v, 3));
}
template <> inline __attribute__((always_inline)) void storeGroups<f64x8, double>(double* const* p, int step, ptrdiff_t o, f64x8 v) {
  _mm_storeu_pd(p[0] + o, _mm512_castpd512_pd128(v));
  _mm_storeu_pd(p[step] + o, _mm512_extractf64x2_pd(v, 1));
  _mm_storeu_pd(p[2 * step] + o, _mm512_extractf64x2_pd(v, 2));
  _mm_storeu_pd(p[3 * step] + o, _mm512_extractf64x2_pd(v, 3));
}
#endif

/// In every 128-bit group, transposes the square of registers v[0 .. kGroup - 1].
template <class V> MANIPLE_FN void transposeSquare(V* v) {
  if constexpr (kGroup<V> == 2) {
    V a, b;
    interleave(v[0], v[1], a, b);
    v[0] = a;
    v[1] = b;
  } else {
    // (0 1 2 3) x 4 rows: pairs of rows interleave, then pairs of pairs.
    V a, b, c, d;
    interleave(v[0], v[2], a, b);
    interleave(v[1], v[3], c, d);
    interleave(a, c, v[0], v[1]);
    interleave(b, d, v[2], v[3]);
  }
}

// ---- Flat kernels: the body is one item; here `active` items side by side, on a GPU one thread each.
// MANIPLE_KERNEL(name, parameters) { MANIPLE_ITEM(i); ... } becomes name(begin, end, arguments).

#define MANIPLE_KERNEL(name, ...)                                                             \
  MANIPLE_FN void name##Items(int64_t maniple_item, int active, __VA_ARGS__);                 \
  template <class... A>                                                                       \
  void name(int64_t begin, int64_t end, A... a) {                                             \
    int64_t i = begin;                                                                        \
    for (; i + kLanes<float> <= end; i += kLanes<float>) name##Items(i, kLanes<float>, a...); \
    if (i < end) name##Items(i, int(end - i), a...);                                          \
  }                                                                                           \
  MANIPLE_FN void name##Items(int64_t maniple_item, int active, __VA_ARGS__)
#define MANIPLE_ITEM(i) const int64_t i = maniple_item

#else  // MANIPLE_GPU: a thread is a lane, so every varying value is a scalar.

template <class T> constexpr int kLanes = 1;
template <class T> using Varying = T;
using f32v = float;
using f64v = double;
using i32v = int32_t;
using i64v = int64_t;

template <class V> MANIPLE_FN V broadcast(V x) { return x; }
template <class V> MANIPLE_FN V load(const V* p) { return *p; }
template <class V> MANIPLE_FN void store(V* p, V v) { *p = v; }
template <class V> MANIPLE_FN V get(const V* p, int64_t i, int) { return p[i]; }
template <class V> MANIPLE_FN void put(V* p, int64_t i, V v, int) { p[i] = v; }
template <class V, class I> MANIPLE_FN V gather(const V* base, I index) { return base[index]; }
template <class V> MANIPLE_FN V select(bool mask, V a, V b) { return mask ? a : b; }
template <class V> MANIPLE_FN V minimum(V a, V b) { return a < b ? a : b; }
template <class V> MANIPLE_FN V maximum(V a, V b) { return a > b ? a : b; }
template <class To, class V> MANIPLE_FN To convert(V v) { return To(v); }
template <class To, class V> MANIPLE_FN To bits(V v) {
  static_assert(sizeof(To) == sizeof(V), "bits() keeps the size");
  To to;
  memcpy(&to, &v, sizeof to);
  return to;
}
MANIPLE_FN float nearest(float x) { return rintf(x); }
MANIPLE_FN double nearest(double x) { return rint(x); }
MANIPLE_FN float squareRoot(float x) { return sqrtf(x); }
MANIPLE_FN double squareRoot(double x) { return sqrt(x); }

#define MANIPLE_KERNEL(name, ...) extern "C" __global__ void name(int64_t begin, int64_t end, __VA_ARGS__)
#define MANIPLE_ITEM(i)                                                                   \
  const int64_t i = begin + int64_t(blockIdx.x) * int64_t(blockDim.x) + int64_t(threadIdx.x); \
  if (i >= end) return;                                                                   \
  constexpr int active = 1

#endif

MANIPLE_NAMESPACE_END
