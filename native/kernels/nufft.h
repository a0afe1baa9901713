// Nonuniform Fourier transforms: sorting points into tiles, spreading, gathering, deconvolution. The arithmetic of
// tasks/fourier/nufft-twin.ts; tasks/fourier/README.md says why it is right, and why it is arranged like this.
//
// Nothing here allocates: the caller (addon/nufft.cc) owns every array.
#pragma once

#include <cstddef>
#include <cstdint>

#include "levels.h"

namespace maniple {

/// A tile has at most 2^TILE_LOG_MOST cells along an axis.
constexpr int TILE_LOG_MOST = 4;

/// A point as spreading wants it: per axis the place within its cell, t in [-1, 1), and the first cell of its
/// footprint in the tile, its z, x and y in TILE_LOG_MOST bits each, z highest.
template <class T>
struct TilePoint {
  T t[3];
  uint32_t cell;
};

/// Sizes of one transform. A tile is 2^tileLog cells; its padded box also holds what its points' footprints reach.
/// Within a tile points are ordered by column, 2^columnLog cells along x and along y.
struct NufftLayout {
  int32_t width, degree;
  int32_t modes[3], fine[3];
  int32_t tileLog[3], tiles[3], padded[3], columnLog;
  int64_t cells() const { return int64_t(fine[0]) * fine[1] * fine[2]; }
  int64_t tileCount() const { return int64_t(tiles[0]) * tiles[1] * tiles[2]; }
  int32_t columnsAlong(int axis) const { return 1 << (tileLog[axis] - columnLog); }
  int32_t columns() const { return columnsAlong(0) * columnsAlong(1); }
  int64_t columnCount() const { return tileCount() * columns(); }
  int64_t tileCells() const { return int64_t(padded[0]) * padded[1] * padded[2]; }
};

/// The points of a plan, sorted by tile and column: column i holds points starts[i] ... starts[i + 1] - 1.
template <class T>
struct NufftPoints {
  int64_t count;
  TilePoint<T>* sorted;
  uint32_t* index;   // where each sorted point was in the caller's arrays
  uint32_t* starts;  // columnCount() + 1
};

struct NufftBadPoint {
  int64_t index;  // -1: none
  int32_t axis;
};

/// In the functions below C is 1 for real and 2 for interleaved complex data, and a grid has `fine` cells whose rows
/// (along z) are `pitch` elements apart.
template <class T>
struct NufftFunctions {
  /// Bytes of a kernel table for width and C, and the making of it from `pieces`, (degree + 1, width).
  size_t (*tableBytes)(int32_t width, int32_t C);
  void (*makeTable)(const NufftLayout&, int32_t C, const double* pieces, void* table);
  /// Cells along z that a row of a tile must hold for the footprints that begin in the first `cells`, with what
  /// the vectors touch beside them.
  int32_t (*rowCells)(int32_t width, int32_t cells);
  /// Sorts points into columns. `columnOf` is scratch (count); returns the first point that is not finite.
  NufftBadPoint (*sortFromSingle)(const NufftLayout&, const float* const* xyz, uint32_t* columnOf, NufftPoints<T>&);
  NufftBadPoint (*sortFromDouble)(const NufftLayout&, const double* const* xyz, uint32_t* columnOf, NufftPoints<T>&);
  /// grid += kernel * values. `tile` is scratch, C * tileCells() and 16 elements, and begins a cache line; `order`
  /// is scratch for as many numbers as the fullest tile has points.
  void (*spread)(const NufftLayout&, int32_t C, const void* table, const NufftPoints<T>&, const T* values,
                 uint32_t* order, T* tile, T* grid, int64_t pitch);
  /// values = sum of the grid times the kernel.
  void (*gather)(const NufftLayout&, int32_t C, const void* table, const NufftPoints<T>&, const T* grid,
                 int64_t pitch, T* tile, T* values);
  /// Complex modes from the transformed grid, and to a grid of zeros: times factors[axis][k + modes / 2].
  void (*keepModes)(const NufftLayout&, const T* const* factors, const T* grid, T* modes);
  void (*placeModes)(const NufftLayout&, const T* const* factors, const T* modes, T* grid);
  /// The same between the half spectrum (fine[0], fine[1], fine[2] / 2 + 1) of a real grid and the real part of the
  /// modes. Placing takes the even part of the modes, whose transform is the real part of theirs.
  void (*keepRealModes)(const NufftLayout&, const T* const* factors, const T* spectrum, T* modes);
  void (*placeRealModes)(const NufftLayout&, const T* const* factors, const T* modes, T* spectrum);
};

struct NufftTable {
  NufftFunctions<float> single;
  NufftFunctions<double> full;
};

}  // namespace maniple

MANIPLE_TABLES(NufftTable, nufftTable)
