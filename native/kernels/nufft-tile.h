// Spreading onto a tile and gathering from it: the two inner loops of the nonuniform transforms.
//
// A tile is a small box of the fine grid, padded so that the footprint of every point whose first cell lies inside
// stays within the padding. It fits into the first-level cache and knows nothing of periodicity.
#pragma once
#include <cstdint>
#include <cstring>

#include "nufft.h"

#if defined(__AVX512F__)
#define MANIPLE_NUFFT_BYTES 64
#elif defined(__AVX2__)
#define MANIPLE_NUFFT_BYTES 32
#else
#define MANIPLE_NUFFT_BYTES 16
#endif

namespace maniple {
namespace MANIPLE_LEVEL {

template <class T, int N> struct VecOf {
  typedef T type __attribute__((vector_size(N * sizeof(T))));
  typedef T loose __attribute__((vector_size(N * sizeof(T)), aligned(sizeof(T)), may_alias));
};
template <class T, int N> using Vec = typename VecOf<T, N>::type;
template <class T, int N> inline Vec<T, N> load(const T *p) { return *(const typename VecOf<T, N>::loose *)p; }
template <class T, int N> inline void store(T *p, Vec<T, N> v) { *(typename VecOf<T, N>::loose *)p = v; }

constexpr int powerAtLeast(int n) { int p = 1; while (p < n) p *= 2; return p; }

// L lanes cut into vectors: as many of the widest as fit, and one narrower for the rest.
template <class T, int L> struct Row {
  static constexpr int wide = MANIPLE_NUFFT_BYTES / (int)sizeof(T);
  static constexpr int least = 16 / (int)sizeof(T);
  static constexpr int full = L / wide;
  static constexpr int rest = L % wide == 0 ? 0 : powerAtLeast(L % wide) < least ? least : powerAtLeast(L % wide);
  static constexpr int lanes = full * wide + rest;
  Vec<T, wide> body[full > 0 ? full : 1];
  Vec<T, rest ? rest : least> tail;
};

// Piecewise polynomials with the lanes of x and y padded, and those of z doubled for complex data.
template <class T, int W, int C> struct KernelTable {
  static constexpr int side = powerAtLeast(W) < 16 / (int)sizeof(T) ? 16 / (int)sizeof(T) : powerAtLeast(W);
  using R = Row<T, W * C>;
  int degree;
  alignas(64) T across[24][side];
  alignas(64) T along[24][R::lanes];
};

template <class T, int W, int C>
inline void evaluateAcross(const KernelTable<T, W, C> &k, T t, T *out) {
  using S = Row<T, KernelTable<T, W, C>::side>;
  S s;
  const T *c = k.across[k.degree];
  for (int v = 0; v < S::full; v++) s.body[v] = load<T, S::wide>(c + v * S::wide);
  if (S::rest) s.tail = load<T, S::rest ? S::rest : S::least>(c + S::full * S::wide);
  for (int p = k.degree - 1; p >= 0; p--) {
    c = k.across[p];
    for (int v = 0; v < S::full; v++) s.body[v] = s.body[v] * t + load<T, S::wide>(c + v * S::wide);
    if (S::rest) s.tail = s.tail * t + load<T, S::rest ? S::rest : S::least>(c + S::full * S::wide);
  }
  for (int v = 0; v < S::full; v++) store<T, S::wide>(out + v * S::wide, s.body[v]);
  if (S::rest) store<T, S::rest ? S::rest : S::least>(out + S::full * S::wide, s.tail);
}

template <class T, int W, int C>
inline typename KernelTable<T, W, C>::R evaluateAlong(const KernelTable<T, W, C> &k, T t) {
  using R = typename KernelTable<T, W, C>::R;
  R r;
  const T *c = k.along[k.degree];
  for (int v = 0; v < R::full; v++) r.body[v] = load<T, R::wide>(c + v * R::wide);
  if (R::rest) r.tail = load<T, R::rest ? R::rest : R::least>(c + R::full * R::wide);
  for (int p = k.degree - 1; p >= 0; p--) {
    c = k.along[p];
    for (int v = 0; v < R::full; v++) r.body[v] = r.body[v] * t + load<T, R::wide>(c + v * R::wide);
    if (R::rest) r.tail = r.tail * t + load<T, R::rest ? R::rest : R::least>(c + R::full * R::wide);
  }
  return r;
}

// Adds points to a tile. `values` are the data of all points, `index` says which belongs to each.
template <class T, int W, int C>
void spreadTile(const KernelTable<T, W, C> &k, const TilePoint<T> *points, const uint32_t *index, int64_t count,
                const T *values, T *tile, int64_t strideX, int64_t strideY) {
  using R = typename KernelTable<T, W, C>::R;
  constexpr int TL = R::rest ? R::rest : R::least;
  alignas(64) T kx[KernelTable<T, W, C>::side], ky[KernelTable<T, W, C>::side];
  for (int64_t p = 0; p < count; p++) {
    __builtin_prefetch(values + (int64_t)C * index[p + 12 < count ? p + 12 : p]);
    const TilePoint<T> &q = points[p];
    evaluateAcross(k, q.t[0], kx);
    evaluateAcross(k, q.t[1], ky);
    R z = evaluateAlong(k, q.t[2]);
    const T *value = values + (int64_t)C * index[p];
    if (C == 2) {
      const T re = value[0], im = value[1];
      Vec<T, R::wide> v;
      for (int i = 0; i < R::wide; i++) v[i] = i & 1 ? im : re;
      for (int i = 0; i < R::full; i++) z.body[i] *= v;
      Vec<T, TL> u;
      for (int i = 0; i < TL; i++) u[i] = i & 1 ? im : re;
      if (R::rest) z.tail *= u;
    } else {
      for (int i = 0; i < R::full; i++) z.body[i] *= value[0];
      if (R::rest) z.tail *= value[0];
    }
    T *plane = tile + (int64_t)C * q.at;
    for (int i = 0; i < W; i++, plane += strideX) {
      R a = z;
      for (int v = 0; v < R::full; v++) a.body[v] *= kx[i];
      if (R::rest) a.tail *= kx[i];
      T *row = plane;
#pragma GCC unroll 16
      for (int j = 0; j < W; j++, row += strideY) {
        for (int v = 0; v < R::full; v++)
          store<T, R::wide>(row + v * R::wide, load<T, R::wide>(row + v * R::wide) + a.body[v] * ky[j]);
        if (R::rest)
          store<T, TL>(row + R::full * R::wide, load<T, TL>(row + R::full * R::wide) + a.tail * ky[j]);
      }
    }
  }
}

// Adds the lanes of v that hold real parts into out[0], imaginary parts (C = 2) into out[1].
template <class T, int N, int C> inline void sumLanes(Vec<T, N> v, T *out) {
  if constexpr (N == C) {
    for (int i = 0; i < C; i++) out[i] = v[i];
  } else {
    Vec<T, N / 2> low, high;
    memcpy(&low, &v, sizeof low);
    memcpy(&high, (const char *)&v + sizeof low, sizeof high);
    if constexpr (N / 2 * sizeof(T) >= 16) {
      sumLanes<T, N / 2, C>(low + high, out);
    } else {
      T s[C] = {};
      for (int i = 0; i < N; i++) s[i % C] += v[i];
      for (int i = 0; i < C; i++) out[i] = s[i];
    }
  }
}

template <class T, int W, int C>
void gatherTile(const KernelTable<T, W, C> &k, const TilePoint<T> *points, const uint32_t *index, int64_t count,
                const T *tile, int64_t strideX, int64_t strideY, T *values) {
  using R = typename KernelTable<T, W, C>::R;
  constexpr int TL = R::rest ? R::rest : R::least;
  alignas(64) T kx[KernelTable<T, W, C>::side], ky[KernelTable<T, W, C>::side];
  for (int64_t p = 0; p < count; p++) {
    __builtin_prefetch(values + (int64_t)C * index[p + 12 < count ? p + 12 : p], 1);
    const TilePoint<T> &q = points[p];
    evaluateAcross(k, q.t[0], kx);
    evaluateAcross(k, q.t[1], ky);
    R z = evaluateAlong(k, q.t[2]);
    const T *plane = tile + (int64_t)C * q.at;
    R sum;
    for (int v = 0; v < R::full; v++) sum.body[v] = Vec<T, R::wide>{};
    sum.tail = Vec<T, TL>{};
    for (int i = 0; i < W; i++, plane += strideX) {
      R a;
      for (int v = 0; v < R::full; v++) a.body[v] = load<T, R::wide>(plane + v * R::wide) * ky[0];
      if (R::rest) a.tail = load<T, TL>(plane + R::full * R::wide) * ky[0];
      const T *row = plane + strideY;
#pragma GCC unroll 16
      for (int j = 1; j < W; j++, row += strideY) {
        for (int v = 0; v < R::full; v++) a.body[v] += load<T, R::wide>(row + v * R::wide) * ky[j];
        if (R::rest) a.tail += load<T, TL>(row + R::full * R::wide) * ky[j];
      }
      for (int v = 0; v < R::full; v++) sum.body[v] += a.body[v] * kx[i];
      if (R::rest) sum.tail += a.tail * kx[i];
    }
    T part[2] = {}, more[2] = {};
    if (R::full > 0) {
      Vec<T, R::wide> all = sum.body[0] * z.body[0];
      for (int v = 1; v < R::full; v++) all += sum.body[v] * z.body[v];
      sumLanes<T, R::wide, C>(all, part);
    }
    if (R::rest) sumLanes<T, TL, C>(sum.tail * z.tail, more);
    T *value = values + (int64_t)C * index[p];
    for (int i = 0; i < C; i++) value[i] = part[i] + more[i];
  }
}

}  // namespace MANIPLE_LEVEL
}  // namespace maniple
