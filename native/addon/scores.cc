// Orientation scores: blocks of images and references through the kernels of kernels/scores.cc. The meaning of the
// numbers is in tasks/spi/scores.ts.
#include "../kernels/scores.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <vector>

#include "addon.h"
#include "arguments.h"

namespace maniple {

namespace {

/// Images of one block: with kScoreReferences references its dots fill a megabyte.
constexpr size_t kBlockImages = 512;
constexpr int64_t kMostRows = int64_t(1) << 31;

struct Sizes {
  size_t n, m, pixels;
};

Sizes sizesOf(const Napi::CallbackInfo& info, size_t at) {
  return {size_t(wholeOf(info[at], "images", 0, kMostRows)), size_t(wholeOf(info[at + 1], "references", 0, kMostRows)),
          size_t(wholeOf(info[at + 2], "pixels", 1, kMostRows))};
}

/// Calls use(i, j, rows, columns, dots) for every block of the product, references outermost, ascending.
template <class Use>
void inBlocks(const Sizes& s, const float* images, const float* references, Use use) {
  if (s.n == 0 || s.m == 0) return;
  std::vector<double> dots(std::min(s.n, kBlockImages) * std::min(s.m, kScoreReferences));
  thread_local std::unique_ptr<float, decltype(&std::free)> scratch(
      static_cast<float*>(std::aligned_alloc(64, kScoreScratch * sizeof(float))), &std::free);
  if (!scratch) throw std::bad_alloc();
  for (size_t j = 0; j < s.m; j += kScoreReferences) {
    const size_t columns = std::min(kScoreReferences, s.m - j);
    for (size_t i = 0; i < s.n; i += kBlockImages) {
      const size_t rows = std::min(kBlockImages, s.n - i);
      active_scoresTable().products(images + i * s.pixels, rows, references + j * s.pixels, columns, s.pixels, dots.data(),
                                    columns, scratch.get());
      use(i, j, rows, columns, dots.data());
    }
  }
}

/// scoreProducts(images, references, n, m, pixels, out): (n, m) inner products.
void scoreProducts(const Napi::CallbackInfo& info) {
  const Sizes s = sizesOf(info, 2);
  const Span<float> images = spanOf<float>(info[0], "images", s.n * s.pixels);
  const Span<float> references = spanOf<float>(info[1], "references", s.m * s.pixels);
  const bool single = kindOf(info[5], "out") == napi_float32_array;
  float* outSingle = single ? spanOf<float>(info[5], "out", s.n * s.m).data : nullptr;
  double* outDouble = single ? nullptr : spanOf<double>(info[5], "out", s.n * s.m).data;
  inBlocks(s, images.data, references.data, [&](size_t i, size_t j, size_t rows, size_t columns, const double* dots) {
    for (size_t r = 0; r < rows; r++) {
      const size_t to = (i + r) * s.m + j;
      for (size_t c = 0; c < columns; c++) {
        if (single) outSingle[to + c] = float(dots[r * columns + c]);
        else outDouble[to + c] = dots[r * columns + c];
      }
    }
  });
}

/// scoreSelect(images, references, n, m, pixels, gain, shift, base, top, keys, index).
void scoreSelect(const Napi::CallbackInfo& info) {
  const Sizes s = sizesOf(info, 2);
  const size_t top = size_t(wholeOf(info[8], "top", 1, kMostRows));
  const int32_t base = int32_t(wholeOf(info[7], "base", 0, INT32_MAX));
  const Span<float> images = spanOf<float>(info[0], "images", s.n * s.pixels);
  const Span<float> references = spanOf<float>(info[1], "references", s.m * s.pixels);
  const Span<double> gain = spanOf<double>(info[5], "gain", s.m), shift = spanOf<double>(info[6], "shift", s.m);
  const Span<double> keys = spanOf<double>(info[9], "keys", s.n * top);
  const Span<int32_t> index = spanOf<int32_t>(info[10], "index", s.n * top);
  inBlocks(s, images.data, references.data, [&](size_t i, size_t j, size_t rows, size_t columns, const double* dots) {
    active_scoresTable().select(dots, columns, rows, columns, gain.data + j, shift.data + j, base + int32_t(j), top,
                                keys.data + i * top, index.data + i * top);
  });
}

/// scoreLogReferences(references, weight | null, m, pixels, weightSum, floor, out): weighted logarithms of each
/// reference over its mean. Returns the number of the first reference that is not finite, or -1.
Napi::Value scoreLogReferences(const Napi::CallbackInfo& info) {
  const size_t m = size_t(wholeOf(info[2], "references", 0, kMostRows));
  const size_t pixels = size_t(wholeOf(info[3], "pixels", 1, kMostRows));
  const double weightSum = numberOf(info[4], "weightSum"), relative = numberOf(info[5], "floor");
  const Span<float> in = spanOf<float>(info[0], "references", m * pixels);
  const float* weight = info[1].IsNull() ? nullptr : spanOf<float>(info[1], "weight", pixels).data;
  const Span<float> out = spanOf<float>(info[6], "out", m * pixels);
  const ScoresTable& run = active_scoresTable();
  for (size_t j = 0; j < m; j++) {
    const float* row = in.data + j * pixels;
    float* to = out.data + j * pixels;
    const double mean = run.flooredSum(row, weight, pixels, 0.0f) / weightSum;
    if (!std::isfinite(mean)) return Napi::Number::New(info.Env(), double(j));
    const float floor = float(mean * relative);
    const double raised = run.flooredSum(row, weight, pixels, floor) / weightSum;
    if (floor >= 1e-37f && raised < 1e37) {
      run.logRatios(0, int64_t(pixels), to, row, weight, floor, float(1 / raised));
    } else {
      // A reference without intensity says nothing: every pixel alike.
      for (size_t p = 0; p < pixels; p++) to[p] = 0;
    }
  }
  return Napi::Number::New(info.Env(), -1);
}

/// responsibilities(scores, first, references, perplexity, out): beta; see tasks/spi/responsibilities.ts.
Napi::Value responsibilities(const Napi::CallbackInfo& info) {
  // Beta to a part in a thousand; parts below `negligible` are dropped.
  constexpr int bisections = 15;
  constexpr double negligible = 1e-4;
  const size_t first = size_t(wholeOf(info[1], "first", 0, int64_t(1) << 52));
  const size_t n = size_t(wholeOf(info[2], "references", 1, kMostRows));
  const double perplexity = numberOf(info[3], "perplexity");
  const float* scores = spanOf<float>(info[0], "scores", first + n).data + first;
  double* out = spanOf<double>(info[4], "out", n).data;
  const float* top = std::max_element(scores, scores + n);
  if (perplexity <= 1 || n == 1) {
    std::fill(out, out + n, 0.0);
    out[top - scores] = 1;
    return Napi::Number::New(info.Env(), std::numeric_limits<double>::infinity());
  }
  thread_local std::vector<float> differences;
  if (differences.size() < n) differences.resize(n);
  for (size_t i = 0; i < n; i++) differences[i] = scores[i] - *top;
  const ScoresTable& run = active_scoresTable();
  const double wanted = std::log(std::min(perplexity, double(n)));
  double low = std::log(1e-9), high = std::log(10.0);
  for (int step = 0; step < bisections; step++) {
    const double middle = (low + high) / 2;
    double sums[2];
    run.partition(differences.data(), n, float(std::exp(middle)), sums);
    const double entropy = std::log(sums[0]) - sums[1] / sums[0];
    if (entropy > wanted) low = middle;
    else high = middle;
  }
  const double beta = std::exp((low + high) / 2);
  run.weights(differences.data(), n, float(beta), out);
  double sum = 0, kept = 0;
  for (size_t i = 0; i < n; i++) sum += out[i];
  for (size_t i = 0; i < n; i++) {
    const double p = out[i] / sum;
    out[i] = p < negligible ? 0 : p;
    kept += out[i];
  }
  for (size_t i = 0; i < n; i++) out[i] /= kept;
  return Napi::Number::New(info.Env(), beta);
}

/// scorePairs(images, models, gain, pixels, first, perImage, floor, score, fluence): row j of the models against image
/// floor((first + j) / perImage); results at first + j.
void scorePairs(const Napi::CallbackInfo& info) {
  const size_t pixels = size_t(wholeOf(info[3], "pixels", 1, kMostRows));
  const size_t first = size_t(wholeOf(info[4], "first", 0, kMostRows));
  const size_t perImage = size_t(wholeOf(info[5], "perImage", 1, kMostRows));
  const double relative = numberOf(info[6], "floor");
  const Span<float> models = spanOf<float>(info[1], "models"), gain = spanOf<float>(info[2], "gain", pixels);
  const size_t rows = models.length / pixels;
  if (rows == 0) return;
  const Span<float> images = spanOf<float>(info[0], "images", ((first + rows - 1) / perImage + 1) * pixels);
  const Span<double> score = spanOf<double>(info[7], "score", first + rows);
  const Span<double> fluence = spanOf<double>(info[8], "fluence", first + rows);
  const ScoresTable& run = active_scoresTable();
  for (size_t j = 0; j < rows; j++) {
    const float* model = models.data + j * pixels;
    const double mean = run.flooredSum(model, nullptr, pixels, 0.0f) / double(pixels);
    const float floor = std::max(float(mean * relative), std::numeric_limits<float>::min());
    double sums[3];
    run.poissonSums(images.data + (first + j) / perImage * pixels, model, gain.data, pixels, floor, sums);
    score.data[first + j] = sums[2] - sums[0] * std::log(sums[1]);
    fluence.data[first + j] = sums[0] / sums[1];
  }
}

}  // namespace

void register_scores(Napi::Env env, Napi::Object exports) {
  exports.Set("scoreProducts", Napi::Function::New<scoreProducts>(env, "scoreProducts"));
  exports.Set("scoreSelect", Napi::Function::New<scoreSelect>(env, "scoreSelect"));
  exports.Set("responsibilities", Napi::Function::New<responsibilities>(env, "responsibilities"));
  exports.Set("scorePairs", Napi::Function::New<scorePairs>(env, "scorePairs"));
  exports.Set("scoreLogReferences", Napi::Function::New<scoreLogReferences>(env, "scoreLogReferences"));
}

}  // namespace maniple
