// The exponential of varying floats.
#pragma once

#include "portable.h"

MANIPLE_NAMESPACE_BEGIN

/// exp x for -87 <= x <= 88, to about 2 units in the last place.
///
/// x = n ln 2 + r with |r| <= 0.347: the series to r^7 / 7! leaves less than 6e-9.
MANIPLE_FN f32v exponential(f32v x) {
  const f32v n = nearest(x * 1.44269504f);
  // ln 2 in two parts: n times the first is exact.
  const f32v r = (x - n * 0.693145752f) - n * 1.42860677e-06f;
  const f32v tail =
      r * r * (0.5f + r * (0.16666667f + r * (0.041666667f + r * (0.0083333333f + r * (0.0013888889f + r * 0.0001984127f)))));
  const i32v power = (convert<i32v>(n) + 127) << 23;
  return (1.0f + (r + tail)) * bits<f32v>(power);
}

MANIPLE_NAMESPACE_END
