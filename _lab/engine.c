/* The work of a network in float64, for WebAssembly with SIMD, two numbers at a time: `python _lab/make.py` compiles
   it.

   A layer's arrays are laid out unit by unit, as in network.js, and a tape's operations are those of tape.js. */

#define EXPORT(name) __attribute__((export_name(#name)))
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("unroll") /* what it runs over is kept in registers */
#define BLOCK 128 /* as in tape.js */

typedef double pair __attribute__((vector_size(16), aligned(8)));

/* Any operation that is not done here, and any number that is out of the ordinary. */
__attribute__((import_module("lab"), import_name("one"))) double one(int op, double x, double y);

INLINE pair load(const double *at) { return *(const pair *)at; }
INLINE void store(double *at, pair x) { *(pair *)at = x; }
INLINE pair both(double x) { return (pair){x, x}; }

/* --- products of a layer */

/* out[i, :] = bias[i] + the sum over j of w[i row + j column] in[j, :], times slopes[i, :]; bias and slopes may be 0.
   `four` does so at four points, for `rows` units from i on. */
INLINE void four(int rows, double *out, const double *in, const double *w, int row, int column, const double *bias,
                 const double *slopes, int inner, int n, int i, int k) {
  pair sum[4][2];
  UNROLL for (int r = 0; r < rows; r++) sum[r][0] = sum[r][1] = both(bias ? bias[i + r] : 0);
  for (int j = 0; j < inner; j++) {
    pair x = load(in + j * n + k), y = load(in + j * n + k + 2);
    UNROLL for (int r = 0; r < rows; r++) {
      pair weight = both(w[(i + r) * row + j * column]);
      sum[r][0] += weight * x;
      sum[r][1] += weight * y;
    }
  }
  UNROLL for (int r = 0; r < rows; r++) {
    int at = (i + r) * n + k;
    store(out + at, slopes ? sum[r][0] * load(slopes + at) : sum[r][0]);
    store(out + at + 2, slopes ? sum[r][1] * load(slopes + at + 2) : sum[r][1]);
  }
}

EXPORT(mix)
void mix(double *out, const double *in, const double *w, int row, int column, const double *bias, const double *slopes,
         int units, int inner, int n) {
  int k = 0;
  for (; k + 3 < n; k += 4) {
    int i = 0;
    for (; i + 3 < units; i += 4) four(4, out, in, w, row, column, bias, slopes, inner, n, i, k);
    for (; i < units; i++) four(1, out, in, w, row, column, bias, slopes, inner, n, i, k);
  }
  for (; k < n; k++) {
    for (int i = 0; i < units; i++) {
      double sum = bias ? bias[i] : 0;
      for (int j = 0; j < inner; j++) sum += w[i * row + j * column] * in[j * n + k];
      out[i * n + k] = slopes ? sum * slopes[i * n + k] : sum;
    }
  }
}

/* g[i, j] = the sum over k of delta[i, k] x[j, k], for rows i and columns j at once: one sum alone waits for itself. */
INLINE void sums(int rows, int columns, double *g, const double *delta, const double *x, int into, int n, int i,
                 int j) {
  pair sum[4][2];
  int k = 0;
  UNROLL for (int r = 0; r < rows; r++) sum[r][0] = sum[r][1] = both(0);
  for (; k + 1 < n; k += 2) {
    pair at[2];
    UNROLL for (int c = 0; c < columns; c++) at[c] = load(x + (j + c) * n + k);
    UNROLL for (int r = 0; r < rows; r++) {
      pair d = load(delta + (i + r) * n + k);
      UNROLL for (int c = 0; c < columns; c++) sum[r][c] += d * at[c];
    }
  }
  UNROLL for (int r = 0; r < rows; r++) {
    UNROLL for (int c = 0; c < columns; c++) {
      double rest = k < n ? delta[(i + r) * n + k] * x[(j + c) * n + k] : 0;
      g[(i + r) * into + j + c] = sum[r][c][0] + sum[r][c][1] + rest;
    }
  }
}

INLINE void row_of_sums(int rows, double *g, const double *delta, const double *x, int into, int n, int i) {
  int j = 0;
  for (; j + 1 < into; j += 2) sums(rows, 2, g, delta, x, into, n, i, j);
  if (j < into) sums(rows, 1, g, delta, x, into, n, i, j);
}

