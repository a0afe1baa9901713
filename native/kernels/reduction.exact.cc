// Sums of arrays: see reduction.h. A sum of floats rounds the same whether it passes through double precision or not.
#include "reduction.h"

#include "portable.h"

MANIPLE_NAMESPACE_BEGIN
namespace {

template <class T>
MANIPLE_FN void add(T* into, const T* from, size_t count) {
  using V = Varying<T>;
  constexpr size_t width = size_t(kLanes<T>);
  size_t i = 0;
  for (; i + width <= count; i += width) store<V>(into + i, load<V>(into + i) + load<V>(from + i));
  for (; i < count; i++) into[i] += from[i];
}

void addSingle(float* into, const float* from, size_t count) { add(into, from, count); }
void addDouble(double* into, const double* from, size_t count) { add(into, from, count); }

template <class T>
MANIPLE_FN void fill(T* MANIPLE_RESTRICT into, T value, size_t count) {
  for (size_t i = 0; i < count; i++) into[i] = value;
}

void fillSingle(float* into, float value, size_t count) { fill(into, value, count); }
void fillDouble(double* into, double value, size_t count) { fill(into, value, count); }

}  // namespace

extern const ReductionTable reductionTable = {addSingle, addDouble, fillSingle, fillDouble};
MANIPLE_NAMESPACE_END
