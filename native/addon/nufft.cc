// Nonuniform Fourier transforms: plans that own the sorted points and every working array, and the entry points of
// tasks/fourier/nufft.ts, which has checked the lengths and chosen kernel and grid. The arithmetic is in
// kernels/nufft.cc.
#include "../kernels/nufft.h"

#include <cstring>
#include <memory>
#include <vector>

#include "addon.h"
#include "arguments.h"
#include "fft-plan.h"
#include "pages.h"

namespace maniple {

namespace {

/// What JavaScript holds: a plan of either precision.
class AnyPlan {
 public:
  virtual ~AnyPlan() = default;
  virtual NufftBadPoint sort(const Napi::CallbackInfo& info) = 0;
  virtual void type1(const Napi::CallbackInfo& info, bool real) = 0;
  virtual void type2(const Napi::CallbackInfo& info, bool real) = 0;
  virtual size_t bytes() const = 0;
};

const NufftFunctions<float>& functions(float) { return active_nufftTable().single; }
const NufftFunctions<double>& functions(double) { return active_nufftTable().full; }

/// Tiles of 16^3 cells: clearing and adding their padding costs less than the points do, and they fit the
/// second-level cache. Points ordered by columns of 4 x 4 keep what is in use within the first (README in
/// tasks/fourier, "Measured").
template <class T>
void chooseTiles(NufftLayout& layout) {
  for (int axis = 0; axis < 3; axis++) {
    int32_t log = TILE_LOG_MOST;
    while (log > 2 && (1 << log) > layout.fine[axis]) log--;
    layout.tileLog[axis] = log;
    layout.tiles[axis] = (layout.fine[axis] + (1 << log) - 1) >> log;
    layout.padded[axis] = (1 << log) + layout.width - 1;
  }
  layout.columnLog = 2;
  // A row is an odd number of cache lines (of complex cells): rows whose addresses agree in the last 12 bits make
  // the processor take a load for one of a pending store.
  const int32_t line = int32_t(64 / (2 * sizeof(T)));
  int32_t lines = (functions(T()).rowCells(layout.width, 1 << layout.tileLog[2]) + line - 1) / line;
  if (lines % 2 == 0) lines++;
  layout.padded[2] = lines * line;
}

template <class T>
class Plan final : public AnyPlan {
 public:
  Plan(const NufftLayout& layout, int sign, const double* pieces, const double* const* factors)
      : layout_(layout), sign_(sign), fft_(layout.fine[0], layout.fine[1], layout.fine[2]), run_(functions(T())) {
    chooseTiles<T>(layout_);
    for (int32_t C = 1; C <= 2; C++) {
      T* table = tables_[C - 1].atLeast(run_.tableBytes(layout.width, C) / sizeof(T) + 1);
      run_.makeTable(layout_, C, pieces, table);
    }
    for (int axis = 0; axis < 3; axis++) factors_[axis].assign(factors[axis], factors[axis] + layout.modes[axis]);
  }

  size_t bytes() const override {
    return sorted_.bytes() + index_.bytes() + grid_.bytes() + spectrum_.bytes() + tile_.bytes() + order_.bytes();
  }

  NufftBadPoint sort(const Napi::CallbackInfo& info) override {
    if (kindOf(info[1], "x") == napi_float32_array) return sortFrom<float>(info, run_.sortFromSingle);
    return sortFrom<double>(info, run_.sortFromDouble);
  }

  void type1(const Napi::CallbackInfo& info, bool real) override {
    const int32_t C = real ? 1 : 2;
    const T* values = spanOf<T>(info[1], "values", size_t(C * points_.count)).data;
    T* modes = spanOf<T>(info[2], "out", size_t(C * modeCount())).data;
    const int64_t cells = layout_.cells();
    T* grid = grid_.atLeast(size_t(C * cells));
    std::memset(grid, 0, sizeof(T) * size_t(C * cells));
    run_.spread(layout_, C, tables_[C - 1].data(), points_, values, order_.atLeast(fullestTile()),
                tile_.atLeast(size_t(C * layout_.tileCells())), grid, C * layout_.fine[2]);
    const T* factors[3] = {factors_[0].data(), factors_[1].data(), factors_[2].data()};
    if (real) {
      T* spectrum = spectrum_.atLeast(size_t(spectrumElements()));
      fftFunctions(T()).forward(transform(-1, true, false), grid, spectrum);
      run_.keepRealModes(layout_, factors, spectrum, modes);
    } else {
      fftFunctions(T()).complex(transform(sign_, false, false), grid, grid);
      run_.keepModes(layout_, factors, grid, modes);
    }
  }

