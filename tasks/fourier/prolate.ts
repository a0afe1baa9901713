/**
 * The prolate spheroidal wave function of order zero: among all functions supported on [-1, 1] the one whose Fourier
 * transform has the least energy outside [-c, c]. That is what a spreading kernel wants to be.
 *
 * Source: D. Slepian and H. O. Pollak, Bell Syst. Tech. J. 40 (1961) 43; the expansion in Legendre polynomials is
 * that of H. Xiao, V. Rokhlin, N. Yarvin, Inverse Problems 17 (2001) 805, equation (59).
 */
export interface Prolate {
  /** The bandwidth c. */
  readonly bandwidth: number;
  /** psi(x) for x in [-1, 1], scaled to psi(0) = 1. */
  value(x: number): number;
  /** The integral of psi(x) exp(i xi x) over [-1, 1], for |xi| <= c only. */
  transform(xi: number): number;
}

/**
 * Solves the eigenproblem of the prolate differential operator in the basis of the normalised even Legendre
 * polynomials, where it is a symmetric positive definite tridiagonal matrix. We want its smallest eigenvalue: inverse
 * iteration without a shift gains a factor of about five in each step (the eigenvalues go like c, 5c, 9c, ...).
 *
 * @param bandwidth c > 0; above about 60 the values near the ends fall below double precision
 */
export function prolate(bandwidth: number): Prolate {
  const c2 = bandwidth * bandwidth;
  const terms = 24 + Math.ceil(bandwidth);
  const diagonal = new Float64Array(terms);
  const beside = new Float64Array(terms);
  for (let i = 0; i < terms; i++) {
    const k = 2 * i;
    diagonal[i] = k * (k + 1) + ((2 * k * (k + 1) - 1) / ((2 * k + 3) * (2 * k - 1))) * c2;
    beside[i] = (((k + 2) * (k + 1)) / ((2 * k + 3) * Math.sqrt((2 * k + 1) * (2 * k + 5)))) * c2;
  }
  // The factors L D L^T of the tridiagonal matrix.
  const pivot = new Float64Array(terms);
  const lower = new Float64Array(terms);
  for (let i = 0; i < terms; i++) {
    pivot[i] = at(diagonal, i) - (i === 0 ? 0 : at(lower, i - 1) * at(beside, i - 1));
    lower[i] = at(beside, i) / at(pivot, i);
  }
  const vector = new Float64Array(terms);
  vector[0] = 1;
  for (let iteration = 0; iteration < 60; iteration++) {
    for (let i = 1; i < terms; i++) vector[i] = at(vector, i) - at(lower, i - 1) * at(vector, i - 1);
    for (let i = 0; i < terms; i++) vector[i] = at(vector, i) / at(pivot, i);
    for (let i = terms - 2; i >= 0; i--) vector[i] = at(vector, i) - at(lower, i) * at(vector, i + 1);
    const norm = Math.hypot(...vector);
    for (let i = 0; i < terms; i++) vector[i] = at(vector, i) / norm;
  }
  const series = (x: number): number => {
    // Three-term recurrence of the Legendre polynomials; only the even ones carry a coefficient.
    let previous = 1;
    let current = x;
    let sum = at(vector, 0) * Math.SQRT1_2;
    for (let n = 1; n < 2 * terms - 2; n++) {
      const next = ((2 * n + 1) * x * current - n * previous) / (n + 1);
      previous = current;
      current = next;
      if ((n & 1) === 1) sum += at(vector, (n + 1) / 2) * Math.sqrt(n + 1.5) * current;
    }
    return sum;
  };
  const centre = series(0);
  const integral = (at(vector, 0) * Math.SQRT2) / centre;
  const value = (x: number): number => series(x) / centre;
  return {
    bandwidth,
    value,
    // The function is an eigenfunction of its own finite Fourier transform.
    transform: (xi) => integral * value(xi / bandwidth),
  };
}

function at(array: Float64Array, i: number): number {
  return array[i] as number;
}
