// Functions of the user's as kernels.
#include <cstring>
#include <vector>

#include "ir/function.hpp"
#include "kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void host_call(const KernelCall& call) {
  std::vector<memory::BufferPtr> arguments;
  for (const Operand& input : call.inputs) {
    arguments.push_back(memory::make_buffer(input.dtype, *input.shape));
    const std::size_t bytes = size_of(*input.shape) * size_of(input.dtype);
    if (bytes != 0) std::memcpy(arguments.back()->data(), input.data, bytes);
  }
  const std::vector<memory::BufferPtr> results = run(*call.payload->host, arguments);
  for (std::size_t k = 0; k < call.outputs.size(); ++k) {
    const Operand& output = call.outputs[k];
    const std::size_t bytes = size_of(results[k]->shape()) * size_of(results[k]->dtype());
    if (output.data != nullptr && bytes != 0) std::memcpy(output.data, results[k]->data(), bytes);
  }
}

}  // namespace xgrad::backend::cpu::kernels
