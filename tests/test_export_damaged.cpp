// Files of programs that are damaged at random: each is refused, or what it has become runs.
//
//     XGRAD_HOSTILE_FILES=1000000   how many damaged files (24000)
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/io/program.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "hostile_files.hpp"
#include "io/program_state.hpp"
#include "primitives/traits.hpp"

BOOST_AUTO_TEST_SUITE(test_export_damaged)

using namespace hostile_files;
using comparing::wave;
using xg::DType;
using xg::Var;

namespace {

std::vector<std::string> files_to_damage() {
  const auto step = [](const Var& w, const Var& x) {
    return xg::grad([&](const Var& v) { return mean(square(tanh(matmul(x, v)) - 0.5)); })(w);
  };
  const auto loops = [](const Var& x) {
    const auto body = [&](const Var& h, const Var& each) { return std::pair{sin(h) * each + x, sum(h)}; };
    const auto [last, all] = xg::scan(body, x, x);
    const Var chosen = xg::cond(
        sum(last) > 0.0, [](const Var& y) { return y * y; }, [](const Var& y) { return exp(y); }, last);
    return xg::checkpoint([](const Var& y) { return sin(y); })(chosen) * sum(all);
  };
  const auto others = [](const Var& x) {
    static const xg::Requirement small("hostile: {} is too large");
    const auto [values, places] = xg::top_k(x, 2);
    const auto rule = xg::custom_vjp(
        [](const Var& y) {
          return std::pair{y * y, y};
        },
        [](const Var& y, const Var& dy) { return 2.0 * y * dy; });
    const Var y = xg::sort(xg::concatenate({values, rule(x), xg::cumsum(xg::roll(checked(x, x < 99.0, small), 1, 0))}));
    return sum(y * y) + xg::amax(take(x, places, 0)) + xg::prod(x) + sum(cast(xg::argmax(x), DType::Float64)) +
           xg::while_loop([](const Var& h) { return h < 10.0; }, [](const Var& h) { return h * 2.0; },
                          sum(x * x) + 1.0);
  };
  return {bytes_of(xg::io::export_program(step, wave({3, 2}), wave({4, 3}, 0.3))),
          bytes_of(xg::io::export_program(loops, wave({3}))), bytes_of(xg::io::export_program(others, wave({4}))),
          bytes_of(xg::io::export_program(
              [](const Var& x) {
                return cast(x, DType::Float32) * wave<float>({2, 2});
              },
              1.5))};
}

/// Whether running it takes little memory and comes to an end.
bool is_small(const xg::ir::Function& function) {
  const xg::ir::TapeState& program = function.program();
  std::size_t elements = 0;
  for (xg::ir::NodeId id = 0; id < program.size(); ++id) {
    const xg::ir::Opcode op = program.node(id).op;
    std::size_t size = 1;
    for (const std::size_t extent : program.shape(id))
      size = extent > 4096 ? 4097 : std::min<std::size_t>(size * extent, 4097);
    elements += size;
    if (size > 4096 || elements > 100000) return false;
    if (!xg::primitives::traits[op].has_payload) continue;
    if (op == xg::primitives::opcode<xg::primitives::While>) return false;
    const xg::ir::Payload& payload = *program.payload(id);
    if (payload.scan.length > 64) return false;
    if (payload.function && !is_small(*payload.function)) return false;
    for (const auto& branch : payload.branches) {
      if (!is_small(*branch)) return false;
    }
  }
  return true;
}

/// Runs and differentiates what has been loaded after all: it may give anything, or an error of ours.
void run_loaded(const Exported& program) {
  std::vector<Var> arguments;
  for (const xg::io::ProgramArray& each : program.inputs()) arguments.push_back(cast(wave(each.shape), each.dtype));
  (void)program(arguments);
  if (arguments.empty() || !is_floating(arguments[0].dtype())) return;
  const auto total = [&](const Var& x) {
    std::vector<Var> all = arguments;
    all[0] = x;
    Var result = 0.0;
    for (const Var& y : program(all)) result = result + sum(cast(y, DType::Float64));
    return result;
  };
  (void)xg::grad(total)(arguments[0]);
  (void)xg::vmap(total)(xg::stack({arguments[0], arguments[0]}));
}

std::uint64_t interesting(std::mt19937_64& bits) {
  constexpr std::array<std::uint64_t, 14> list{0,
                                               1,
                                               2,
                                               3,
                                               7,
                                               8,
                                               0x7F,
                                               0xFF,
                                               0x7FFFFFFF,
                                               0x80000000,
                                               0xFFFFFFFF,
                                               std::uint64_t{1} << 62U,
                                               std::uint64_t{1} << 63U,
                                               ~std::uint64_t{0}};
  return list[bits() % list.size()];
}

void damage(std::string& bytes, std::mt19937_64& bits) {
  const std::size_t at = bits() % bytes.size();
  const auto write = [&](std::uint64_t value, std::size_t width) {
    for (std::size_t k = 0; k < width && at + k < bytes.size(); ++k) bytes[at + k] = static_cast<char>(value >> 8 * k);
  };
  switch (bits() % 9) {
    case 6:
    case 7:
    case 8:
      return write(static_cast<unsigned char>(bytes[at]) + (bits() % 2 == 0 ? 1U : 0xFFU), 1);
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bits() % 8));
      return;
    case 1:
      return write(bits(), 1);
    case 2:
      return write(bits() % 12, 4);
    case 3:
      return write(interesting(bits), 4);
    case 4:
      return write(interesting(bits), 8);
    default:
      break;
  }
  const std::size_t from = bits() % bytes.size();  // a piece of it elsewhere
  bytes.replace(at, std::min<std::size_t>(bits() % 16, bytes.size() - at), bytes.substr(from, bits() % 16));
}

}  // namespace

BOOST_AUTO_TEST_CASE(damaged_files) {
  const char* setting = std::getenv("XGRAD_HOSTILE_FILES");
  const std::uint64_t count = setting == nullptr ? 24000 : std::strtoull(setting, nullptr, 10);
  const std::vector<std::string> files = files_to_damage();
  for (const std::string& file : files) (void)load_bytes(file);
  std::mt19937_64 bits(7);
  std::size_t refused = 0;
  std::size_t loaded = 0;
  std::size_t run = 0;
  for (std::uint64_t k = 0; k < count; ++k) {
    const std::string& good = files[bits() % files.size()];
    std::string bytes = good;
    const bool seals = bits() % 4 != 0;
    if (seals) {  // by somebody who knows of the check sums
      Halves halves(good);
      for (std::size_t n = bits() % 4 == 0 ? 3 : 1; n > 0; --n) damage(halves.description, bits);
      halves.description.resize((halves.description.size() + 7) / 8 * 8, '\0');
      bytes = sealed(halves.description, halves.arrays);
    } else if (bits() % 3 == 0) {
      bytes.resize(bits() % bytes.size());
    } else {
      damage(bytes, bits);
    }
    if (bytes == good) continue;
    try {
      const Exported program = load_bytes(bytes);
      BOOST_TEST(seals, "a damaged file was read");
      ++loaded;
      if (!is_small(*program.state().function)) continue;
      ++run;
      run_loaded(program);
    } catch (const xg::Error&) {
      ++refused;
    }
  }
  BOOST_TEST_MESSAGE(refused << " refused, " << loaded << " loaded, " << run << " run");
  BOOST_TEST(refused > count / 3);
  BOOST_TEST(run > count / 200);  // else nothing of this is tested
}

BOOST_AUTO_TEST_SUITE_END()