EXPORT(gradients)
void gradients(double *g, double *bias, const double *delta, const double *x, int into, int units, int n) {
  int i = 0;
  for (; i + 3 < units; i += 4) row_of_sums(4, g, delta, x, into, n, i);
  for (; i < units; i++) row_of_sums(1, g, delta, x, into, n, i);
  for (i = 0; i < units; i++) {
    pair sum = {0};
    int k = 0;
    for (; k + 1 < n; k += 2) sum += load(delta + i * n + k);
    bias[i] = sum[0] + sum[1] + (k < n ? delta[i * n + k] : 0);
  }
}

/* --- elementary functions, for numbers of an ordinary size: several at once, as each waits for itself */

#define MANY 4
typedef double wide __attribute__((vector_size(8 * MANY), aligned(8)));
typedef long long bits __attribute__((vector_size(8 * MANY), aligned(8)));

INLINE wide get(const double *at) { return *(const wide *)at; }
INLINE void put(double *at, wide x) { *(wide *)at = x; }
INLINE wide all_of(double x) { return x - (wide){0}; }
INLINE wide select(bits mask, wide yes, wide no) { return (wide)(((bits)yes & mask) | ((bits)no & ~mask)); }
INLINE wide least(wide x, wide y) { return select(y < x, y, x); }
INLINE wide size(wide x) { return (wide)((bits)x & ~(bits)all_of(-0.0)); }
INLINE int all(bits mask) {
  return __builtin_wasm_all_true_i64x2(__builtin_shufflevector(mask, mask, 0, 1) &
                                       __builtin_shufflevector(mask, mask, 2, 3));
}

static const double ROUNDS = 0x1.8p52; /* added and taken away again, it leaves a whole number */

/* Coefficients of series. They are not constants: a browser takes longer to write one down than to read it. */
double log_series[] = {2. / 23, 2. / 21, 2. / 19, 2. / 17, 2. / 15, 2. / 13, 2. / 11, 2. / 9, 2. / 7, 2. / 5, 2. / 3};
double sine_series[] = {1. / 355687428096000, -1. / 1307674368000, 1. / 6227020800, -1. / 39916800,
                        1. / 362880,          -1. / 5040,          1. / 120,        -1. / 6};
double cosine_series[] = {1. / 20922789888000, -1. / 87178291200, 1. / 479001600, -1. / 3628800,
                          1. / 40320,          -1. / 720,         1. / 24};
double erf_series[] = {1. / 11975040000, -1. / 918086400, 1. / 76204800, -1. / 6894720, 1. / 685440, -1. / 75600,
                       1. / 9360,        -1. / 1320,      1. / 216,      -1. / 42,      1. / 10,     -1. / 3,
                       1};

double atan_series[] = {1. / 21, -1. / 19, 1. / 17, -1. / 15, 1. / 13, -1. / 11, 1. / 9, -1. / 7, 1. / 5, -1. / 3};

#define EXP_TERMS 10
#define ERFCX_TERMS 27
/* Those that make.py computes: of (exp(r) - 1 - r) / r^2 in powers of r, the highest first; those of erfcx in tape.js,
   and the middle of its variable. */
static double coefficients[EXP_TERMS + ERFCX_TERMS + 1];
static const double *const erfcx_series = coefficients + EXP_TERMS;

EXPORT(table) double *table(void) { return coefficients; }

/* exp(x) = 2^k (1 + p): p, and 2^k in `power`, for |x| < 708. */
INLINE wide reduced(wide x, wide *power) {
  wide rounded = x * 0x1.71547652b82fep+0 + ROUNDS;
  wide k = rounded - ROUNDS;
  wide high = x - k * 0x1.62e42fee00000p-1; /* ln 2 in two parts: the first times k is exact */
  wide low = k * 0x1.a39ef35793c76p-33;
  wide r = high - low;
  wide sum = all_of(coefficients[0]);
  UNROLL for (int i = 1; i < EXP_TERMS; i++) sum = sum * r + coefficients[i];
  *power = (wide)(((bits)rounded << 52) + (bits)all_of(1));
  return high + (r * r * sum - low);
}

INLINE wide exp_of(wide x) {
  wide power, p = reduced(x, &power);
  return power * (1 + p);
}

INLINE wide expm1_of(wide x) {
  wide power, p = reduced(x, &power);
  return power * p + (power - 1);
}

INLINE wide with_sign(wide to, wide x) { return (wide)(((bits)x & (bits)all_of(-0.0)) | (bits)to); }

/* cosh(x) by `even` = 1, else sinh(x), by expm1, which keeps the digits near 0. */
INLINE wide half_sum_of(wide x, int even) {
  wide m = expm1_of(size(x)), e = m + 1;
  wide large = even ? e : m;
  wide sum = 0.5 * (large + large / (even ? e * e : e));
  return even ? sum : with_sign(sum, x);
}

