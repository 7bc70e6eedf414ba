#include <xgrad/nn/outline.hpp>

#include <boost/core/demangle.hpp>

#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/manipulate.hpp>

namespace xgrad::nn::detail {

std::string kind_of(const std::type_info& type) {
  const std::string name = boost::core::demangle(type.name());
  std::size_t begin = 0;  // behind the last "::" that is not in angle brackets
  int depth = 0;
  std::size_t end = name.size();
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '<' && depth++ == 0) end = i;
    if (name[i] == '>') --depth;
    if (depth == 0 && name[i] == ':') {
      begin = i + 1;
      end = name.size();
    }
  }
  const std::string last = name.substr(begin, end - begin);
  const bool is_lambda = last.ends_with('}') || last.find("$_") != std::string::npos;  // by gcc and by clang
  return is_lambda ? "function" : last;
}

Outline::Outline(const Shape& input, DType dtype)
    : x_(broadcast_to(tape_.leaf(zeros({}, dtype)), input)) {}  // no memory

void Outline::enter(std::string_view name, std::string kind, xgrad::detail::FunctionOf<void> content) {
  const std::size_t length = tree::detail::add_part(path_, name);
  const std::size_t row = rows_.size();
  const Var before = x_;
  rows_.push_back({path_, std::move(kind), {}, DType::Float32, false});
  const auto located = [&](const Error& error) {  // those from inside have been located there
    const std::string what = error.what();
    if (what.starts_with("summary: ")) return what;
    return "summary: layer " + path_ + ", called with the shape " + to_string(before.shape()) + ": " + what;
  };
  try {
    content();
  } catch (const ShapeError& error) {
    throw ShapeError(located(error));
  } catch (const TypeError& error) {
    throw TypeError(located(error));
  } catch (const ValueError& error) {
    throw ValueError(located(error));
  }
  rows_[row].shape = x_.shape();
  rows_[row].dtype = x_.dtype();
  path_.resize(length);
}

void Outline::arrays(std::span<const std::string> paths, std::span<const Var> all, std::span<const char> trained) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::size_t length = paths[i].empty() ? path_.size() : tree::detail::add_part(path_, paths[i]);
    rows_.push_back({path_, "", all[i].shape(), all[i].dtype(), trained[i] != 0});
    path_.resize(length);
  }
}

}  // namespace xgrad::nn::detail
