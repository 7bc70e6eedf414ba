// Optimisers with a rate for each element, against their formulas in plain numbers.
#include "optim_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_optim_adaptive)

using namespace optim_rows;
using optim::Setting;
using std::pow;
using std::sqrt;

namespace {

using K1 = std::array<double, 1>;
using K2 = std::array<double, 2>;
using K3 = std::array<double, 3>;
using K4 = std::array<double, 4>;

constexpr double rate = 0.05;

/// The means of Adam without their bias: first and second.
struct Means {
  double first, second;
};
Means adam_means(double g, double* kept, double t, double b1, double b2) {
  kept[0] = b1 * kept[0] + (1.0 - b1) * g;
  kept[1] = b2 * kept[1] + (1.0 - b2) * g * g;
  return {kept[0] / (1.0 - pow(b1, t)), kept[1] / (1.0 - pow(b2, t))};
}

std::vector<Row> simple_rows() {
  return {
      {"adagrad", [](const Setting& r) { return optim::adagrad({.rate = r}); },
       elementwise<1>([](double& p, double g, K1& k, double) {
         k[0] += g * g;
         p -= rate * g / (sqrt(k[0]) + 1e-10);
       })},
      {"adadelta", [](const Setting& r) { return optim::adadelta({.rate = r, .rho = 0.9}); },
       elementwise<2>([](double& p, double g, K2& k, double) {
         k[0] = 0.9 * k[0] + 0.1 * g * g;
         const double d = sqrt(k[1] + 1e-6) / sqrt(k[0] + 1e-6) * g;
         k[1] = 0.9 * k[1] + 0.1 * d * d;
         p -= rate * d;
       }),
       0.05, 400, 1.0},
      {"rmsprop", [](const Setting& r) { return optim::rmsprop({.rate = r}); },
       elementwise<1>([](double& p, double g, K1& k, double) {
         k[0] = 0.99 * k[0] + 0.01 * g * g;
         p -= rate * g / (sqrt(k[0]) + 1e-8);
       })},
      {"rmsprop centred",
       [](const Setting& r) { return optim::rmsprop({.rate = r, .decay = 0.9, .momentum = 0.5, .centred = true}); },
       elementwise<3>([](double& p, double g, K3& k, double) {
         k[0] = 0.9 * k[0] + 0.1 * g * g;
         k[1] = 0.9 * k[1] + 0.1 * g;
         k[2] = 0.5 * k[2] + g / (sqrt(k[0] - k[1] * k[1]) + 1e-8);
         p -= rate * k[2];
       }),
       0.05, 400, 1.0},
      {"madgrad", [](const Setting& r) { return optim::madgrad({.rate = r}); },
       elementwise<4>([](double& p, double g, K4& k, double t) {
         if (t == 1.0) k[3] = p;
         const double l = rate * sqrt(t);
         k[0] += l * g;
         k[1] += l * g * g;
         const double z = k[3] - k[0] / (std::cbrt(k[1]) + 1e-6);
         p = 0.9 * p + 0.1 * z;
       })},
  };
}

std::vector<Row> adam_rows() {
  return {
      {"adam", [](const Setting& r) { return optim::adam({.rate = r}); },
       elementwise<2>([](double& p, double g, K2& k, double t) {
         const Means m = adam_means(g, k.data(), t, 0.9, 0.999);
         p -= rate * m.first / (sqrt(m.second) + 1e-8);
       })},
      {"adamw", [](const Setting& r) { return optim::adamw({.rate = r, .beta1 = 0.8, .decay = 0.1}); },
       elementwise<2>([](double& p, double g, K2& k, double t) {
         const Means m = adam_means(g, k.data(), t, 0.8, 0.999);
         p -= rate * (m.first / (sqrt(m.second) + 1e-8) + 0.1 * p);
       }),
       0.05, 400, 0.2},
      {"amsgrad", [](const Setting& r) { return optim::amsgrad({.rate = r, .beta2 = 0.5}); },
       elementwise<3>([](double& p, double g, K3& k, double t) {
         const Means m = adam_means(g, k.data(), t, 0.9, 0.5);
         k[2] = std::max(k[2], k[1]);
         p -= rate * m.first / (sqrt(k[2] / (1.0 - pow(0.5, t))) + 1e-8);
       })},
      {"nadam", [](const Setting& r) { return optim::nadam({.rate = r}); },
       elementwise<2>([](double& p, double g, K2& k, double t) {
         const Means m = adam_means(g, k.data(), t, 0.9, 0.999);
         const double mean = 0.9 * k[0] / (1.0 - pow(0.9, t + 1.0)) + 0.1 * g / (1.0 - pow(0.9, t));
         p -= rate * mean / (sqrt(m.second) + 1e-8);
       })},
      {"nadamw", [](const Setting& r) { return optim::nadamw({.rate = r, .decay = 0.1}); },
       elementwise<2>([](double& p, double g, K2& k, double t) {
         const Means m = adam_means(g, k.data(), t, 0.9, 0.999);
         const double mean = 0.9 * k[0] / (1.0 - pow(0.9, t + 1.0)) + 0.1 * g / (1.0 - pow(0.9, t));
         p -= rate * (mean / (sqrt(m.second) + 1e-8) + 0.1 * p);
       }),
       0.05, 400, 0.2},
      {"adamax", [](const Setting& r) { return optim::adamax({.rate = r, .beta2 = 0.9}); },
       elementwise<2>([](double& p, double g, K2& k, double t) {
         k[0] = 0.9 * k[0] + 0.1 * g;
         k[1] = std::max(0.9 * k[1], std::abs(g));
         p -= rate * k[0] / (1.0 - pow(0.9, t)) / (k[1] + 1e-8);
       })},
      {"adamaxw", [](const Setting& r) { return optim::adamaxw({.rate = r, .decay = 0.1}); },
       elementwise<2>([](double& p, double g, K2& k, double t) {
         k[0] = 0.9 * k[0] + 0.1 * g;
         k[1] = std::max(0.999 * k[1], std::abs(g));
         p -= rate * (k[0] / (1.0 - pow(0.9, t)) / (k[1] + 1e-8) + 0.1 * p);
       }),
       0.05, 400, 0.2},
      {"sparse_adam", [](const Setting& r) { return optim::sparse_adam({.rate = r}); },
       elementwise<2>([](double& p, double g, K2& k, double t) {
         const Means m = adam_means(g, k.data(), t, 0.9, 0.999);
         p -= rate * m.first / (sqrt(m.second) + 1e-8);
       })},
  };
}

std::vector<Row> kin_rows() {
  return {
      {"radam", [](const Setting& r) { return optim::radam({.rate = r, .beta2 = 0.99}); },
       elementwise<2>([](double& p, double g, K2& k, double t) {
         const Means m = adam_means(g, k.data(), t, 0.9, 0.99);
         const double limit = 2.0 / 0.01 - 1.0;
         const double rho = limit - 2.0 * t * pow(0.99, t) / (1.0 - pow(0.99, t));
         double d = m.first;
         if (rho > 5.0) {
           d *= sqrt((rho - 4.0) * (rho - 2.0) * limit / ((limit - 4.0) * (limit - 2.0) * rho)) /
                (sqrt(m.second) + 1e-8);
         }
         p -= rate * d;
       })},
      {"adabelief", [](const Setting& r) { return optim::adabelief({.rate = r, .eps = 1e-8}); },
       elementwise<2>([](double& p, double g, K2& k, double t) {
         k[0] = 0.9 * k[0] + 0.1 * g;
         k[1] = 0.999 * k[1] + 0.001 * (g - k[0]) * (g - k[0]) + 1e-8;
         p -= rate * k[0] / (1.0 - pow(0.9, t)) / (sqrt(k[1] / (1.0 - pow(0.999, t))) + 1e-8);
       })},
      {"yogi", [](const Setting& r) { return optim::yogi({.rate = r}); },
       elementwise<2>([](double& p, double g, K2& k, double t) {
         if (t == 1.0) k[1] = 1e-6;
         k[0] = 0.9 * k[0] + 0.1 * g;
         k[1] -= 0.001 * sign(k[1] - g * g) * g * g;
         p -= rate * k[0] / (sqrt(k[1]) + 1e-3);
       }),
       0.05, 600, 0.05},
      {"adan", [](const Setting& r) { return optim::adan({.rate = r, .decay = 0.02}); },
       elementwise<4>([](double& p, double g, K4& k, double t) {
         const double d = t == 1.0 ? 0.0 : g - k[3];
         k[0] = 0.98 * k[0] + 0.02 * g;
         k[1] = 0.92 * k[1] + 0.08 * d;
         k[2] = 0.99 * k[2] + 0.01 * (g + 0.92 * d) * (g + 0.92 * d);
         k[3] = g;
         const double u = k[0] / (1.0 - pow(0.98, t)) + 0.92 * k[1] / (1.0 - pow(0.92, t));
         p = (p - rate * u / (sqrt(k[2] / (1.0 - pow(0.99, t))) + 1e-8)) / (1.0 + rate * 0.02);
       }),
       0.05, 400, 0.1},
      {"adabound", [](const Setting& r) { return optim::adabound({.rate = r, .gamma = 0.05}); },
       elementwise<2>([](double& p, double g, K2& k, double t) {
         (void)adam_means(g, k.data(), t, 0.9, 0.999);
         const double size = rate * sqrt(1.0 - pow(0.999, t)) / (1.0 - pow(0.9, t));
         const double low = 0.1 * (1.0 - 1.0 / (0.05 * t + 1.0));
         const double high = 0.1 * (1.0 + 1.0 / (0.05 * t));
         p -= std::min(std::max(size / (sqrt(k[1]) + 1e-8), low), high) * k[0];
       })},
      {"qhadam", [](const Setting& r) { return optim::qhadam({.rate = r, .nu2 = 0.9}); },
       elementwise<2>([](double& p, double g, K2& k, double t) {
         const Means m = adam_means(g, k.data(), t, 0.995, 0.999);
         p -= rate * (0.3 * g + 0.7 * m.first) / (sqrt(0.1 * g * g + 0.9 * m.second) + 1e-8);
       }),
       0.05, 400, 0.1},
      {"ademamix", [](const Setting& r) { return optim::ademamix({.rate = r, .beta3 = 0.99, .decay = 0.01}); },
       elementwise<3>([](double& p, double g, K3& k, double t) {
         const Means m = adam_means(g, k.data(), t, 0.9, 0.999);
         k[2] = 0.99 * k[2] + 0.01 * g;
         p -= rate * ((m.first + 5.0 * k[2]) / (sqrt(m.second) + 1e-8) + 0.01 * p);
       }),
       0.05, 1500, 0.2},
      {"adopt", [](const Setting& r) { return optim::adopt({.rate = r, .beta2 = 0.9}); },
       elementwise<2>([](double& p, double g, K2& k, double t) {
         if (t == 1.0) {
           k[1] = g * g;
           return;
         }
         const double bound = pow(t - 1.0, 0.25);
         const double d = std::min(std::max(g / std::max(sqrt(k[1]), 1e-6), -bound), bound);
         k[0] = 0.9 * k[0] + 0.1 * d;
         p -= rate * k[0];
         k[1] = 0.9 * k[1] + 0.1 * g * g;
       })},
      {"schedule_free_adamw", [](const Setting& r) { return optim::schedule_free_adamw({.rate = r, .decay = 0.01}); },
       elementwise<3>([](double& p, double g, K3& k, double t) {
         if (t == 1.0) k[1] = k[2] = p;
         k[0] = 0.999 * k[0] + 0.001 * g * g;
         k[1] -= rate * (g / (sqrt(k[0] / (1.0 - pow(0.999, t))) + 1e-8) + 0.01 * p);
         k[2] += (k[1] - k[2]) / t;
         p = 0.1 * k[1] + 0.9 * k[2];
       })},
      {"ftrl", [](const Setting&) { return optim::ftrl({.rate = 0.2, .beta = 0.5, .l1 = 0.03, .l2 = 0.02}); },
       elementwise<2>([](double& p, double g, K2& k, double t) {
         if (t == 1.0) k[1] = -((0.5 / 0.2 + 0.02) * p + 0.03 * sign(p));
         const double before = sqrt(k[0]);
         k[0] += g * g;
         k[1] += g - (sqrt(k[0]) - before) / 0.2 * p;
         p = std::abs(k[1]) <= 0.03 ? 0.0 : -(k[1] - sign(k[1]) * 0.03) / ((0.5 + sqrt(k[0])) / 0.2 + 0.02);
       }),
       0.05, 400, 0.1, true, false},
  };
}

void check_all(const std::vector<Row>& rows) {
  for (const Row& row : rows) check(row);
}

}  // namespace

BOOST_AUTO_TEST_CASE(simple) { check_all(simple_rows()); }
BOOST_AUTO_TEST_CASE(adams) { check_all(adam_rows()); }
BOOST_AUTO_TEST_CASE(kin_of_adam) { check_all(kin_rows()); }

BOOST_AUTO_TEST_SUITE_END()
