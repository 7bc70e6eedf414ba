// Programs that are exported, saved and loaded: they compute and differentiate to the bits of what was recorded.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include <xgrad/io/program.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "exported_net.hpp"
#include "exported_programs.hpp"
#include "loops_programs.hpp"

BOOST_AUTO_TEST_SUITE(test_export)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using exported_programs::a_net;
using exported_programs::applied;
using exported_programs::ExportedNet;
using exported_programs::FileName;
using exported_programs::loss_of_net;
using exported_programs::reloaded;
using xg::DType;
using xg::Shape;
using xg::Var;
using xg::whole;
using xg::io::export_program;
using xg::io::Exported;
using xg::io::load_program;

namespace {

using Function = std::function<Var(const Var&)>;

Var weighed_sum(const Function& f, const Var& x) {
  const Var y = f(x);
  return sum(y * wave(y.shape(), 0.4));
}

/// Values, and derivatives of both modes and second order, have the bits of the original's.
void check_alike(const Function& f, const Function& loaded, const Var& x, bool reverse = true) {
  BOOST_TEST(same(loaded(x), f(x)));
  const Var v = wave(x.shape(), 0.9);
  BOOST_TEST(same(xg::jvp(loaded, x, v).tangent, xg::jvp(f, x, v).tangent));
  BOOST_TEST(same(xg::compile(loaded)(x), xg::compile(f)(x)));
  const Var batch = xg::stack({x, 0.7 * x, 0.5 * x});
  BOOST_TEST(near(xg::vmap(loaded)(batch), xg::vmap(f)(batch)));
  if (!reverse) return;
  const Function of_loaded = [&](const Var& at) { return weighed_sum(loaded, at); };
  const Function of_f = [&](const Var& at) { return weighed_sum(f, at); };
  BOOST_TEST(same(xg::grad(of_loaded)(x), xg::grad(of_f)(x)));
  BOOST_TEST(near(xg::hvp(of_loaded, x, v), xg::hvp(of_f, x, v)));
  // Forward against reverse, and both against differences.
  const Var slope = sum(xg::grad(of_loaded)(x) * v);
  BOOST_TEST(near(xg::jvp(of_loaded, x, v).tangent, slope, 1e-10));
  const double step = 1e-5;
  BOOST_TEST(near((of_loaded(x + step * v) - of_loaded(x - step * v)) / (2.0 * step), slope, 1e-6));
}

struct NamedFunction {
  const char* name;
  Function f;
  bool reverse = true;
};

/// e^x by a rule that uses the function itself: its derivatives have no end.
Var endless_exp(const Var& x) {
  return xg::custom_jvp([](const Var& y) { return exp(y); },
                        [](const Var& y, const Var& dy) { return endless_exp(y) * dy; })(x);
}

const std::vector<NamedFunction>& functions_in_files() {
  static const std::vector<NamedFunction> list{
      {"elementwise", [](const Var& x) { return sin(x) * exp(0.3 * x) + wave({4}, 1.0); }},
      {"the argument itself", [](const Var& x) { return x; }},
      {"while",
       [](const Var& x) {
         return xg::while_loop([](const Var& h) { return sum(h * h) < 100.0; },
                               [&](const Var& h) { return h * 1.7 + 0.1 * x; }, x);
       },
       false},
      {"while, bounded",
       [](const Var& x) {
         return xg::while_loop([](const Var& h) { return sum(h * h) < 100.0; },
                               [&](const Var& h) { return h * 1.7 + 0.1 * x; }, x, {.at_most = 12});
       }},
      {"cond",
       [](const Var& x) {
         return xg::cond(
             sum(x) > 0.1, [](const Var& y) { return sin(y) * y; }, [](const Var& y) { return exp(0.2 * y); }, x);
       }},
      {"switch",
       [](const Var& x) {
         const Var which = cast(sum(x * 0.0) + 2.0, DType::Int64);
         return xg::switch_(which,
                            std::tuple{[](const Var& y) { return y; }, [](const Var& y) { return -y; },
                                       [&](const Var& y) { return sin(y * sum(y)); }},
                            x);
       }},
      {"checkpoint",
       [](const Var& x) {
         const auto part = [](const Var& y) { return sin(keep(matmul(wave({4, 4}, 0.5), y))) * y; };
         return xg::checkpoint(part, xg::Keep::Marked)(x) + xg::checkpoint(part, xg::Keep::Products)(x);
       }},
      {"scan of scan",
       [](const Var& x) {
         const auto outer = [&](const Var& h, const Var& each) {
           const auto inner = [&](const Var& g, const Var& s) { return std::pair{sin(g) * s + 0.1 * x, sum(g)}; };
           const auto [last, sums] = xg::scan(inner, h * each, x);
           return std::pair{last, sum(sums)};
         };
         const auto [last, all] = xg::scan(outer, x, sin(x), {.reverse = true});
         return last * sum(all);
       }},
      {"custom derivatives", [](const Var& x) { return loops::softened(x) * loops::forward_sine(x); }},
      {"a rule without end", [](const Var& x) { return endless_exp(0.5 * x) * x; }},
      {"gradients inside",
       [](const Var& x) { return xg::grad([](const Var& y) { return sum(sin(y) * y * sum(y)); })(x); }},
      {"a batch of custom derivatives",
       [](const Var& x) { return sum(xg::vmap(loops::softened)(xg::outer(x, x)), 0); }},
      {"top_k, sort, labels, requirements",
       [](const Var& x) {
         static const xg::Requirement small("a test of programs: {} is not below {}");
         const auto [values, places] = xg::top_k(x, 3);
         const Var y = xg::debug::label(checked(x, x < 50.0, small, 50), "y");
         return xg::concatenate({values * take(y, places, 0), xg::sort(y) * 2.0});
       }},
  };
  return list;
}

Var point_of_four() { return xt::xarray<double>{0.9, -0.6, 0.35, -0.4}; }

}  // namespace

