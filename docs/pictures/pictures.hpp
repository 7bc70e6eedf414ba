// The pictures in docs/images: drawn by the program in this folder. Of losses, one function for each family.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include <xgrad/draw.hpp>
#include <xgrad/xgrad.hpp>

namespace pictures {

using Folder = std::filesystem::path;
/// A loss as a function of one number: values for an array of them, element by element.
using Curve = std::function<xgrad::Var(const xgrad::Var&)>;

/// Writes FILE.svg: the loss and its derivative over [low, high].
void draw_curve(const Folder& folder, const std::string& file, const std::string& title, const std::string& x_label,
                double low, double high, const Curve& loss);

void draw_regression(const Folder& folder);
void draw_likelihood(const Folder& folder);
void draw_classification(const Folder& folder);
void draw_margin(const Folder& folder);
void draw_divergence(const Folder& folder);
void draw_embedding(const Folder& folder);
void draw_ranking(const Folder& folder);
void draw_segmentation(const Folder& folder);
void draw_penalty(const Folder& folder);
void draw_sequence(const Folder& folder);

void draw_schedules(const Folder& folder);
void draw_paths(const Folder& folder);

}  // namespace pictures
