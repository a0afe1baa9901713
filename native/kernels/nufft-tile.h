// Spreading onto a tile and gathering from it: the two inner loops of the nonuniform transforms.
//
// A tile is a small box of the fine grid, padded so that the footprint of every point whose first cell lies inside
// stays within the padding. It fits into the first-level cache and knows nothing of periodicity.
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
      Wide a;
      for (int i = 0; i < wide; i++) a[i] = value[i & 1];
      for (int v = 0; v < full; v++) r.body[v] = body[v] * a;
      if (cut) {
        Rest b;
        for (int i = 0; i < rest; i++) b[i] = value[i & 1];
        r.tail = tail * b;
      }
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

/// How many points ahead the values are fetched: they lie anywhere in the caller's array.
constexpr int64_t AHEAD = 12;

/// Adds points to a tile. `values` are the data of all points, `index` says which belongs to each. Strides are in
/// elements.
template <class T, int W, int C>
void spreadTile(const KernelTable<T, W, C>& kernel, const TilePoint<T>* points, const uint32_t* index,
                int64_t count, const T* values, T* tile, int64_t strideX, int64_t strideY) {
  using Across = typename KernelTable<T, W, C>::Across;
  using Along = typename KernelTable<T, W, C>::Along;
  alignas(64) T kx[Across::lanes], ky[Across::lanes];
  for (int64_t p = 0; p < count; p++) {
    __builtin_prefetch(values + C * int64_t(index[p + AHEAD < count ? p + AHEAD : p]));
    const TilePoint<T>& point = points[p];
    evaluate<Across>(kernel.across, kernel.degree, point.t[0]).write(kx);
    evaluate<Across>(kernel.across, kernel.degree, point.t[1]).write(ky);
    const Along z =
        evaluate<Along>(kernel.along, kernel.degree, point.t[2]).template timesValue<C>(values + C * int64_t(index[p]));
    T* plane = tile + C * int64_t(point.at);
    for (int i = 0; i < W; i++, plane += strideX) {
      const Along a = z * kx[i];
      T* row = plane;
#pragma GCC unroll 16
      for (int j = 0; j < W; j++, row += strideY) (a * ky[j] + Along::at(row)).write(row);
    }
  }
}

/// The reverse: the value of each point is the sum of the tile times the kernel. Rows are first summed over y, then
/// over x, and only the last sum is multiplied with the kernel along z.
///
/// A footprint begins anywhere, so most of its vectors straddle two cache lines. Long rows are therefore read in
/// aligned vectors, one more than needed, and the kernel along z is shifted to match; for short ones that does not pay.
template <class T, int W, int C>
void gatherTile(const KernelTable<T, W, C>& kernel, const TilePoint<T>* points, const uint32_t* index,
                int64_t count, const T* tile, int64_t strideX, int64_t strideY, T* values) {
  using Across = typename KernelTable<T, W, C>::Across;
  using Along = typename KernelTable<T, W, C>::Along;
  constexpr int wide = Along::wide;
  constexpr bool aligned = C == 2 && Along::full >= 2;
  using Read = Row<T, aligned ? (W * C + 2 * wide - C - 1) / wide * wide : W * C>;
  alignas(64) T kx[Across::lanes], ky[Across::lanes];
  alignas(64) T shifted[wide + Read::lanes + wide] = {};
  for (int64_t p = 0; p < count; p++) {
    __builtin_prefetch(values + C * int64_t(index[p + AHEAD < count ? p + AHEAD : p]), 1);
    const TilePoint<T>& point = points[p];
    evaluate<Across>(kernel.across, kernel.degree, point.t[0]).write(kx);
    evaluate<Across>(kernel.across, kernel.degree, point.t[1]).write(ky);
    Read z;
    int64_t at = C * int64_t(point.at);
    if constexpr (aligned) {
      evaluate<Along>(kernel.along, kernel.degree, point.t[2]).write(shifted + wide);
      z = Read::at(shifted + wide - at % wide);
      at -= at % wide;
    } else {
      z = evaluate<Along>(kernel.along, kernel.degree, point.t[2]);
    }
    const T* plane = tile + at;
    Read sum;
#pragma GCC unroll 1
    for (int i = 0; i < W; i++, plane += strideX) {
      Read a = Read::at(plane) * ky[0];
      const T* row = plane + strideY;
#pragma GCC unroll 16
      for (int j = 1; j < W; j++, row += strideY) a = Read::at(row) * ky[j] + a;
      sum = i == 0 ? a * kx[0] : a * kx[i] + sum;
    }
    z.template dot<C>(sum, values + C * int64_t(index[p]));
  }
}

MANIPLE_NAMESPACE_END
