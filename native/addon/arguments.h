// Reading arguments from JavaScript: typed arrays as pointers without a copy, and messages that name what is wrong.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

namespace maniple {

/// The memory of a typed array, over an ArrayBuffer or a SharedArrayBuffer alike.
template <class T>
struct Span {
  T* data;
  size_t length;
};

template <class T> struct ArrayKind;
template <> struct ArrayKind<float> {
  static constexpr napi_typedarray_type type = napi_float32_array;
  static constexpr const char* name = "Float32Array";
};
template <> struct ArrayKind<double> {
  static constexpr napi_typedarray_type type = napi_float64_array;
  static constexpr const char* name = "Float64Array";
};
template <> struct ArrayKind<int32_t> {
  static constexpr napi_typedarray_type type = napi_int32_array;
  static constexpr const char* name = "Int32Array";
};
template <> struct ArrayKind<uint8_t> {
  static constexpr napi_typedarray_type type = napi_uint8_array;
  static constexpr const char* name = "Uint8Array";
};

/// The element type of a typed array; a TypeError naming `what` when the value is none.
inline napi_typedarray_type kindOf(const Napi::Value& value, const char* what) {
  napi_typedarray_type type;
  bool is = false;
  if (napi_is_typedarray(value.Env(), value, &is) != napi_ok || !is ||
      napi_get_typedarray_info(value.Env(), value, &type, nullptr, nullptr, nullptr, nullptr) != napi_ok) {
    throw Napi::TypeError::New(value.Env(), std::string(what) + " must be a typed array");
  }
  return type;
}

/// The memory of a typed array of exactly this kind; a TypeError naming `what` otherwise. The pointer is good until
/// control returns to JavaScript.
template <class T>
Span<T> spanOf(const Napi::Value& value, const char* what) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  bool is = false;
  napi_is_typedarray(value.Env(), value, &is);
  if (!is || napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != ArrayKind<T>::type) {
    throw Napi::TypeError::New(value.Env(), std::string(what) + " must be a " + ArrayKind<T>::name);
  }
  return {static_cast<T*>(data), length};
}

/// The same with a least length, in elements.
template <class T>
Span<T> spanOf(const Napi::Value& value, const char* what, size_t least) {
  Span<T> span = spanOf<T>(value, what);
  if (span.length < least) {
    throw Napi::RangeError::New(value.Env(), std::string(what) + " holds " + std::to_string(span.length) +
                                                 " elements, " + std::to_string(least) + " are needed");
  }
  return span;
}

inline double numberOf(const Napi::Value& value, const char* what) {
  double number = 0;
  if (napi_get_value_double(value.Env(), value, &number) != napi_ok) {
    throw Napi::TypeError::New(value.Env(), std::string(what) + " must be a number");
  }
  return number;
}

/// A whole number in [least, most]; a RangeError naming `what` otherwise.
inline int64_t wholeOf(const Napi::Value& value, const char* what, int64_t least, int64_t most) {
  const double number = numberOf(value, what);
  if (!(number >= double(least) && number <= double(most)) || number != double(int64_t(number))) {
    throw Napi::RangeError::New(value.Env(), std::string(what) + " must be a whole number from " +
                                                 std::to_string(least) + " to " + std::to_string(most));
  }
  return int64_t(number);
}

}  // namespace maniple
