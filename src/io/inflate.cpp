#include "inflate.hpp"

#include <xgrad/core/errors.hpp>

#ifdef XGRAD_HAS_ZLIB
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <vector>
#endif

namespace xgrad::io {

#ifdef XGRAD_HAS_ZLIB
namespace {

/// zlib counts in 32 bits.
uInt zlib_count(std::size_t bytes) {
  return static_cast<uInt>(std::min<std::size_t>(bytes, std::numeric_limits<uInt>::max()));
}

constexpr int bits_of_window = 15;

class InflatedInput final : public Input {
 public:
  InflatedInput(std::unique_ptr<Input> compressed, Wrapper wrapper)
      : compressed_(std::move(compressed)), wrapper_(wrapper), block_(std::size_t{1} << 15U) {
    if (::inflateInit2(&stream_, wrapper == Wrapper::gzip ? bits_of_window + 16 : -bits_of_window) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  InflatedInput(const InflatedInput&) = delete;
  InflatedInput& operator=(const InflatedInput&) = delete;
  ~InflatedInput() override { ::inflateEnd(&stream_); }

  void read(std::span<unsigned char> to) override {
    if (inflate_into(to) != to.size()) fail("it ends too early");
  }
  /// Two bits become at most 258 bytes.
  [[nodiscard]] std::size_t most_left() const override {
    const std::size_t compressed = compressed_->most_left() + stream_.avail_in + 8;  // bits that zlib holds already
    constexpr std::size_t most_times = 1032;
    return compressed > std::numeric_limits<std::size_t>::max() / most_times ? std::numeric_limits<std::size_t>::max()
                                                                             : compressed * most_times + 258;
  }
  void require_end() override {
    unsigned char none = 0;
    if (inflate_into({&none, 1}) != 0) fail("something follows that does not belong to it");
    if (stream_.avail_in != 0) fail("something follows what was compressed");
    compressed_->require_end();
  }
  [[nodiscard]] std::size_t at() const override { return at_; }
  [[nodiscard]] std::string place() const override {
    return compressed_->place() + " (byte " + std::to_string(at_) + " when it is inflated)";
  }

 private:
  /// How many bytes there were.
  std::size_t inflate_into(std::span<unsigned char> to) {
    std::size_t done = 0;
    while (done < to.size() && !ended_) {
      if (stream_.avail_in == 0) refill();
      stream_.next_out = to.data() + done;
      stream_.avail_out = zlib_count(to.size() - done);
      const uInt room = stream_.avail_out;
      const int status = ::inflate(&stream_, Z_NO_FLUSH);
      done += room - stream_.avail_out;
      at_ += room - stream_.avail_out;
      if (status == Z_MEM_ERROR) throw std::bad_alloc();
      if (status == Z_STREAM_END) {
        end_member();
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        fail(std::string("it is damaged: ") + (stream_.msg != nullptr ? stream_.msg : "zlib cannot inflate it"));
      }
    }
    return done;
  }
  void refill() {
    const std::size_t now = std::min(block_.size(), compressed_->most_left());
    if (now == 0) fail("it ends too early");
    compressed_->read({block_.data(), now});
    stream_.next_in = block_.data();
    stream_.avail_in = zlib_count(now);
  }
  /// A gzip file may be several, one after the other.
  void end_member() {
    ended_ = wrapper_ == Wrapper::none || (stream_.avail_in == 0 && compressed_->most_left() == 0);
    if (!ended_) ::inflateReset(&stream_);
  }

  std::unique_ptr<Input> compressed_;
  Wrapper wrapper_;
  std::vector<unsigned char> block_;
  z_stream stream_{};
  std::size_t at_ = 0;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Input> inflated(std::unique_ptr<Input> compressed, Wrapper wrapper) {
  return std::make_unique<InflatedInput>(std::move(compressed), wrapper);
}

std::string deflated(std::string_view bytes, std::string_view more) {
  z_stream stream{};
  if (::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -bits_of_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> ends(&stream, ::deflateEnd);
  std::string result;
  std::vector<char> block(std::size_t{1} << 16U);
  const auto add = [&](std::string_view from, bool last) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(from.data()));
    do {
      if (stream.avail_in == 0) stream.avail_in = zlib_count(from.size());
      from.remove_prefix(stream.avail_in);
      do {
        stream.next_out = reinterpret_cast<Bytef*>(block.data());
        stream.avail_out = zlib_count(block.size());
        (void)::deflate(&stream, last && from.empty() ? Z_FINISH : Z_NO_FLUSH);
        result.append(block.data(), block.size() - stream.avail_out);
      } while (stream.avail_out == 0);
    } while (!from.empty());
  };
  add(bytes, false);
  add(more, true);
  return result;
}

#else

std::unique_ptr<Input> inflated(std::unique_ptr<Input> compressed, Wrapper) {
  compressed->fail("it is compressed, and this xgrad was built without zlib");
}

std::string deflated(std::string_view, std::string_view) {
  throw IoError("deflate: this xgrad was built without zlib");
}

#endif

}  // namespace xgrad::io