  void type2(const Napi::CallbackInfo& info, bool real) override {
    const int32_t C = real ? 1 : 2;
    const T* modes = spanOf<T>(info[1], "coefficients", size_t(C * modeCount())).data;
    T* values = spanOf<T>(info[2], "out", size_t(C * points_.count)).data;
    const int64_t cells = layout_.cells();
    T* grid = grid_.atLeast(size_t(C * cells));
    const T* factors[3] = {factors_[0].data(), factors_[1].data(), factors_[2].data()};
    if (real) {
      T* spectrum = spectrum_.atLeast(size_t(spectrumElements()));
      std::memset(spectrum, 0, sizeof(T) * size_t(spectrumElements()));
      run_.placeRealModes(layout_, factors, modes, spectrum);
      fftFunctions(T()).backward(transform(1, true, true), spectrum, spectrum, grid);
    } else {
      std::memset(grid, 0, sizeof(T) * size_t(C * cells));
      run_.placeModes(layout_, factors, modes, grid);
      fftFunctions(T()).complex(transform(sign_, false, true), grid, grid);
    }
    run_.gather(layout_, C, tables_[C - 1].data(), points_, grid, C * layout_.fine[2],
                tile_.atLeast(size_t(C * layout_.tileCells())), values);
  }

 private:
  /// The transform of the fine grid, without the lines that hold no mode. The half spectrum of real data holds
  /// modes and their mirror images.
  Fft3<T> transform(int sign, bool real, bool toGrid) const {
    Fft3<T> fft = fft_.with(sign);
    for (int axis = 0; axis < 3; axis++) {
      const int low = layout_.modes[axis] / 2;
      fft.band[axis] = real ? FftBand{low + 1, axis == 2 ? 0 : low} : FftBand{layout_.modes[axis] - low, low};
    }
    fft.bandOfInput = toGrid;
    return fft;
  }
  /// How many points the fullest tile has.
  size_t fullestTile() const {
    uint32_t most = 0;
    const int64_t columns = layout_.columns();
    for (int64_t i = 0; i < layout_.tileCount(); i++) {
      const uint32_t count = points_.starts[(i + 1) * columns] - points_.starts[i * columns];
      if (count > most) most = count;
    }
    return most;
  }
  int64_t modeCount() const { return int64_t(layout_.modes[0]) * layout_.modes[1] * layout_.modes[2]; }
  int64_t spectrumElements() const {
    return 2 * int64_t(layout_.fine[0]) * layout_.fine[1] * (layout_.fine[2] / 2 + 1);
  }

  template <class S>
  NufftBadPoint sortFrom(const Napi::CallbackInfo& info,
                         NufftBadPoint (*sort)(const NufftLayout&, const S* const*, uint32_t*, NufftPoints<T>&)) {
    const Span<S> x = spanOf<S>(info[1], "x");
    const S* const xyz[3] = {x.data, spanOf<S>(info[2], "y", x.length).data, spanOf<S>(info[3], "z", x.length).data};
    points_.count = int64_t(x.length);
    points_.sorted = sorted_.atLeast(x.length);
    points_.index = index_.atLeast(x.length);
    starts_.resize(size_t(layout_.columnCount()) + 1);
    points_.starts = starts_.data();
    Pages<uint32_t> columnOf;
    return sort(layout_, xyz, columnOf.atLeast(x.length), points_);
  }

