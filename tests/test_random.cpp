// Random numbers: the generator, keys, the same numbers in every way of computing them, errors.
#include <boost/test/unit_test.hpp>

#include <bit>
#include <cstring>
#include <set>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "backend/cpu/kernels/block/block.hpp"
#include "backend/cpu/kernels/random_words.hpp"
#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_random)

namespace xg = xgrad;
namespace kernels = xgrad::backend::cpu::kernels;
namespace random = xgrad::random;
using comparing::same;
using comparing::throws;
using random::Key;
using xg::DType;
using xg::Shape;
using xg::Var;

namespace {

// Not a function that is found by its arguments.
const Key key_of_test(20260101);

std::vector<std::int64_t> integers(const Var& x) {
  const xg::Array<std::int64_t>& array = x.array<std::int64_t>();
  return {array.data(), array.data() + array.size()};
}

}  // namespace

// ---- the generator

BOOST_AUTO_TEST_CASE(philox_gives_the_known_answers) {
  // kat_vectors of Random123 1.14, philox4x32 10.
  using Words = std::array<std::uint32_t, 4>;
  const auto check = [](std::uint64_t key, kernels::simd::philox::Counter counter, const Words& expected) {
    const Words words = kernels::simd::philox::block(key, counter);
    for (std::size_t k = 0; k < 4; ++k) BOOST_TEST(words[k] == expected[k], k);
  };
  check(0, {0, 0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  const std::uint64_t ones = ~std::uint64_t{0};
  check(ones, {ones, 0xffffffff, 0xffffffff}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  check(0x299f31d0a4093822, {0x85a308d3243f6a88, 0x13198a2e, 0x03707344},
        {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

BOOST_AUTO_TEST_CASE(words_are_those_of_the_generator) {
  const std::vector<std::int64_t> words = integers(random::bits(Key(-77), {32}));
  for (std::size_t i = 0; i < 16; ++i) {
    const auto block = kernels::simd::philox::block(static_cast<std::uint64_t>(-77), {i, 0, 0});
    const auto word = [&](std::size_t k) { return std::uint64_t{block[k + 1]} << 32U | block[k]; };
    BOOST_TEST(static_cast<std::uint64_t>(words[i]) == word(0));
    BOOST_TEST(static_cast<std::uint64_t>(words[16 + i]) == word(2));
  }
}

BOOST_AUTO_TEST_CASE(every_instruction_set_gives_the_same_bits) {
  constexpr std::size_t count = 5000;
  const kernels::BlockTable baseline = kernels::make_table(kernels::Isa::Baseline);
  for (const kernels::Isa isa : {kernels::Isa::Avx2, kernels::Isa::Avx512}) {
    if (isa > kernels::best_isa()) continue;
    const kernels::BlockTable table = kernels::make_table(isa);
    for (std::size_t d = 0; d < kernels::distribution_count; ++d) {
      for (std::size_t dtype = 0; dtype < xg::dtype_count; ++dtype) {
        BOOST_TEST((table.draw[d][dtype] == nullptr) == (baseline.draw[d][dtype] == nullptr));
        if (table.draw[d][dtype] == nullptr) continue;
        std::vector<std::uint64_t> found(count);
        std::vector<std::uint64_t> expected(count);
        for (std::uint64_t key = 0; key < 50; ++key) {
          table.draw[d][dtype]({key, 3, key << 40U, count, found.data()});
          baseline.draw[d][dtype]({key, 3, key << 40U, count, expected.data()});
          BOOST_TEST((found == expected), table.name << ", distribution " << d << ", element type " << dtype);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(numbers_do_not_depend_on_how_many_there_are) {
  const Var many = random::normal(key_of_test, {3000});
  for (const std::size_t n : {0U, 1U, 15U, 16U, 17U, 31U, 32U, 33U, 64U, 65U, 1000U}) {
    BOOST_TEST(same(random::normal(key_of_test, {n}), view(many, xt::range(0, n))));
  }
  BOOST_TEST(same(random::normal(key_of_test, {30, 100}), reshape(many, {30, 100})));
  BOOST_TEST(same(random::normal(key_of_test), view(many, 0)));
  const Var samples = random::poisson(key_of_test, 40.0, {50});
  BOOST_TEST(same(random::poisson(key_of_test, 40.0, {5, 2}), reshape(view(samples, xt::range(0, 10)), {5, 2})));
}

// ---- every way of computing them

namespace {

/// All functions that draw, of a key.
std::vector<Var> all_of(const Key& key) {
  const std::vector<Key> k = key.split(40);
  const Var p = xt::xarray<double>{0.1, 0.0, 0.6, 0.3};
  const Var factor = xt::xarray<double>{{1.0, 0.0}, {0.5, 2.0}};
  return {random::bits(k[0], {40}),
          random::uniform(k[1], {3, 50}),
          random::uniform(k[2], {130}, DType::Float32),
          random::normal(k[3], {3, 50}),
          random::normal(k[4], {130}, DType::Float32),
          random::exponential(k[5], {70}),
          random::laplace(k[6], {70}),
          random::cauchy(k[7], {70}, DType::Float32),
          random::gumbel(k[8], {70}),
          random::logistic(k[9], {70}),
          random::uniform(k[10], -1.0, p),
          random::normal(k[11], p, 2.0),
          random::truncated_normal(k[12], xt::xarray<double>{-1.0, 5.0, -50.0}, xt::xarray<double>{1.0, 6.0, -40.0}),
          random::gamma(k[13], xt::xarray<double>{1e-3, 0.7, 5.0, 1e9}),
          random::loggamma(k[14], 1e-4, {6}),
          random::beta(k[15], 0.3, 2.0, {9}),
          random::dirichlet(k[16], xt::xarray<double>{0.1, 1.0, 2.0}, {5}),
          random::chisquare(k[17], 3.0, {6}),
          random::student_t(k[18], xt::xarray<float>{3.0F, 4.0F}),
          random::multivariate_normal(k[19], xt::xarray<double>{1.0, 2.0}, factor, {4}),
          random::sphere(k[20], 3, {7}),
          random::bernoulli(k[21], p),
          random::rademacher(k[22], {30}),
          random::randint(k[23], -5, 6, {30}),
          random::poisson(k[24], xt::xarray<double>{0.0, 3.0, 100.0, 1e12}),
          random::binomial(k[25], 1000, p),
          random::categorical(k[26], xt::xarray<double>{-2.3, -INFINITY, -0.5, -1.2}, 0, {20}),
          random::permutation(k[27], 20),
          random::permutation(k[28], factor, 1),
          random::choice(k[29], 5, {3, 4}),
          random::choice(k[30], 5, {4}, {.replace = false}),
          random::choice(k[31], 4, {15}, {.p = p}),
          random::choice(k[32], 4, {3}, {.replace = false, .p = p}),
          random::choice(k[33], factor, {3}, {}, 1)};
}

}  // namespace

BOOST_AUTO_TEST_CASE(recorded_compiled_and_batched_numbers_are_the_same) {
  const std::vector<Var> at_once = all_of(key_of_test);
  const auto compiled = xg::compile(all_of);
  const std::vector<Var> replayed = compiled(key_of_test);
  const Key keys = Key::from_bits(xt::xarray<std::int64_t>{5, 20260101, -1});
  const std::vector<Var> batch = xg::vmap(all_of)(keys);
  const std::vector<Var> compiled_batch = xg::compile(xg::vmap(all_of))(keys);
  xg::Tape tape;
  const std::vector<Var> recorded = all_of(Key::from_bits(tape.leaf(key_of_test.bits)));
  BOOST_TEST_REQUIRE(batch.size() == at_once.size());
  for (std::size_t i = 0; i < at_once.size(); ++i) {
    BOOST_TEST_CONTEXT("number " << i) {
      BOOST_TEST(same(replayed[i], at_once[i]));
      BOOST_TEST(same(recorded[i], at_once[i]));
      BOOST_TEST(same(view(batch[i], 1), at_once[i]));
      BOOST_TEST(same(view(compiled_batch[i], 1), at_once[i]));
      if (at_once[i].size() > 4) BOOST_TEST(!same(view(batch[i], 0), at_once[i]));
    }
  }
}

BOOST_AUTO_TEST_CASE(orthogonal_matrices_are_the_same_too) {
  const auto draw = [](const Key& key) { return random::orthogonal(key, 3, {2}); };
  const Var at_once = draw(key_of_test);
  BOOST_TEST(same(xg::compile(draw)(key_of_test), at_once));
  const Key keys = Key::from_bits(xt::xarray<std::int64_t>{5, 20260101});
  BOOST_TEST(same(view(xg::vmap(draw)(keys), 1), at_once));
  BOOST_TEST(comparing::near(matmul(at_once, swapaxes(at_once, -1, -2)), xg::broadcast_to(xg::identity(3), {2, 3, 3})));
}

/// Of all bits, by G. Fowler, L. C. Noll and K.-P. Vo.
std::uint64_t digest_of(const std::vector<Var>& all) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const Var& x : all) {
    for (const double each : comparing::doubles(x)) {
      hash ^= std::bit_cast<std::uint64_t>(each);
      hash *= 0x100000001b3;
    }
  }
  return hash;
}

BOOST_AUTO_TEST_CASE(numbers_stay_what_they_are) {
  // With any instruction set, of which ctest tries several, in any build, and in every version: who changes a stream
  // says so in the changelog.
  std::vector<Var> all = all_of(key_of_test);
  all.erase(all.begin() + 19);  // what BLAS has computed
  BOOST_TEST(digest_of(all) == 1778252085860092843U);
}

BOOST_AUTO_TEST_CASE(any_number_of_threads_gives_the_same_numbers) {
  const auto draw = [](const Key& key) {
    return std::vector<Var>{random::normal(key, {200000}), random::uniform(key.split_array(3), {70000}, DType::Float32),
                            random::gamma(key, 0.4, {5000}),
                            random::truncated_normal(key, -1.0, xg::broadcast_to(2.0, {3000}))};
  };
  const std::vector<Var> one = draw(key_of_test);
  xg::set_threads(3);
  const std::vector<Var> three = draw(key_of_test);
  xg::set_threads(1);
  for (std::size_t i = 0; i < one.size(); ++i) BOOST_TEST(same(three[i], one[i]), i);
}

BOOST_AUTO_TEST_CASE(a_loop_carries_a_key) {
  const auto step = [](const Key& key, const Var& x) {
    const auto [next, now] = key.split<2>();
    const Var y = x + random::normal(now);
    return std::pair{next, y};
  };
  const auto [last, walked] = xg::scan(step, key_of_test, Var(xt::xarray<double>{0.0, 10.0, 20.0}));
  Key key = key_of_test;
  for (std::ptrdiff_t i = 0; i < 3; ++i) {
    const auto [next, y] = step(key, 10.0 * static_cast<double>(i));
    BOOST_TEST(view(walked, i).item<double>() == y.item<double>());
    key = next;
  }
  BOOST_TEST(same(last.bits, key.bits));
}

BOOST_AUTO_TEST_CASE(a_key_is_a_state_of_a_tree) {
  struct Model {
    Var scale;
    Key key;
    XGRAD_MEMBER_FIELDS(Model, scale, key)
  };
  const Model model{2.0, Key(3)};
  BOOST_TEST(xg::tree::leaves(model).size() == 1U);
  BOOST_TEST(xg::tree::arrays(model).size() == 2U);
  const auto loss = [](const Model& m) { return sum(m.scale * random::normal(m.key, {4})); };
  const Model slope = xg::grad(loss)(model);
  BOOST_TEST(slope.scale.item<double>() == sum(random::normal(Key(3), {4})).item<double>());
  BOOST_TEST(same(slope.key.bits, model.key.bits));
}

// ---- keys

BOOST_AUTO_TEST_CASE(keys_are_split_and_folded) {
  const Key key(42);
  const std::vector<Key> five = key.split(5);
  const auto [first, second] = key.split<2>();
  BOOST_TEST(same(first.bits, five[0].bits));
  BOOST_TEST(same(second.bits, five[1].bits));
  BOOST_TEST(same(key.split_array(5).bits,
                  stack(std::vector<Var>{five[0].bits, five[1].bits, five[2].bits, five[3].bits, five[4].bits})));
  BOOST_TEST(key.split(0).empty());
  std::set<std::int64_t> all{42};
  for (const Key& each : key.split(1000)) BOOST_TEST(all.insert(each.bits.item<std::int64_t>()).second);
  for (std::int64_t i = -500; i < 500; ++i) BOOST_TEST(all.insert(key.fold_in(i).bits.item<std::int64_t>()).second);
  const Key folded = key.fold_in(xt::xarray<int>{7, 8, 9});
  BOOST_TEST(view(folded.bits, 1).item<std::int64_t>() == key.fold_in(8).bits.item<std::int64_t>());
  BOOST_TEST(!same(Key::from_system().bits, Key::from_system().bits));
  BOOST_TEST(Key(std::uint64_t{0xffffffffffffffff}).bits.item<std::int64_t>() == -1);
}

BOOST_AUTO_TEST_CASE(keys_that_are_used_twice_are_found) {
  const Key key(1);
  (void)random::normal(key);
  (void)random::normal(key);  // nobody looks
  {
    const random::KeyCheck check;
    const int line = __LINE__;
    (void)random::normal(key, {3});
    const auto again = [&] { return random::uniform(key); };
    const auto place = [&](int after) { return "test_random.cpp:" + std::to_string(line + after); };
    BOOST_TEST(throws<xg::ValueError>(again, {"used twice", place(1) + " and", place(2) + ";", "split"}));
    BOOST_TEST(throws<xg::ValueError>([&] { return key.split(2); }, {"used twice"}));
    const auto two = Key(2).split<2>();
    const Key& a = std::get<0>(two);
    const Key& b = std::get<1>(two);
    (void)random::normal(a);
    (void)random::normal(b);
    BOOST_TEST(throws<xg::ValueError>([&] { return random::gamma(a, 1.0); }, {"used twice"}));
    (void)key.fold_in(1);
    (void)key.fold_in(2);
    // Recorded ones, by their nodes.
    const auto f = [](const Key& k) { return random::normal(k) + random::uniform(k); };
    BOOST_TEST(throws<xg::ValueError>([&] { return xg::compile(f)(Key(5)); }, {"used twice"}));
    const auto g = [](const Key& k) {
      const auto [c, d] = k.split<2>();
      return random::normal(c) + random::uniform(d);
    };
    (void)xg::compile(g)(Key(6));
    {
      const random::KeyCheck inner;
      (void)random::normal(key);
    }
    BOOST_TEST(throws<xg::ValueError>([&] { return random::uniform(key); }, {"used twice"}));
  }
  (void)random::normal(key);
}

// ---- errors

BOOST_AUTO_TEST_CASE(bad_arguments_are_refused) {
  const Key key(1);
  const auto refuses_values = [](auto f, std::initializer_list<std::string_view> parts) {
    return throws<xg::ValueError>(f, parts);
  };
  BOOST_TEST(throws<xg::TypeError>([&] { return random::normal(key, {2}, DType::Int64); }, {"normal", "int64"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return Key::from_bits(1.5); }, {"from_bits", "float64"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return key.fold_in(1.5); }, {"fold_in", "float64"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return random::randint(key, 0.0, 5); }, {"randint", "float64"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return random::normal(Key()); }, {"normal"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return random::gamma(Key(), 1.0); }, {"gamma"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return random::gamma(key, Var()); }, {"gamma"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return Key().split(2); }, {"split"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return random::normal(key, {-1}); }));
  BOOST_TEST(throws<xg::ShapeError>([&] { return random::sphere(key, 2, Shape(8, 1)); }, {"sphere"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return key.split_array(3).split(2); }, {"split", "[3]"}));
  const Var three = xt::xarray<double>{1.0, 2.0, 3.0};
  BOOST_TEST(throws<xg::ShapeError>([&] { return random::gamma(key, three, {2}); }, {"gamma", "[3]", "[2]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return random::beta(key, three, xt::xarray<double>{1.0, 2.0}); }, {"beta"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return random::dirichlet(key, 1.0); }, {"dirichlet"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return random::multivariate_normal(key, three, xt::ones<double>({2, 2}));
      },
      {"multivariate_normal", "[3]", "[2, 2]"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return random::multivariate_normal(key, three, random::Covariance(xt::ones<double>({2, 2})));
      },
      {"multivariate_normal", "[3]", "covariance", "[2, 2]"}));
  BOOST_TEST(throws<xg::MatrixError>(
      [&] {
        return random::multivariate_normal(key, three, random::Covariance(xt::ones<double>({3, 3})));
      },
      {"cholesky"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return random::orthogonal(key, 2, Shape(7, 1)); }, {"orthogonal"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return random::orthogonal(key, 2, {}, DType::Int64); }, {"orthogonal"}));
  BOOST_TEST(
      throws<xg::ShapeError>([&] { return random::permutation(key.split_array(2), three); }, {"permutation", "[2]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return random::choice(key, 4, {2}, {.p = three}); }, {"choice", "[3]", "4"}));
  BOOST_TEST(refuses_values([&] { return random::gamma(key, -1.0); }, {"gamma", "-1"}));
  BOOST_TEST(refuses_values([&] { return random::gamma(key, NAN); }, {"gamma", "nan"}));
  BOOST_TEST(refuses_values([&] { return random::beta(key, 1.0, 0.0); }, {"beta", "0"}));
  BOOST_TEST(refuses_values([&] { return random::dirichlet(key, -three); }, {"gamma", "-1"}));
  BOOST_TEST(refuses_values([&] { return random::poisson(key, -0.5); }, {"poisson", "-0.5"}));
  BOOST_TEST(refuses_values([&] { return random::poisson(key, INFINITY); }, {"poisson", "inf"}));
  BOOST_TEST(refuses_values([&] { return random::binomial(key, -1, 0.5); }, {"binomial", "-1"}));
  BOOST_TEST(refuses_values([&] { return random::binomial(key, 3, 1.5); }, {"binomial", "1.5"}));
  BOOST_TEST(refuses_values([&] { return random::bernoulli(key, 1.01); }, {"bernoulli", "1.01"}));
  BOOST_TEST(refuses_values([&] { return random::randint(key, 3, 3); }, {"randint", "3"}));
  BOOST_TEST(refuses_values([&] { return random::uniform(key, 0.0, INFINITY); }, {"uniform", "inf"}));
  BOOST_TEST(refuses_values([&] { return random::normal(key, 0.0, -1.0); }, {"normal", "-1"}));
  BOOST_TEST(refuses_values([&] { return random::truncated_normal(key, 1.0, 1.0); }, {"truncated_normal", "1"}));
  BOOST_TEST(refuses_values([&] { return random::student_t(key, 0.0); }, {"chisquare", "0"}));
  BOOST_TEST(refuses_values(
      [&] {
        return random::categorical(key, xt::xarray<double>{0.0, INFINITY});
      },
      {"categorical"}));
  BOOST_TEST(refuses_values([&] { return random::categorical(key, xt::xarray<double>{0.0, NAN}); }, {"categorical"}));
  BOOST_TEST(refuses_values([&] { return random::categorical(key, xt::zeros<double>({2, 0})); }, {"categorical"}));
  BOOST_TEST(refuses_values([&] { return random::sphere(key, 0); }, {"sphere", "0"}));
  BOOST_TEST(name(random::orthogonal(key, 2, {}, xg::DType::Float32).dtype()) == "float32");
  BOOST_TEST(refuses_values([&] { return random::permutation(key, -3); }, {"permutation", "-3"}));
  BOOST_TEST(refuses_values([&] { return random::choice(key, -3, {2}); }, {"choice", "-3"}));
  BOOST_TEST(refuses_values([&] { return random::choice(key, 0, {2}); }, {"choice", "2 of 0"}));
  BOOST_TEST(refuses_values([&] { return random::choice(key, 3, {2, 2}, {.replace = false}); }, {"choice", "4 of 3"}));
  const auto with_p = [&](const Var& p, bool replace) {
    return [&key, p, replace] { return random::choice(key, 3, {2}, {.replace = replace, .p = p}); };
  };
  BOOST_TEST(refuses_values(with_p(xt::xarray<double>{0.5, 0.4, 0.2}, true), {"choice", "add up to 1.1"}));
  BOOST_TEST(refuses_values(with_p(xt::xarray<double>{0.5, 0.7, -0.2}, true), {"choice", "-0.2"}));
  BOOST_TEST(refuses_values(with_p(xt::xarray<double>{0.0, 1.0, 0.0}, false), {"choice", "positive", "2"}));
  // In compiled functions, when values are computed.
  const auto f = xg::compile([](const Key& k, const Var& alpha) { return random::gamma(k, alpha); });
  BOOST_TEST(refuses_values([&] { return f(key, Var(-2.0)); }, {"gamma", "-2"}));
}

BOOST_AUTO_TEST_CASE(there_may_be_no_numbers) {
  const Key key(1);
  const Var none = xt::zeros<double>({0});
  BOOST_TEST(random::normal(key, {2, 0}).shape() == (Shape{2, 0}));
  BOOST_TEST(random::gamma(key, none).shape() == (Shape{0}));
  BOOST_TEST(random::dirichlet(key, none).shape() == (Shape{0}));
  BOOST_TEST(random::dirichlet(key, xt::ones<double>({3}), {0}).shape() == (Shape{0, 3}));
  BOOST_TEST(random::multivariate_normal(key, none, xt::zeros<double>({0, 0})).shape() == (Shape{0}));
  BOOST_TEST(random::orthogonal(key, 0, {2}).shape() == (Shape{2, 0, 0}));
  BOOST_TEST(random::orthogonal(key.split_array(2), 3, {4}, DType::Float32).shape() == (Shape{2, 4, 3, 3}));
  BOOST_TEST(random::permutation(key, 0).shape() == (Shape{0}));
  BOOST_TEST(random::choice(key, 0, {0}).shape() == (Shape{0}));
  BOOST_TEST(random::choice(key, 3, {0}, {.replace = false}).shape() == (Shape{0}));
  BOOST_TEST(random::normal(key.split_array(0), {3}).shape() == (Shape{0, 3}));
  BOOST_TEST(random::poisson(key, none).dtype() == DType::Int64);
  BOOST_TEST(random::categorical(key, xt::zeros<double>({0, 3})).shape() == (Shape{0}));
}

BOOST_AUTO_TEST_CASE(checks_of_keys_end_in_any_order) {
  auto first = std::make_unique<random::KeyCheck>();
  auto second = std::make_unique<random::KeyCheck>();
  first.reset();
  const Key key(11);
  (void)random::uniform(key);
  BOOST_TEST(throws<xg::ValueError>([&] { return random::uniform(key); }, {"used twice"}));
  second.reset();
  (void)random::uniform(key);
}

BOOST_AUTO_TEST_CASE(normal_numbers_far_outside) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double end : {1e16, 1e99, 1.1e100, 1e149, 1e150, 1e155, 1e300}) {
    BOOST_TEST(random::truncated_normal(key_of_test, -infinity, -end).item<double>() == -end);
    BOOST_TEST(random::truncated_normal(key_of_test, end, infinity).item<double>() == end);
  }
}

BOOST_AUTO_TEST_CASE(uniform_numbers_between_ends_too_far_apart) {
  BOOST_TEST(
      throws<xg::ValueError>([] { return random::uniform(key_of_test, -1.5e308, 1.5e308); }, {"uniform: ", "apart"}));
  BOOST_TEST(
      throws<xg::ValueError>([] { return random::uniform(key_of_test, 0.0, std::numeric_limits<double>::infinity()); },
                             {"uniform: ", "finite"}));
}

BOOST_AUTO_TEST_CASE(distributions_name_themselves_beside_vars_of_two_tapes) {
  xg::Tape one;
  xg::Tape two;
  const Var mean = one.leaf(xt::xarray<double>{0.5, 0.5});
  const Var other = two.leaf(xt::xarray<double>{{1.0, 0.0}, {0.5, 1.0}});
  const auto refused = [](std::string_view name, const auto& f) {
    return throws<xg::TapeError>(f, {name, "two tapes"});
  };
  BOOST_TEST(refused("multivariate_normal: ", [&] { return random::multivariate_normal(key_of_test, mean, other); }));
  BOOST_TEST(refused("normal: ", [&] { return random::normal(key_of_test, mean, other); }));
  BOOST_TEST(refused("uniform: ", [&] { return random::uniform(key_of_test, mean, other); }));
  BOOST_TEST(refused("beta: ", [&] { return random::beta(key_of_test, mean, other); }));
  BOOST_TEST(refused("truncated_normal: ", [&] { return random::truncated_normal(key_of_test, mean, other); }));
}

BOOST_AUTO_TEST_SUITE_END()
