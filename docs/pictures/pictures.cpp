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
  const pictures::Folder losses = folder / "losses";
  std::filesystem::create_directories(losses);
  pictures::draw_regression(losses);
  pictures::draw_likelihood(losses);
  pictures::draw_classification(losses);
  pictures::draw_margin(losses);
  pictures::draw_divergence(losses);
  pictures::draw_embedding(losses);
  pictures::draw_ranking(losses);
  pictures::draw_segmentation(losses);
  pictures::draw_penalty(losses);
  pictures::draw_sequence(losses);

  const pictures::Folder optim = folder / "optim";
  std::filesystem::create_directories(optim);
  pictures::draw_schedules(optim);
  pictures::draw_paths(optim);
}
