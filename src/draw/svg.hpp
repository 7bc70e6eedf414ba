// Writes SVG elements one by one.
//
// draw: pictures, and plans and programs as text. It includes transform (to record what is drawn), backend (to show
// what would run) and what is below; it writes no derivative.
#pragma once

#include <string>
#include <string_view>

namespace xgrad::draw {

inline constexpr std::string_view ink = "#222222";
inline constexpr std::string_view soft_ink = "#555555";

/// Around a picture, in pixels.
inline constexpr double margin = 20.0;

enum class Anchor { Start, Middle, End };

struct TextStyle {
  double size = 13.0;  ///< height of the letters' box, in pixels like all lengths here
  Anchor anchor = Anchor::Start;
  bool bold = false;
  bool upwards = false;  ///< reads from bottom to top
  std::string_view colour = ink;
};

/// A length with two decimals, whatever the locale.
std::string number(double length);

/// Text for use inside an element: markup characters escaped, control characters, which XML forbids, replaced.
std::string escaped(std::string_view text);

/// Roughly how wide a text is in common sans-serif fonts, rather more than less.
double text_width(std::string_view text, double size);

/// A document that grows downwards: its height is known at the end.
class Svg {
 public:
  void text(double x, double y, std::string_view text, const TextStyle& style = {});
  void line(double x1, double y1, double x2, double y2, std::string_view colour);
  /// A rectangle filled with a colour.
  void rectangle(double x, double y, double width, double height, std::string_view colour);
  /// Any other element, as it is.
  void element(std::string_view markup);

  [[nodiscard]] std::string document(double width, double height) const;

 private:
  std::string body_;
};

}  // namespace xgrad::draw
