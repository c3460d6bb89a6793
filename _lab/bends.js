/* The second derivative of every function of the catalog: an entry takes its settings and returns f''. On straight
   pieces it is 0; at a kink it is that of one side. */

const sigmoid = (z) => 1 / (1 + Math.exp(-z));
const clip = (z, low, high) => (z < low ? low : z > high ? high : z);
const straight = () => () => 0;
const exponentialBend = (scale, alpha, bend) => (z) => (z > 0 ? 0 : ((scale * alpha) / bend ** 2) * Math.exp(z / bend));

/* Of the sigmoid: the first and second derivative. */
function logisticBends(z) {
  const e = Math.exp(-Math.abs(z));
  const first = e / (1 + e) ** 2;
  return [first, -first * Math.tanh(z / 2)];
}
/* Of tanh: its slope, from what does not cancel; its second derivative. */
const hyperbolicSlope = (z) => 4 * logisticBends(2 * z)[0];
const hyperbolicBend = (z) => -2 * Math.tanh(z) * hyperbolicSlope(z);
const swishBend = ({ beta }) => (z) => {
  const u = clip(beta * z, -1000, 1000);
  const [first, second] = logisticBends(u);
  return beta * (2 * first + u * second);
};

const BENDS = {
  identity: straight,
  step: straight,
  hardshrink: straight,
  softshrink: straight,
  tanhshrink: () => (z) => -hyperbolicBend(z),
  sigmoid: () => (z) => logisticBends(z)[1],
  logsigmoid: () => (z) => -logisticBends(z)[0],
  hardsigmoid: straight,
  tanh: () => hyperbolicBend,
  lecun_tanh: () => (z) => 1.7159 * (4 / 9) * hyperbolicBend(z * (2 / 3)),
  hardtanh: straight,
  penalized_tanh: () => (z) => (z > 0 ? 1 : 0.25) * hyperbolicBend(z),
  softsign: () => (z) => (-2 * Math.sign(z)) / (1 + Math.abs(z)) ** 3,
  relu: straight,
  leaky_relu: straight,
  relu6: straight,
  relu_squared: () => (z) => (z > 0 ? 2 : 0),
  star_relu: ({ scale }) => (z) => (z > 0 ? 2 * scale : 0),
  xielu: ({ alpha_p, alpha_n }) => (z) => (z > 0 ? 2 * alpha_p : alpha_n * Math.exp(z)),
  prelu: straight,
  rrelu: straight,
  apl: straight,
  threshold: straight,
  elu: ({ alpha }) => exponentialBend(1, alpha, 1),
  celu: ({ alpha }) => exponentialBend(1, alpha, alpha),
  selu: () => exponentialBend(1.0507009873554805, 1.6732632423543772, 1),
  softplus: ({ beta }) => (z) => beta * logisticBends(beta * z)[0],
  squareplus: ({ b }) => (z) => b / 2 / Math.hypot(z, Math.sqrt(b)) ** 3,
  sparse_plus: () => (z) => (Math.abs(z) < 1 ? 0.5 : 0),
  gelu: () => (z) => (Math.abs(z) > 40 ? 0 : ((2 - z * z) * Math.exp((-z * z) / 2)) / SQRT_2_PI),
  gelu_tanh: () => (z) => {
    const near = clip(z, -50, 50);
    const gate = 2 * SQRT_2_OVER_PI * (near + 0.044715 * near ** 3);
    const first = 2 * SQRT_2_OVER_PI * (1 + 3 * 0.044715 * near * near);
    const second = 12 * SQRT_2_OVER_PI * 0.044715 * near;
    const [steep, bent] = logisticBends(gate);
    return (2 * first + near * second) * steep + near * first * first * bent;
  },
  golu: () => (z) => {
    const near = Math.max(z, -50);
    const inner = Math.exp(-near);
    const steep = Math.exp(-inner) * inner; // of the gate
    return steep * (2 + near * (inner - 1));
  },
  silu: () => swishBend({ beta: 1 }),
  mish: () => (z) => {
    const near = clip(z, -800, 800);
    const inner = Math.max(near, 0) + Math.log1p(Math.exp(-Math.abs(near)));
    const t = Math.tanh(inner);
    const left = hyperbolicSlope(inner); // 1 - t^2
    const s = sigmoid(near);
    return left * s * (2 + near * (sigmoid(-near) - 2 * t * s));
  },
  hardswish: () => (z) => (Math.abs(z) < 3 ? 1 / 3 : 0),
  swish: swishBend,
  xatlu: ({ alpha }) => (z) => ((1 + 2 * alpha) * 2) / Math.PI / (1 + z * z) ** 2,
  sine: () => (z) => -Math.sin(z),
  snake: ({ a }) => (z) => 2 * a * Math.cos(2 * a * z),
};

const bendOf = (name, settings = {}) => BENDS[name]({ ...CATALOG[name].settings, ...settings });
