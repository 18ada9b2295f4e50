// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/core/dtype.h"
#include "engine/families/family.h"
#include "engine/formats/source_file.h"
#include "engine/formats/tensor_index.h"

namespace hone {

// A value of a checkpoint's metadata, typed as in GGUF. Arrays hold scalars or strings, never
// arrays.
using MetadataArray =
    std::variant<std::vector<std::uint8_t>, std::vector<std::int8_t>, std::vector<std::uint16_t>,
                 std::vector<std::int16_t>, std::vector<std::uint32_t>, std::vector<std::int32_t>,
                 std::vector<std::uint64_t>, std::vector<std::int64_t>, std::vector<float>,
                 std::vector<double>, std::vector<bool>, std::vector<std::string>>;
using MetadataValue = std::variant<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t,
                                   std::uint32_t, std::int32_t, std::uint64_t, std::int64_t, float,
                                   double, bool, std::string, MetadataArray>;

// The value for people, of at most some 100 bytes: "the integer 7", "the text 'llama'", "an array
// of 3".
std::string value_text(const MetadataValue& value);

// One tensor as it lies in memory: mapped from a file, or owned after a transform.
struct StoredTensor {
    std::string name;   // GGUF name, e.g. "blk.0.attn_q.weight"
    TensorPlace place;  // what it does in the graph
    DType type = DType::f32;
    std::vector<std::int64_t>
        shape;  // outermost first: a matrix is [rows (outputs), cols (inputs)]
    std::span<const std::byte> data;    // bytes(); see dtype.h
    std::shared_ptr<const void> owner;  // keeps `data` alive
    // Where a reader left `data` out, the bytes of the file that it would be made from: the same
    // values, perhaps in another order.
    std::span<const std::byte> unread;
    DType unread_type = DType::f32;
    std::int64_t zeros = 0;  // elements that are known to be zero: exact for sparse types, what
                             // pruning says otherwise

    std::int64_t cols() const { return shape.empty() ? 0 : shape.back(); }
    std::int64_t rows() const;  // product of all dimensions but the last; 1 for a vector
    std::int64_t elements() const { return rows() * cols(); }
    // Of `data`, or what it would take where there is none.
    std::int64_t bytes() const;
    // Where row `index` begins in `data`.
    const std::byte* row(std::int64_t index) const;
};

// A checkpoint in memory, whatever its source: metadata by GGUF key, tensors by GGUF name and
// orientation. Readers of other formats translate into this, techniques that transform weights
// replace tensors of it, writers take it.
struct Checkpoint {
    std::string source;      // path, or "synthetic:SHAPE"
    std::string name;        // for people: general.name, else the file's stem
    bool synthetic = false;  // random weights: accuracy means nothing
    std::map<std::string, MetadataValue, std::less<>> metadata;
    std::map<std::string, std::uint64_t, std::less<>>
        metadata_places;  // of keys in a file, for messages
    std::set<std::string, std::less<>>
        answered;  // keys that no file has: a reference's default, not written to GGUF again
    std::vector<StoredTensor> tensors;  // in file order
    // What a reader answered itself where the files say nothing, or where they say two things: one
    // sentence each, for people.
    std::vector<std::string> notes;
    std::vector<SourceFile> files;  // that were read; none for a synthetic checkpoint

    // By name, however the tensors were changed since: in constant time but for names that are not
    // there.
    const StoredTensor* find(std::string_view tensor_name) const;
    // By its place in the graph; a walk over the list.
    const StoredTensor* find(Role role, std::int64_t layer = -1) const;
    // The family of `general.architecture`; null where it is not supported.
    const Family* family() const;
    // The same; throws Error (Fault::unsupported) where there is none.
    const Family& supported_family() const;
    // Takes every tensor's place from its name. Readers call it; whatever makes or renames tensors
    // itself must, too.
    void place_tensors();
    const MetadataValue* metadata_find(std::string_view key) const;
    // "metadata 'llama.block_count' (@0x1A)": what an error about a key calls it.
    std::string metadata_field(std::string_view key) const;

    // Typed access. Integers of any width and sign convert where the value fits. Throws Error
    // naming source, key, found and expected where the key is missing (and there is no fallback) or
    // has another type.
    std::string text(std::string_view key) const;
    std::string text_or(std::string_view key, std::string_view fallback) const;
    std::int64_t integer(std::string_view key) const;
    std::int64_t integer_or(std::string_view key, std::int64_t fallback) const;
    double real(std::string_view key) const;
    double real_or(std::string_view key, double fallback) const;
    bool flag_or(std::string_view key, bool fallback) const;
    // The integer at `key`, or the one that all elements of an array there are: GGUF may give one
    // number a layer. Throws Error where they differ (nothing here runs layers of different sizes),
    // or where they are not `layers`; absent: empty.
    std::optional<std::int64_t> same_in_every_layer(std::string_view key,
                                                    std::int64_t layers) const;
    // Null where absent; throws where present with another element type.
    const std::vector<std::string>* texts(std::string_view key) const;
    const std::vector<std::int32_t>* integers(std::string_view key) const;

    std::int64_t parameters() const;  // elements of all tensors
    std::int64_t bytes() const;       // bytes of all tensor data

    TensorIndex index;  // of `find`
};

// Opens a GGUF file or a Hugging Face folder (or a file of one, see hugging_face.h), or makes
// "synthetic:SHAPE" (see synthetic.h); memory-maps, so it is quick whatever the size. `weights`:
// false leaves without data what would have to be made or copied, which is all of a synthetic
// checkpoint and a Hugging Face folder's q and k (for inspection). Throws Error for whatever is not
// a usable checkpoint: missing, not a regular file, truncated, wrong magic (naming the detected
// kind), …
Checkpoint open_checkpoint(const std::string& source, bool weights = true);

}  // namespace hone
