// Fused and unfused execution of random programs give the same results.
//
// Unfused: each operation on concrete Vars, and each node of the recorded tape by itself. Fused: the recorded tape
// evaluated as a whole, values alone and together with gradients; of one program in eight also with its operations
// inside of transforms, nested to three: on a tape, compiled, and in forward mode. What "the same" means is worked out
// element by element in random_graphs/analysis.hpp.
//
//     XGRAD_RANDOM_GRAPHS=100000   how many programs (10000)
//     XGRAD_RANDOM_SEED=4711       seed of the first one (0)
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <set>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "comparing.hpp"
#include "exported_programs.hpp"
#include "random_graphs/check.hpp"
#include "var/record.hpp"

BOOST_AUTO_TEST_SUITE(test_random_graphs)

namespace {

using namespace random_graphs;

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string report(const Program& program, const std::string& why) {
  constexpr double seconds = 20.0;
  const Program small = shrunk(program, seconds);
  Statistics of_small;
  std::string text = "seed " + std::to_string(program.seed) + ": " + why + "\n" + to_text(program) +
                     "shrunk: " + check(small, of_small) + "\n" + to_text(small);
  for (const auto& [name, times] : of_small.transforms) text += "  " + name + ", " + std::to_string(times) + " times\n";
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(fused_as_unfused) {
  const std::uint64_t count = setting("XGRAD_RANDOM_GRAPHS", 10000);
  const std::uint64_t first = setting("XGRAD_RANDOM_SEED", 0);
  constexpr int most_failures = 3;  // each is shrunk, which takes its time
  Statistics statistics;
  int failures = 0;
  for (std::uint64_t seed = first; seed < first + count && failures < most_failures; ++seed) {
    const Program program = generate(seed);
    std::string why = check(program, statistics);
    if (!why.empty()) {
      ++failures;
      BOOST_ERROR(report(program, why));
      continue;
    }
    // The same structure with other numbers: what was remembered of the first must not leak into the second.
    if (seed % 4 != 0) continue;
    const Program other = with_other_numbers(program);
    why = check(other, statistics);
    if (why.empty()) continue;
    ++failures;
    BOOST_ERROR("with other numbers, " + report(other, why));
  }
  const auto compared = static_cast<double>(statistics.exact + statistics.close + statistics.loose);
  const auto nodes = std::accumulate(statistics.primitives.begin(), statistics.primitives.end(), std::size_t{0});
  std::cout << statistics.graphs << " graphs, " << nodes << " nodes; elements: " << statistics.exact << " exact, "
            << statistics.close << " close, " << statistics.loose << " loose, " << statistics.strange
            << " NaN or infinite, " << statistics.undecided << " undecided\n";
  for (const auto& [name, times] : statistics.transforms) std::cout << name << " " << times << ", ";
  std::cout << "operations in transforms\n";
  if (count < 1000 || failures > 0) return;  // too few to judge by
  BOOST_TEST(static_cast<double>(statistics.undecided) < 0.05 * compared);
  BOOST_TEST(static_cast<double>(statistics.loose) < 0.05 * compared);
  BOOST_TEST(static_cast<double>(statistics.strange) < 0.1 * compared);
  for (const std::string& name : names_of_transforms()) {
    BOOST_TEST_CONTEXT(name) { BOOST_TEST(statistics.transforms[name] >= count / 100); }
  }
  // Arrays of random programs have no columns that are long enough.
  const std::set<std::string_view> of_long_columns{
      "a matrix of columns times a column is a sum of columns times numbers",
      "a transposed matrix of columns times a column is sums of products"};
  for (std::size_t k = 0; k < statistics.rewrites.size(); ++k) {
    if (of_long_columns.contains(all_rewrites::rows()[k]->what)) continue;
    BOOST_TEST(statistics.rewrites[k] > 0U, "'" << all_rewrites::rows()[k]->what << "' was never applied");
  }
  // Functions are not in what is computed one by one, and factors that are orthogonal turn with roundings. What is
  // drawn with parameters needs parameters without rounding; tangents of factors come with second derivatives alone.
  using namespace xgrad::primitives;
  using xgrad::primitives::opcode;
  const std::set<std::size_t> left_out{opcode<Parameter>,
                                       opcode<Call>,
                                       opcode<HostCall>,
                                       opcode<Scan>,
                                       opcode<Switch>,
                                       opcode<While>,
                                       opcode<Qr>,
                                       opcode<Svd>,
                                       opcode<Eigh>,
                                       opcode<RandomSample>,
                                       opcode<GammaSlope>,
                                       opcode<TruncatedNormal>,
                                       opcode<SymmetricFunction>,
                                       opcode<CholeskyTangent>,
                                       opcode<AlikeExp>,
                                       opcode<QuantisedMatmul>};
  // What is special, of integers, or a kernel of its own comes seldom: it is one operation of many in the generator.
  const auto seldom = table_of_primitives<bool>([]<class P>(Type<P>) {
    return IsSpecial<P> || IsOfIntegers<P> || traits[opcode<P>].failure == Failure::Matrix ||
           traits[opcode<P>].computation == Computation::Kernel || std::is_same_v<P, CopySign>;
  });
  for (std::size_t op = 0; op < statistics.primitives.size(); ++op) {
    if (left_out.contains(op)) continue;
    BOOST_TEST_CONTEXT(xgrad::primitives::name_of(static_cast<xgrad::ir::Opcode>(op))) {
      BOOST_TEST(statistics.primitives[op] >= count / (seldom[op] ? 500 : 50));
    }
  }
}

/// Programs beyond the usual ones that once were wrong, or could not be made.
BOOST_AUTO_TEST_CASE(programs_that_once_failed) {
  Statistics statistics;
  for (const std::uint64_t seed : {28904U}) {  // a view of an array with as many axes as there can be
    const Program program = generate(seed);
    const std::string why = check(program, statistics);
    BOOST_TEST(why.empty(), report(program, why));
  }
}

/// Programs that went through a file give the bits of the compiled function.
BOOST_AUTO_TEST_CASE(through_a_file) {
  const std::uint64_t count = setting("XGRAD_RANDOM_GRAPHS", 10000) / 40;
  const std::uint64_t first = setting("XGRAD_RANDOM_SEED", 0);
  int failures = 0;
  for (std::uint64_t seed = first; seed < first + count && failures < 3; ++seed) {
    const Program program = generate(seed);
    std::vector<Var> inputs = make_inputs(program);
    std::vector<Var> leaves;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Instruction& each = program.instructions[i];
      if (!each.run && each.leaf) leaves.push_back(inputs[i]);
    }
    const auto outputs = [&](const std::vector<Var>& given) {
      std::size_t used = 0;
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        const Instruction& each = program.instructions[i];
        if (!each.run && each.leaf) inputs[i] = given[used++];
      }
      const std::vector<Var> values = run(program, inputs, nullptr);
      std::vector<Var> chosen;
      for (const std::size_t output : program.outputs) chosen.push_back(values[output]);
      return chosen;
    };
    try {
      const auto loaded = exported_programs::reloaded(xgrad::io::export_program(outputs, leaves));
      const std::vector<Var> found = loaded(leaves);
      const std::vector<Var> expected = xgrad::compile(outputs)(leaves);
      for (std::size_t k = 0; k < found.size(); ++k) {
        const auto alike = comparing::same(found[k], expected[k]);
        failures += alike ? 0 : 1;
        BOOST_TEST(alike, "seed " << seed << ", output " << k << ": " << alike.message());
      }
    } catch (const xgrad::Error& error) {
      ++failures;
      BOOST_ERROR("seed " << seed << ": " << error.what());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
