/** What file formats that come from NumPy call the kinds of numbers. Complex and truth values have names of their own in each. */
export const NUMBER_CODES: Readonly<Record<string, string>> = {
  f64: 'f8',
  f32: 'f4',
  i32: 'i4',
  u32: 'u4',
  i16: 'i2',
  u16: 'u2',
  i8: 'i1',
  u8: 'u1',
  i64: 'i8',
  u64: 'u8',
};
