#include "nufft.h"

#include "nufft-gather.h"
#include "nufft-spread.h"

MANIPLE_NAMESPACE_BEGIN
namespace {

constexpr int LEAST_WIDTH = 2;
constexpr int MOST_WIDTH = 16;

// ------------------------------------------------------------------------------------------------ kernel tables

template <class T, int W, int C>
void makeTableOf(const NufftLayout& layout, const double* pieces, void* memory) {
  using Table = KernelTable<T, W, C>;
  Table& table = *static_cast<Table*>(memory);
  memset(memory, 0, sizeof(Table));
  table.degree = layout.degree;
  for (int p = 0; p <= layout.degree; p++) {
    for (int j = 0; j < W; j++) {
      table.across[p][j] = T(pieces[p * W + j]);
      for (int c = 0; c < C; c++) table.along[p][j * C + c] = T(pieces[p * W + j]);
    }
  }
}

// ------------------------------------------------------------------------------------------------------ sorting

constexpr int BLOCK = 64;
/// How many coordinates ahead are fetched.
constexpr int PREFETCH = 4 * BLOCK;

template <class T>
struct Located {
  alignas(64) int32_t column[BLOCK];
  alignas(64) uint32_t cell[BLOCK];
  alignas(64) T t[3][BLOCK];
};

/// The cell and the place within it of one axis of a block of points. Returns false when a coordinate is not finite
/// or so large that it does not fit the integers used here: the careful loop then does it again.
template <class T, class S>
bool locateAxis(const S* x, double fine, double half, int32_t* cell, T* t) {
  constexpr int N = kRegister / 8 < 4 ? 4 : kRegister / 8;
  using D = Vec<double, N>;
  using I = Vec<int32_t, N>;
  using L = Vec<int64_t, N>;
  // Adding and subtracting this rounds to the nearest whole number, without the slow conversions.
  constexpr double toWhole = 6755399441055744.0;
  L wild = {};
  for (int i = 0; i < BLOCK; i += N) {
    const D turns = __builtin_convertvector(load<Vec<S, N>>(x + i), D) * 0.15915494309189533577;
    wild |= ~((turns < 1e9) & (turns > -1e9));
    const D low = (turns - ((turns + toWhole) - toWhole)) * fine - half;
    D first = (low + toWhole) - toWhole;
    first = first < low ? first + 1 : first;
    store<Vec<T, N>>(t + i, __builtin_convertvector((first - low) * 2 - 1, Vec<T, N>));
    first = first < 0 ? first + fine : first;
    store<I>(cell + i, __builtin_convertvector(first, I));
  }
  int64_t any = 0;
  for (int i = 0; i < N; i++) any |= wild[i];
  return any == 0;
}

template <class T, class S>
bool locateAxisCarefully(const S* x, double fine, double half, int32_t* cell, T* t, int* bad) {
  for (int i = 0; i < BLOCK; i++) {
    const double turns = double(x[i]) * 0.15915494309189533577;
    if (!(__builtin_fabs(turns) < __builtin_inf())) {
      *bad = i;
      return false;
    }
    const double low = (turns - __builtin_rint(turns)) * fine - half;
    const double first = __builtin_ceil(low);
    t[i] = T((first - low) * 2 - 1);
    cell[i] = int32_t(first < 0 ? first + fine : first);
  }
  return true;
}

template <class T, class S>
NufftBadPoint locate(const NufftLayout& layout, const S* const* xyz, int64_t from, int64_t count, Located<T>& out) {
  alignas(64) int32_t cell[BLOCK];
  alignas(64) int32_t tile[BLOCK] = {};
  alignas(64) S rest[BLOCK];
  memset(out.cell, 0, sizeof out.cell);
  memset(out.column, 0, sizeof out.column);
  const double half = 0.5 * layout.width;
  NufftBadPoint worst = {-1, 0};
  for (int axis = 0; axis < 3; axis++) {
    const S* x = xyz[axis] + from;
    // Three streams, a piece of each in turn, are too much for the processor's own prefetching.
    for (int i = 0; i < BLOCK; i += int(64 / sizeof(S))) __builtin_prefetch(x + PREFETCH + i);
    if (count < BLOCK) {
      for (int i = 0; i < BLOCK; i++) rest[i] = i < count ? x[i] : S(0);
      x = rest;
    }
    if (!locateAxis<T, S>(x, layout.fine[axis], half, cell, out.t[axis])) {
      int bad = -1;
      if (!locateAxisCarefully<T, S>(x, layout.fine[axis], half, cell, out.t[axis], &bad)) {
        if (worst.index < 0 || from + bad < worst.index) worst = {from + bad, axis};
        continue;
      }
    }
    const int log = layout.tileLog[axis], mask = (1 << log) - 1;
    const int tiles = layout.tiles[axis];
    const int shift = (axis == 0 ? 1 : axis == 1 ? 0 : 2) * TILE_LOG_MOST;
    for (int i = 0; i < BLOCK; i++) {
      tile[i] = tile[i] * tiles + (cell[i] >> log);
      out.cell[i] |= uint32_t(cell[i] & mask) << shift;
    }
    if (axis == 2) break;
    const int columns = layout.columnsAlong(axis);
    for (int i = 0; i < BLOCK; i++) out.column[i] = out.column[i] * columns + ((cell[i] & mask) >> layout.columnLog);
  }
  const int columns = layout.columns();
  for (int i = 0; i < BLOCK; i++) out.column[i] += tile[i] * columns;
  return worst;
}

/// A counting sort in two passes over the coordinates: locating a point again is cheaper than keeping where it was.
template <class T, class S>
NufftBadPoint sortPoints(const NufftLayout& layout, const S* const* xyz, uint32_t* columnOf, NufftPoints<T>& points) {
  Located<T> block;
  const int64_t columns = layout.columnCount();
  uint32_t* starts = points.starts;
  memset(starts, 0, sizeof(uint32_t) * (columns + 1));
  for (int64_t from = 0; from < points.count; from += BLOCK) {
    const int64_t count = points.count - from < BLOCK ? points.count - from : BLOCK;
    const NufftBadPoint bad = locate<T, S>(layout, xyz, from, count, block);
    if (bad.index >= 0) return bad;
    for (int64_t i = 0; i < count; i++) {
      columnOf[from + i] = uint32_t(block.column[i]);
      starts[block.column[i] + 1]++;
    }
  }
  for (int64_t i = 0; i < columns; i++) starts[i + 1] += starts[i];
  // starts[i] walks to the end of its column, which is the start of the next: one step back repairs the table.
  for (int64_t from = 0; from < points.count; from += BLOCK) {
    const int64_t count = points.count - from < BLOCK ? points.count - from : BLOCK;
    locate<T, S>(layout, xyz, from, count, block);
    for (int64_t i = 0; i < count; i++) {
      const uint32_t to = starts[columnOf[from + i]];
      __builtin_prefetch(&points.sorted[to], 1);
      __builtin_prefetch(&points.index[to], 1);
    }
    for (int64_t i = 0; i < count; i++) {
      const uint32_t to = starts[columnOf[from + i]]++;
      points.sorted[to] = {{block.t[0][i], block.t[1][i], block.t[2][i]}, block.cell[i]};
      points.index[to] = uint32_t(from + i);
    }
  }
  for (int64_t i = columns; i > 0; i--) starts[i] = starts[i - 1];
  starts[0] = 0;
  return {-1, 0};
}

// ------------------------------------------------------------------------------------- tiles and the periodic grid

constexpr int64_t ROWS_AHEAD = 8;

/// Calls visit(tile row, grid row, elements) for every piece of a row of the tile that is contiguous in the grid.
template <class T, class Visit>
inline void overRows(const NufftLayout& layout, int32_t C, int64_t tileIndex, T* tile, T* grid, int64_t pitch,
                     Visit visit) {
  const int64_t tz = tileIndex % layout.tiles[2], ty = tileIndex / layout.tiles[2] % layout.tiles[1];
  const int64_t tx = tileIndex / layout.tiles[2] / layout.tiles[1];
  const int64_t w = layout.width;
  const int64_t extent[3] = {(int64_t(1) << layout.tileLog[0]) + w - 1, (int64_t(1) << layout.tileLog[1]) + w - 1,
                             (int64_t(1) << layout.tileLog[2]) + w - 1};
  const int64_t start[3] = {tx << layout.tileLog[0], ty << layout.tileLog[1], tz << layout.tileLog[2]};
  int64_t gx = start[0] % layout.fine[0];
  for (int64_t x = 0; x < extent[0]; x++) {
    int64_t gy = start[1] % layout.fine[1];
    for (int64_t y = 0; y < extent[1]; y++) {
      T* from = tile + C * (x * layout.padded[1] + y) * layout.padded[2];
      T* row = grid + (gx * layout.fine[1] + gy) * pitch;
      int64_t gz = start[2] % layout.fine[2];
      // Rows of a tile are too short for the processor to see where they lead. (Beyond the seam this misses.)
      const T* soon = row + ROWS_AHEAD * pitch + C * gz;
      for (int64_t e = 0; e < C * extent[2]; e += int64_t(64 / sizeof(T))) __builtin_prefetch(soon + e);
      for (int64_t z = 0; z < extent[2];) {
        const int64_t run = extent[2] - z < layout.fine[2] - gz ? extent[2] - z : layout.fine[2] - gz;
        visit(from + C * z, row + C * gz, C * run);
        z += run;
        gz = 0;
      }
      if (++gy == layout.fine[1]) gy = 0;
    }
    if (++gx == layout.fine[0]) gx = 0;
  }
}

template <class T, int W, int C>
void spreadOf(const NufftLayout& layout, const void* table, const NufftPoints<T>& points, const T* values,
              uint32_t* order, T* tile, T* grid, int64_t pitch) {
  const auto& kernel = *static_cast<const KernelTable<T, W, C>*>(table);
  const int64_t strideY = int64_t(C) * layout.padded[2], strideX = strideY * layout.padded[1];
  const int64_t columns = layout.columns();
  for (int64_t i = 0; i < layout.tileCount(); i++) {
    const int64_t first = points.starts[i * columns], count = points.starts[(i + 1) * columns] - first;
    if (count == 0) continue;
    memset(tile, 0, sizeof(T) * C * layout.tileCells());
    spreadTile<T, W, C>(kernel, points.sorted + first, points.index + first, count, values, order, tile, strideX,
                        strideY);
    overRows(layout, C, i, tile, grid, pitch, [](const T* from, T* to, int64_t run) {
      for (int64_t z = 0; z < run; z++) to[z] += from[z];
    });
  }
}

template <class T, int W, int C>
void gatherOf(const NufftLayout& layout, const void* table, const NufftPoints<T>& points, const T* grid,
              int64_t pitch, T* tile, T* values) {
  const auto& kernel = *static_cast<const KernelTable<T, W, C>*>(table);
  const int64_t strideY = int64_t(C) * layout.padded[2], strideX = strideY * layout.padded[1];
  const int64_t columns = layout.columns();
  // What lies between the rows is multiplied by zero, and must be a number for that.
  memset(tile, 0, sizeof(T) * C * layout.tileCells());
  for (int64_t i = 0; i < layout.tileCount(); i++) {
    const int64_t first = points.starts[i * columns], count = points.starts[(i + 1) * columns] - first;
    if (count == 0) continue;
    overRows(layout, C, i, tile, const_cast<T*>(grid), pitch, [](T* to, const T* from, int64_t run) {
      for (int64_t z = 0; z < run; z++) to[z] = from[z];
    });
    gatherTile<T, W, C>(kernel, points.sorted + first, points.index + first, count, tile, strideX, strideY, values);
  }
}

// ------------------------------------------------------------------------------------------------------- modes

/// Mode k of an axis on its periodic grid.
inline int64_t wrapped(int64_t k, int64_t fine) { return k < 0 ? k + fine : k; }

template <class T>
void keepModes(const NufftLayout& layout, const T* const* factors, const T* grid, T* modes) {
  const int64_t low[3] = {layout.modes[0] / 2, layout.modes[1] / 2, layout.modes[2] / 2};
  for (int64_t i = 0; i < layout.modes[0]; i++) {
    for (int64_t j = 0; j < layout.modes[1]; j++) {
      const T factor = factors[0][i] * factors[1][j];
      const T* row = grid + 2 * layout.fine[2] *
                                (wrapped(i - low[0], layout.fine[0]) * layout.fine[1] + wrapped(j - low[1], layout.fine[1]));
      const T* negative = row + 2 * (layout.fine[2] - low[2]);
      for (int64_t k = 0; k < low[2]; k++) {
        modes[2 * k] = negative[2 * k] * (factor * factors[2][k]);
        modes[2 * k + 1] = negative[2 * k + 1] * (factor * factors[2][k]);
      }
      const T* positive = row - 2 * low[2];
      for (int64_t k = low[2]; k < layout.modes[2]; k++) {
        modes[2 * k] = positive[2 * k] * (factor * factors[2][k]);
        modes[2 * k + 1] = positive[2 * k + 1] * (factor * factors[2][k]);
      }
      modes += 2 * layout.modes[2];
    }
  }
}

template <class T>
void placeModes(const NufftLayout& layout, const T* const* factors, const T* modes, T* grid) {
  const int64_t low[3] = {layout.modes[0] / 2, layout.modes[1] / 2, layout.modes[2] / 2};
  for (int64_t i = 0; i < layout.modes[0]; i++) {
    for (int64_t j = 0; j < layout.modes[1]; j++) {
      const T factor = factors[0][i] * factors[1][j];
      T* row = grid + 2 * layout.fine[2] *
                          (wrapped(i - low[0], layout.fine[0]) * layout.fine[1] + wrapped(j - low[1], layout.fine[1]));
      T* negative = row + 2 * (layout.fine[2] - low[2]);
      for (int64_t k = 0; k < low[2]; k++) {
        negative[2 * k] = modes[2 * k] * (factor * factors[2][k]);
        negative[2 * k + 1] = modes[2 * k + 1] * (factor * factors[2][k]);
      }
      T* positive = row - 2 * low[2];
      for (int64_t k = low[2]; k < layout.modes[2]; k++) {
        positive[2 * k] = modes[2 * k] * (factor * factors[2][k]);
        positive[2 * k + 1] = modes[2 * k + 1] * (factor * factors[2][k]);
      }
      modes += 2 * layout.modes[2];
    }
  }
}

template <class T>
void keepRealModes(const NufftLayout& layout, const T* const* factors, const T* spectrum, T* modes) {
  const int64_t low[3] = {layout.modes[0] / 2, layout.modes[1] / 2, layout.modes[2] / 2};
  const int64_t pitch = 2 * int64_t(layout.fine[2] / 2 + 1);
  for (int64_t i = 0; i < layout.modes[0]; i++) {
    for (int64_t j = 0; j < layout.modes[1]; j++) {
      const T factor = factors[0][i] * factors[1][j];
      const int64_t kx = i - low[0], ky = j - low[1];
      // The real part of mode -k is that of mode k.
      const T* mirrored =
          spectrum + pitch * (wrapped(-kx, layout.fine[0]) * layout.fine[1] + wrapped(-ky, layout.fine[1]));
      const T* straight =
          spectrum + pitch * (wrapped(kx, layout.fine[0]) * layout.fine[1] + wrapped(ky, layout.fine[1]));
      for (int64_t k = 0; k < low[2]; k++) modes[k] = mirrored[2 * (low[2] - k)] * (factor * factors[2][k]);
      for (int64_t k = low[2]; k < layout.modes[2]; k++) {
        modes[k] = straight[2 * (k - low[2])] * (factor * factors[2][k]);
      }
      modes += layout.modes[2];
    }
  }
}

template <class T>
void placeRealModes(const NufftLayout& layout, const T* const* factors, const T* modes, T* spectrum) {
  const int64_t n[3] = {layout.modes[0], layout.modes[1], layout.modes[2]};
  const int64_t low[3] = {n[0] / 2, n[1] / 2, n[2] / 2};
  const int64_t pitch = 2 * int64_t(layout.fine[2] / 2 + 1);
  const auto exists = [&](int64_t kx, int64_t ky) {
    return kx + low[0] >= 0 && kx + low[0] < n[0] && ky + low[1] >= 0 && ky + low[1] < n[1];
  };
  for (int64_t kx = -low[0]; kx <= low[0]; kx++) {
    for (int64_t ky = -low[1]; ky <= low[1]; ky++) {
      const T factor = T(0.5) * factors[0][low[0] - (kx < 0 ? -kx : kx)] * factors[1][low[1] - (ky < 0 ? -ky : ky)];
      const T* straight = exists(kx, ky) ? modes + ((kx + low[0]) * n[1] + ky + low[1]) * n[2] + low[2] : nullptr;
      const T* mirrored = exists(-kx, -ky) ? modes + ((low[0] - kx) * n[1] + low[1] - ky) * n[2] + low[2] : nullptr;
      T* row = spectrum + pitch * (wrapped(kx, layout.fine[0]) * layout.fine[1] + wrapped(ky, layout.fine[1]));
      for (int64_t kz = 0; kz <= low[2]; kz++) {
        T sum = 0;
        if (straight != nullptr && kz + low[2] < n[2]) sum += straight[kz];
        if (mirrored != nullptr) sum += mirrored[-kz];
        row[2 * kz] = sum * (factor * factors[2][low[2] - kz]);
        row[2 * kz + 1] = 0;
      }
    }
  }
}

// --------------------------------------------------------------------------- from a run-time width to the templates

template <class T>
struct Instance {
  size_t bytes;
  int32_t (*rowCells)(int32_t cells);
  void (*make)(const NufftLayout&, const double*, void*);
  void (*spread)(const NufftLayout&, const void*, const NufftPoints<T>&, const T*, uint32_t*, T*, T*, int64_t);
  void (*gather)(const NufftLayout&, const void*, const NufftPoints<T>&, const T*, int64_t, T*, T*);
};

/// Gathering reads from the last cell on; spreading writes windows that begin a granule.
template <class T, int W, int C>
int32_t rowCellsOf(int32_t cells) {
  using Shape = SweepShape<T, W, C>;
  const int32_t gathered = cells - 1 + KernelTable<T, W, C>::Along::lanes / C;
  const int32_t spread = (cells - 1) / Shape::cells * Shape::cells + Shape::lanes / C;
  return gathered > spread ? gathered : spread;
}

template <class T, int W, int C>
constexpr Instance<T> instance = {sizeof(KernelTable<T, W, C>), rowCellsOf<T, W, C>, makeTableOf<T, W, C>,
                                  spreadOf<T, W, C>, gatherOf<T, W, C>};

template <class T>
const Instance<T>& instanceFor(int32_t width, int32_t C) {
#define BOTH(W) {instance<T, W, 1>, instance<T, W, 2>}
  static constexpr Instance<T> all[MOST_WIDTH - LEAST_WIDTH + 1][2] = {
      BOTH(2), BOTH(3),  BOTH(4),  BOTH(5),  BOTH(6),  BOTH(7),  BOTH(8), BOTH(9),
      BOTH(10), BOTH(11), BOTH(12), BOTH(13), BOTH(14), BOTH(15), BOTH(16)};
#undef BOTH
  return all[width - LEAST_WIDTH][C - 1];
}

template <class T>
constexpr NufftFunctions<T> functions = {
    [](int32_t width, int32_t C) { return instanceFor<T>(width, C).bytes; },
    [](const NufftLayout& layout, int32_t C, const double* pieces, void* table) {
      instanceFor<T>(layout.width, C).make(layout, pieces, table);
    },
    [](int32_t width, int32_t cells) {
      const int32_t real = instanceFor<T>(width, 1).rowCells(cells);
      const int32_t complex = instanceFor<T>(width, 2).rowCells(cells);
      return real > complex ? real : complex;
    },
    sortPoints<T, float>,
    sortPoints<T, double>,
    [](const NufftLayout& layout, int32_t C, const void* table, const NufftPoints<T>& points, const T* values,
       uint32_t* order, T* tile, T* grid, int64_t pitch) {
      instanceFor<T>(layout.width, C).spread(layout, table, points, values, order, tile, grid, pitch);
    },
    [](const NufftLayout& layout, int32_t C, const void* table, const NufftPoints<T>& points, const T* grid,
       int64_t pitch, T* tile, T* values) {
      instanceFor<T>(layout.width, C).gather(layout, table, points, grid, pitch, tile, values);
    },
    keepModes<T>,
    placeModes<T>,
    keepRealModes<T>,
    placeRealModes<T>,
};

}  // namespace

extern const NufftTable nufftTable;
const NufftTable nufftTable = {functions<float>, functions<double>};

MANIPLE_NAMESPACE_END
