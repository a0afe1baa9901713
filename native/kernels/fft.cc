// Three-dimensional Fourier transforms by Stockham's self-sorting algorithm (Van Loan, Computational Frameworks for
// the FFT, section 1.7), a register of lines at a time: lane l of every vector belongs to line l, real and imaginary
// parts in separate vectors, so that a butterfly needs no shuffle. Lines along y and x lie side by side in memory;
// lines along z are transposed on the way in and out. The inverse transform is the forward one with its output
// reversed. Nothing is allocated here.
#include "fft.h"

#include "portable.h"

MANIPLE_NAMESPACE_BEGIN
namespace {

// ---- Butterflies, sign -1, in place: x[k] becomes sum_j x[j] exp(-2 pi i j k / R).

template <class V>
struct Complex {
  V re, im;
};
template <class V> MANIPLE_FN Complex<V> operator+(Complex<V> a, Complex<V> b) { return {a.re + b.re, a.im + b.im}; }
template <class V> MANIPLE_FN Complex<V> operator-(Complex<V> a, Complex<V> b) { return {a.re - b.re, a.im - b.im}; }
/// -i x
template <class V> MANIPLE_FN Complex<V> turn(Complex<V> x) { return {x.im, -x.re}; }
/// w x for a constant w
template <class V, class T> MANIPLE_FN Complex<V> times(Complex<V> x, T wr, T wi) {
  return {x.re * wr - x.im * wi, x.re * wi + x.im * wr};
}
template <class V, class T> MANIPLE_FN Complex<V> scaled(Complex<V> x, T s) { return {x.re * s, x.im * s}; }

template <class V> MANIPLE_FN void dft2(Complex<V>& a, Complex<V>& b) {
  const Complex<V> d = a - b;
  a = a + b;
  b = d;
}

template <class V> MANIPLE_FN void dft3(Complex<V>& a, Complex<V>& b, Complex<V>& c) {
  using T = LaneOf<V>;
  const Complex<V> s = b + c;
  const Complex<V> d = turn(scaled(b - c, T(0.866025403784438646763723170752936183)));
  const Complex<V> m = {a.re - s.re * T(0.5), a.im - s.im * T(0.5)};
  a = a + s;
  b = m + d;
  c = m - d;
}

template <class V> MANIPLE_FN void dft4(Complex<V>& a, Complex<V>& b, Complex<V>& c, Complex<V>& d) {
  const Complex<V> s = a + c, u = a - c, v = b + d, w = turn(b - d);
  a = s + v;
  b = u + w;
  c = s - v;
  d = u - w;
}

template <class V> MANIPLE_FN void dft5(Complex<V>& a, Complex<V>& b, Complex<V>& c, Complex<V>& d, Complex<V>& e) {
  using T = LaneOf<V>;
  constexpr T c1 = T(0.309016994374947424102293417182819059), c2 = T(-0.809016994374947424102293417182819059);
  constexpr T s1 = T(0.951056516295153572116439333379382143), s2 = T(0.587785252292473129168705954639072769);
  const Complex<V> p = b + e, q = c + d, r = b - e, s = c - d;
  const Complex<V> m1 = {a.re + p.re * c1 + q.re * c2, a.im + p.im * c1 + q.im * c2};
  const Complex<V> m2 = {a.re + p.re * c2 + q.re * c1, a.im + p.im * c2 + q.im * c1};
  const Complex<V> n1 = turn(Complex<V>{r.re * s1 + s.re * s2, r.im * s1 + s.im * s2});
  const Complex<V> n2 = turn(Complex<V>{r.re * s2 - s.re * s1, r.im * s2 - s.im * s1});
  a = a + p + q;
  b = m1 + n1;
  c = m2 + n2;
  d = m2 - n2;
  e = m1 - n1;
}

template <class V> MANIPLE_FN void dft7(Complex<V>* x) {
  using T = LaneOf<V>;
  constexpr T c1 = T(0.623489801858733530525004884004239811), c2 = T(-0.222520933956314404288902564496794759),
              c3 = T(-0.900968867902419126236102319507445051);
  constexpr T s1 = T(0.781831482468029808708444526674057750), s2 = T(0.974927912181823607018131682993931217),
              s3 = T(0.433883739117558120475768332848358754);
  const Complex<V> p1 = x[1] + x[6], p2 = x[2] + x[5], p3 = x[3] + x[4];
  const Complex<V> q1 = x[1] - x[6], q2 = x[2] - x[5], q3 = x[3] - x[4];
  const Complex<V> a = x[0];
  const Complex<V> m1 = {a.re + p1.re * c1 + p2.re * c2 + p3.re * c3, a.im + p1.im * c1 + p2.im * c2 + p3.im * c3};
  const Complex<V> m2 = {a.re + p1.re * c2 + p2.re * c3 + p3.re * c1, a.im + p1.im * c2 + p2.im * c3 + p3.im * c1};
  const Complex<V> m3 = {a.re + p1.re * c3 + p2.re * c1 + p3.re * c2, a.im + p1.im * c3 + p2.im * c1 + p3.im * c2};
  const Complex<V> n1 = turn(Complex<V>{q1.re * s1 + q2.re * s2 + q3.re * s3, q1.im * s1 + q2.im * s2 + q3.im * s3});
  const Complex<V> n2 = turn(Complex<V>{q1.re * s2 - q2.re * s3 - q3.re * s1, q1.im * s2 - q2.im * s3 - q3.im * s1});
  const Complex<V> n3 = turn(Complex<V>{q1.re * s3 - q2.re * s1 + q3.re * s2, q1.im * s3 - q2.im * s1 + q3.im * s2});
  x[0] = a + p1 + p2 + p3;
  x[1] = m1 + n1;
  x[2] = m2 + n2;
  x[3] = m3 + n3;
  x[4] = m3 - n3;
  x[5] = m2 - n2;
  x[6] = m1 - n1;
}

template <class V> MANIPLE_FN void dft8(Complex<V>* x) {
  using T = LaneOf<V>;
  constexpr T h = T(0.707106781186547524400844362104849039);
  dft4(x[0], x[2], x[4], x[6]);
  dft4(x[1], x[3], x[5], x[7]);
  const Complex<V> b1 = {(x[3].re + x[3].im) * h, (x[3].im - x[3].re) * h};
  const Complex<V> b2 = turn(x[5]);
  const Complex<V> b3 = {(x[7].im - x[7].re) * h, (x[7].re + x[7].im) * -h};
  const Complex<V> a0 = x[0], a1 = x[2], a2 = x[4], a3 = x[6], b0 = x[1];
  x[0] = a0 + b0;
  x[1] = a1 + b1;
  x[2] = a2 + b2;
  x[3] = a3 + b3;
  x[4] = a0 - b0;
  x[5] = a1 - b1;
  x[6] = a2 - b2;
  x[7] = a3 - b3;
}

template <class V> MANIPLE_FN void dft9(Complex<V>* x) {
  using T = LaneOf<V>;
  dft3(x[0], x[3], x[6]);
  dft3(x[1], x[4], x[7]);
  dft3(x[2], x[5], x[8]);
  // exp(-2 pi i k / 9), k = 1, 2, 4
  constexpr T c1 = T(0.766044443118978035202392650555416674), s1 = T(-0.642787609686539326322643409907263433);
  constexpr T c2 = T(0.173648177666930348851716626769314796), s2 = T(-0.984807753012208059366743024589523014);
  constexpr T c4 = T(-0.939692620785908384054109277324731470), s4 = T(-0.342020143325668733044099614682259581);
  Complex<V> b1 = times(x[4], c1, s1), b2 = times(x[7], c2, s2);
  Complex<V> c1_ = times(x[5], c2, s2), c2_ = times(x[8], c4, s4);
  Complex<V> a0 = x[0], a1 = x[3], a2 = x[6], b0 = x[1], c0 = x[2];
  dft3(a0, b0, c0);
  dft3(a1, b1, c1_);
  dft3(a2, b2, c2_);
  x[0] = a0; x[3] = b0; x[6] = c0;
  x[1] = a1; x[4] = b1; x[7] = c1_;
  x[2] = a2; x[5] = b2; x[8] = c2_;
}

// Lengths with two coprime factors need no twiddles between them (Good 1958): input j = (B j1 + A j2) mod AB, output
// k with k = k1 (mod A), k = k2 (mod B).

template <class V> MANIPLE_FN void dft6(Complex<V>* x) {
  // A = 2, B = 3: rows j2 = 0..2 hold x[2 j2], x[2 j2 + 3].
  Complex<V> a0 = x[0], a1 = x[3], b0 = x[2], b1 = x[5], c0 = x[4], c1 = x[1];
  dft2(a0, a1);
  dft2(b0, b1);
  dft2(c0, c1);
  dft3(a0, b0, c0);
  dft3(a1, b1, c1);
  x[0] = a0; x[4] = b0; x[2] = c0;
  x[3] = a1; x[1] = b1; x[5] = c1;
}

template <class V> MANIPLE_FN void dft10(Complex<V>* x) {
  // A = 2, B = 5: x[2 j2] and x[2 j2 + 5].
  Complex<V> a0 = x[0], a1 = x[5], b0 = x[2], b1 = x[7], c0 = x[4], c1 = x[9], d0 = x[6], d1 = x[1], e0 = x[8], e1 = x[3];
  dft2(a0, a1);
  dft2(b0, b1);
  dft2(c0, c1);
  dft2(d0, d1);
  dft2(e0, e1);
  dft5(a0, b0, c0, d0, e0);
  dft5(a1, b1, c1, d1, e1);
  x[0] = a0; x[6] = b0; x[2] = c0; x[8] = d0; x[4] = e0;
  x[5] = a1; x[1] = b1; x[7] = c1; x[3] = d1; x[9] = e1;
}

template <class V> MANIPLE_FN void dft12(Complex<V>* x) {
  // A = 4, B = 3: x[(3 j1 + 4 j2) mod 12].
  Complex<V> a0 = x[0], a1 = x[3], a2 = x[6], a3 = x[9];
  Complex<V> b0 = x[4], b1 = x[7], b2 = x[10], b3 = x[1];
  Complex<V> c0 = x[8], c1 = x[11], c2 = x[2], c3 = x[5];
  dft4(a0, a1, a2, a3);
  dft4(b0, b1, b2, b3);
  dft4(c0, c1, c2, c3);
  dft3(a0, b0, c0);
  dft3(a1, b1, c1);
  dft3(a2, b2, c2);
  dft3(a3, b3, c3);
  // k = k1 (mod 4), k2 (mod 3).
  x[0] = a0; x[4] = b0; x[8] = c0;
  x[9] = a1; x[1] = b1; x[5] = c1;
  x[6] = a2; x[10] = b2; x[2] = c2;
  x[3] = a3; x[7] = b3; x[11] = c3;
}

template <int R, class V> MANIPLE_FN void dft(Complex<V>* x) {
  if constexpr (R == 2) dft2(x[0], x[1]);
  if constexpr (R == 3) dft3(x[0], x[1], x[2]);
  if constexpr (R == 4) dft4(x[0], x[1], x[2], x[3]);
  if constexpr (R == 5) dft5(x[0], x[1], x[2], x[3], x[4]);
  if constexpr (R == 6) dft6(x);
  if constexpr (R == 7) dft7(x);
  if constexpr (R == 8) dft8(x);
  if constexpr (R == 9) dft9(x);
  if constexpr (R == 10) dft10(x);
  if constexpr (R == 12) dft12(x);
}

// ---- Where a pass reads and writes: element i of a register of lines.

template <class V>
struct FromBuffer {
  const V* buffer;
  MANIPLE_METHOD Complex<V> get(int i) const { return {buffer[2 * i], buffer[2 * i + 1]}; }
};
template <class V>
struct ToBuffer {
  V* buffer;
  MANIPLE_METHOD void put(int i, Complex<V> x) const {
    buffer[2 * i] = x.re;
    buffer[2 * i + 1] = x.im;
  }
};
/// Neighbouring columns of a complex array in memory; `row` numbers from one element of a line to the next.
template <class V>
struct FromColumns {
  const LaneOf<V>* base;
  size_t row;
  MANIPLE_METHOD Complex<V> get(int i) const {
    const LaneOf<V>* p = base + size_t(i) * row;
    Complex<V> x;
    // The rows are too many and too far apart for the processor to foresee the next batch.
    prefetch(p + 2 * kWidth<V>);
    if (2 * sizeof(V) > 64) prefetch(p + 3 * kWidth<V>);
    deinterleave(load<V>(p), load<V>(p + kWidth<V>), x.re, x.im);
    return x;
  }
};
template <class V>
struct ToColumns {
  LaneOf<V>* base;
  size_t row;
  /// 0, or the length of the line to reverse the output: element i goes to (length - i) mod length.
  int reverse;
  LaneOf<V> scale;
  MANIPLE_METHOD void put(int i, Complex<V> x) const {
    const int to = reverse != 0 && i != 0 ? reverse - i : i;
    LaneOf<V>* p = base + size_t(to) * row;
    V a, b;
    interleave(x.re * scale, x.im * scale, a, b);
    store(p, a);
    store(p + kWidth<V>, b);
  }
};

// ---- Passes.

template <int R, class V, class From, class To>
__attribute__((noinline)) void pass(const FftPass<LaneOf<V>>& plan, const From from, const To to) {
  using T = LaneOf<V>;
  const int count = plan.count, stride = plan.stride, step = count * stride;
  Complex<V> x[R];
  for (int q = 0; q < stride; q++) {
    for (int k = 0; k < R; k++) x[k] = from.get(q + k * step);
    dft<R>(x);
    for (int k = 0; k < R; k++) to.put(q + k * stride, x[k]);
  }
  const T* w = plan.twiddles;
  for (int p = 1; p < count; p++) {
    w += 2 * (R - 1);
    const int in = p * stride, out = p * stride * R;
    for (int q = 0; q < stride; q++) {
      for (int k = 0; k < R; k++) x[k] = from.get(in + q + k * step);
      dft<R>(x);
      to.put(out + q, x[0]);
      for (int k = 1; k < R; k++) to.put(out + q + k * stride, times(x[k], w[2 * k - 2], w[2 * k - 1]));
    }
  }
}

/// Any radix, by the direct sum: for large primes.
template <class V>
__attribute__((noinline)) void passAny(const FftPass<LaneOf<V>>& plan, const V* from, V* to) {
  using T = LaneOf<V>;
  const int radix = plan.radix, count = plan.count, stride = plan.stride, step = count * stride;
  for (int p = 0; p < count; p++) {
    const T* w = plan.twiddles + size_t(2) * p * (radix - 1);
    for (int q = 0; q < stride; q++) {
      const int in = p * stride + q, out = p * stride * radix + q;
      for (int k = 0; k < radix; k++) {
        Complex<V> total = {from[2 * in], from[2 * in + 1]};
        int turns = 0;
        for (int j = 1; j < radix; j++) {
          turns += k;
          if (turns >= radix) turns -= radix;
          const Complex<V> x = {from[2 * (in + j * step)], from[2 * (in + j * step) + 1]};
          total = total + times(x, plan.roots[2 * turns], plan.roots[2 * turns + 1]);
        }
        if (k > 0) total = times(total, w[2 * k - 2], w[2 * k - 1]);
        to[2 * (out + k * stride)] = total.re;
        to[2 * (out + k * stride) + 1] = total.im;
      }
    }
  }
}

/// One pass of a radix that has a butterfly; false, and nothing done, for any other.
template <class V, class From, class To>
bool passOf(const FftPass<LaneOf<V>>& plan, const From from, const To to) {
  switch (plan.radix) {
    case 2: pass<2, V>(plan, from, to); return true;
    case 3: pass<3, V>(plan, from, to); return true;
    case 4: pass<4, V>(plan, from, to); return true;
    case 5: pass<5, V>(plan, from, to); return true;
    case 6: pass<6, V>(plan, from, to); return true;
    case 7: pass<7, V>(plan, from, to); return true;
    case 8: pass<8, V>(plan, from, to); return true;
    case 9: pass<9, V>(plan, from, to); return true;
    case 10: pass<10, V>(plan, from, to); return true;
    case 12: pass<12, V>(plan, from, to); return true;
    default: return false;
  }
}

template <class V>
void passInBuffers(const FftPass<LaneOf<V>>& plan, const V* from, V* to) {
  if (!passOf<V>(plan, FromBuffer<V>{from}, ToBuffer<V>{to})) passAny<V>(plan, from, to);
}

/// Passes first .. last - 1 between two buffers; returns the one with the result.
template <class V>
V* passesInBuffers(const FftPlan<LaneOf<V>>& plan, int first, int last, V* from, V* to) {
  for (int i = first; i < last; i++) {
    passInBuffers<V>(plan.pass[i], from, to);
    V* swap = from;
    from = to;
    to = swap;
  }
  return from;
}

/// The caller's working memory, cut into four lines of registers and room for one batch in memory order.
template <class V>
struct Buffers {
  V *a, *b, *c, *d;
  LaneOf<V>* spare;
  Buffers(LaneOf<V>* work, int longest) {
    const size_t one = (size_t(longest) + 2) * 2;
    a = reinterpret_cast<V*>(work);
    b = a + one;
    c = b + one;
    d = c + one;
    spare = reinterpret_cast<LaneOf<V>*>(d + one);
  }
};

// ---- Lines along x and y: columns that lie side by side.

/// Transforms kWidth columns whose elements are `row` numbers apart, from `in` to `out`, which may be the same.
template <class V>
void columnBatch(const FftPlan<LaneOf<V>>& plan, const LaneOf<V>* in, LaneOf<V>* out, size_t row, int reverse,
                 LaneOf<V> scale, V* a, V* b) {
  const int last = plan.passes - 1;
  const FromColumns<V> from{in, row};
  const ToColumns<V> to{out, row, reverse, scale};
  int done = 0;
  if (last > 0 && passOf<V>(plan.pass[0], from, ToBuffer<V>{a})) {
    done = 1;
  } else {
    const ToBuffer<V> copy{a};
    for (int i = 0; i < plan.length; i++) copy.put(i, from.get(i));
  }
  V* result = passesInBuffers(plan, done, last, a, b);
  V* other = result == a ? b : a;
  if (last >= 0 && passOf<V>(plan.pass[last], FromBuffer<V>{result}, to)) return;
  result = passesInBuffers(plan, last < 0 ? 0 : last, plan.passes, result, other);
  const FromBuffer<V> copy{result};
  for (int i = 0; i < plan.length; i++) to.put(i, copy.get(i));
}

/// Transforms `count` adjacent columns of complex numbers from `in` to `out`. `spare` holds one batch.
template <class V>
void columns(const FftPlan<LaneOf<V>>& plan, const LaneOf<V>* in, LaneOf<V>* out, size_t count, size_t row, int sign,
             LaneOf<V> scale, const Buffers<V>& buffers) {
  using T = LaneOf<V>;
  if (plan.length == 1 && scale == T(1) && in == out) return;
  constexpr size_t width = kWidth<V>;
  const int reverse = sign > 0 ? plan.length : 0;
  size_t at = 0;
  for (; at + width <= count; at += width) {
    columnBatch<V>(plan, in + 2 * at, out + 2 * at, row, reverse, scale, buffers.a, buffers.b);
  }
  const size_t left = count - at;
  if (left == 0) return;
  // The last few go through a copy that is as wide as a register.
  T* spare = buffers.spare;
  for (int i = 0; i < plan.length; i++) {
    T* to = spare + size_t(i) * 2 * width;
    std::memcpy(to, in + 2 * at + size_t(i) * row, 2 * left * sizeof(T));
    std::memset(to + 2 * left, 0, 2 * (width - left) * sizeof(T));
  }
  columnBatch<V>(plan, spare, spare, 2 * width, reverse, scale, buffers.a, buffers.b);
  for (int i = 0; i < plan.length; i++) {
    std::memcpy(out + 2 * at + size_t(i) * row, spare + size_t(i) * 2 * width, 2 * left * sizeof(T));
  }
}

/// The columns of a band among `total`, rounded up to whole registers.
template <class V>
void bandColumns(const FftPlan<LaneOf<V>>& plan, const LaneOf<V>* in, LaneOf<V>* out, FftBand band, size_t total,
                 size_t row, int sign, LaneOf<V> scale, const Buffers<V>& buffers) {
  constexpr size_t width = kWidth<V>;
  const size_t low = (size_t(band.low) + width - 1) / width * width;
  const size_t high = (size_t(band.high) + width - 1) / width * width;
  if (low + high == 0 || low + high >= total) {
    columns<V>(plan, in, out, total, row, sign, scale, buffers);
    return;
  }
  const size_t skip = 2 * (total - high);
  if (low > 0) columns<V>(plan, in, out, low, row, sign, scale, buffers);
  if (high > 0) columns<V>(plan, in + skip, out + skip, high, row, sign, scale, buffers);
}

/// Lines along x of an array (nx, ny, row of nz complex numbers), within the bands of y and z.
template <class V>
void bandAlongX(const Fft3<LaneOf<V>>& fft, const LaneOf<V>* in, LaneOf<V>* out, size_t nz, int sign,
                LaneOf<V> scale, const Buffers<V>& buffers) {
  const size_t ny = fft.plan[1]->length, low = fft.band[1].low, high = fft.band[1].high;
  const bool all = low + high == 0 || low + high >= ny;
  if (all && fft.band[2].low + fft.band[2].high == 0) {
    columns<V>(*fft.plan[0], in, out, ny * nz, 2 * ny * nz, sign, scale, buffers);
    return;
  }
  for (size_t y = 0; y < ny; y++) {
    if (!all && y >= low && y < ny - high) continue;
    bandColumns<V>(*fft.plan[0], in + 2 * y * nz, out + 2 * y * nz, fft.band[2], nz, 2 * ny * nz, sign, scale,
                   buffers);
  }
}

// ---- Lines along z: one line a lane, transposed on the way.

/// rows[step e] = number e of every line, e < count.
template <class V>
void loadLines(const LaneOf<V>* const* lines, int count, V* rows, int step) {
  constexpr int side = kGroup<V>;
  int e = 0;
  for (; e + side <= count; e += side) {
    V square[side];
    // Lane j of group g is line (side g + j).
    for (int j = 0; j < side; j++) square[j] = loadGroups<V>(lines + j, side, e);
    transposeSquare(square);
    for (int j = 0; j < side; j++) rows[(e + j) * step] = square[j];
  }
  for (; e < count; e++) {
    for (int line = 0; line < kWidth<V>; line++) rows[e * step][line] = lines[line][e];
  }
}

template <class V>
void storeLines(const V* rows, int step, int count, LaneOf<V>* const* lines) {
  constexpr int side = kGroup<V>;
  int e = 0;
  for (; e + side <= count; e += side) {
    V square[side];
    for (int j = 0; j < side; j++) square[j] = rows[(e + j) * step];
    transposeSquare(square);
    for (int j = 0; j < side; j++) storeGroups<V>(lines + j, side, e, square[j]);
  }
  for (; e < count; e++) {
    for (int line = 0; line < kWidth<V>; line++) lines[line][e] = rows[e * step][line];
  }
}

/// Addresses of kWidth lines from `first`; lines past the end read line `total - 1` again, or write to `spare`.
template <class V, class T>
void linesFrom(T* base, size_t length, size_t first, size_t total, T* spare, T** lines) {
  for (int line = 0; line < kWidth<V>; line++) {
    const size_t at = first + line;
    lines[line] = at < total ? base + at * length : spare != nullptr ? spare : base + (total - 1) * length;
  }
}

MANIPLE_FN int longestOf(int x, int y, int z) { return x > y ? (x > z ? x : z) : (y > z ? y : z); }

/// kWidth complex lines along z from line `first`, of `lines` in all.
template <class V>
void complexLines(const Fft3<LaneOf<V>>& fft, const LaneOf<V>* in, LaneOf<V>* out, size_t first, size_t lines,
                  const Buffers<V>& buffers) {
  using T = LaneOf<V>;
  const FftPlan<T>& pz = *fft.plan[2];
  const size_t nz = pz.length;
  const T* from[kWidth<V>];
  T* to[kWidth<V>];
  linesFrom<V>(in, 2 * nz, first, lines, static_cast<const T*>(nullptr), from);
  linesFrom<V>(out, 2 * nz, first, lines, buffers.spare, to);
  loadLines<V>(from, int(2 * nz), buffers.a, 1);
  V* result = passesInBuffers(pz, 0, pz.passes, buffers.a, buffers.b);
  if (fft.sign > 0) {
    V* mirror = buffers.c;
    for (size_t k = 0; k < nz; k++) {
      const size_t at = k == 0 ? 0 : nz - k;
      mirror[2 * k] = result[2 * at];
      mirror[2 * k + 1] = result[2 * at + 1];
    }
    result = mirror;
  }
  storeLines<V>(result, 1, int(2 * nz), to);
}

template <class V>
void complex3(const Fft3<LaneOf<V>>& fft, const LaneOf<V>* in, LaneOf<V>* out) {
  using T = LaneOf<V>;
  const FftPlan<T>&px = *fft.plan[0], &py = *fft.plan[1], &pz = *fft.plan[2];
  const size_t nx = px.length, ny = py.length, nz = pz.length, lines = nx * ny;
  const Buffers<V> buffers(fft.work, longestOf(px.length, py.length, pz.length));
  size_t done = 0;
  if (fft.bandOfInput) {
    // x first, while most lines are known to be zeros.
    bandAlongX<V>(fft, in, out, nz, fft.sign, fft.scale, buffers);
    size_t ready = 0;
    for (; done < lines; done += kWidth<V>) {
      for (; ready < nx && ready * ny < done + kWidth<V>; ready++) {
        T* slab = out + ready * ny * nz * 2;
        bandColumns<V>(py, slab, slab, fft.band[2], nz, 2 * nz, fft.sign, T(1), buffers);
      }
      complexLines<V>(fft, out, out, done, lines, buffers);
    }
    return;
  }
  for (size_t x = 0; x < nx; x++) {
    // The z lines of this slab, and maybe the first few of the next; then y while the slab is in the cache.
    for (; done < (x + 1) * ny; done += kWidth<V>) complexLines<V>(fft, in, out, done, lines, buffers);
    T* slab = out + x * ny * nz * 2;
    bandColumns<V>(py, slab, slab, fft.band[2], nz, 2 * nz, fft.sign, T(1), buffers);
  }
  bandAlongX<V>(fft, out, out, nz, fft.sign, fft.scale, buffers);
}

template <class V>
void forward3(const Fft3<LaneOf<V>>& fft, const LaneOf<V>* in, LaneOf<V>* out) {
  using T = LaneOf<V>;
  const FftPlan<T>&px = *fft.plan[0], &py = *fft.plan[1], &pz = *fft.plan[2];
  const size_t nx = px.length, ny = py.length, nz = pz.length, half = nz / 2 + 1, lines = nx * ny;
  const Buffers<V> buffers(fft.work, longestOf(px.length, py.length, pz.length));
  size_t done = 0;
  for (size_t x = 0; x < nx; x++) {
    for (; done < (x + 1) * ny; done += 2 * kWidth<V>) {
      // Two registers of real lines make one of complex lines A + iB.
      const T* from[kWidth<V>];
      T* to[kWidth<V>];
      linesFrom<V>(in, nz, done, lines, static_cast<const T*>(nullptr), from);
      loadLines<V>(from, int(nz), buffers.a, 2);
      linesFrom<V>(in, nz, done + kWidth<V>, lines, static_cast<const T*>(nullptr), from);
      loadLines<V>(from, int(nz), buffers.a + 1, 2);
      const V* z = passesInBuffers(pz, 0, pz.passes, buffers.a, buffers.b);
      // A = (Z[k] + conj Z[-k]) / 2, B = (Z[k] - conj Z[-k]) / 2i
      for (size_t k = 0; k < half; k++) {
        const size_t m = k == 0 ? 0 : nz - k;
        const V zr = z[2 * k] * T(0.5), zi = z[2 * k + 1] * T(0.5);
        const V mr = z[2 * m] * T(0.5), mi = z[2 * m + 1] * T(0.5);
        buffers.c[2 * k] = zr + mr;
        buffers.c[2 * k + 1] = zi - mi;
        buffers.d[2 * k] = zi + mi;
        buffers.d[2 * k + 1] = mr - zr;
      }
      linesFrom<V>(out, 2 * half, done, lines, buffers.spare, to);
      storeLines<V>(buffers.c, 1, int(2 * half), to);
      linesFrom<V>(out, 2 * half, done + kWidth<V>, lines, buffers.spare, to);
      storeLines<V>(buffers.d, 1, int(2 * half), to);
    }
    T* slab = out + x * ny * half * 2;
    bandColumns<V>(py, slab, slab, fft.band[2], half, 2 * half, -1, T(1), buffers);
  }
  bandAlongX<V>(fft, out, out, half, -1, fft.scale, buffers);
}

template <class V>
void backward3(const Fft3<LaneOf<V>>& fft, const LaneOf<V>* spectrum, LaneOf<V>* copy, LaneOf<V>* out) {
  using T = LaneOf<V>;
  const FftPlan<T>&px = *fft.plan[0], &py = *fft.plan[1], &pz = *fft.plan[2];
  const size_t nx = px.length, ny = py.length, nz = pz.length, half = nz / 2 + 1, lines = nx * ny;
  const Buffers<V> buffers(fft.work, longestOf(px.length, py.length, pz.length));
  bandAlongX<V>(fft, spectrum, copy, half, 1, T(1), buffers);
  size_t ready = 0;
  for (size_t done = 0; done < lines; done += 2 * kWidth<V>) {
    // y for every slab that these z lines touch.
    for (; ready < nx && ready * ny < done + 2 * kWidth<V>; ready++) {
      T* slab = copy + ready * ny * half * 2;
      bandColumns<V>(py, slab, slab, fft.band[2], half, 2 * half, 1, T(1), buffers);
    }
    const T* from[kWidth<V>];
    T* to[kWidth<V>];
    const T* whole = copy;
    linesFrom<V>(whole, 2 * half, done, lines, static_cast<const T*>(nullptr), from);
    loadLines<V>(from, int(2 * half), buffers.c, 1);
    linesFrom<V>(whole, 2 * half, done + kWidth<V>, lines, static_cast<const T*>(nullptr), from);
    loadLines<V>(from, int(2 * half), buffers.d, 1);
    // Z[k] = A + iB, Z[-k] = conj A + i conj B. The forward transform of the mirrored Z is the inverse one of Z.
    V* z = buffers.a;
    for (size_t k = 0; k < half; k++) {
      const size_t m = k == 0 ? 0 : nz - k;
      const V ar = buffers.c[2 * k] * fft.scale, br = buffers.d[2 * k] * fft.scale;
      V ai = buffers.c[2 * k + 1] * fft.scale, bi = buffers.d[2 * k + 1] * fft.scale;
      if (k == m || k == 0) {
        // A real line has no imaginary part here.
        z[2 * k] = ar;
        z[2 * k + 1] = br;
        continue;
      }
      z[2 * m] = ar - bi;
      z[2 * m + 1] = ai + br;
      z[2 * k] = ar + bi;
      z[2 * k + 1] = br - ai;
    }
    const V* result = passesInBuffers(pz, 0, pz.passes, buffers.a, buffers.b);
    linesFrom<V>(out, nz, done, lines, buffers.spare, to);
    storeLines<V>(result, 2, int(nz), to);
    linesFrom<V>(out, nz, done + kWidth<V>, lines, buffers.spare, to);
    storeLines<V>(result + 1, 2, int(nz), to);
  }
}

// ---- Columns of a part of an array.

template <class V>
void transformColumns(const FftPlan<LaneOf<V>>& plan, int sign, LaneOf<V> scale, LaneOf<V>* work, const LaneOf<V>* in,
                      LaneOf<V>* out, size_t count, size_t row) {
  const Buffers<V> buffers(work, plan.length);
  columns<V>(plan, in, out, count, 2 * row, sign, scale, buffers);
}

/// One batch of kWidth columns: `rows` of them given, zeros below; forward, changed number by number, back, `rows` of
/// them kept. `change(re, im, real)` is given registers of a transformed row and of the same row of `reals`.
template <class V, class Change>
MANIPLE_FN void changeBatch(const FftPlan<LaneOf<V>>& plan, int rows, LaneOf<V>* data, const LaneOf<V>* reals,
                            size_t row, const Buffers<V>& buffers, Change change) {
  using T = LaneOf<V>;
  const int length = plan.length;
  const FromColumns<V> from{data, 2 * row};
  const ToBuffer<V> copy{buffers.a};
  const Complex<V> zero = {V{}, V{}};
  // What the change needs is on its way while the columns are transformed; it may lie across two lines of the cache.
  for (int i = 0; i < length; i++) prefetch(reals + size_t(i) * row);
  for (int i = 0; i < length; i++) prefetch(reals + size_t(i) * row + kWidth<V> - 1);
  for (int i = 0; i < rows; i++) copy.put(i, from.get(i));
  for (int i = rows; i < length; i++) copy.put(i, zero);
  V* spectrum = passesInBuffers(plan, 0, plan.passes, buffers.a, buffers.b);
  V* other = spectrum == buffers.a ? buffers.b : buffers.a;
  for (int i = 0; i < length; i++) {
    change(spectrum[2 * i], spectrum[2 * i + 1], pairOrder(load<V>(reals + size_t(i) * row)));
  }
  // The forward transform once more, read backwards, is the inverse one.
  V* result = passesInBuffers(plan, 0, plan.passes, spectrum, other);
  const ToColumns<V> to{data, 2 * row, 0, T(1)};
  const FromBuffer<V> turned{result};
  for (int i = 0; i < rows; i++) to.put(i, turned.get(i == 0 ? 0 : length - i));
}

/// `count` adjacent columns in batches.
template <class V, class Change>
MANIPLE_FN void changeColumns(const FftPlan<LaneOf<V>>& plan, int rows, LaneOf<V>* work, LaneOf<V>* data,
                              const LaneOf<V>* reals, size_t count, size_t row, Change change) {
  using T = LaneOf<V>;
  constexpr size_t width = kWidth<V>;
  const Buffers<V> buffers(work, plan.length);
  size_t at = 0;
  for (; at + width <= count; at += width) {
    changeBatch<V>(plan, rows, data + 2 * at, reals + at, row, buffers, change);
  }
  const size_t left = count - at;
  if (left == 0) return;
  // The last few go through copies that are as wide as a register.
  T* spare = buffers.spare;
  T* lastReals = reinterpret_cast<T*>(buffers.c);
  for (int i = 0; i < plan.length; i++) {
    T* to = lastReals + size_t(i) * width;
    std::memcpy(to, reals + at + size_t(i) * row, left * sizeof(T));
    std::memset(to + left, 0, (width - left) * sizeof(T));
  }
  for (int i = 0; i < rows; i++) {
    T* to = spare + size_t(i) * 2 * width;
    std::memcpy(to, data + 2 * (at + size_t(i) * row), 2 * left * sizeof(T));
    std::memset(to + 2 * left, 0, 2 * (width - left) * sizeof(T));
  }
  changeBatch<V>(plan, rows, spare, lastReals, width, buffers, change);
  for (int i = 0; i < rows; i++) {
    std::memcpy(data + 2 * (at + size_t(i) * row), spare + size_t(i) * 2 * width, 2 * left * sizeof(T));
  }
}

template <class V>
void convolveColumns(const FftPlan<LaneOf<V>>& plan, int rows, LaneOf<V>* work, LaneOf<V>* data,
                     const LaneOf<V>* gain, size_t count, size_t row) {
  changeColumns<V>(plan, rows, work, data, gain, count, row, [](V& re, V& im, V factor) {
    re = re * factor;
    im = im * factor;
  });
}

template <class V>
void imposeModuli(const FftPlan<LaneOf<V>>& plan, LaneOf<V>* work, LaneOf<V>* data, const LaneOf<V>* modulus,
                  size_t count, size_t row) {
  changeColumns<V>(plan, plan.length, work, data, modulus, count, row, [](V& re, V& im, V wanted) {
    const V zero{}, one = zero + LaneOf<V>(1);
    const V now = squareRoot(re * re + im * im);
    const V known = select<V>(now > zero, wanted / now, zero);
    const V factor = select<V>(wanted < zero, one, known);
    re = re * factor + select<V>(factor > zero, zero, wanted);
    im = im * factor;
  });
}

}  // namespace

extern const FftTable fftTable;
const FftTable fftTable = {
    {complex3<f32v>, forward3<f32v>, backward3<f32v>, transformColumns<f32v>, convolveColumns<f32v>,
     imposeModuli<f32v>},
    {complex3<f64v>, forward3<f64v>, backward3<f64v>, transformColumns<f64v>, convolveColumns<f64v>,
     imposeModuli<f64v>},
};

MANIPLE_NAMESPACE_END
