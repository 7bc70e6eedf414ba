// A variational autoencoder of handwritten digits: eight numbers for an image, and images of numbers drawn at random.
//
//     11_vae [folder for its pictures ["short"]]
//
// D. P. Kingma and M. Welling, Auto-encoding variational Bayes, 2014.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include <xgrad/data.hpp>
#include <xgrad/draw.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace nn = xgrad::nn;
namespace train = xgrad::train;

constexpr std::size_t latent = 8;

// The encoder gives a normal distribution of numbers for an image, by means and logarithms of variances; the decoder
// the logit of each pixel for numbers.
struct Vae {
  nn::Mlp encoder;  // [n, 64] -> [n, 2 latent]
  nn::Mlp decoder;  // [n, latent] -> [n, 64]

  [[nodiscard]] std::pair<xg::Var, xg::Var> encode(const xg::Var& x) const {
    const xg::Var both = encoder(x);
    const auto half = static_cast<std::ptrdiff_t>(latent);
    return {view(both, xt::all(), xt::range(0, half)), view(both, xt::all(), xt::range(half, 2 * half))};
  }
};
XGRAD_FIELDS(Vae, encoder, decoder)

// Minus the bound of the log-likelihood that is maximised, in nats for each image [n]: what the decoder loses of the
// image, and what the numbers tell more than noise would. The numbers are mean + deviation * noise, so that their
// derivatives by mean and deviation are known: the noise depends on nothing.
xg::Var negative_elbo(const Vae& vae, const xg::Var& x, const xg::random::Key& key) {
  const auto [mean, log_variance] = vae.encode(x);
  const xg::Var z = mean + exp(0.5 * log_variance) * xg::random::normal(key, mean.shape(), xg::DType::Float32);
  const xg::Var lost = sum(xg::loss::BinaryCrossEntropy{}(vae.decoder(z), x), 1);
  return lost + sum(xg::loss::GaussianKl{}(mean, log_variance), 1);
}

// What a model without any idea of digits pays: each pixel by itself, as bright as it is on average.
double of_independent_pixels(const xg::Var& training, const xg::Var& held_out) {
  const xg::Var p = clip(mean(training, 0), 1e-3, 1.0 - 1e-3);
  const xg::Var logits = broadcast_to(log(p) - log1p(-p), held_out.shape());
  return mean(sum(xg::loss::BinaryCrossEntropy{}(logits, held_out), 1)).item<float>();
}

void draw_rows(const std::filesystem::path& file, const char* title, const std::vector<xg::Var>& rows) {
  xg::draw::save(
      file,
      {.title = title, .pixels = reshape(concatenate(rows), {-1, 8, 8}), .black = 1.0, .white = 0.0, .columns = 12});
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const std::filesystem::path file = std::filesystem::path(XGRAD_EXAMPLE_DATA) / "digits.csv";
  const bool is_short = argc > 2 && std::string_view(argv[2]) == "short";

  // A brightness from 0 to 1 is taken as the probability of ink.
  const xg::Var table = xg::io::read_csv(file);
  const xg::Var pixels = xg::cast<float>(view(table, xt::all(), xt::range(0, 64)) / 16.0);
  const auto [training, held_out] = xg::data::split(pixels, {0.8, 0.2}, {.shuffle = xg::random::Key(1)});

  const auto [for_encoder, for_decoder, for_training, for_tests, for_samples] = xg::random::Key(2).split<5>();
  const nn::MlpOptions options{.activation = nn::Activation::Silu};
  const Vae start{nn::mlp(for_encoder, {64, 128, 2 * latent}, options),
                  nn::mlp(for_decoder, {latent, 128, 64}, options)};

  const auto loss_of = [](const Vae& vae, const xg::Var& x, const nn::Training& now) {
    return mean(negative_elbo(vae, x, now.key));
  };
  const std::size_t epochs = is_short ? 20 : 300;
  const std::size_t steps = epochs * (xg::data::length(training) / 32);
  const auto bound = [&x = held_out, &key = for_tests](const Vae& vae) {
    return mean(negative_elbo(vae, x, key)).item<float>();
  };
  const auto fitted = train::fit(start, loss_of, xg::optim::adam({.rate = xg::optim::cosine(3e-3, steps)}), training,
                                 {.epochs = epochs,
                                  .batches = {.size = 32, .last = xg::data::Last::Drop},
                                  .key = for_training,
                                  .show = train::Show::quiet});
  const Vae& vae = fitted.model;

  std::vector<double> epoch_numbers, losses;
  for (const train::Progressed& epoch : fitted.history.epochs) {
    epoch_numbers.push_back(static_cast<double>(epoch.epoch + 1));
    losses.push_back(epoch.loss);
  }
  xg::draw::save(folder / "vae_loss.svg", {.title = "Minus the bound of the log-likelihood",
                                           .x_label = "epoch",
                                           .y_label = "nats for each image",
                                           .series = {{"training", epoch_numbers, losses}}});
  // Images above what is made of their means again, then images of noise.
  const xg::Var some = view(held_out, xt::range(0, 12));
  draw_rows(folder / "vae_again.svg", "Held-out digits, and the same from eight numbers",
            {some, sigmoid(vae.decoder(vae.encode(some).first))});
  const xg::Var noise = xg::random::normal(for_samples, {48, latent}, xg::DType::Float32);
  draw_rows(folder / "vae_samples.svg", "Digits that nobody wrote", {sigmoid(vae.decoder(noise))});

  // How far samples are from images, as distributions; the average image and other images say what is far and near.
  const xg::Var many = xg::random::normal(for_samples.fold_in(1), {1000, latent}, xg::DType::Float32);
  const xg::loss::EnergyDistance distance{.unbiased = true};
  const double of_samples = distance(sigmoid(vae.decoder(many)), held_out).item<float>();
  const double of_average = distance(broadcast_to(mean(training, 0), held_out.shape()), held_out).item<float>();
  const double of_training = distance(training, held_out).item<float>();

  const double result = bound(vae);
  const double least = mean(sum(xg::loss::BinaryCrossEntropyProbability{}(held_out, held_out), 1)).item<float>();
  std::printf("nats for each held-out image, at most: %.2f untrained, %.2f of independent pixels, %.2f trained\n",
              static_cast<double>(bound(start)), of_independent_pixels(training, held_out), result);
  std::printf("(who knew each image would pay %.2f, as grey is a probability)\n", least);
  std::printf("energy distance from held-out images: %.4f of samples, %.4f of the average, %.4f of other images\n",
              of_samples, of_average, of_training);
  if (result > (is_short ? 25.5 : 24.5)) throw std::runtime_error("the bound should be better");
  if (of_samples > 0.25) throw std::runtime_error("samples are not like digits");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
