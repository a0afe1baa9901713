// The natural logarithm of varying floats.
#pragma once

#include "portable.h"

MANIPLE_NAMESPACE_BEGIN

/// log x for normal x > 0, to about 1 unit in the last place of the result or 6e-8, whichever is larger.
///
/// x = 2^e m with m in [sqrt(1/2), sqrt 2); log m = 2 atanh s with s = (m - 1) / (m + 1), |s| < 0.1716: the series
/// s + s^3/3 + ... + s^9/9 leaves less than 4e-10 s.
MANIPLE_FN f32v logarithm(f32v x) {
  const i32v raw = bits<i32v>(x);
  // Subtracting the bits of sqrt(1/2) before the shift puts m into [sqrt(1/2), sqrt 2).
  const i32v exponent = (raw - 0x3f3504f3) >> 23;
  const f32v m = bits<f32v>(raw - (exponent << 23));
  const f32v s = (m - 1.0f) / (m + 1.0f);
  const f32v z = s * s;
  const f32v tail = z * (0.33333333f + z * (0.2f + z * (0.14285714f + z * 0.11111111f)));
  const f32v e = convert<f32v>(exponent);
  // ln 2 in two parts: e times the first is exact.
  return e * 0.693145752f + (2.0f * s + (2.0f * (s * tail) + e * 1.42860677e-06f));
}

MANIPLE_NAMESPACE_END
