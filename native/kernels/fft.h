// Three-dimensional Fourier transforms: the interface between addon/fft.cc, which plans, and the kernels.
#pragma once

#include <cstddef>

#include "levels.h"

namespace maniple {

/// One Stockham pass over a line: butterflies of `radix`, `count` twiddle sets, `stride` butterflies for each.
/// radix * count * stride is the length of the line.
template <class T>
struct FftPass {
  int radix;
  int count;
  int stride;
  /// Pairs exp(-2 pi i p k / (radix count)), k = 1 .. radix - 1, at [(p (radix - 1) + k - 1) * 2].
  const T* twiddles;
  /// Pairs exp(-2 pi i k / radix): for radices without a butterfly of their own.
  const T* roots;
};

constexpr int kMaxPasses = 24;

template <class T>
struct FftPlan {
  int length;
  int passes;
  FftPass<T> pass[kMaxPasses];
};

/// The radices that have a butterfly of their own; any other is a prime, done by the direct sum. (15 and 16 run out of
/// registers and cost more than two passes.)
constexpr int kRadices[] = {2, 3, 4, 5, 6, 7, 8, 9, 10, 12};

/// The part of an axis that matters: its first `low` and its last `high` frequencies. {0, 0} means all of it.
struct FftBand {
  int low, high;
};

template <class T>
struct Fft3 {
  /// Plans of the axes x, y, z. Arrays are in C order, z fastest.
  const FftPlan<T>* plan[3];
  /// -1 or +1, the sign in the exponent (complex transforms only).
  int sign;
  T scale;
  /// Working memory, aligned to 64 bytes: fftWorkElements() numbers.
  T* work;
  /// Frequencies that matter along x, y, z: lines outside are left out. `forward` then leaves them undefined in its
  /// result, `backward` takes them for zeros and they must be zeros; `complex` does the one or the other.
  FftBand band[3];
  /// For `complex`: the bands are those of the input, not of the output.
  bool bandOfInput;
};

/// Numbers of working memory for lines up to `longest`, at any level.
template <class T>
constexpr size_t fftWorkElements(int longest) {
  return (size_t(longest) + 2) * 2 * (64 / sizeof(T)) * 5;
}

template <class T>
struct FftFunctions {
  /// (nx, ny, nz) complex to the same; in place when in == out.
  void (*complex)(const Fft3<T>& plan, const T* in, T* out);
  /// (nx, ny, nz) real to (nx, ny, nz/2 + 1) complex, sign -1.
  void (*forward)(const Fft3<T>& plan, const T* in, T* out);
  /// (nx, ny, nz/2 + 1) complex to (nx, ny, nz) real, sign +1. `copy` has room for the spectrum and may be it.
  void (*backward)(const Fft3<T>& plan, const T* spectrum, T* copy, T* out);
  /// `count` adjacent columns of complex numbers, rows `row` complex numbers apart; in place when in == out.
  void (*columns)(const FftPlan<T>& plan, int sign, T scale, T* work, const T* in, T* out, size_t count, size_t row);
  /// Columns of `rows` complex numbers: padded with zeros to the plan's length, transformed, multiplied by the real
  /// `gain` (of that length, rows `row` numbers apart), transformed back (not normalised), cut to `rows` again.
  void (*convolve)(const FftPlan<T>& plan, int rows, T* work, T* data, const T* gain, size_t count, size_t row);
  /// Columns transformed, given the moduli (of the plan's length, rows `row` numbers apart) with the phases they have,
  /// and transformed back (not normalised). A number without a phase gets phase 0, one of negative modulus stays.
  /// Squares must neither vanish nor overflow in T.
  void (*imposeModuli)(const FftPlan<T>& plan, T* work, T* data, const T* modulus, size_t count, size_t row);
};

struct FftTable {
  FftFunctions<float> f32;
  FftFunctions<double> f64;
};

}  // namespace maniple

MANIPLE_TABLES(FftTable, fftTable)
