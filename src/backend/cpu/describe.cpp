#include "describe.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "lower_loop.hpp"
#include "machine_code.hpp"
#include "schedule.hpp"
#include "straight.hpp"

namespace xgrad::backend::cpu {
namespace {

std::string_view part_name(primitives::Part part) {
  using primitives::Part;
  switch (part) {
    case Part::ExpNegAbs:
      return "exp_neg_abs";
    case Part::SigmoidFrom:
      return primitives::Sigmoid::name;
    case Part::ExpNegSquare:
      return "exp_neg_square";
    case Part::ErfFrom:
      return primitives::Erf::name;
    case Part::HalfExpm1:
      return "half_expm1";
    case Part::TanhFrom:
      return primitives::Tanh::name;
    case Part::LogCoshFrom:
      return primitives::LogCosh::name;
    case Part::CosineFrom:
      return primitives::DirectionCosine::name;
  }
  return "";
}

std::string_view operation(Opcode op) {
  if (op == op_copy) return "copy";
  if (is_part(op)) return part_name(static_cast<primitives::Part>(op - primitives::list_size));
  return name_of(op);
}

std::string_view role_name(Role role) {
  switch (role) {
    case Role::Memory:
      return "memory";
    case Role::Full:
      return "full";
    case Role::Row:
      return "row";
    case Role::EpilogueTotal:
      return "epilogue total";
    case Role::EpilogueColumns:
      return "epilogue columns";
    case Role::Lines:
      return "lines";
  }
  return "";
}

std::string counted(std::size_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

using NameOfLeaf = std::function<std::string(std::size_t)>;

class Description {
 public:
  /// \param leaf_name     of the plan's own leaves.
  /// \param captured_name  of the leaves of the request, which plans within plans capture.
  Description(const StepProgram& plan, const NameOfLeaf& leaf_name, const NameOfLeaf& captured_name)
      : program_(plan), leaf_name_(leaf_name), captured_name_(captured_name) {}

  std::string text() {
    text_ << "plan of " << counted(program_.nodes, "recorded node") << ": " << counted(program_.steps.size(), "step")
          << '\n';
    for (std::size_t k = 0; k < program_.steps.size(); ++k) {
      const Step& step = program_.steps[k];
      text_ << k + 1 << "  ";
      if (step.kind == Step::Kind::Loop) write(program_.loops[step.index]);
      else if (step.kind == Step::Kind::Product) write(program_.products[step.index]);
      else if (step.kind == Step::Kind::Scan) write(program_.scans[step.index]);
      else if (step.kind == Step::Kind::While) write(program_.whiles[step.index]);
      else if (step.kind == Step::Kind::Switch) write(program_.switches[step.index]);
      else write(program_.kernels[step.index]);
    }
    for (const StraightRun& run : program_.straight_runs) write(run);
    write_memory();
    write_outputs();
    return text_.str();
  }

 private:
  // ---- steps

  void write(const Loop& loop) {
    if (loop.product != no_product) {
      write(program_.products[loop.product]);
      text_ << "   after each " << loop.panel_chunks * loop.chunk_rows << " rows of it, ";
    }
    text_ << "loop " << loop.rows << " x " << loop.columns << ", blocks of " << loop.block_rows << " x "
          << loop.block_columns << ", " << counted(loop.chunks, "chunk") << ", "
          << counted(loop.segments.size(), "segment") << ": ";
    for (std::size_t k = 0; k < loop.members.size(); ++k) {
      const Member& member = loop.members[k];
      if (k != 0) text_ << (member.role == loop.members[k - 1].role ? ", " : "; ");
      if (k == 0 || member.role != loop.members[k - 1].role) text_ << role_name(member.role) << ": ";
      text_ << operation(member.op);
    }
    write_arrays(loop);
  }

  void write(const StraightRun& run) {
    text_ << (run.last - run.first == 1 ? "step " : "steps ") << run.first + 1;
    if (run.last - run.first > 1) text_ << " to " << run.last;
    text_ << ": straight machine code after " << machine_code_limits().straight_after << " runs\n";
  }

  void write_arrays(const Loop& loop) {
    std::vector<PlaceId> written;
    std::vector<PlaceId> read;
    const auto add = [&](std::vector<PlaceId>& list, std::uint32_t slot) {
      if (slot >= loop.slots.size() || loop.slots[slot].base != Slot::Base::Memory) return;
      const PlaceId place = loop.slots[slot].place;
      if (std::ranges::find(list, place) == list.end()) list.push_back(place);
    };
    for (const kernels::Instruction& code : loop.code) {
      for_each_result(loop, code, [&](std::uint32_t slot) { add(written, slot); });
      for_each_operand(loop, code, [&](std::uint32_t slot) { add(read, slot); });
    }
    std::erase_if(read, [&](PlaceId place) { return std::ranges::find(written, place) != written.end(); });
    for (const Epilogue& epilogue : loop.epilogues) written.push_back(epilogue.target);
    write_arrays(read, written);
  }

  void write(const ProductStep& step) {
    const blas::Product& product = step.product;
    text_ << "product of " << product.m << " x " << product.k << " and " << product.k << " x " << product.n;
    if (size_of(product.stack) != 1) text_ << ", " << size_of(product.stack) << " times";
    if (product.transposed_a) text_ << ", first transposed";
    if (product.transposed_b) text_ << ", second transposed";
    std::vector<PlaceId> read{step.a, step.b};
    if (step.scale != no_place) {
      text_ << ", times " << place(step.scale);
      read.push_back(step.scale);
    }
    if (step.c != no_place) {
      text_ << (step.sign < 0 ? ", subtracted from " : ", added to ") << place(step.c);
      read.push_back(step.c);
    }
    write_arrays(read, {step.out});
  }

  void write(const KernelStep& step) {
    text_ << operation(step.op);
    write_arrays(step.inputs, {&step.outputs});
  }

  void write(const ScanStep& step) {
    text_ << "scan of " << counted(step.scan.length, "run") << (step.scan.reverse ? ", from the last" : "") << ":";
    write_arrays(step.inputs, {&step.last, &step.stacked});
    write_apart(step.body, step.inputs, step.scan.carried, step.scan.sliced);
  }
  void write(const WhileStep& step) {
    text_ << "while:";
    write_arrays(step.inputs, {&step.last});
    write_apart(step.condition, step.inputs, step.last.size(), 0);
    write_apart(step.body, step.inputs, step.last.size(), 0);
  }
  void write(const SwitchStep& step) {
    text_ << "one of " << std::to_string(step.branches.size()) << (step.branches.size() == 1 ? " branch" : " branches")
          << ":";
    write_arrays(step.inputs, {&step.outputs});
    for (const ProgramApart& branch : step.branches) write_apart(branch, step.inputs, 0, 0);
  }

  /// A plan within the plan, behind bars.
  void write_apart(const ProgramApart& apart, std::span<const ArrayAt> inputs, std::size_t carried,
                   std::size_t sliced) {
    const auto leaf_of_plan = [&](std::size_t k) {
      if (k < carried) return "carried " + std::to_string(k);
      if (k < carried + sliced) return "slice of " + place(inputs[k].place);
      return k < inputs.size() ? place(inputs[k].place)
                               : name_of_leaf(captured_name_, apart.captured[k - inputs.size()]);
    };
    bool begins = true;
    for (const char each : Description(*apart.program, leaf_of_plan, captured_name_).text()) {
      if (begins) text_ << "   | ";
      begins = each == '\n';
      text_ << each;
    }
  }

  void write_arrays(std::span<const ArrayAt> inputs, std::initializer_list<const std::vector<ArrayAt>*> outputs) {
    std::vector<PlaceId> read;
    for (const ArrayAt& input : inputs) read.push_back(input.place);
    std::vector<PlaceId> written;
    for (const std::vector<ArrayAt>* list : outputs) {
      for (const ArrayAt& output : *list) {
        if (output.place != no_place) written.push_back(output.place);
      }
    }
    write_arrays(read, written);
  }

  // ---- arrays

  void write_arrays(const std::vector<PlaceId>& read, const std::vector<PlaceId>& written) {
    text_ << "\n   ";
    write_list(read);
    text_ << (read.empty() ? "-> " : " -> ");
    write_list(written);
    text_ << '\n';
  }

  void write_list(const std::vector<PlaceId>& places) {
    for (std::size_t k = 0; k < places.size(); ++k) {
      if (k != 0) text_ << ", ";
      text_ << place(places[k]);
      const bool number = program_.places[places[k]].kind == Place::Kind::Number;
      if (!number) text_ << " " << name(program_.places[places[k]].dtype) << " " << to_string(shape(places[k]));
    }
  }

  /// Outputs as the caller gets them; axes of extent 1 that a step does not need may be missing elsewhere.
  [[nodiscard]] const Shape& shape(PlaceId id) const {
    const Place& place = program_.places[id];
    return place.kind == Place::Kind::Output ? program_.outputs[place.index].shape
                                             : program_.shapes[program_.place_shapes[id]];
  }

  [[nodiscard]] std::string leaf(std::size_t index) const { return name_of_leaf(leaf_name_, index); }
  static std::string name_of_leaf(const NameOfLeaf& name, std::size_t index) {
    return name ? name(index) : "leaf " + std::to_string(index);
  }

  [[nodiscard]] std::string place(PlaceId id) const {
    const Place& place = program_.places[id];
    switch (place.kind) {
      case Place::Kind::Leaf:
        return leaf(place.index);
      case Place::Kind::Number:
        return number(program_.numbers[place.index], place.dtype);
      case Place::Kind::Output:
        return "output " + std::to_string(place.index);
      case Place::Kind::Arena:
        return "arena+" + std::to_string(place.offset);
    }
    return "";
  }

  /// Numbers of the tape may change without another plan, unless they are such as simplify it.
  static std::string number(const Number& number, DType dtype) {
    if (!number.literal && number.known >= Known::Nonzero) return "number " + std::to_string(number.index);
    core::TextStream text;
    if (is_floating(dtype)) text << number.value.real;
    else text << number.value.integer;
    return text.str();
  }

  // ---- the whole

  void write_memory() {
    std::size_t instructions = 0;
    for (const Loop& loop : program_.loops) instructions += loop.code.size();
    text_ << "memory: arena " << program_.arena_bytes << " bytes, scratch " << program_.scratch_bytes
          << " bytes a thread, partial results " << program_.partial_bytes << " bytes; "
          << counted(instructions, "instruction") << '\n';
  }

  void write_outputs() {
    for (std::size_t k = 0; k < program_.outputs.size(); ++k) {
      const PlanOutput& output = program_.outputs[k];
      if (output.kind == PlanOutput::Kind::Leaf) {
        text_ << "output " << k << " is " << leaf(output.index) << '\n';
      } else if (output.kind == PlanOutput::Kind::Same) {
        text_ << "output " << k << " is output " << output.index << '\n';
      } else if (output.donor >= 0) {
        text_ << "output " << k << " may take the memory of " << leaf(static_cast<std::size_t>(output.donor)) << '\n';
      }
    }
  }

  const StepProgram& program_;
  const NameOfLeaf& leaf_name_;
  const NameOfLeaf& captured_name_;
  core::TextStream text_;
};

}  // namespace

std::string describe(const StepProgram& plan, const std::function<std::string(std::size_t)>& leaf_name) {
  return Description(plan, leaf_name, leaf_name).text();
}

}  // namespace xgrad::backend::cpu
