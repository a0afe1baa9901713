// What spreading onto a tile and gathering from it share: rows of lanes cut into vectors, and the values of the kernel.
//
// A tile is a small box of the fine grid, padded so that the footprint of every point whose first cell lies inside
// stays within the padding. It fits into the second-level cache and knows nothing of periodicity.
#pragma once
#include <cstdint>
#include <cstring>

#include "nufft.h"
#include "portable.h"

/// Small member functions that must vanish into the loops around them.
#define MANIPLE_ROW inline __attribute__((always_inline))

MANIPLE_NAMESPACE_BEGIN

/// The least power of two that is not below n.
constexpr int powerAtLeast(int n) {
  int p = 1;
  while (p < n) p *= 2;
  return p;
}

/// L lanes of T, cut into vectors: as many of the widest as fit, and a narrower one for the rest.
template <class T, int L>
struct Row {
  static constexpr int wide = kLanes<T>;
  static constexpr int full = L / wide;
  static constexpr int least = 16 / int(sizeof(T));
  static constexpr bool cut = L % wide != 0;
  static constexpr int rest = powerAtLeast(L % wide) < least ? least : powerAtLeast(L % wide);
  /// With the lanes that only fill up the last vector.
  static constexpr int lanes = full * wide + (cut ? rest : 0);
  using Wide = Vec<T, wide>;
  using Rest = Vec<T, rest>;

  Wide body[full > 0 ? full : 1];
  Rest tail;

  static MANIPLE_ROW Row at(const T* p) {
    Row r;
    for (int v = 0; v < full; v++) r.body[v] = load<Wide>(p + v * wide);
    if (cut) r.tail = load<Rest>(p + full * wide);
    return r;
  }
  MANIPLE_ROW void write(T* p) const {
    for (int v = 0; v < full; v++) store<Wide>(p + v * wide, body[v]);
    if (cut) store<Rest>(p + full * wide, tail);
  }
  MANIPLE_ROW Row operator*(T factor) const {
    Row r;
    for (int v = 0; v < full; v++) r.body[v] = body[v] * factor;
    if (cut) r.tail = tail * factor;
    return r;
  }
  MANIPLE_ROW Row operator+(const Row& other) const {
    Row r;
    for (int v = 0; v < full; v++) r.body[v] = body[v] + other.body[v];
    if (cut) r.tail = tail + other.tail;
    return r;
  }
  /// Times a value: every lane when C is 1, lanes re, im, re, im when C is 2.
  template <int C>
  MANIPLE_ROW Row timesValue(const T* value) const {
    if constexpr (C == 1) {
      return *this * value[0];
    } else {
      Row r;
      const Wide a = alternate<Wide>(value[0], value[1]);
      for (int v = 0; v < full; v++) r.body[v] = body[v] * a;
      if (cut) r.tail = tail * alternate<Rest>(value[0], value[1]);
      return r;
    }
  }
  /// The sum over all lanes of this times other: even and odd lanes apart when C is 2.
  template <int C>
  MANIPLE_ROW void dot(const Row& other, T* out) const {
    T a[2] = {}, b[2] = {};
    if constexpr (full > 0) {
      Wide sum = body[0] * other.body[0];
      for (int v = 1; v < full; v++) sum += body[v] * other.body[v];
      fold<wide, C>(sum, a);
    }
    if constexpr (cut) fold<rest, C>(tail * other.tail, b);
    for (int c = 0; c < C; c++) out[c] = a[c] + b[c];
  }

 private:
  /// Lanes a, b, a, b. (Written lane by lane it would go through memory.)
  template <class V>
  static MANIPLE_ROW V alternate(T a, T b) {
    return select<V>((ramp<MaskOf<V>>() & 1) == 0, broadcast<V>(a), broadcast<V>(b));
  }
  template <int N, int C>
  static MANIPLE_ROW void fold(Vec<T, N> v, T* out) {
    if constexpr (N > least) {
      union {
        Vec<T, N> whole;
        Vec<T, N / 2> half[2];
      } u = {v};
      fold<N / 2, C>(u.half[0] + u.half[1], out);
    } else {
      for (int c = 0; c < C; c++) out[c] = v[c];
      for (int i = C; i < N; i++) out[i % C] += v[i];
    }
  }
};

/// The pieces of the kernel, ready for evaluation: those of x and y in padded lanes, those of z with each lane
/// doubled for complex data.
template <class T, int W, int C>
struct KernelTable {
  static constexpr int degreeMost = 23;
  using Across = Row<T, W>;
  using Along = Row<T, W * C>;
  int32_t degree;
  alignas(64) T across[degreeMost + 1][Across::lanes];
  alignas(64) T along[degreeMost + 1][Along::lanes];
};

/// Horner's rule for all lanes at once.
template <class R, class T>
MANIPLE_ROW R evaluate(const T (*coefficients)[R::lanes], int32_t degree, T t) {
  R r = R::at(coefficients[degree]);
  for (int32_t p = degree - 1; p >= 0; p--) r = r * t + R::at(coefficients[p]);
  return r;
}

/// The parts of TilePoint::cell.
MANIPLE_FN int32_t tileX(uint32_t cell) { return int32_t(cell >> TILE_LOG_MOST & ((1 << TILE_LOG_MOST) - 1)); }
MANIPLE_FN int32_t tileY(uint32_t cell) { return int32_t(cell & ((1 << TILE_LOG_MOST) - 1)); }
MANIPLE_FN int32_t tileZ(uint32_t cell) { return int32_t(cell >> 2 * TILE_LOG_MOST); }

/// How many points ahead the values are fetched: they lie anywhere in the caller's array.
constexpr int64_t AHEAD = 12;

MANIPLE_NAMESPACE_END
