#include "check.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>

#if __has_include(<xgrad/threads.hpp>)
#include <xgrad/threads.hpp>
#define XGRAD_HAS_THREADS 1
#endif

#include <xgrad/core/errors.hpp>
#include <xgrad/xgrad.hpp>

#include "derivatives/sweep.hpp"
#include "recorded.hpp"
#include "var/access.hpp"

namespace random_graphs {
namespace {

using xgrad::Tape;
using xgrad::VarAccess;
using xgrad::ir::NodeId;
using xgrad::ir::TapeState;

/// Of larger numbers too much may cancel.
constexpr double largest_compared = 1e4;

std::vector<double> doubles(const Var& x) {
  const Var wide = cast(x, DType::Float64);
  const xgrad::Array<double>& array = wide.array<double>();
  return {array.data(), array.data() + array.size()};
}

const void* bytes(const Var& x) {
  switch (x.dtype()) {
    case DType::Bool:
      return x.array<bool>().data();
    case DType::Int64:
      return x.array<std::int64_t>().data();
    case DType::Float32:
      return x.array<float>().data();
    case DType::Float64:
      break;
  }
  return x.array<double>().data();
}

bool same_bits(const Var& a, const Var& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  return a.size() == 0 || std::memcmp(bytes(a), bytes(b), a.size() * size_of(a.dtype())) == 0;
}

/// What the values must be, and how near.
struct Expected {
  std::vector<Var> values;
  std::vector<Bounds> bounds;
  double largest = 0.0;  // magnitude of what was computed on the way
  bool counted = true;   // in the statistics of how near values had to be
};

class Check {
 public:
  Check(const Program& program, Statistics& statistics)
      : program_(program), statistics_(statistics), inputs_(make_inputs(program)) {}

  std::string operator()() {
    if (const std::string why = one_by_one(); !why.empty()) return why;
    const std::size_t count = program_.outputs.size();
    std::string why = compare("unfused, on concrete Vars", concrete(), 0);
    if (why.empty()) why = compare("values alone", fused(false), 0);
    if (!why.empty()) return why;
    const std::vector<std::uint64_t> before = all_rewrites::applied();
    const std::vector<Var> first = fused(true);
    const std::vector<std::uint64_t> after = all_rewrites::applied();
    for (std::size_t k = 0; k < after.size(); ++k) statistics_.rewrites[k] += after[k] - before[k];
    why = compare("values and gradients together", first, 0);
    if (why.empty()) why = repeated(first);
    if (why.empty() && program_.seed % 4 == 0) why = in_two_parts();
    if (why.empty() && program_.seed % 4 == 1) why = compare("gradients alone", gradients_alone(), count);
    if (why.empty() && program_.seed % 4 == 2) why = batched();
    if (why.empty() && program_.seed % 8 == 3) why = with_calls();
    if (why.empty() && program_.seed % 8 == 7) why = with_transforms();
    if (why.empty() && program_.seed % 8 == 5) why = transformed();
    return why;
  }

 private:
  /// Each node of the tape by itself: the reference.
  std::string one_by_one() {
    Recorded recorded;
    record(recorded, program_, inputs_, true);
    return one_by_one(recorded.tape, recorded.all(), expected_);
  }

  std::string one_by_one(Tape& tape, const std::vector<Var>& all, Expected& expected) {
    std::vector<NodeId> wanted;
    TapeState* state = nullptr;
    for (const Var& each : all) {
      if (!each.recorded()) continue;
      wanted.push_back(VarAccess::node(each));
      state = &VarAccess::tape(each);
    }
    if (state == nullptr) {
      expected = {all, std::vector<Bounds>(all.size())};
      return {};
    }
    const Analysis analysis(*state, wanted);
    for (std::size_t op = 0; op < analysis.counts().size(); ++op) statistics_.primitives[op] += analysis.counts()[op];
    expected.largest = analysis.largest_magnitude();
    for (const Var& each : all) {
      expected.bounds.push_back(each.recorded() ? analysis.bounds(VarAccess::node(each)) : Bounds());
      expected.values.push_back(each.recorded() ? tape.evaluate({each})[0] : each);
    }
    return analysis.complaint();
  }