/* Tanh of x and its slope, from m = exp(2 |x|) - 1, which keeps the digits near 0 and far out. */
INLINE wide tanh_of(wide m, wide x) { return with_sign(m / (m + 2), x); }

INLINE wide tanh_slope_of(wide m) {
  wide part = 2 / (m + 2);
  return part * (part * (m + 1));
}

/* log(more + x), from 1e-300 on for more = 0, from x = -.9 on for more = 1, up to 1e300: the argument is 2^k (1 + f),
   and log(1 + f) = 2 artanh(s) with s = f / (2 + f). What 1 + x loses of x is put back. */
INLINE wide log_of(wide x, double more) {
  wide u = more + x;
  wide lost = (x - (u - more)) / u;
  lost = select(u > 0x1p53, all_of(0), lost);
  bits shifted = (bits)u - (bits)all_of(0.70710678118654752);
  bits k = shifted >> 52;
  wide power = (wide)(k + (bits)all_of(ROUNDS)) - ROUNDS;
  wide f = (wide)((bits)u - (k << 52)) - 1;
  wide s = f / (2 + f), w = s * s, sum = all_of(log_series[0]);
  UNROLL for (int i = 1; i < 11; i++) sum = sum * w + log_series[i];
  wide half = 0.5 * f * f;
  return power * 0x1.62e42fee00000p-1 - ((half - (s * (half + w * sum) + (power * 0x1.a39ef35793c76p-33 + lost))) - f);
}

/* As erfcx in tape.js. */
INLINE wide erfcx_of(wide x) {
  double middle = erfcx_series[ERFCX_TERMS];
  wide t = (x - middle) / (x + middle), b = {0}, c = {0};
  wide twice = 2 * t;
  for (int k = ERFCX_TERMS - 1; k > 0; k--) {
    wide next = twice * b - c + erfcx_series[k];
    c = b;
    b = next;
  }
  return (t * b - c + erfcx_series[0]) / (1 + 2 * x);
}

/* The series of erf near 0, which keeps the digits there. */
INLINE wide erf_near(wide x) {
  wide w = x * x, sum = all_of(erf_series[0]);
  UNROLL for (int i = 1; i < 13; i++) sum = sum * w + erf_series[i];
  return 1.12837916709551257 * x * sum;
}

INLINE wide erf_of(wide x) {
  wide far = size(x);
  if (all(far < 0.5)) return erf_near(x);
  wide near = least(far, all_of(6));
  wide tail = 1 - erfcx_of(near) * exp_of(-near * near);
  wide signed_tail = with_sign(tail, x);
  return all(far >= 0.5) ? signed_tail : select(far < 0.5, erf_near(x), signed_tail);
}

INLINE wide root(wide x) {
  UNROLL for (int i = 0; i < MANY; i++) x[i] = __builtin_sqrt(x[i]);
  return x;
}

/* The angle of the point (x, y), for x >= 0 and x^2 + y^2 of an ordinary size: halved three times, the series of atan
   is short. */
INLINE wide angle_of(wide y, wide x) {
  wide t = y / (x + root(x * x + y * y));
  UNROLL for (int i = 0; i < 2; i++) t = t / (1 + root(1 + t * t));
  wide w = t * t, sum = all_of(atan_series[0]);
  UNROLL for (int i = 1; i < 10; i++) sum = sum * w + atan_series[i];
  return 8 * (t + t * w * sum);
}

/* The sine of x, or of x + pi / 2 by `ahead` = 1, for |x| < 1e5: x is k quarters of the circle and r. */
INLINE wide sine_of(wide x, long long ahead) {
  wide rounded = x * 0x1.45f306dc9c883p-1 + ROUNDS;
  wide k = rounded - ROUNDS;
  wide r = x - k * 0x1.921fb54400000p+0; /* pi / 2 in three parts: the first two times k are exact */
  r = r - k * 0x1.0b4611a600000p-34;
  r = r - k * 0x1.3198a2e037073p-69;
  wide w = r * r, sine = all_of(sine_series[0]), cosine = all_of(cosine_series[0]);
  UNROLL for (int i = 1; i < 8; i++) sine = sine * w + sine_series[i];
  UNROLL for (int i = 1; i < 7; i++) cosine = cosine * w + cosine_series[i];
  sine = r + r * w * sine;
  cosine = 1 - (0.5 * w - w * w * cosine);
  bits quarter = (bits)rounded + ahead;
  wide found = select((quarter & 1) == 1, cosine, sine);
  return (wide)((bits)found ^ (quarter << 62 & (bits)all_of(-0.0)));
}

