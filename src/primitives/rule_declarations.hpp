// The declarations of derivative and batching rules, which the structs of primitives repeat; see kinds.hpp.
#pragma once

#include <optional>
#include <span>
#include <vector>

// Of General; of Several; of what runs functions.

#define XGRAD_DETAIL_RULES                                                                          \
  static Var vjp(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent); \
  static Var jvp(const derivatives::NodeContext& context, std::span<const Var> tangents);
#define XGRAD_DETAIL_RULES_OF_SEVERAL                                                                    \
  static std::vector<derivatives::Sensitivity> vjp(const derivatives::NodeContext& context,              \
                                                   std::span<const derivatives::Sensitivity> cotangents, \
                                                   std::span<const char> wanted);                        \
  static std::vector<derivatives::Sensitivity> jvp(const derivatives::NodeContext& context,              \
                                                   std::span<const derivatives::Sensitivity> tangents);  \
  static std::vector<Var> batch(const derivatives::BatchContext& context);
#define XGRAD_DETAIL_RULES_OF_FUNCTIONS                                                                         \
  static std::vector<derivatives::Sensitivity> vjp(const derivatives::NodeContext& context,                     \
                                                   std::span<const derivatives::Sensitivity> cotangents,        \
                                                   std::span<const char> wanted);                               \
  static std::optional<std::vector<derivatives::Series>> jet(                                                   \
      const derivatives::NodeContext& context, std::span<const derivatives::Series> inputs, std::size_t order); \
  static std::vector<Var> batch(const derivatives::BatchContext& context);