  std::vector<Var> concrete() {
    const std::vector<Var> values = run(program_, inputs_, nullptr);
    std::vector<Var> outputs;
    for (const std::size_t output : program_.outputs) outputs.push_back(values[output]);
    return outputs;
  }

  std::vector<Var> fused(bool with_gradients) {
    Recorded recorded;
    record(recorded, program_, inputs_, with_gradients);
    return recorded.tape.evaluate(recorded.all());
  }

  std::vector<Var> gradients_alone() {
    Recorded recorded;
    record(recorded, program_, inputs_, true);
    return recorded.tape.evaluate(recorded.gradients);
  }

  /// The same bits every time, on any number of threads.
  std::string repeated(const std::vector<Var>& first) {
    const auto again = [&](const std::string& how) -> std::string {
      const std::vector<Var> second = fused(true);
      for (std::size_t k = 0; k < first.size(); ++k) {
        if (!same_bits(first[k], second[k])) return "result " + std::to_string(k) + " has other bits " + how;
      }
      return {};
    };
    std::string why = again("when run again");
#ifdef XGRAD_HAS_THREADS
    const bool some_large = std::any_of(program_.instructions.begin(), program_.instructions.end(),
                                        [](const Instruction& each) { return size_of(each.shape) > 5000; });
    if (some_large || program_.seed % 16 == 0) {
      const int before = xgrad::threads();
      for (const int count : {2, 7}) {
        if (!why.empty()) break;
        xgrad::set_threads(count);
        why = again("on " + std::to_string(count) + " threads");
      }
      xgrad::set_threads(before);
    }
#endif
    return why;
  }

  /// Some outputs first: the plan of the others finds values that are known.
  std::string in_two_parts() {
    Recorded recorded;
    record(recorded, program_, inputs_, true);
    std::vector<Var> results = recorded.tape.evaluate({recorded.outputs[0]});
    const std::vector<Var> all = recorded.all();
    const std::vector<Var> rest = recorded.tape.evaluate(std::span(all).subspan(1));
    results.insert(results.end(), rest.begin(), rest.end());
    return compare("first one value, then the others", results, 0);
  }

  /// Some operations as functions that are called.
  std::string with_calls() {
    Recorded recorded;
    record(recorded, program_, inputs_, true,
           [&](const std::vector<Var>& given, Tape& tape) { return run_with_calls(program_, given, tape); });
    const std::vector<Var> all = recorded.all();
    if (!std::all_of(all.begin(), all.end(), [](const Var& each) { return each.recorded(); })) return {};
    const std::vector<Var> results = recorded.tape.evaluate(all);
    Expected inlined;
    std::string why = without_calls(all, inlined);
    if (why.empty()) why = compare("calls against their bodies", results, 0, inlined);
    if (why.empty()) why = compare("with calls", results, 0, in_any_order());
    return why;
  }

  /// Some operations by transforms that leave them what they are: in reverse mode, compiled, and forward.
  std::string with_transforms() {
    const std::size_t outputs = program_.outputs.size();
    if (!(expected_.largest <= largest_compared) || expected_.values.size() == outputs) return with_calls();
    Expected expected = in_any_order();
    std::string why = constants_recorded(expected);
    if (!why.empty()) return why;
    TransformCounts& counts = statistics_.transforms;
    Recorded recorded;
    const auto runner = [&](const std::vector<Var>& given, Tape& tape) {
      std::vector<Var> inputs = given;
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        const Instruction& each = program_.instructions[i];
        if (!each.run && each.leaf) inputs[i] = tape.leaf(given[i]);
      }
      const Var on_tape = tape.leaf(0.0);
      const xgrad::detail::Trace recording({&on_tape, 1});  // functions may capture what is recorded
      return run_with_transforms(program_, inputs, Within::Reverse, counts);
    };
    const bool twice = expected.values.size() > outputs + gradients() + 1;
    record(recorded, program_, inputs_, true, runner, twice ? SIZE_MAX : 0);
    why = compare("with transforms", recorded.tape.evaluate(recorded.all()), 0, expected);
    if (!why.empty()) return why;
    std::vector<Var> results = compiled_with_transforms(program_, inputs_, counts);
    const std::vector<Var> loss{results.back()};
    results.pop_back();
    why = compare("compiled, with transforms", results, 0, expected);
    if (why.empty()) why = compare("compiled, with transforms", loss, expected.values.size() - 1, expected);
    return why.empty() ? forward(expected) : why;
  }

