// Arrays of a tree one after another, as what is sent.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/mpi/communicator.hpp>
#include <xgrad/var.hpp>

namespace xgrad::mpi {

/// \throws MismatchError  on all processes, unless all call the same with the same paths, element types and shapes;
///                        `more` is compared, too.
void require_same_arrays(const Communicator& group, std::string_view call, std::span<const std::string> paths,
                         std::span<const Var> arrays, const std::string& more = "");

/// Appends floating-point elements, as T.
template <class T>
void append_elements(const Var& x, std::vector<T>& all) {
  if (x.dtype() == DType::Float32) {
    const Array<float>& array = x.array<float>();
    all.insert(all.end(), array.data(), array.data() + array.size());
  } else {
    const Array<double>& array = x.array<double>();
    for (std::size_t i = 0; i < array.size(); ++i) all.push_back(static_cast<T>(array.data()[i]));
  }
}

/// An array like another one, of the elements that come next.
template <class T>
Var take_elements(const Var& like, const T*& next) {
  const auto taken = [&]<class E>(Array<E> array) {
    for (std::size_t i = 0; i < array.size(); ++i) array.data()[i] = static_cast<E>(*next++);
    return Var(std::move(array));
  };
  return like.dtype() == DType::Float32 ? taken(Array<float>(like.shape())) : taken(Array<double>(like.shape()));
}

}  // namespace xgrad::mpi