  NufftLayout layout_;
  int sign_;
  FftShape<T> fft_;
  const NufftFunctions<T>& run_;
  Pages<T> tables_[2];
  std::vector<T> factors_[3];
  NufftPoints<T> points_ = {0, nullptr, nullptr, nullptr};
  Pages<TilePoint<T>> sorted_;
  Pages<uint32_t> index_, order_;
  std::vector<uint32_t> starts_;
  Pages<T> grid_, spectrum_, tile_;
};

/// A plan, and how much of its memory the garbage collector has been told of: it collects forgotten plans in time
/// only if it knows what they weigh.
struct Held {
  std::unique_ptr<AnyPlan> plan;
  int64_t reported;
  /// The caller closes it before it returns: telling of its memory would only set off a collection.
  bool brief;
  void report(Napi::Env env) {
    if (brief) return;
    const int64_t now = plan == nullptr ? 0 : int64_t(plan->bytes());
    if (now != reported) Napi::MemoryManagement::AdjustExternalMemory(env, now - reported);
    reported = now;
  }
};

/// nufftPlan(bytes, modes, fine, width, degree, pieces, factorsX, factorsY, factorsZ, sign, brief): an external.
Napi::Value makePlan(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const int64_t bytes = wholeOf(info[0], "bytes", 4, 8);
  const Span<int32_t> modes = spanOf<int32_t>(info[1], "modes", 3), fine = spanOf<int32_t>(info[2], "fine", 3);
  NufftLayout layout = {};
  layout.width = int32_t(wholeOf(info[3], "width", 2, 16));
  layout.degree = int32_t(wholeOf(info[4], "degree", 1, 23));
  for (int axis = 0; axis < 3; axis++) {
    layout.modes[axis] = modes.data[axis];
    layout.fine[axis] = fine.data[axis];
    if (layout.modes[axis] < 1 || layout.fine[axis] < 2 * layout.width || layout.fine[axis] <= layout.modes[axis]) {
      throw Napi::RangeError::New(env, "nufftPlan: the fine grid is too small");
    }
  }
  const Span<double> pieces = spanOf<double>(info[5], "pieces", size_t(layout.width) * (layout.degree + 1));
  const double* factors[3];
  for (int axis = 0; axis < 3; axis++) {
    factors[axis] = spanOf<double>(info[6 + axis], "factors", size_t(layout.modes[axis])).data;
  }
  const int sign = wholeOf(info[9], "sign", -1, 1) > 0 ? 1 : -1;
  std::unique_ptr<AnyPlan> plan;
  if (bytes == 4) plan = std::make_unique<Plan<float>>(layout, sign, pieces.data, factors);
  else plan = std::make_unique<Plan<double>>(layout, sign, pieces.data, factors);
  auto* made = new Held{std::move(plan), 0, info[10].ToBoolean().Value()};
  return Napi::External<Held>::New(env, made, [](Napi::Env finalEnv, Held* held) {
    held->plan.reset();
    held->report(finalEnv);
    delete held;
  });
}

Held& heldBy(const Napi::CallbackInfo& info) {
  if (!info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "the first argument must be a plan");
  return *info[0].As<Napi::External<Held>>().Data();
}

Held& open(const Napi::CallbackInfo& info) {
  Held& held = heldBy(info);
  if (held.plan == nullptr) throw Napi::Error::New(info.Env(), "the plan is closed");
  return held;
}

/// nufftSort(plan, x, y, z): -1, or 3 * index + axis of the first point that is not finite.
Napi::Value sortPoints(const Napi::CallbackInfo& info) {
  Held& held = open(info);
  const NufftBadPoint bad = held.plan->sort(info);
  held.report(info.Env());
  return Napi::Number::New(info.Env(), bad.index < 0 ? -1.0 : 3.0 * double(bad.index) + bad.axis);
}

template <bool first, bool real>
void execute(const Napi::CallbackInfo& info) {
  Held& held = open(info);
  if (first) held.plan->type1(info, real);
  else held.plan->type2(info, real);
  held.report(info.Env());
}

void closePlan(const Napi::CallbackInfo& info) {
  Held& held = heldBy(info);
  held.plan.reset();
  held.report(info.Env());
}

}  // namespace

void register_nufft(Napi::Env env, Napi::Object exports) {
  exports.Set("nufftPlan", Napi::Function::New(env, makePlan, "nufftPlan"));
  exports.Set("nufftSort", Napi::Function::New(env, sortPoints, "nufftSort"));
  exports.Set("nufftType1", Napi::Function::New(env, execute<true, false>, "nufftType1"));
  exports.Set("nufftType1Real", Napi::Function::New(env, execute<true, true>, "nufftType1Real"));
  exports.Set("nufftType2", Napi::Function::New(env, execute<false, false>, "nufftType2"));
  exports.Set("nufftType2Real", Napi::Function::New(env, execute<false, true>, "nufftType2Real"));
  exports.Set("nufftClose", Napi::Function::New(env, closePlan, "nufftClose"));
}

}  // namespace maniple
