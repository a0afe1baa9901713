// Orientation scores: see scores.h. Both factors of the product run along the pixels: a tile of images x references
// keeps one register of partial sums for each pair, and pixels are the lanes.
#include "scores.h"

#include "exponential.h"
#include "logarithm.h"
#include "portable.h"

MANIPLE_NAMESPACE_BEGIN
namespace {

// Rows and columns of a tile: their product of sums, one row of references and one image fill the registers.
#if defined(__AVX512F__)
constexpr size_t kImages = 6, kReferences = 4;
#elif defined(__AVX__)
constexpr size_t kImages = 4, kReferences = 3;
#else
constexpr size_t kImages = 3, kReferences = 3;
#endif

/// Sums over the lanes of four registers: groups of four in single precision, those in double.
MANIPLE_FN f64x4 laneSums(const f32v* four) {
  // Two rounds of pairwise sums: lanes (a0 + a2, b0 + b2, a1 + a3, b1 + b3), then (a, b, c, d) in every group.
  f32v low, high;
  interleave(four[0], four[1], low, high);
  const f32v ab = low + high;
  interleave(four[2], four[3], low, high);
  const f32v cd = low + high;
  f64v first, second;
  interleave(bits<f64v>(ab), bits<f64v>(cd), first, second);
  const f32v groups = bits<f32v>(first) + bits<f32v>(second);
  alignas(kRegister) float part[kLanes<float>];
  store(part, groups);
  f64x4 total{};
#pragma GCC unroll 4
  for (int g = 0; g < kLanes<float>; g += 4) total += convert<f64x4>(load<f32x4>(part + g));
  return total;
}

/// Copies `rows` rows of `count` pixels to `packed`: a register of every row in turn, `height` rows, zeros where there
/// is no row or no pixel. Reading it is then one aligned stream, wherever the rows came from.
MANIPLE_FN void pack(const float* from, size_t pixels, size_t rows, size_t height, size_t count, float* packed) {
  constexpr size_t width = kLanes<float>;
  for (size_t row = 0; row < height; row++) {
    const float* line = from + row * pixels;
    float* to = packed + row * width;
    for (size_t p = 0; p < count; p += width, to += height * width) {
      f32v x{};
      if (row < rows) x = get<f32v>(line, int64_t(p), int(count - p < width ? count - p : width));
      store(to, x);
    }
  }
}

/// out[i pitch + j] += the products of R images and kReferences references over `steps` registers of pixels; the last
/// references may be padding, of which `columns` are real.
template <int R>
__attribute__((noinline)) void tile(const float* MANIPLE_RESTRICT images, const float* MANIPLE_RESTRICT references,
                                    size_t steps, size_t columns, double* out, size_t pitch) {
  constexpr int width = kLanes<float>, C = int(kReferences);
  f32v sums[R][4] = {};
  for (size_t step = 0; step < steps; step++) {
    f32v b[C];
    // References come from the second-level cache, a few steps ahead.
#pragma GCC unroll 8
    for (int j = 0; j < C; j++) {
      b[j] = load<f32v>(references + j * width);
    }
#pragma GCC unroll 8
    for (int i = 0; i < R; i++) {
      const f32v a = load<f32v>(images + i * width);
#pragma GCC unroll 8
      for (int j = 0; j < C; j++) sums[i][j] += a * b[j];
    }
    images += R * width;
    references += C * width;
  }
#pragma GCC unroll 8
  for (int i = 0; i < R; i++) {
    const f64x4 total = laneSums(sums[i]);
    double* to = out + size_t(i) * pitch;
    if (columns == 4) store(to, load<f64x4>(to) + total);
    else for (size_t j = 0; j < columns; j++) to[j] += total[j];
  }
}

using Tile = void (*)(const float*, const float*, size_t, size_t, double*, size_t);

Tile tileOf(size_t rows) {
  switch (rows) {
    case 1: return tile<1>;
    case 2: return tile<2>;
    case 3: return tile<3>;
#if defined(__AVX__)
    case 4: return tile<4>;
#endif
#if defined(__AVX512F__)
    case 5: return tile<5>;
    case 6: return tile<6>;
#endif
    default: return nullptr;
  }
}

void products(const float* images, size_t n, const float* references, size_t m, size_t pixels, double* out, size_t pitch,
              float* scratch) {
  constexpr size_t width = kLanes<float>;
  alignas(64) float panel[kImages * kScorePixels];
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < m; j++) out[i * pitch + j] = 0;
  }
  for (size_t p = 0; p < pixels; p += kScorePixels) {
    const size_t count = pixels - p < kScorePixels ? pixels - p : kScorePixels;
    const size_t steps = (count + width - 1) / width;
    const size_t packed = steps * width * kReferences;
    for (size_t j = 0; j < m; j += kReferences) {
      pack(references + j * pixels + p, pixels, m - j, kReferences, count, scratch + j / kReferences * packed);
    }
    // The images of one row of tiles stay in the first-level cache while all references pass.
    for (size_t i = 0; i < n; i += kImages) {
      const size_t rows = n - i < kImages ? n - i : kImages;
      pack(images + i * pixels + p, pixels, rows, rows, count, panel);
      const Tile run = tileOf(rows);
      for (size_t j = 0; j < m; j += kReferences) {
        const size_t columns = m - j < kReferences ? m - j : kReferences;
        run(panel, scratch + j / kReferences * packed, steps, columns, out + i * pitch + j, pitch);
      }
    }
  }
}

