// Fourier transforms: plans (twiddle factors, kept per length for the life of the process), working memory per
// thread, and the three entry points. The arithmetic is in kernels/fft.cc, the meaning in tasks/fourier/fft3.ts.
#include "../kernels/fft.h"

#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

#include "addon.h"
#include "arguments.h"
#include "fft-plan.h"

namespace maniple {

namespace {

/// The plan of one length with the tables that it points into.
template <class T>
struct OwnedPlan {
  FftPlan<T> plan;
  std::vector<T> tables;
};

/// Nanoseconds of one pair of AVX-512 registers in a pass of this radix, measured between buffers in the cache.
double passCost(int radix) {
  switch (radix) {
    case 2: return 1.0;
    case 3: return 1.45;
    case 4: return 1.4;
    case 5: return 1.95;
    case 6: return 1.8;
    case 7: return 2.4;
    case 8: return 1.9;
    case 9: return 2.45;
    case 10: return 2.25;
    case 12: return 2.2;
    default: return 1.0 + 2.0 * radix;
  }
}

/// The cheapest cut of a length into radices, largest first; primes above the butterflies come as they are.
void cheapest(int length, int largest, double cost, std::vector<int>& chosen, double& best, std::vector<int>& result) {
  if (cost >= best) return;
  if (length == 1) {
    best = cost;
    result = chosen;
    return;
  }
  bool any = false;
  for (int i = int(sizeof kRadices / sizeof *kRadices) - 1; i >= 0; i--) {
    const int radix = kRadices[i];
    if (length % radix != 0) continue;
    any = true;
    if (radix > largest) continue;
    chosen.push_back(radix);
    cheapest(length / radix, radix, cost + passCost(radix), chosen, best, result);
    chosen.pop_back();
  }
  if (any) return;
  int prime = 11;
  while (int64_t(prime) * prime <= length && length % prime != 0) prime += 2;
  if (length % prime != 0) prime = length;
  chosen.push_back(prime);
  cheapest(length / prime, largest, cost + passCost(prime), chosen, best, result);
  chosen.pop_back();
}

/// exp(-2 pi i k / n), the angle reduced to half a quadrant so that every entry is right to rounding.
void root(int64_t k, int64_t n, double& re, double& im) {
  k %= n;
  const int64_t quarter = (4 * k + n / 2) / n;
  const double angle = 2 * 3.14159265358979323846 * (double(k) - double(quarter * n) / 4) / double(n);
  const double c = std::cos(angle), s = std::sin(angle);
  switch (quarter % 4) {
    case 0: re = c; im = -s; break;
    case 1: re = -s; im = -c; break;
    case 2: re = -c; im = s; break;
    default: re = s; im = c; break;
  }
}

template <class T>
std::shared_ptr<const OwnedPlan<T>> makePlan(int length) {
  std::vector<int> chosen, radices;
  double best = 1e300;
  cheapest(length, length, 0, chosen, best, radices);
  auto owned = std::make_shared<OwnedPlan<T>>();
  FftPlan<T>& plan = owned->plan;
  plan.length = length;
  plan.passes = int(radices.size());
  std::vector<size_t> twiddlesAt, rootsAt;
  int rest = length, stride = 1;
  for (int i = 0; i < plan.passes; i++) {
    const int radix = radices[size_t(i)], count = rest / radix;
    plan.pass[i] = {radix, count, stride, nullptr, nullptr};
    double re, im;
    twiddlesAt.push_back(owned->tables.size());
    for (int p = 0; p < count; p++) {
      for (int k = 1; k < radix; k++) {
        root(int64_t(p) * k, rest, re, im);
        owned->tables.push_back(T(re));
        owned->tables.push_back(T(im));
      }
    }
    rootsAt.push_back(owned->tables.size());
    for (int k = 0; k < radix; k++) {
      root(k, radix, re, im);
      owned->tables.push_back(T(re));
      owned->tables.push_back(T(im));
    }
    rest = count;
    stride *= radix;
  }
  for (int i = 0; i < plan.passes; i++) {
    plan.pass[i].twiddles = owned->tables.data() + twiddlesAt[size_t(i)];
    plan.pass[i].roots = owned->tables.data() + rootsAt[size_t(i)];
  }
  return owned;
}

/// Plans by length, shared by all threads. Bounded: a full cache is emptied; plans in use live on by their pointers.
template <class T>
std::shared_ptr<const OwnedPlan<T>> planOf(int length) {
  static std::mutex guard;
  static std::map<int, std::shared_ptr<const OwnedPlan<T>>> known;
  const std::lock_guard<std::mutex> lock(guard);
  const auto found = known.find(length);
  if (found != known.end()) return found->second;
  if (known.size() >= 256) known.clear();
  return known[length] = makePlan<T>(length);
}

/// Memory of one thread that is kept between calls up to a limit; aligned to a cache line.
class Scratch {
 public:
  ~Scratch() { std::free(data_); }
  void* atLeast(size_t bytes) {
    if (bytes > size_) {
      std::free(data_);
      size_ = 0;
      bytes = (bytes + 4095) / 4096 * 4096;
      data_ = std::aligned_alloc(4096, bytes);
      if (data_ == nullptr) throw std::bad_alloc();
      size_ = bytes;
    }
    return data_;
  }
  void trim(size_t most) {
    if (size_ <= most) return;
    std::free(data_);
    data_ = nullptr;
    size_ = 0;
  }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

/// What a thread keeps for the copy of a spectrum: a 200^3 double one. Larger ones are given back after the call.
constexpr size_t kKeptBytes = size_t(64) << 20;

thread_local Scratch lineScratch;
thread_local Scratch spectrumScratch;

enum class What { complex, forward, backward };

const FftFunctions<float>& functions(float) { return active_fftTable().f32; }
const FftFunctions<double>& functions(double) { return active_fftTable().f64; }

template <class T>
void transform(const Napi::CallbackInfo& info, What what) {
  constexpr int64_t longest = int64_t(1) << 24;
  const size_t nx = size_t(wholeOf(info[2], "nx", 1, longest));
  const size_t ny = size_t(wholeOf(info[3], "ny", 1, longest));
  const size_t nz = size_t(wholeOf(info[4], "nz", 1, longest));
  const int64_t sign = wholeOf(info[5], "sign", -1, 1);
  const double scale = numberOf(info[6], "scale");
  const size_t half = nx * ny * (nz / 2 + 1) * 2, real = nx * ny * nz;
  const size_t inLength = what == What::complex ? 2 * real : what == What::forward ? real : half;
  const size_t outLength = what == What::complex ? 2 * real : what == What::forward ? half : real;
  const Span<T> in = spanOf<T>(info[0], "input", inLength);
  const Span<T> out = spanOf<T>(info[1], "output", outLength);
  const auto px = planOf<T>(int(nx)), py = planOf<T>(int(ny)), pz = planOf<T>(int(nz));
  const int most = int(std::max(nx, std::max(ny, nz)));
  T* work = static_cast<T*>(lineScratch.atLeast(fftWorkElements<T>(most) * sizeof(T)));
  const Fft3<T> fft = {{&px->plan, &py->plan, &pz->plan}, int(sign), T(scale), work, {}, false};
  const FftFunctions<T>& run = functions(T());
  switch (what) {
    case What::complex: run.complex(fft, in.data, out.data); break;
    case What::forward: run.forward(fft, in.data, out.data); break;
    case What::backward: {
      const bool spend = info[7].IsBoolean() && info[7].As<Napi::Boolean>().Value();
      T* copy = spend ? in.data : static_cast<T*>(spectrumScratch.atLeast(half * sizeof(T)));
      run.backward(fft, in.data, copy, out.data);
      spectrumScratch.trim(kKeptBytes);
      break;
    }
  }
}

template <What what>
void entry(const Napi::CallbackInfo& info) {
  if (kindOf(info[0], "input") == napi_float32_array) transform<float>(info, what);
  else transform<double>(info, what);
}

constexpr int64_t kMostColumns = int64_t(1) << 31;

/// Numbers that columns reach over: the last row is not whole.
size_t reach(size_t rows, size_t row, size_t count) { return (rows - 1) * row + count; }

template <class T>
void columns(const Napi::CallbackInfo& info) {
  const size_t length = size_t(wholeOf(info[2], "the length", 1, int64_t(1) << 24));
  const size_t count = size_t(wholeOf(info[3], "the number of columns", 1, kMostColumns));
  const size_t row = size_t(wholeOf(info[4], "the row", int64_t(count), kMostColumns));
  const int64_t sign = wholeOf(info[5], "sign", -1, 1);
  const double scale = numberOf(info[6], "scale");
  const Span<T> in = spanOf<T>(info[0], "input", 2 * reach(length, row, count));
  const Span<T> out = spanOf<T>(info[1], "output", 2 * reach(length, row, count));
  const auto plan = planOf<T>(int(length));
  T* work = static_cast<T*>(lineScratch.atLeast(fftWorkElements<T>(int(length)) * sizeof(T)));
  functions(T()).columns(plan->plan, int(sign), T(scale), work, in.data, out.data, count, row);
}

template <class T>
void convolveColumns(const Napi::CallbackInfo& info) {
  const size_t length = size_t(wholeOf(info[2], "the padded length", 1, int64_t(1) << 24));
  const size_t rows = size_t(wholeOf(info[3], "the number of rows", 1, int64_t(length)));
  const size_t count = size_t(wholeOf(info[4], "the number of columns", 1, kMostColumns));
  const size_t row = size_t(wholeOf(info[5], "the row", int64_t(count), kMostColumns));
  const Span<T> data = spanOf<T>(info[0], "the columns", 2 * reach(rows, row, count));
  const Span<T> gain = spanOf<T>(info[1], "the gain", reach(length, row, count));
  const auto plan = planOf<T>(int(length));
  T* work = static_cast<T*>(lineScratch.atLeast(fftWorkElements<T>(int(length)) * sizeof(T)));
  functions(T()).convolve(plan->plan, int(rows), work, data.data, gain.data, count, row);
}

template <void (*single)(const Napi::CallbackInfo&), void (*precise)(const Napi::CallbackInfo&)>
void byKind(const Napi::CallbackInfo& info) {
  if (kindOf(info[0], "input") == napi_float32_array) single(info);
  else precise(info);
}

}  // namespace

template <class T>
struct FftShape<T>::Parts {
  std::shared_ptr<const OwnedPlan<T>> plan[3];
  Scratch work;
};

template <class T>
FftShape<T>::FftShape(int nx, int ny, int nz) : parts_(new Parts) {
  parts_->plan[0] = planOf<T>(nx);
  parts_->plan[1] = planOf<T>(ny);
  parts_->plan[2] = planOf<T>(nz);
  parts_->work.atLeast(fftWorkElements<T>(std::max(nx, std::max(ny, nz))) * sizeof(T));
}

template <class T>
FftShape<T>::~FftShape() = default;

template <class T>
Fft3<T> FftShape<T>::with(int sign) const {
  const auto& plan = parts_->plan;
  T* work = static_cast<T*>(parts_->work.atLeast(0));
  return {{&plan[0]->plan, &plan[1]->plan, &plan[2]->plan}, sign, T(1), work, {}, false};
}

template class FftShape<float>;
template class FftShape<double>;

const FftFunctions<float>& fftFunctions(float) { return active_fftTable().f32; }
const FftFunctions<double>& fftFunctions(double) { return active_fftTable().f64; }

void register_fft(Napi::Env env, Napi::Object exports) {
  exports.Set("fftComplex", Napi::Function::New<entry<What::complex>>(env, "fftComplex"));
  exports.Set("fftForward", Napi::Function::New<entry<What::forward>>(env, "fftForward"));
  exports.Set("fftBackward", Napi::Function::New<entry<What::backward>>(env, "fftBackward"));
  exports.Set("fftColumns", Napi::Function::New<byKind<columns<float>, columns<double>>>(env, "fftColumns"));
  exports.Set("fftConvolveColumns",
              Napi::Function::New<byKind<convolveColumns<float>, convolveColumns<double>>>(env, "fftConvolveColumns"));
}

}  // namespace maniple
