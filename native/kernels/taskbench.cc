// The compute kernels of Task Bench: nothing but fused multiplications and additions on numbers that stay in registers.
#include "taskbench.h"

#include "portable.h"

MANIPLE_NAMESPACE_BEGIN

namespace {

/// The numbers are independent of each other, so that enough of them are under way to hide the latency of an addition.
double compute(int64_t iterations) {
  constexpr int width = kLanes<double>;
  constexpr int count = 64 / width;
  f64v a[count];
  for (int v = 0; v < count; v++) {
    for (int lane = 0; lane < width; lane++) a[v][lane] = 4 - ((v * width + lane) & 3);
  }
  // In parts that fit the registers: eight vectors, whatever their width.
  constexpr int part = count < 8 ? count : 8;
  for (int from = 0; from < count; from += part) {
    f64v own[part];
    for (int v = 0; v < part; v++) own[v] = a[from + v];
    for (int64_t i = 0; i < iterations; i++) {
      for (int v = 0; v < part; v++) {
        own[v] = own[v] * own[v] + own[v];
        // One round after the other, and all of them: nothing is known of the numbers.
        __asm__ volatile("" : "+x"(own[v]));
      }
    }
    for (int v = 0; v < part; v++) a[from + v] = own[v];
  }
  double product = 1;
  for (int v = 0; v < count; v++) {
    for (int lane = 0; lane < width; lane++) product *= a[v][lane];
  }
  return product;
}

double compute2(int64_t iterations) {
  constexpr int width = kLanes<double>;
  constexpr int count = 32 / width;
  f64v c[count] = {};
  f64v a = broadcast<f64v>(1.2345), b = broadcast<f64v>(1.010101);
  for (int64_t i = 0; i < iterations; i++) {
    for (int v = 0; v < count; v++) c[v] = c[v] + a * b;
    __asm__ volatile("" : "+x"(a), "+x"(b));
  }
  double sum = 0;
  for (int v = 0; v < count; v++) {
    for (int lane = 0; lane < width; lane++) sum += c[v][lane];
  }
  return sum;
}

}  // namespace

extern const TaskBenchTable taskBenchTable;
const TaskBenchTable taskBenchTable = {compute, compute2};

MANIPLE_NAMESPACE_END