  [[nodiscard]] std::size_t gradients() const {
    return static_cast<std::size_t>(
        std::count_if(program_.instructions.begin(), program_.instructions.end(),
                      [](const Instruction& each) { return !each.run && each.leaf && is_floating(each.dtype); }));
  }

  /// The derivative of the loss in a direction is the gradient in that direction.
  std::string forward(const Expected& expected) {
    const Slope slope = slope_with_transforms(program_, inputs_, statistics_.transforms);
    double wanted = 0.0;
    double bound = any_zero;
    for (std::size_t k = 0; k < slope.direction.size(); ++k) {
      const std::vector<double> direction = doubles(slope.direction[k]);
      const std::vector<double> gradient = doubles(expected.values[program_.outputs.size() + k]);
      const Bounds& bounds = expected.bounds[program_.outputs.size() + k];
      for (std::size_t i = 0; i < direction.size(); ++i) {
        wanted += gradient[i] * direction[i];
        bound +=
            std::abs(gradient[i] * direction[i]) * 1e-12 + (bounds.empty() ? 0.0 : bounds[i] * std::abs(direction[i]));
      }
    }
    if (agree(slope.along, wanted, bound)) return {};
    std::ostringstream text;
    text.precision(17);
    text << "forward, with transforms: the derivative is " << slope.along << ", the gradient in that direction "
         << wanted << ", bound " << bound;
    return text.str();
  }

  /// What a program with calls must give by its own operations.
  std::string without_calls(const std::vector<Var>& all, Expected& expected) {
    Tape tape;
    TapeState& state = VarAccess::tape(tape.leaf(0.0));
    std::vector<Var> inlined;
    std::vector<NodeId> outputs;
    for (const Var& each : all) outputs.push_back(VarAccess::node(each));
    const std::vector<NodeId> places = append_without_calls(VarAccess::tape(all[0]), state, outputs);
    for (const Var& each : all) inlined.push_back(VarAccess::recorded(state, places[VarAccess::node(each)]));
    return one_by_one(tape, inlined, expected);
  }

  /// What gradients must be that add the same terms in another order.
  Expected in_any_order() {
    Expected expected = expected_;
    expected.counted = false;
    const bool has_float32 = std::any_of(program_.instructions.begin(), program_.instructions.end(),
                                         [](const Instruction& each) { return each.dtype == DType::Float32; });
    const double epsilon = has_float32 ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
    // The square: an error of a sum is multiplied by the factors behind it.
    const double scale = std::max(1.0, expected.largest);
    const double more = scale < 1e15 ? 64.0 * epsilon * scale * scale : undecided;
    for (std::size_t k = program_.outputs.size(); k + 1 < expected.values.size(); ++k) {
      Bounds& bounds = expected.bounds[k];
      bounds.resize(expected.values[k].size(), 0.0);
      for (double& bound : bounds) bound += more;
    }
    return expected;
  }

  /// What is computed of constants alone is on no tape; transforms may record it, and round otherwise.
  std::string constants_recorded(Expected& expected) {
    Program all = program_;
    for (Instruction& each : all.instructions) each.leaf = true;
    Recorded recorded;
    record(recorded, all, inputs_, false);
    Expected of_all;
    std::string why = one_by_one(recorded.tape, recorded.all(), of_all);
    std::move(of_all.values.begin(), of_all.values.end(), expected.values.begin());
    std::move(of_all.bounds.begin(), of_all.bounds.end(), expected.bounds.begin());
    return why;
  }

