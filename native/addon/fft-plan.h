// Plans of three-dimensional transforms for other domains of the add-on.
#pragma once

#include <memory>

#include "../kernels/fft.h"

namespace maniple {

/// The plans of the three axes of one shape, kept alive, and the working memory of one thread at a time.
template <class T>
class FftShape {
 public:
  FftShape(int nx, int ny, int nz);
  ~FftShape();
  FftShape(const FftShape&) = delete;
  FftShape& operator=(const FftShape&) = delete;
  Fft3<T> with(int sign) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

const FftFunctions<float>& fftFunctions(float);
const FftFunctions<double>& fftFunctions(double);

}  // namespace maniple
