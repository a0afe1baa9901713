// Spreading onto a tile, the inner loop of type 1.
//
// Every value of a footprint is one fused multiply-add, but it is also one read and one write of the tile, and those
// cost more. So the points of a tile are ordered until many of them meet on the same cells: by sweeps, which share the
// cell along x and the granule (a few cells whose first begins an aligned vector) along z, and by y within a sweep.
// Row y of the tile then takes from a run of consecutive points, those that start at y - w + 1 to y: it is held in
// registers while they pass, and read and written once. tasks/fourier/README.md has the figures.
#pragma once
#include "nufft-row.h"

MANIPLE_NAMESPACE_BEGIN

/// How the footprints of one kind are held. Lanes are along z, numbers of a complex value side by side.
template <class T, int W, int C>
struct SweepShape {
  /// Lanes of a granule: windows along z begin at multiples of it, whatever the vector level. The wider it is, the
  /// more points meet, and the more lanes of their windows are empty.
  static constexpr int granule = (W * C * int(sizeof(T)) >= (C == 2 ? 48 : 100) ? 64 : 32) / int(sizeof(T));
  static constexpr int cells = granule / C;
  /// A window holds the footprint of a point that starts anywhere in its first granule.
  static constexpr int lanes = (W * C + granule - C + granule - 1) / granule * granule;
  /// Rows (along x) and vectors of the window that are in registers at a time.
  static constexpr int registers = kRegister == 64 ? 24 : 12;
  static constexpr int rows = W <= registers ? W : (W + 1) / 2;
  static constexpr int vectors = registers / rows;
  /// What is kept of a point while its sweep passes, and for how many points, so that it fits the first-level cache.
  static constexpr int bytes = (lanes + 2 * W) * int(sizeof(T));
  static constexpr int batch = 20480 / bytes > 128 ? 128 : 20480 / bytes / 16 * 16 < 32 ? 32 : 20480 / bytes / 16 * 16;
  static constexpr int granules = (1 << TILE_LOG_MOST) / cells > 0 ? (1 << TILE_LOG_MOST) / cells : 1;
  static constexpr int sweeps = granules << TILE_LOG_MOST;
  static constexpr int bins = sweeps << TILE_LOG_MOST;
};

/// The points of a batch: their kernels along x and y, one row of points for each cell; their values times the kernel
/// along z, placed in the window; and the y cell where their footprint begins.
template <class T, int W, int C>
struct SweepBatch {
  using Shape = SweepShape<T, W, C>;
  using Along = typename KernelTable<T, W, C>::Along;
  /// A cache line more than the points: rows a power of two apart would share few sets of the cache.
  static constexpr int pitch = Shape::batch + 64 / int(sizeof(T));
  alignas(64) T kx[W * pitch];
  alignas(64) T ky[W * pitch];
  alignas(64) T window[Shape::batch * Shape::lanes + Along::lanes];
  int32_t y[Shape::batch];
};

/// The kernel at the places t[0 ... count - 1], W rows of points.
template <class T, int W, int C>
MANIPLE_ROW void evaluateAcross(const KernelTable<T, W, C>& kernel, const T* t, int count, T* out, int pitch) {
  using V = Varying<T>;
  for (int p = 0; p < count; p += kLanes<T>) {
    const V at = load<V>(t + p);
    // Four cells at a time: one chain of multiply-adds would wait for itself.
    for (int j = 0; j < W; j += 4) {
      V sum[4];
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) sum[i] = broadcast<V>(kernel.across[kernel.degree][j + i < W ? j + i : j]);
      for (int32_t power = kernel.degree - 1; power >= 0; power--) {
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) sum[i] = sum[i] * at + kernel.across[power][j + i < W ? j + i : j];
      }
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) {
        if (j + i < W) store<V>(out + (j + i) * pitch + p, sum[i]);
      }
    }
  }
}

/// Adds points first ... last - 1 of a batch to one row along y of the tile: ROWS cells along x, and the lanes of the
/// window from FROM on, in pieces of registers.
template <class T, int W, int C, int FROM, int ROWS>
MANIPLE_ROW void addToRows(const SweepBatch<T, W, C>& batch, int first, int last, int32_t y, int x, T* to,
                           int64_t strideX) {
  using Shape = SweepShape<T, W, C>;
  constexpr int pitch = SweepBatch<T, W, C>::pitch;
  constexpr int left = Shape::lanes - FROM, most = Shape::vectors * kLanes<T>;
  using Piece = Row<T, left < most ? left : most>;
  Piece sum[ROWS];
  T* cell = to + FROM;
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; i++, cell += strideX) sum[i] = Piece::at(cell);
  for (int p = first; p < last; p++) {
    const Piece z = Piece::at(batch.window + p * Shape::lanes + FROM) * batch.ky[(y - batch.y[p]) * pitch + p];
    const T* kx = batch.kx + x * pitch + p;
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++) sum[i] = z * kx[i * pitch] + sum[i];
  }
  cell = to + FROM;
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; i++, cell += strideX) sum[i].write(cell);
  if constexpr (left > most) addToRows<T, W, C, FROM + most, ROWS>(batch, first, last, y, x, to, strideX);
}