  /// As one example of a batch, beside others with other numbers. Some inputs are the same for all.
  std::string batched() {
    Recorded recorded;
    record(recorded, program_, inputs_, true);
    std::vector<Var> all = recorded.all();
    if (!std::all_of(all.begin(), all.end(), [](const Var& each) { return each.recorded(); })) return {};
    TapeState& tape = VarAccess::tape(all[0]);
    for (xgrad::ir::ShapeId id = 0; id < tape.shape_count(); ++id) {
      if (tape.shape_of(id).size() == xgrad::max_dimension) return {};  // no room for one more axis
    }
    const std::vector<Var> before = make_inputs(with_other_numbers(program_));
    const std::vector<Var> after = make_inputs(with_other_numbers(with_other_numbers(program_)));
    Random random(program_.seed);
    std::vector<Var> examples;
    std::vector<Var> batches;
    for (std::size_t i = 0; i < recorded.inputs.size(); ++i) {
      if (!recorded.inputs[i].defined() || random.chance(0.3)) continue;
      examples.push_back(recorded.inputs[i]);
      batches.push_back(recorded.tape.leaf(xgrad::stack({before[i], inputs_[i], after[i]})));
    }
    const std::vector<Var> batch = xgrad::derivatives::batch_sweep(tape, examples, batches, 3, all);
    std::vector<Var> middle;
    for (const Var& each : batch) middle.push_back(view(each, 1));
    // Whole batches, so that what is computed for the others is seen to be right with it.
    std::vector<Var> values = recorded.tape.evaluate(batch);
    for (Var& each : values) each = view(each, 1);
    std::string why = compare("in a batch", values, 0);
    if (why.empty()) why = compare("in a batch, alone", recorded.tape.evaluate(middle), 0);
    return why;
  }

  /// Derivatives with respect to one input: sparse ones against dense ones, Taylor series against nested tangents, the
  /// forward Laplacian against the trace of those. Where numbers are so large that much may cancel, nothing is said.
  std::string transformed() {
    constexpr std::size_t most_elements = 12;
    const auto is_candidate = [&](std::size_t i) {
      const Instruction& each = program_.instructions[i];
      return !each.run && each.leaf && each.dtype == DType::Float64 && size_of(each.shape) <= most_elements &&
             size_of(each.shape) != 0;
    };
    std::size_t at = 0;
    while (at < program_.instructions.size() && !is_candidate(at)) ++at;
    if (at == program_.instructions.size() || expected_.largest > largest_compared) return {};
    const Var x = inputs_[at];
    const auto outputs = [&](const Var& moved) {
      std::vector<Var> given = inputs_;
      given[at] = moved;
      const std::vector<Var> values = run(program_, given, nullptr);
      std::vector<Var> flat;
      for (const std::size_t output : program_.outputs) {
        const Var& each = values[output];
        if (each.dtype() == DType::Float64 && each.size() <= 64) flat.push_back(reshape(each, {-1}));
      }
      return flat.empty() ? zeros_like(reshape(moved, {-1})) : concatenate(flat);
    };
    std::string why =
        near_enough("a sparse Jacobian", xgrad::sparse_jacobian(outputs)(x).dense(), xgrad::jacobian(outputs)(x));
    const Var direction = sin(x * 3.0 + 1.0);
    const auto along = [&](const Var& point) { return xgrad::jvp(outputs, point, direction).tangent; };
    if (why.empty()) {
      why = near_enough("the second derivative of a jet", xgrad::derivative(outputs, x, direction, 2),
                        xgrad::jvp(along, x, direction).tangent);
    }
    if (why.empty() && x.size() <= 4) {
      Var trace = 0.0;
      for (std::size_t k = 0; k < x.size(); ++k) {
        const Var unit =
            reshape(xgrad::one_hot(static_cast<std::int64_t>(k), x.size(), DType::Float64), xgrad::Strides(x.shape()));
        const auto along_axis = [&](const Var& point) { return xgrad::jvp(outputs, point, unit).tangent; };
        trace = trace + xgrad::jvp(along_axis, x, unit).tangent;
      }
      why = near_enough("a Laplacian", xgrad::laplacian(outputs)(x), trace);
    }
    return why;
  }