void select(const double* dots, size_t pitch, size_t n, size_t m, const double* gain, const double* shift, int32_t base,
            size_t top, double* keys, int32_t* index) {
  constexpr size_t width = kLanes<double>;
  for (size_t i = 0; i < n; i++) {
    const double* row = dots + i * pitch;
    double* best = keys + i * top;
    int32_t* which = index + i * top;
    for (size_t j = 0; j < m; j += width) {
      const int active = int(m - j < width ? m - j : width);
      const f64v key = get<f64v>(row, int64_t(j), active) * get<f64v>(gain, int64_t(j), active) +
                       get<f64v>(shift, int64_t(j), active);
      const double worst = best[top - 1];
      bool any = false;
      for (int lane = 0; lane < int(width); lane++) any |= key[lane] > worst;
      if (!any) continue;
      for (int lane = 0; lane < active; lane++) {
        const double value = key[lane];
        if (!(value > best[top - 1])) continue;
        size_t at = top - 1;
        for (; at > 0 && value > best[at - 1]; at--) {
          best[at] = best[at - 1];
          which[at] = which[at - 1];
        }
        best[at] = value;
        which[at] = base + int32_t(j) + lane;
      }
    }
  }
}

MANIPLE_KERNEL(logRatioKernel, float* MANIPLE_RESTRICT out, const float* MANIPLE_RESTRICT in,
               const float* MANIPLE_RESTRICT weight, float floor, float inverse) {
  MANIPLE_ITEM(p);
  const f32v ratio = maximum(get<f32v>(in, p, active), broadcast<f32v>(floor)) * inverse;
  f32v result = logarithm(ratio);
  if (weight != nullptr) result = result * get<f32v>(weight, p, active);
  put(out, p, result, active);
}

void logRatios(int64_t begin, int64_t end, float* out, const float* in, const float* weight, float floor, float inverse) {
  logRatioKernel(begin, end, out, in, weight, floor, inverse);
}

double flooredSum(const float* in, const float* weight, size_t pixels, float floor) {
  constexpr size_t width = kLanes<float>;
  double total = 0;
  for (size_t from = 0; from < pixels; from += kScorePixels) {
    const size_t end = from + kScorePixels < pixels ? from + kScorePixels : pixels;
    f32v part{};
    for (size_t p = from; p < end; p += width) {
      const int active = int(end - p < width ? end - p : width);
      // In this order a value that is no number stays one.
      f32v x = maximum(broadcast<f32v>(floor), get<f32v>(in, int64_t(p), active));
      // Lanes past the end must not count the floor.
      if (weight != nullptr) x = x * get<f32v>(weight, int64_t(p), active);
      if (active < int(width)) {
        for (int lane = active; lane < int(width); lane++) x[lane] = 0;
      }
      part += x;
    }
    total += double(sum(part));
  }
  return total;
}

/// Pixels whose sums are in single precision: a lane sees eight of them.
constexpr size_t kPoissonPixels = 8 * kLanes<float>;

void poissonSums(const float* photons, const float* model, const float* gain, size_t pixels, float floor,
                 double* sums) {
  constexpr size_t width = kLanes<float>;
  sums[0] = sums[1] = sums[2] = 0;
  const f32v least = broadcast<f32v>(floor);
  for (size_t from = 0; from < pixels; from += kPoissonPixels) {
    const size_t end = from + kPoissonPixels < pixels ? from + kPoissonPixels : pixels;
    f32v count{}, expected{}, weighted{};
    for (size_t p = from; p < end; p += width) {
      // Lanes past the end have no gain and no photons.
      const int active = int(end - p < width ? end - p : width);
      const f32v n = get<f32v>(photons, int64_t(p), active);
      const f32v m = maximum(least, get<f32v>(model, int64_t(p), active));
      count += n;
      expected += m * get<f32v>(gain, int64_t(p), active);
      weighted += n * logarithm(m);
    }
    sums[0] += double(sum(count));
    sums[1] += double(sum(expected));
    sums[2] += double(sum(weighted));
  }
}

void partition(const float* differences, size_t n, float beta, double* sums) {
  constexpr size_t width = kLanes<float>;
  const f32v zero{}, least = zero - 21.0f;
  sums[0] = sums[1] = 0;
  for (size_t from = 0; from < n; from += kPoissonPixels) {
    const size_t end = from + kPoissonPixels < n ? from + kPoissonPixels : n;
    f32v total{}, weighted{};
    for (size_t i = from; i < end; i += width) {
      const int active = int(end - i < width ? end - i : width);
      f32v x = get<f32v>(differences, int64_t(i), active) * beta;
      for (int lane = active; lane < int(width); lane++) x[lane] = -22;
      const f32v p = x < least ? zero : exponential(maximum(x, least));
      total += p;
      weighted += p * x;
    }
    sums[0] += double(sum(total));
    sums[1] += double(sum(weighted));
  }
}

void weights(const float* differences, size_t n, float beta, double* out) {
  constexpr size_t width = kLanes<float>;
  const f32v zero{}, least = zero - 80.0f;
  for (size_t i = 0; i < n; i += width) {
    const int active = int(n - i < width ? n - i : width);
    const f32v x = get<f32v>(differences, int64_t(i), active) * beta;
    const f32v p = x < least ? zero : exponential(maximum(x, least));
    for (int lane = 0; lane < active; lane++) out[i + lane] = double(p[lane]);
  }
}

}  // namespace

extern const ScoresTable scoresTable;
const ScoresTable scoresTable = {products, select, logRatios, flooredSum, poissonSums, partition, weights};

MANIPLE_NAMESPACE_END
