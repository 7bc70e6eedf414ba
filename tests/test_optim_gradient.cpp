// Optimisers of gradients alone and of whole arrays, against their formulas in plain numbers.
#include "optim_rows.hpp"

#include <array>

BOOST_AUTO_TEST_SUITE(test_optim_gradient)

using namespace optim_rows;
using optim::Setting;
using std::pow;
using std::sqrt;

namespace {

using K1 = std::array<double, 1>;
using K2 = std::array<double, 2>;

constexpr double rate = 0.05;

/// A formula for each array, with arrays that it keeps: f(p, g, kept, t), t being 1 at the first step.
template <std::size_t n, class F>
std::function<Reference()> arraywise(F f) {
  return [f]() -> Reference {
    auto kept = std::make_shared<std::vector<std::array<Numbers, n>>>(2);
    auto t = std::make_shared<double>(0.0);
    return [f, kept, t](Arrays& p, const Arrays& g) {
      *t += 1.0;
      for (std::size_t k = 0; k < p.size(); ++k) {
        for (Numbers& each : (*kept)[k]) each.resize(p[k].size());
        f(p[k], g[k], (*kept)[k], *t);
      }
    };
  };
}

std::vector<Row> descents() {
  return {
      {"sgd", [](const Setting& r) { return optim::sgd({.rate = r}); },
       elementwise<1>([](double& p, double g, K1&, double) { p -= rate * g; })},
      {"sgd momentum", [](const Setting& r) { return optim::sgd({.rate = r, .momentum = 0.9, .dampening = 0.3}); },
       elementwise<1>([](double& p, double g, K1& k, double t) {
         k[0] = t == 1.0 ? g : 0.9 * k[0] + 0.7 * g;
         p -= rate * k[0];
       })},
      {"sgd nesterov", [](const Setting& r) { return optim::sgd({.rate = r, .momentum = 0.8, .nesterov = true}); },
       elementwise<1>([](double& p, double g, K1& k, double) {
         k[0] = 0.8 * k[0] + g;
         p -= rate * (g + 0.8 * k[0]);
       })},
      {"sgd schedule",
       [](const Setting& r) {
         const Var peak = r.at();
         return optim::sgd({.rate = [peak](const Var& t) { return peak / (1.0 + 0.1 * t); }});
       },
       elementwise<1>([](double& p, double g, K1&, double t) { p -= rate / (1.0 + 0.1 * (t - 1.0)) * g; }), 0.05, 400,
       0.05},
      {"sign_sgd", [](const Setting& r) { return optim::sign_sgd(r); },
       elementwise<1>([](double& p, double g, K1&, double) { p -= rate * sign(g); })},
      {"signum", [](const Setting& r) { return optim::signum({.rate = r}); },
       elementwise<1>([](double& p, double g, K1& k, double) {
         k[0] = 0.9 * k[0] + 0.1 * g;
         p -= rate * sign(k[0]);
       }),
       0.05, 400, 0.1},
      {"lion", [](const Setting& r) { return optim::lion({.rate = r, .decay = 0.1}); },
       elementwise<1>([](double& p, double g, K1& k, double) {
         p -= rate * (sign(0.9 * k[0] + 0.1 * g) + 0.1 * p);
         k[0] = 0.99 * k[0] + 0.01 * g;
       }),
       0.05, 400, 0.5},
      {"optimistic_gradient", [](const Setting& r) { return optim::optimistic_gradient({.rate = r}); },
       elementwise<1>([](double& p, double g, K1& k, double t) {
         p -= rate * (t == 1.0 ? g : 2.0 * g - k[0]);
         k[0] = g;
       })},
      {"rprop", [](const Setting&) { return optim::rprop({.rate = 0.2}); },
       elementwise<2>([](double& p, double g, K2& k, double t) {
         if (t == 1.0) k[1] = 0.2;
         if (g * k[0] > 0.0) k[1] = std::min(1.2 * k[1], 50.0);
         if (g * k[0] < 0.0) k[1] = std::max(0.5 * k[1], 1e-6);
         k[0] = g * k[0] < 0.0 ? 0.0 : g;
         p -= sign(k[0]) * k[1];
       }),
       0.05, 400, 1e-4, true, false},
      {"asgd", [](const Setting& r) { return optim::asgd({.rate = r, .lambda = 0.01}); },
       elementwise<1>([](double& p, double g, K1&, double t) {
         const double eta = rate / pow(1.0 + 0.01 * rate * (t - 1.0), 0.75);
         p = p * (1.0 - 0.01 * eta) - eta * g;
       })},
      {"schedule_free_sgd", [](const Setting& r) { return optim::schedule_free_sgd({.rate = r, .decay = 0.01}); },
       elementwise<2>([](double& p, double g, K2& k, double t) {
         if (t == 1.0) k[0] = k[1] = p;
         k[0] -= rate * (g + 0.01 * p);
         k[1] += (k[0] - k[1]) / t;
         p = 0.1 * k[0] + 0.9 * k[1];
       })},
      {"noisy_sgd",
       [](const Setting& r) { return optim::noisy_sgd({.rate = r}); },
       {},
       0.05,
       400,
       0.2,
       true,
       true,
       false},
      // On a quadratic the gradient of a batch is that of all.
      {"svrg", [](const Setting& r) { return optim::svrg({.rate = r, .every = 3}); },
       elementwise<1>([](double& p, double g, K1&, double) { p -= rate * g; })},
      {"sarah", [](const Setting& r) { return optim::sarah({.rate = r, .every = 3}); },
       elementwise<1>([](double& p, double g, K1&, double) { p -= rate * g; })},
      {"sam", [](const Setting& r) { return optim::sam(optim::sgd({.rate = r}), {.rho = 0.1}); },
       []() -> Reference {
         return [](Arrays& p, const Arrays& g) {
           Arrays worst = p;
           for (std::size_t k = 0; k < 2; ++k) {
             for (std::size_t i = 0; i < p[k].size(); ++i) worst[k][i] += 0.1 * g[k][i] / norm(g);
           }
           const Arrays there = gradient(worst);
           for (std::size_t k = 0; k < 2; ++k) {
             for (std::size_t i = 0; i < p[k].size(); ++i) p[k][i] -= rate * there[k][i];
           }
         };
       },
       0.05, 400, 0.05, false},
  };
}

std::vector<Row> of_arrays() {
  return {
      {"lamb", [](const Setting& r) { return optim::lamb({.rate = r, .decay = 0.1}); },
       arraywise<2>([](Numbers& p, const Numbers& g, std::array<Numbers, 2>& k, double t) {
         Numbers d = p;
         for (std::size_t i = 0; i < p.size(); ++i) {
           k[0][i] = 0.9 * k[0][i] + 0.1 * g[i];
           k[1][i] = 0.999 * k[1][i] + 0.001 * g[i] * g[i];
           d[i] = k[0][i] / (1.0 - pow(0.9, t)) / (sqrt(k[1][i] / (1.0 - pow(0.999, t))) + 1e-6) + 0.1 * p[i];
         }
         const double trust = norm(p) / norm(d);
         for (std::size_t i = 0; i < p.size(); ++i) p[i] -= rate * trust * d[i];
       }),
       0.05, 400, 0.3, false},
      {"lars", [](const Setting& r) { return optim::lars({.rate = r, .trust = 0.1}); },
       arraywise<1>([](Numbers& p, const Numbers& g, std::array<Numbers, 1>& k, double) {
         const double trust = 0.1 * norm(p) / (norm(g) + 1e-4 * norm(p));
         for (std::size_t i = 0; i < p.size(); ++i) {
           k[0][i] = 0.9 * k[0][i] + rate * trust * (g[i] + 1e-4 * p[i]);
         }
         for (std::size_t i = 0; i < p.size(); ++i) p[i] -= k[0][i];
       }),
       0.05, 400, 0.5, false},
      {"novograd", [](const Setting& r) { return optim::novograd({.rate = r, .decay = 0.01}); },
       arraywise<2>([](Numbers& p, const Numbers& g, std::array<Numbers, 2>& k, double t) {
         k[1][0] = t == 1.0 ? dot(g, g) : 0.98 * k[1][0] + 0.02 * dot(g, g);
         for (std::size_t i = 0; i < p.size(); ++i) {
           k[0][i] = 0.95 * k[0][i] + g[i] / (sqrt(k[1][0]) + 1e-8) + 0.01 * p[i];
           p[i] -= rate * k[0][i];
         }
       }),
       0.05, 400, 0.2, false},
      {"fromage", [](const Setting& r) { return optim::fromage(r); },
       arraywise<1>([](Numbers& p, const Numbers& g, std::array<Numbers, 1>&, double) {
         const double factor = rate * norm(p) / norm(g);
         for (std::size_t i = 0; i < p.size(); ++i) p[i] = (p[i] - factor * g[i]) / sqrt(1.0 + rate * rate);
       }),
       0.05, 400, 0.5, false},
      {"sm3", [](const Setting& r) { return optim::sm3({.rate = r}); },
       []() -> Reference {
         auto sums = std::make_shared<std::array<Numbers, 3>>();
         (*sums) = {Numbers(2), Numbers(3), Numbers(3)};
         auto mean = std::make_shared<Arrays>(like(first_arrays()));
         return [sums, mean](Arrays& p, const Arrays& g) {
           auto& [rows, columns, bias] = *sums;
           Numbers new_rows(2);
           Numbers new_columns(3);
           for (std::size_t i = 0; i < 6; ++i) {
             const double v = std::min(rows[i / 3], columns[i % 3]) + g[0][i] * g[0][i];
             new_rows[i / 3] = std::max(new_rows[i / 3], v);
             new_columns[i % 3] = std::max(new_columns[i % 3], v);
             (*mean)[0][i] = 0.9 * (*mean)[0][i] + 0.1 * g[0][i] / sqrt(v);
             p[0][i] -= rate * (*mean)[0][i];
           }
           rows = new_rows;
           columns = new_columns;
           for (std::size_t i = 0; i < 3; ++i) {
             bias[i] += g[1][i] * g[1][i];
             (*mean)[1][i] = 0.9 * (*mean)[1][i] + 0.1 * g[1][i] / sqrt(bias[i]);
             p[1][i] -= rate * (*mean)[1][i];
           }
         };
       }},
      {"adafactor", [](const Setting& r) { return optim::adafactor({.rate = r, .least_axis = 2, .momentum = 0.5}); },
       []() -> Reference {
         struct Kept {
           Numbers rows = Numbers(2), columns = Numbers(3), nu = Numbers(3);
           Arrays mu = like(first_arrays());
           double t = 0.0;
         };
         auto kept = std::make_shared<Kept>();
         return [kept](Arrays& p, const Arrays& g) {
           Kept& s = *kept;
           s.t += 1.0;
           const double decay = 1.0 - pow(s.t, -0.8);
           Arrays d = g;
           Numbers rows(2);
           Numbers columns(3);
           for (std::size_t i = 0; i < 6; ++i) {
             rows[i / 3] += (g[0][i] * g[0][i] + 1e-30) / 3.0;
             columns[i % 3] += (g[0][i] * g[0][i] + 1e-30) / 2.0;
           }
           for (std::size_t i = 0; i < 2; ++i) s.rows[i] = decay * s.rows[i] + (1.0 - decay) * rows[i];
           for (std::size_t i = 0; i < 3; ++i) s.columns[i] = decay * s.columns[i] + (1.0 - decay) * columns[i];
           for (std::size_t i = 0; i < 3; ++i) s.nu[i] = decay * s.nu[i] + (1.0 - decay) * (g[1][i] * g[1][i] + 1e-30);
           for (std::size_t i = 0; i < 6; ++i) {
             d[0][i] /= sqrt(s.rows[i / 3] * s.columns[i % 3] / (0.5 * (s.rows[0] + s.rows[1])));
           }
           for (std::size_t i = 0; i < 3; ++i) d[1][i] /= sqrt(s.nu[i]);
           for (std::size_t k = 0; k < 2; ++k) {
             const double n = static_cast<double>(p[k].size());
             const double factor = rate * std::max(norm(p[k]) / sqrt(n), 1e-3) / std::max(norm(d[k]) / sqrt(n), 1.0);
             for (std::size_t i = 0; i < p[k].size(); ++i) {
               s.mu[k][i] = 0.5 * s.mu[k][i] + 0.5 * factor * d[k][i];
               p[k][i] -= s.mu[k][i];
             }
           }
         };
       },
       0.05, 400, 0.2, false},
  };
}

std::vector<Row> with_curvature() {
  return {
      {"sophia", [](const Setting& r) { return optim::sophia({.rate = r, .gamma = 0.5, .decay = 0.01}); },
       []() -> Reference {
         auto kept = std::make_shared<std::pair<Arrays, Arrays>>(like(first_arrays()), like(first_arrays()));
         return [kept](Arrays& p, const Arrays& g) {
           for (std::size_t k = 0; k < 2; ++k) {
             for (std::size_t i = 0; i < p[k].size(); ++i) {
               double& m = kept->first[k][i];
               double& h = kept->second[k][i];
               m = 0.96 * m + 0.04 * g[k][i];
               h = 0.99 * h + 0.01 * curvature(k, i);
               p[k][i] -= rate * (std::min(std::max(m / std::max(0.5 * h, 1e-12), -1.0), 1.0) + 0.01 * p[k][i]);
             }
           }
         };
       },
       0.05, 400, 0.1},
      {"adahessian", [](const Setting& r) { return optim::adahessian({.rate = r}); },
       []() -> Reference {
         auto kept = std::make_shared<std::pair<Arrays, double>>(like(first_arrays()), 0.0);
         return [kept](Arrays& p, const Arrays& g) {
           const double t = kept->second += 1.0;
           for (std::size_t k = 0; k < 2; ++k) {
             for (std::size_t i = 0; i < p[k].size(); ++i) {
               double& m = kept->first[k][i];
               m = 0.9 * m + 0.1 * g[k][i];
               p[k][i] -= rate * m / (1.0 - pow(0.9, t)) / (curvature(k, i) + 1e-4);
             }
           }
         };
       }},
  };
}

void check_all(const std::vector<Row>& rows) {
  for (const Row& row : rows) check(row);
}

}  // namespace

BOOST_AUTO_TEST_CASE(along_gradients) { check_all(descents()); }
BOOST_AUTO_TEST_CASE(of_whole_arrays) { check_all(of_arrays()); }
BOOST_AUTO_TEST_CASE(by_curvature) { check_all(with_curvature()); }

BOOST_AUTO_TEST_SUITE_END()
