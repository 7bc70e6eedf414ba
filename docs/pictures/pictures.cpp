#include "pictures.hpp"

#include <vector>

namespace pictures {

void draw_curve(const Folder& folder, const std::string& file, const std::string& title, const std::string& x_label,
                double low, double high, const Curve& loss) {
  constexpr std::size_t points = 201;
  auto numbers = xgrad::Array<double>::from_shape({points});
  std::vector<double> x;
  for (std::size_t i = 0; i < points; ++i) {
    x.push_back(low + (high - low) * static_cast<double>(i) / static_cast<double>(points - 1));
    numbers(i) = x.back();
  }
  const xgrad::Var at(std::move(numbers));
  const auto series = [&](const std::string& name, const xgrad::Var& values) {
    const xgrad::Array<double>& y = values.array<double>();
    return xgrad::draw::Series{.name = name, .x = x, .y = std::vector<double>(y.begin(), y.end())};
  };
  const xgrad::Var slope = xgrad::grad([&](const xgrad::Var& z) { return sum(loss(z)); })(at);
  xgrad::draw::save(
      folder / (file + ".svg"),
      xgrad::draw::Plot{
          .title = title, .x_label = x_label, .series = {series("loss", loss(at)), series("derivative", slope)}});
}

}  // namespace pictures

int main(int count, char** arguments) {
  const pictures::Folder folder = count > 1 ? arguments[1] : ".";
  std::filesystem::create_directories(folder);
  pictures::draw_regression(folder);
  pictures::draw_likelihood(folder);
  pictures::draw_classification(folder);
  pictures::draw_margin(folder);
  pictures::draw_divergence(folder);
  pictures::draw_embedding(folder);
  pictures::draw_ranking(folder);
  pictures::draw_segmentation(folder);
  pictures::draw_penalty(folder);
  pictures::draw_sequence(folder);
}