/// Orders the points of a tile by sweep and by y: order[0 ... count - 1]. Those of sweep s that begin at y are the ones
/// from ends[s * cells + y] to ends[s * cells + y + 1] - 1, `cells` being those of a tile along y.
template <class T, int W, int C>
inline void orderSweeps(const TilePoint<T>* points, int64_t count, uint32_t* order, uint32_t* ends) {
  using Shape = SweepShape<T, W, C>;
  constexpr int mask = (1 << 2 * TILE_LOG_MOST) - 1;
  memset(ends, 0, sizeof(uint32_t) * (Shape::bins + 2));
  const auto bin = [](uint32_t cell) {
    return ((cell >> 2 * TILE_LOG_MOST) / Shape::cells << 2 * TILE_LOG_MOST) + (cell & mask);
  };
  for (int64_t p = 0; p < count; p++) ends[bin(points[p].cell) + 2]++;
  for (int i = 0; i < Shape::bins; i++) ends[i + 2] += ends[i + 1];
  // ends[i + 1] walks from the first of bin i to the first of the next.
  for (int64_t p = 0; p < count; p++) order[ends[bin(points[p].cell) + 1]++] = uint32_t(p);
}

/// Adds points to a tile one after the other: the footprints of narrow kernels are done before sweeps would pay.
template <class T, int W, int C>
void spreadSingly(const KernelTable<T, W, C>& kernel, const TilePoint<T>* points, const uint32_t* index, int64_t count,
                  const T* values, T* tile, int64_t strideX, int64_t strideY) {
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
    T* plane = tile + tileX(point.cell) * strideX + tileY(point.cell) * strideY + C * tileZ(point.cell);
    for (int i = 0; i < W; i++, plane += strideX) {
      const Along a = z * kx[i];
      T* row = plane;
#pragma GCC unroll 16
      for (int j = 0; j < W; j++, row += strideY) (a * ky[j] + Along::at(row)).write(row);
    }
  }
}

/// Adds points to a tile sweep by sweep; `order` is scratch.
template <class T, int W, int C>
void spreadSweeps(const KernelTable<T, W, C>& kernel, const TilePoint<T>* points, const uint32_t* index, int64_t count,
                  const T* values, uint32_t* order, T* tile, int64_t strideX, int64_t strideY) {
  using Shape = SweepShape<T, W, C>;
  using Along = typename KernelTable<T, W, C>::Along;
  using Window = Row<T, Shape::lanes>;
  constexpr int side = 1 << TILE_LOG_MOST, rest = W - Shape::rows;
  uint32_t ends[Shape::bins + 2];
  orderSweeps<T, W, C>(points, count, order, ends);
  SweepBatch<T, W, C> batch;
  alignas(64) T t[2][Shape::batch + kLanes<T>] = {};
  int sweep = 0;
  for (int64_t from = 0; from < count;) {
    // Whole sweeps while they fit; one that does not fit is cut.
    while (ends[(sweep + 1) * side] <= from) sweep++;
    int64_t stop = from;
    for (int s = sweep + 1; s <= Shape::sweeps && ends[s * side] <= from + Shape::batch; s++) stop = ends[s * side];
    if (stop == from) stop = from + Shape::batch;
    const int here = int(stop - from);
    for (int p = 0; p < here; p++) {
      const int64_t soon = from + p + AHEAD;
      __builtin_prefetch(values + C * int64_t(index[order[soon < count ? soon : from + p]]));
      const uint32_t at = order[from + p];
      const TilePoint<T>& point = points[at];
      t[0][p] = point.t[0];
      t[1][p] = point.t[1];
      batch.y[p] = tileY(point.cell);
      T* window = batch.window + p * Shape::lanes;
      (Window{}).write(window);
      evaluate<Along>(kernel.along, kernel.degree, point.t[2])
          .template timesValue<C>(values + C * int64_t(index[at]))
          .write(window + C * (tileZ(point.cell) % Shape::cells));
    }
    evaluateAcross<T, W, C>(kernel, t[0], here, batch.kx, SweepBatch<T, W, C>::pitch);
    evaluateAcross<T, W, C>(kernel, t[1], here, batch.ky, SweepBatch<T, W, C>::pitch);
    for (int begin = 0; begin < here; sweep++) {
      const uint32_t* of = ends + sweep * side;
      const int end = of[side] < stop ? int(of[side] - from) : here;
      if (begin == end) continue;
      T* corner = tile + sweep % side * strideX + int64_t(sweep / side) * Shape::granule;
      const int last = batch.y[end - 1] + W;
      for (int y = batch.y[begin]; y < last; y++) {
        // The points that begin at y - W + 1 to y.
        const int64_t low = int64_t(of[y < W ? 0 : y - W + 1]) - from, high = int64_t(of[y < side ? y + 1 : side]) - from;
        const int first = low < begin ? begin : int(low), beyond = high < end ? int(high) : end;
        if (first >= beyond) continue;
        T* to = corner + y * strideY;
        addToRows<T, W, C, 0, Shape::rows>(batch, first, beyond, y, 0, to, strideX);
        if constexpr (rest > 0) {
          addToRows<T, W, C, 0, rest>(batch, first, beyond, y, Shape::rows, to + Shape::rows * strideX, strideX);
        }
      }
      begin = end;
      // A sweep that was cut goes on in the next batch.
      if (of[side] > stop) break;
    }
    from = stop;
  }
}

/// Adds points to a tile. `values` are the data of all points, `index` says which belongs to each; `order` is scratch.
/// Strides are in elements.
template <class T, int W, int C>
void spreadTile(const KernelTable<T, W, C>& kernel, const TilePoint<T>* points, const uint32_t* index, int64_t count,
                const T* values, uint32_t* order, T* tile, int64_t strideX, int64_t strideY) {
  if constexpr (W <= 4) spreadSingly<T, W, C>(kernel, points, index, count, values, tile, strideX, strideY);
  else spreadSweeps<T, W, C>(kernel, points, index, count, values, order, tile, strideX, strideY);
}

MANIPLE_NAMESPACE_END
