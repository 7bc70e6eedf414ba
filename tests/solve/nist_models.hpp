// The models of NIST's nonlinear regression sets, of any kind of number: of a Var that holds all places, or one place
// after the other with numbers that carry derivatives.
#pragma once

#include <map>
#include <numbers>
#include <string>
#include <vector>

#include "nist.hpp"

namespace nist {

/// What a set has instead of y: Nelson's model is of its logarithm.
template <class X>
X observed(const std::string& name, const X& y) {
  using std::log;
  return name == "Nelson" ? X(log(y)) : y;
}

/// \tparam X  of the places; \tparam T  of the parameters, and of the result.
template <class X, class T>
using Model = T (*)(const X& x, const X& x2, const std::vector<T>& b);

/// Those of several sets.
template <class X, class T>
struct Shared {
  using B = std::vector<T>;
  static T box_bod(const X& x, const X&, const B& b) { return b[0] * (1.0 - exp(-b[1] * x)); }
  static T chwirut(const X& x, const X&, const B& b) { return exp(-b[0] * x) / (b[1] + b[2] * x); }
  static T lanczos(const X& x, const X&, const B& b) {
    return b[0] * exp(-b[1] * x) + b[2] * exp(-b[3] * x) + b[4] * exp(-b[5] * x);
  }
  static T bell(const X& x, const T& height, const T& place, const T& width) {
    const T part = (x - place) / width;
    return height * exp(-part * part);
  }
  static T gauss(const X& x, const X&, const B& b) {
    return b[0] * exp(-b[1] * x) + bell(x, b[2], b[3], b[4]) + bell(x, b[5], b[6], b[7]);
  }
  static T cubic_ratio(const X& x, const X&, const B& b) {
    return (b[0] + x * (b[1] + x * (b[2] + x * b[3]))) / (1.0 + x * (b[4] + x * (b[5] + x * b[6])));
  }
  static T enso(const X& x, const X&, const B& b) {
    const T year = 2.0 * std::numbers::pi * x + 0.0 * b[0];
    return b[0] + b[1] * cos(year / 12.0) + b[2] * sin(year / 12.0) + b[4] * cos(year / b[3]) +
           b[5] * sin(year / b[3]) + b[7] * cos(year / b[6]) + b[8] * sin(year / b[6]);
  }
};

template <class X, class T>
Model<X, T> model_of(const std::string& name) {
  using B = std::vector<T>;
  using S = Shared<X, T>;
  static const std::map<std::string, Model<X, T>> models{
      {"Bennett5", [](const X& x, const X&, const B& b) -> T { return b[0] * pow(b[1] + x, -1.0 / b[2]); }},
      {"BoxBOD", S::box_bod},
      {"Chwirut1", S::chwirut},
      {"Chwirut2", S::chwirut},
      {"DanWood", [](const X& x, const X&, const B& b) -> T { return b[0] * pow(x, b[1]); }},
      {"ENSO", S::enso},
      {"Eckerle4",
       [](const X& x, const X&, const B& b) -> T {
         const T part = (x - b[2]) / b[1];
         return b[0] / b[1] * exp(-0.5 * part * part);
       }},
      {"Gauss1", S::gauss},
      {"Gauss2", S::gauss},
      {"Gauss3", S::gauss},
      {"Hahn1", S::cubic_ratio},
      {"Kirby2",
       [](const X& x, const X&, const B& b) -> T {
         return (b[0] + x * (b[1] + x * b[2])) / (1.0 + x * (b[3] + x * b[4]));
       }},
      {"Lanczos1", S::lanczos},
      {"Lanczos2", S::lanczos},
      {"Lanczos3", S::lanczos},
      {"MGH09",
       [](const X& x, const X&, const B& b) -> T { return b[0] * (x * x + x * b[1]) / (x * x + x * b[2] + b[3]); }},
      {"MGH10", [](const X& x, const X&, const B& b) -> T { return b[0] * exp(b[1] / (x + b[2])); }},
      {"MGH17",
       [](const X& x, const X&, const B& b) -> T { return b[0] + b[1] * exp(-x * b[3]) + b[2] * exp(-x * b[4]); }},
      {"Misra1a", S::box_bod},
      {"Misra1b", [](const X& x, const X&, const B& b) -> T { return b[0] * (1.0 - pow(1.0 + b[1] * x / 2.0, -2.0)); }},
      {"Misra1c", [](const X& x, const X&, const B& b) -> T { return b[0] * (1.0 - pow(1.0 + 2.0 * b[1] * x, -0.5)); }},
      {"Misra1d", [](const X& x, const X&, const B& b) -> T { return b[0] * b[1] * x / (1.0 + b[1] * x); }},
      {"Nelson", [](const X& x, const X& x2, const B& b) -> T { return b[0] - b[1] * x * exp(-b[2] * x2); }},
      {"Rat42", [](const X& x, const X&, const B& b) -> T { return b[0] / (1.0 + exp(b[1] - b[2] * x)); }},
      {"Rat43",
       [](const X& x, const X&, const B& b) -> T { return b[0] / pow(1.0 + exp(b[1] - b[2] * x), 1.0 / b[3]); }},
      {"Roszman1",
       [](const X& x, const X&, const B& b) -> T {
         return b[0] - b[1] * x - atan(b[2] / (x - b[3])) / std::numbers::pi;
       }},
      {"Thurber", S::cubic_ratio}};
  return models.at(name);
}

}  // namespace nist
