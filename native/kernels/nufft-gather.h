// Gathering from a tile, the inner loop of type 2.
#pragma once
#include "nufft-row.h"

MANIPLE_NAMESPACE_BEGIN

/// The value of each point is the sum of the tile times the kernel. Rows are first summed over y, then
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
    int64_t at = tileX(point.cell) * strideX + tileY(point.cell) * strideY + C * tileZ(point.cell);
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