/* --- tapes */

enum { COPY, ADD, SUBTRACT, MULTIPLY, DIVIDE, TIMES, ABS, SQRT, MAX, MIN, LESS, UP_TO, CHOOSE, EXP, EXPM1, LOG1P, TANH,
       TANH_SLOPE, ERFCX, ERF, SIN, COS, LOG, SINH, COSH, ATAN2 };

#define EACH(value)                      \
  for (int k = 0; k < n; k += MANY) {    \
    wide x = get(a + k), y = get(b + k); \
    (void)y;                             \
    put(out + k, value);                 \
  }                                      \
  break

/* What is not ordinary, or no number, goes the other way afterwards. */
#define ORDINARY(what, value)                                          \
  bits fine = (bits)all_of(0) == 0;                                    \
  for (int k = 0; k < n; k += MANY) {                                  \
    wide x = get(a + k);                                               \
    fine &= what;                                                      \
    put(out + k, value);                                               \
  }                                                                    \
  for (int k = 0; k < n && !all(fine); k += MANY) {                    \
    wide x = get(a + k);                                               \
    if (all(what)) continue;                                           \
    for (int i = k; i < k + MANY; i++) out[i] = one(op, a[i], b[i]);   \
  }                                                                    \
  break

INLINE wide compared(bits yes, wide x, wide y) {
  return (wide)(((bits)all_of(1) & yes) | ((x != x) | (y != y)));
}

INLINE bits in_reach(wide y, wide x) {
  return (x >= 0) & (x < 1e150) & (size(y) < 1e150) & ((x > 1e-150) | (size(y) > 1e-150));
}

static void operate(int op, const double *a, const double *b, const double *c, double *out, int n) {
  switch (op) {
    case COPY: EACH(x);
    case ADD: EACH(x + y);
    case SUBTRACT: EACH(x - y);
    case MULTIPLY: EACH(x * y);
    case DIVIDE: EACH(x / y);
    case TIMES: EACH(select((x == 0) | (y == 0), all_of(0), x * y));
    case ABS: EACH(size(x));
    case SQRT:
      for (int k = 0; k < n; k++) out[k] = __builtin_sqrt(a[k]);
      break;
    case MAX: EACH(select(x < y, y, x));
    case MIN: EACH(least(x, y));
    case LESS: EACH(compared(x < y, x, y));
    case UP_TO: EACH(compared(x <= y, x, y));
    case CHOOSE: EACH((wide)((bits)select(x == 1, y, get(c + k)) | (x != x)));
    case EXP: {
      ORDINARY(size(x) < 708, exp_of(x));
    }
    case EXPM1: {
      ORDINARY(size(x) < 708, expm1_of(x));
    }
    case LOG:
    case LOG1P: {
      ORDINARY((x > (op == LOG ? 1e-300 : -0.9)) & (x < 1e300), log_of(x, op != LOG));
    }
    case TANH: {
      ORDINARY(x < 1e300, tanh_of(x, get(b + k)));
    }
    case TANH_SLOPE: {
      ORDINARY(x < 1e300, tanh_slope_of(x));
    }
    case ERFCX: EACH(erfcx_of(x));
    case ERF: EACH(erf_of(x));
    case SIN:
    case COS: {
      ORDINARY(size(x) < 1e5, sine_of(x, op == COS));
    }
    case SINH:
    case COSH: {
      ORDINARY(size(x) < 708, half_sum_of(x, op == COSH));
    }
    case ATAN2: {
      ORDINARY(in_reach(x, get(b + k)), angle_of(x, get(b + k)));
    }
    default:
      for (int k = 0; k < n; k++) out[k] = one(op, a[k], b[k]);
  }
}

/* Runs a tape over n numbers: `count` operations, each its number and four lines. at: where the lines are, of which the
   first `streams` go on from block to block. Up to three numbers more are read and written. */
EXPORT(run)
void run(const int *code, int count, double **at, int streams, int n) {
  for (int from = 0; from < n; from += BLOCK) {
    int here = n - from < BLOCK ? n - from : BLOCK;
    for (const int *step = code; step < code + 5 * count; step += 5) {
      operate(step[0], at[step[1]], at[step[2]], at[step[3]], at[step[4]], here);
    }
    for (int i = 0; i < streams; i++) at[i] += BLOCK;
  }
}