BOOST_AUTO_TEST_CASE(programs_do_what_was_recorded) {
  for (const NamedFunction& each : functions_in_files()) {
    BOOST_TEST_CONTEXT(each.name) {
      const Exported program = reloaded(export_program(each.f, point_of_four()));
      check_alike(each.f, program.as_function<Var>(), point_of_four(), each.reverse);
    }
  }
}

BOOST_AUTO_TEST_CASE(programs_with_loops) {
  const Var a = wave({3}, 0.3) * 0.3;
  const Var x = wave({4, 3}, 0.8) * 0.4;
  const Var w = wave({3, 3}, 1.4) * 0.3;
  const xg::io::HostFunction square_of([](const xg::Array<double>& y) -> xg::Array<double> { return y * y; });
  for (const auto* list : {&loops::plain_programs(), &loops::mixed_programs()}) {
    for (const loops::Twice& each : *list) {
      BOOST_TEST_CONTEXT(each.name) {
        const Exported program =
            reloaded(export_program(each.scanned, a, x, w), {.host_functions = {{"square", square_of}}});
        const loops::Program loaded = program.as_function<Var>();
        BOOST_TEST(same(loaded(a, x, w), each.scanned(a, x, w)));
        if (!each.smooth) continue;
        const auto total = [](const loops::Program& f) {
          return [&f](const Var& p, const Var& q, const Var& r) {
            const Var y = f(p, q, r);
            return sum(y * wave(y.shape(), 0.2));
          };
        };
        const auto found = xg::grad<0, 1, 2>(total(loaded))(a, x, w);
        const auto expected = xg::grad<0, 1, 2>(total(each.scanned))(a, x, w);
        BOOST_TEST(same(std::get<0>(found), std::get<0>(expected)));
        BOOST_TEST(same(std::get<1>(found), std::get<1>(expected)));
        BOOST_TEST(same(std::get<2>(found), std::get<2>(expected)));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(models) {
  const ExportedNet net = a_net();
  const Var x = wave({5, 3}, 0.7);
  const Var y = wave({5}, 0.8);
  const Exported program = reloaded(export_program(loss_of_net, net, x, y));
  std::vector<std::string> names;
  for (const xg::io::ProgramArray& each : program.inputs()) names.push_back(each.name);
  BOOST_TEST(names == (std::vector<std::string>{"0.hidden.weight", "0.hidden.bias", "0.out.weight", "0.out.bias",
                                                "0.seen", "1", "2"}),
             boost::test_tools::per_element());
  BOOST_TEST(program.inputs()[0].shape == (Shape{3, 4}));
  BOOST_TEST(program.inputs()[4].is_number);
  BOOST_TEST(!program.inputs()[5].is_number);
  BOOST_TEST(program.outputs().size() == 1U);
  BOOST_TEST(program.outputs()[0].name == "");
  BOOST_TEST(program.outputs()[0].shape.empty());
  const auto loaded = program.as_function<Var>();
  BOOST_TEST(same(program.call(net, x, y), loss_of_net(net, x, y)));
  const ExportedNet found = xg::grad(loaded)(net, x, y);
  const ExportedNet expected = xg::grad(loss_of_net)(net, x, y);
  for (std::size_t k = 0; k < 4; ++k) BOOST_TEST(same(xg::tree::leaves(found)[k], xg::tree::leaves(expected)[k]));
  // One gradient for each sample, of a program of one sample.
  const auto of_one = [](const ExportedNet& n, const Var& u, const Var& v) {
    return loss_of_net(n, reshape(u, {1, 3}), reshape(v, {1}));
  };
  const Exported single = reloaded(export_program(of_one, net, view(x, 0), view(y, 0)));
  const auto each = xg::vmap(xg::grad(single.as_function<Var>()), {.in = {whole, 0, 0}})(net, x, y);
  const auto wanted = xg::vmap(xg::grad(of_one), {.in = {whole, 0, 0}})(net, x, y);
  BOOST_TEST(same(each.hidden.weight, wanted.hidden.weight));
  // A training step as a program, with results that are a tree.
  const auto step = [](const ExportedNet& n, const Var& u, const Var& v) {
    const auto [loss, gradient] = xg::value_and_grad(loss_of_net)(n, u, v);
    return std::pair{xg::tree::map(n, gradient, [](const Var& p, const Var& g) { return p - 0.1 * g; }), loss};
  };
  const Exported training = reloaded(export_program(step, net, x, y));
  BOOST_TEST(training.outputs()[0].name == "0.hidden.weight");
  ExportedNet trained = net;
  ExportedNet trained_by_program = net;
  auto run = training.as_function<std::pair<ExportedNet, Var>>(std::pair{net, Var(0.0)});
  for (int k = 0; k < 3; ++k) {
    trained = step(trained, x, y).first;
    trained_by_program = run(trained_by_program, x, y).first;
  }
  BOOST_TEST(same(trained.out.weight, trained_by_program.out.weight));
  BOOST_TEST(trained_by_program.hidden.kind == 1);
}

BOOST_AUTO_TEST_CASE(all_element_types_and_shapes) {
  const Var truths = xt::xarray<bool>{true, false, true};
  const Var integers = xt::xarray<std::int64_t>{INT64_MIN, 0, INT64_MAX};
  const Var floats = xt::xarray<float>{1e-45F, -0.0F, std::numeric_limits<float>::infinity()};
  const Var doubles = xt::xarray<double>{5e-324, -0.0, std::numeric_limits<double>::quiet_NaN()};
  const auto f = [&](const std::vector<Var>& all, const Var& number) {
    std::vector<Var> results{where(all[0], all[1], integers),
                             all[2] + floats,
                             all[3] * doubles,
                             all[0] && truths,
                             all[2] * number,
                             number * 2.0 + 1.0,
                             Var(7),
                             Var(-0.0),
                             full_like(all[1], 3.0),
                             sum(all[4], 0),
                             all[5] * 2.0};
    return results;
  };
  const std::vector<Var> arguments{
      truths, integers, floats, doubles, Var(xg::Array<double>(Shape{0, 3})), Var(xg::Array<float>(Shape{}, 2.5F))};
  const Exported program = reloaded(export_program(f, arguments, 0.5));
  BOOST_TEST(program.inputs().back().is_number);
  BOOST_TEST(program.inputs()[5].dtype == DType::Float32);
  const std::vector<Var> found = program({truths, integers, floats, doubles, arguments[4], arguments[5], 0.5});
  const std::vector<Var> expected = f(arguments, 0.5);
  BOOST_REQUIRE(found.size() == expected.size());
  const Var one = xt::xarray<float>{1.0F};
  for (std::size_t k = 0; k < found.size(); ++k) {
    BOOST_TEST_CONTEXT("output " << k) {
      BOOST_TEST(same(found[k], expected[k]));
      BOOST_TEST(program.outputs()[k].dtype == expected[k].dtype());
      BOOST_TEST(program.outputs()[k].shape == expected[k].shape());
      if (expected[k].dimension() == 0) BOOST_TEST((found[k] * one).dtype() == (expected[k] * one).dtype());
    }
  }
  BOOST_TEST(std::signbit(found[7].item<double>()));
  // A number takes the type that is wanted, and an array of rank 0 may stand for one.
  BOOST_TEST(same(program({truths, integers, floats, doubles, arguments[4], 2, Var(xt::xarray<double>(0.5))})[10],
                  expected[10] * 0.8F));
}

BOOST_AUTO_TEST_CASE(no_arguments_and_no_results) {
  const Exported constant = reloaded(export_program([] { return Var(xt::xarray<double>{1.0, 2.0}) * 3.0; }));
  BOOST_TEST(same(constant.call(), Var(xt::xarray<double>{3.0, 6.0})));
  BOOST_TEST(same(xg::grad([&](const Var& x) { return sum(x * constant.call()); })(wave({2})), constant.call()));
  const Exported nothing = reloaded(export_program([](const Var&) { return std::vector<Var>(); }, 1.0));
  BOOST_TEST(nothing({2.0}).empty());
}

BOOST_AUTO_TEST_CASE(programs_in_programs_and_transforms) {
  const Var x = point_of_four();
  const Exported inner = reloaded(export_program([](const Var& y) { return loops::softened(y) * sum(y); }, x));
  const Function f = [&](const Var& y) { return inner.call(sin(y)) + y; };
  const Exported outer = reloaded(export_program(f, x));
  check_alike(f, outer.as_function<Var>(), x);
  const Function batched = [&](const Var& y) { return sum(xg::vmap(inner.as_function<Var>())(xg::outer(y, y)), 0); };
  check_alike(batched, reloaded(export_program(batched, x)).as_function<Var>(), x);
  const auto step = [&](const Var& h, const Var& each) { return std::pair{inner.call(h * each), sum(h)}; };
  const auto loop = [&](const Var& y) { return sum(xg::scan(step, y, sin(y)).second); };
  BOOST_TEST(xg::testing::check_gradients(loop, x));
  const auto branch = [&](const Var& y) {
    return sum(xg::checkpoint([&](const Var& z) {
      return xg::cond(
          sum(z) > 0.0, inner.as_function<Var>(), [](const Var& u) { return u; }, z);
    })(y));
  };
  BOOST_TEST(xg::testing::check_gradients(branch, x));
  // Several threads run one program.
  const Var expected = xg::grad([&](const Var& y) { return sum(outer.call(y)); })(x);
  std::vector<std::thread> threads;
  std::vector<Var> results(4);
  for (Var& result : results) {
    threads.emplace_back([&] { result = xg::grad([&](const Var& y) { return sum(outer.call(y)); })(x); });
  }
  for (std::thread& each : threads) each.join();
  for (const Var& result : results) BOOST_TEST(same(result, expected));
}

BOOST_AUTO_TEST_CASE(orders_of_custom_derivatives) {
  const Var x = 0.4;
  const auto derivative = [&](const Exported& program, int order) {
    Function f = program.as_function<Var>();
    for (int k = 0; k < order; ++k) f = xg::grad(f);
    return f(x);
  };
  for (const std::size_t orders : {0U, 1U, 2U, 4U}) {
    const Exported program = reloaded(export_program({.orders = orders}, endless_exp, x));
    for (int order = 0; order <= static_cast<int>(orders); ++order)
      BOOST_TEST(near(derivative(program, order), exp(x)));
    BOOST_TEST(throws<xg::TapeError>([&] { return derivative(program, static_cast<int>(orders) + 1); },
                                     {"custom_jvp", "ExportOptions::orders"}));
    const auto forward = [&](const Var& y) { return xg::jvp(program.as_function<Var>(), y, 1.0).tangent; };
    if (orders == 0) BOOST_TEST(throws<xg::TapeError>([&] { return forward(x); }, {"custom_jvp"}));
  }
  // What was exported once more has the orders that it had.
  const Exported again = reloaded(
      export_program({.orders = 9}, reloaded(export_program({.orders = 1}, endless_exp, x)).as_function<Var>(), x));
  BOOST_TEST(near(derivative(again, 1), exp(x)));
  BOOST_TEST(throws<xg::TapeError>([&] { return derivative(again, 2); }, {"orders"}));
  // Equal rules are one: each order adds the same. (Four at a time: the file is padded to words.)
  const auto size_with = [&](std::size_t orders) {
    const FileName file;
    export_program({.orders = orders}, endless_exp, x).save(file.path());
    return std::filesystem::file_size(file.path());
  };
  BOOST_TEST(size_with(16) - size_with(12) == size_with(12) - size_with(8));
}

BOOST_AUTO_TEST_CASE(requirements_and_labels_are_saved) {
  const xg::Requirement positive("a program in a file: {} is not positive, of {}");
  const auto f = [&](const Var& x) { return log(checked(x, x > 0.0, positive, 17)); };
  const Exported program = reloaded(export_program(f, 1.0));
  BOOST_TEST(
      throws<xg::ValueError>([&] { return program.call(-2.0); }, {"a program in a file: -2 is not positive, of 17"}));
  const auto labelled = [](const Var& x) { return xg::debug::label(log(x), "a label in a file") * 2.0; };
  const Var zero = xt::xarray<double>(0.0);
  const auto loaded = reloaded(export_program(labelled, zero)).as_function<Var>();
  BOOST_TEST(
      throws<xg::ValueError>([&] { return xg::debug::nan_guard(loaded)(zero); }, {"log", "'a label in a file'"}));
}

BOOST_AUTO_TEST_CASE(functions_of_the_host) {
  const auto triple = xg::host_call(
      "triple", [](const Shape& shape) { return shape; },
      [](const xg::Array<double>& x) -> xg::Array<double> { return 3.0 * x; });
  const auto norms = xg::host_call(
      "norms", {}, [](const xg::Array<double>& x) -> double { return xt::sum(x)(); }, xg::Batches::OneByOne);
  const auto f = [&](const Var& x) {
    return triple(x) + xg::vmap(norms)(xg::outer(x, x)) +
           xg::vmap([&](const Var& y) { return norms(triple(y)); })(xg::outer(x, x));
  };
  const Var x = point_of_four();
  const Exported program = export_program(f, x);
  BOOST_TEST(same(program.call(x), f(x)));
  BOOST_TEST(throws<xg::ValueError>([&] { return reloaded(program); }, {"'norms', 'triple'", "host_functions"}));
  const xg::io::HostFunction quadruple([](const xg::Array<double>& y) -> xg::Array<double> { return 4.0 * y; });
  const xg::io::HostFunction total([](const xg::Array<double>& y) -> double { return xt::sum(y)(); });
  const xg::io::HostFunction of_integers([](const xg::Array<std::int64_t>& y) -> xg::Array<double> { return 4.0 * y; });
  const xg::io::HostFunction of_two([](const xg::Array<double>& y, double) -> xg::Array<double> { return 4.0 * y; });
  const xg::io::HostFunction of_float([](const xg::Array<double>&) -> float { return 1.0F; });
  const Exported loaded = reloaded(program, {.host_functions = {{"triple", quadruple}, {"norms", total}}});
  BOOST_TEST(near(loaded.call(x), 4.0 * x + sum(xg::outer(x, x), 1) * 5.0));
  BOOST_TEST(near(xg::compile(loaded.as_function<Var>())(x), loaded.call(x)));
  const Var two = xg::stack({x, x});
  BOOST_TEST(near(view(xg::vmap(loaded.as_function<Var>())(two), 1), loaded.call(x)));
  for (const xg::io::HostFunction& other : {of_integers, of_two}) {
    BOOST_TEST(throws<xg::TypeError>(
        [&] {
          return reloaded(program, {.host_functions = {{"triple", other}, {"norms", total}}});
        },
        {"'triple'", "parameters"}));
  }
  BOOST_TEST(throws<xg::TypeError>(
      [&] {
        return reloaded(program, {.host_functions = {{"triple", quadruple}, {"norms", of_float}}});
      },
      {"'norms'", "results"}));
}

BOOST_AUTO_TEST_CASE(files_are_whole_or_not_there) {
  const FileName folder;
  std::filesystem::create_directory(folder.path());
  const std::filesystem::path file = folder.path() / "model.xgrad";
  const auto entries = [&] {
    return std::distance(std::filesystem::directory_iterator(folder.path()), std::filesystem::directory_iterator());
  };
  export_program([](const Var& x) { return x * 2.0; }, 1.0).save(file);
  export_program([](const Var& x) { return x * 3.0; }, 1.0).save(file);  // takes the place of the other one
  BOOST_TEST(entries() == 1);
  BOOST_TEST(load_program(file).call(1.0).item<double>() == 3.0);
  BOOST_TEST(throws<xg::IoError>(
      [&] {
        export_program([](const Var& x) { return x; }, 1.0).save(folder.path() / "none" / "model.xgrad");
        return 0;
      },
      {"save: cannot write", "none"}));
  std::filesystem::create_directory(folder.path() / "folder");
  BOOST_TEST(throws<xg::IoError>(
      [&] {
        export_program([](const Var& x) { return x; }, 1.0).save(folder.path() / "folder");
        return 0;
      },
      {"save: cannot write", "folder"}));
  BOOST_TEST(entries() == 2);  // and nothing beside it
  BOOST_TEST(
      throws<xg::IoError>([&] { return load_program(folder.path() / "none"); }, {"load_program", "open", "none"}));
  BOOST_TEST(throws<xg::IoError>([&] { return load_program(folder.path()); }, {"load_program", "open"}));
  std::filesystem::remove_all(folder.path() / "folder");
  std::filesystem::remove(file);
}

BOOST_AUTO_TEST_SUITE_END()
