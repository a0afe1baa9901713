// Merging: the entry points of tasks/spi/merging-twin.ts, which says what they mean.
#include "../kernels/merging.h"

#include "addon.h"
#include "arguments.h"

namespace maniple {

namespace {

/// slicePoints(matrices, s, x, y, z): (count, 9) and (3, pixels) to (count, pixels) three times.
void slicePoints(const Napi::CallbackInfo& info) {
  const Span<double> matrices = spanOf<double>(info[0], "matrices");
  const Span<float> s = spanOf<float>(info[1], "s");
  const size_t count = matrices.length / 9, pixels = s.length / 3;
  const Span<float> x = spanOf<float>(info[2], "x", count * pixels);
  const Span<float> y = spanOf<float>(info[3], "y", count * pixels);
  const Span<float> z = spanOf<float>(info[4], "z", count * pixels);
  const MergingTable& table = active_mergingTable();
  for (size_t i = 0; i < count; i++) {
    const size_t at = i * pixels;
    table.points(matrices.data + 9 * i, s.data, pixels, x.data + at, y.data + at, z.data + at);
  }
}

/// mergeValues(photons, rows, exposure, correction, weights, out): (rows, pixels, 2).
void mergeValues(const Napi::CallbackInfo& info) {
  const Span<float> photons = spanOf<float>(info[0], "photons");
  const Span<int32_t> rows = spanOf<int32_t>(info[1], "rows");
  const Span<double> exposure = spanOf<double>(info[2], "exposure", rows.length);
  const Span<float> weights = spanOf<float>(info[4], "weights");
  const size_t pixels = weights.length;
  const Span<float> correction = spanOf<float>(info[3], "correction", pixels);
  const Span<float> out = spanOf<float>(info[5], "out", 2 * rows.length * pixels);
  const MergingTable& table = active_mergingTable();
  for (size_t i = 0; i < rows.length; i++) {
    const int32_t row = rows.data[i];
    if (row < 0 || (size_t(row) + 1) * pixels > photons.length) {
      throw Napi::RangeError::New(info.Env(), "photons have no row " + std::to_string(row));
    }
    table.values(photons.data + size_t(row) * pixels, exposure.data[i], correction.data, weights.data, pixels,
                 out.data + 2 * i * pixels);
  }
}

/// evenParts(modes, n, rightSide, kernel).
void evenParts(const Napi::CallbackInfo& info) {
  const size_t n = size_t(wholeOf(info[1], "n", 1, 2048)), cube = n * n * n;
  const Span<float> modes = spanOf<float>(info[0], "modes", 16 * cube);
  const Span<float> rightSide = spanOf<float>(info[2], "rightSide", cube);
  const Span<float> kernel = spanOf<float>(info[3], "kernel", 8 * cube);
  active_mergingTable().even(modes.data, n, rightSide.data, kernel.data);
}

/// addShares(images, image, pixels, shares, photons).
void addShares(const Napi::CallbackInfo& info) {
  const Span<float> images = spanOf<float>(info[0], "images");
  const size_t pixels = size_t(wholeOf(info[2], "pixels", 1, int64_t(images.length)));
  const size_t image = size_t(wholeOf(info[1], "image", 0, int64_t(images.length / pixels) - 1));
  const Span<double> shares = spanOf<double>(info[3], "shares");
  const Span<float> photons = spanOf<float>(info[4], "photons", shares.length * pixels);
  const MergingTable& table = active_mergingTable();
  for (size_t r = 0; r < shares.length; r++) {
    if (shares.data[r] == 0) continue;
    table.share(photons.data + r * pixels, images.data + image * pixels, shares.data[r], pixels);
  }
}

}  // namespace

void register_merging(Napi::Env env, Napi::Object exports) {
  exports.Set("slicePoints", Napi::Function::New<slicePoints>(env, "slicePoints"));
  exports.Set("mergeValues", Napi::Function::New<mergeValues>(env, "mergeValues"));
  exports.Set("evenParts", Napi::Function::New<evenParts>(env, "evenParts"));
  exports.Set("addShares", Napi::Function::New<addShares>(env, "addShares"));
}

}  // namespace maniple
