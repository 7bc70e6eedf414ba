// Conditions on values, which are checked when the values are computed.
#pragma once

#include <cstdint>
#include <string_view>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// What values must meet, told by the message that is thrown when one does not:
/// `Requirement("Hinge: the target {} is neither -1 nor 1")`. The first {} stands for the offending value, the second
/// one for the limit given to `checked`. Requirements with one text are the same, and are kept for the life of the
/// program: let each be a `static const`, not made of changing numbers.
class Requirement {
 public:
  explicit Requirement(std::string_view message);
  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }

 private:
  std::uint32_t id_;
};

/// x itself. When its values are needed and the condition is false for one of them, ValueError with the requirement's
/// text is thrown instead. A loss that checks its targets is fused like any other; the check is one more pass over a
/// block that is in the cache. The derivative is that of x.
///
/// \param condition  booleans; broadcasts to the shape of x.
/// \param limit      for the second {} of the requirement, such as the number of classes.
/// \throws ShapeError  if x would have to be broadcast to the condition.
Var checked(const Var& x, const Var& condition, const Requirement& requirement, std::int64_t limit = 0);

}  // namespace xgrad

#pragma GCC visibility pop
