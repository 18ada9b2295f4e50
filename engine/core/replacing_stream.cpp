// SPDX-License-Identifier: Apache-2.0
#include "engine/core/replacing_stream.h"

#include <array>
#include <streambuf>

namespace hone {
namespace {

class FileBuffer : public std::streambuf {
public:
    explicit FileBuffer(ReplacingFile& file) : file_(file) {
        setp(bytes_.data(), bytes_.data() + bytes_.size());
    }

protected:
    int sync() override {
        file_.write(pbase(), static_cast<std::size_t>(pptr() - pbase()));
        setp(bytes_.data(), bytes_.data() + bytes_.size());
        return 0;
    }
    int_type overflow(int_type c) override {
        sync();
        return traits_type::eq_int_type(c, traits_type::eof())
                   ? traits_type::not_eof(c)
                   : sputc(traits_type::to_char_type(c));
    }

private:
    ReplacingFile& file_;
    std::array<char, 1U << 16U> bytes_{};
};

}  // namespace

std::filesystem::path write_replacing(const std::filesystem::path& target, Existing existing,
                                      const std::function<void(std::ostream&)>& write) {
    ReplacingFile file(target, 0, existing);
    FileBuffer buffer(file);
    std::ostream stream(&buffer);
    stream.exceptions(std::ios::badbit);  // lets the file's own error through
    write(stream);
    stream.flush();
    file.sync();
    return file.commit();
}

}  // namespace hone