  static std::string near_enough(const std::string& how, const Var& result, const Var& wanted) {
    if (result.size() != wanted.size()) return how + " has the shape " + to_string(result.shape());
    const std::vector<double> a = doubles(result);
    const std::vector<double> b = doubles(wanted);
    double scale = 1.0;
    for (const double each : b) scale = std::max(scale, std::isfinite(each) ? std::abs(each) : 0.0);
    if (scale > 1e8) return {};
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!std::isfinite(b[i]) || std::abs(a[i] - b[i]) <= 1e-6 * scale) continue;
      std::ostringstream text;
      text.precision(17);
      text << how << ": element " << i << " is " << a[i] << ", otherwise " << b[i];
      return text.str();
    }
    return {};
  }

  std::string compare(const std::string& how, const std::vector<Var>& results, std::size_t first) {
    return compare(how, results, first, expected_);
  }

  std::string compare(const std::string& how, const std::vector<Var>& results, std::size_t first,
                      const Expected& expected) {
    for (std::size_t k = 0; k < results.size(); ++k) {
      const std::string why = compare_one(results[k], expected, first + k);
      if (why.empty()) continue;
      const std::size_t outputs = program_.outputs.size();
      const std::string which = first + k < outputs ? "output %" + std::to_string(program_.outputs[first + k])
                                : first + k + 1 == expected.values.size()
                                    ? "loss"
                                    : "gradient " + std::to_string(first + k - outputs);
      return how + ": " + which + " " + why;
    }
    return {};
  }

  std::string compare_one(const Var& result, const Expected& all, std::size_t k) {
    const Var& expected = all.values[k];
    const Bounds& bounds = all.bounds[k];
    if (result.dtype() != expected.dtype() || result.shape() != expected.shape()) {
      return "is " + std::string(name(result.dtype())) + " " + to_string(result.shape());
    }
    if (bounds.empty() && expected.dtype() == DType::Int64) {
      return same_bits(result, expected) ? "" : "differs in integers";
    }
    const std::vector<double> values = doubles(result);
    const std::vector<double> wanted = doubles(expected);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double bound = bounds.empty() ? 0.0 : bounds[i];
      if (all.counted) count(wanted[i], bound, expected.dtype());
      if (agree(values[i], wanted[i], bound)) continue;
      std::ostringstream text;
      text.precision(17);
      text << name(expected.dtype()) << " " << to_string(expected.shape()) << ": element " << i << " is " << values[i]
           << ", one by one " << wanted[i] << ", bound " << bound;
      return text.str();
    }
    return {};
  }

  static bool agree(double value, double wanted, double bound) {
    if (bound == undecided) return true;
    if (std::isnan(wanted)) return std::isnan(value);
    if (bound == 0.0) return value == wanted && std::signbit(value) == std::signbit(wanted);
    return value == wanted || std::abs(value - wanted) <= bound;
  }

  void count(double wanted, double bound, DType dtype) {
    const double small = dtype == DType::Float32 ? 1e-4 : 1e-10;
    ++(bound == undecided                                  ? statistics_.undecided
       : !std::isfinite(wanted)                            ? statistics_.strange
       : bound <= any_zero                                 ? statistics_.exact
       : bound <= small * std::max(std::abs(wanted), 1e-3) ? statistics_.close
                                                           : statistics_.loose);
  }

  const Program& program_;
  Statistics& statistics_;
  std::vector<Var> inputs_;
  Expected expected_;
};

}  // namespace

std::string check(const Program& program, Statistics& statistics) {
  ++statistics.graphs;
  try {
    return Check(program, statistics)();
  } catch (const xgrad::Error& error) {
    return std::string(exception_prefix) + error.what();
  }
}

}  // namespace random_graphs
