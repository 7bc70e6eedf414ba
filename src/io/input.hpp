// Bytes of files of which nothing is known.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace xgrad::io {

/// A file that is read at any place, by several threads if need be. It is not mapped into memory: of a file that
/// another program cuts short meanwhile, the rest of a mapping ends the process.
class InputFile {
 public:
  /// \param operation  for errors, which name it, the file, the place and the rule.
  /// \throws IoError  if it cannot be opened, or is a folder or a device: its size must be known.
  InputFile(std::string_view operation, const std::filesystem::path& path);
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// \throws IoError  if the file has no such bytes.
  void read(std::size_t at, std::span<unsigned char> to) const;
  [[nodiscard]] std::string read(std::size_t at, std::size_t count) const;
  /// For errors: operation, file and byte.
  [[nodiscard]] std::string place(std::size_t at) const { return name_ + ", byte " + std::to_string(at); }
  /// \throws IoError  always, saying where the file breaks which rule.
  [[noreturn]] void fail(std::size_t at, std::string_view rule) const;

 private:
  std::string name_;
  std::size_t size_ = 0;
  int file_ = -1;
};

/// Bytes that are read in order.
class Input {
 public:
  Input() = default;
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  virtual ~Input() = default;

  /// Reads as many bytes as there is room for.
  /// \throws IoError  if there are not as many.
  virtual void read(std::span<unsigned char> to) = 0;
  /// There are no more bytes than this, so that nothing is allocated for numbers that cannot be there.
  [[nodiscard]] virtual std::size_t most_left() const = 0;
  /// \throws IoError  if there is anything left.
  virtual void require_end() = 0;
  /// Of the next byte.
  [[nodiscard]] virtual std::size_t at() const = 0;
  /// The same for errors, with the operation and the file.
  [[nodiscard]] virtual std::string place() const = 0;

  /// \throws IoError  always, saying where which rule is broken.
  [[noreturn]] void fail(std::string_view rule) const;

  [[nodiscard]] std::string text(std::size_t count);
};

/// A part of a file.
class FileInput final : public Input {
 public:
  FileInput(std::shared_ptr<const InputFile> file, std::size_t begin, std::size_t end)
      : file_(std::move(file)), at_(begin), end_(end) {}
  FileInput(std::string_view operation, const std::filesystem::path& path)
      : file_(std::make_shared<InputFile>(operation, path)), end_(file_->size()) {}

  void read(std::span<unsigned char> to) override;
  [[nodiscard]] std::size_t most_left() const override { return end_ - at_; }
  void require_end() override;
  [[nodiscard]] std::size_t at() const override { return at_; }
  [[nodiscard]] std::string place() const override { return file_->place(at_); }

  [[nodiscard]] const std::shared_ptr<const InputFile>& file() const noexcept { return file_; }

 private:
  std::shared_ptr<const InputFile> file_;
  std::size_t at_ = 0;
  std::size_t end_;
};

}  // namespace xgrad::io
