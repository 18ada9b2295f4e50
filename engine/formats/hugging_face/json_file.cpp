// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hugging_face/json_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "engine/base/utf8.h"
#include "engine/core/error.h"
#include "engine/formats/file_kind.h"
#include "engine/formats/mapped_file.h"

namespace hone::hf {
namespace {

using Json = nlohmann::json;

[[noreturn]] void bad(const std::string& file, const std::string& field, const std::string& found,
                      const std::string& expected, Fault fault = Fault::damaged) {
    ErrorDetails details{"", file, field, found, expected};
    details.fault = fault;
    throw Error(std::move(details));
}

// Builds a document and refuses what a parser would take silently: a key twice in one object,
// endless values, deep nesting. The cost is linear in the text: nlohmann's own way to watch a parse
// walks an object anew at the end of each of its members.
class Builder : public nlohmann::json_sax<Json> {
public:
    // With `visit`, members of the outermost object are handed over and not kept.
    Builder(const std::string& file, const std::string& field, const JsonObject::Visit* visit)
        : file_(file), field_(field), visit_(visit) {}

    Json take() { return std::move(root_); }
    std::size_t error_at() const { return error_at_; }

    bool null() override { return add(nullptr); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(std::int64_t value) override { return add(value); }
    bool number_unsigned(std::uint64_t value) override { return add(value); }
    bool number_float(double value, const std::string& /*text*/) override { return add(value); }
    bool string(std::string& value) override { return add(std::move(value)); }
    bool binary(Json::binary_t& /*value*/) override { return false; }
    bool start_object(std::size_t /*size*/) override { return open(Json::object()); }
    bool start_array(std::size_t /*size*/) override { return open(Json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool key(std::string& name) override;
    bool parse_error(std::size_t position, const std::string& /*token*/,
                     const nlohmann::detail::exception& /*error*/) override {
        error_at_ = position;
        return false;
    }

private:
    Json* place(Json&& value);
    bool add(Json&& value) {
        const Json* const placed = place(std::move(value));
        if (visit_ != nullptr && open_.size() == 1 && open_[0]->is_object()) hand_over(*placed);
        return true;
    }
    bool open(Json&& value) {
        open_.push_back(place(std::move(value)));
        if (open_.size() > static_cast<std::size_t>(JsonObject::kMaxDepth))
            bad(file_, field_, "nesting deeper than " + std::to_string(JsonObject::kMaxDepth),
                "a document of a model");
        return true;
    }
    bool close() {
        Json* const closed = open_.back();
        open_.pop_back();
        if (visit_ != nullptr && open_.size() == 1 && open_[0]->is_object()) hand_over(*closed);
        return true;
    }
    void hand_over(const Json& value) {
        (*visit_)(member_, value);
        root_.clear();
        next_ = nullptr;
    }

    const std::string &file_, &field_;
    const JsonObject::Visit* visit_;
    Json root_;
    std::vector<Json*> open_;               // from the outermost object or array to the innermost
    Json* next_ = nullptr;                  // where the value of the key that was read goes
    std::string member_;                    // of the outermost object, the last
    std::unordered_set<std::string> seen_;  // members that were handed over
    std::size_t values_ = 0, error_at_ = 0;
};

// An object's values have their place from their key on; an array's are put at its end. No pointer
// in `open_` moves meanwhile: only the innermost of them grows.
Json* Builder::place(Json&& value) {
    if (++values_ > JsonObject::kMaxValues)
        bad(file_, field_, fmt::format("more than {} values", JsonObject::kMaxValues),
            "a document of a model");
    if (open_.empty()) return &(root_ = std::move(value));
    if (open_.back()->is_array()) {
        open_.back()->push_back(std::move(value));
        return &open_.back()->back();
    }
    *next_ = std::move(value);
    return next_;
}

bool Builder::key(std::string& name) {
    const bool outermost = visit_ != nullptr && open_.size() == 1;
    const auto [place, added] = open_.back()->get_ref<Json::object_t&>().emplace(name, nullptr);
    if (!added || (outermost && !seen_.insert(name).second))
        bad(file_, field_, "the key " + excerpt(name) + " twice in one object", "each key once");
    next_ = &place->second;
    if (outermost) member_ = name;
    return true;
}

Json built(std::string_view text, const std::string& file, const std::string& field,
           const JsonObject::Visit* visit) {
    Builder builder(file, field, visit);
    if (!Json::sax_parse(text.begin(), text.end(), &builder))
        bad(file, field,
            fmt::format("something that is no JSON at byte {} of {}",
                        std::min<std::size_t>(builder.error_at(), text.size()), text.size()),
            "a JSON object");
    Json document = builder.take();
    if (!document.is_object()) bad(file, field, excerpt(document), "a JSON object");
    return document;
}

}  // namespace

std::string excerpt(const Json& json) {
    constexpr std::size_t kMost = 100;
    std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() <= kMost) return text;
    text.resize(kMost);
    text.resize(valid_utf8_prefix(text));
    return text + "…";
}

JsonObject JsonObject::parse(std::string_view text, std::string file, const std::string& field) {
    Json json = built(text, file, field, nullptr);
    return {std::move(json), std::move(file), ""};
}

void JsonObject::each_member(std::string_view text, const std::string& file,
                             const std::string& field, const Visit& visit) {
    built(text, file, field, &visit);
}

JsonObject JsonObject::read(const std::filesystem::path& path) {
    const auto file = MappedFile::open(path, "a file of a Hugging Face model");
    const std::size_t size = file->bytes().size();
    if (size > kMaxBytes)
        bad(path.string(), "file", fmt::format("{} B", size),
            fmt::format("at most {} B", kMaxBytes));
    // A page or a pointer under this name is said to be one; what else is no JSON, the parser
    // tells.
    const FileKind kind = file_kind(file->bytes());
    if (kind.known && !kind.what.starts_with("a JSON text") && !kind.what.starts_with("a text"))
        refuse_kind(kind, path.string(), "file", "a JSON object");
    return parse({reinterpret_cast<const char*>(file->bytes().data()), size}, path.string(),
                 "file");
}

const Json* JsonObject::find(std::string_view key) const {
    const auto found = json_.find(key);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
}

void JsonObject::fail(std::string_view key, const std::string& expected) const {
    const Json* value = find(key);
    fail(key, value == nullptr ? "nothing" : excerpt(*value), expected);
}

void JsonObject::fail(std::string_view key, const std::string& found, const std::string& expected,
                      Fault fault) const {
    bad(file_, path_ + std::string(key), found, expected, fault);
}

std::optional<JsonObject> JsonObject::object(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_object()) fail(key, "an object");
    return JsonObject(*value, file_, path_ + std::string(key) + ".");
}

std::optional<std::string> JsonObject::text(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) fail(key, "a text");
    return value->get<std::string>();
}

std::optional<std::int64_t> JsonObject::integer(std::string_view key, std::int64_t low,
                                                std::int64_t high) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    const std::string expected = fmt::format("an integer from {} to {}", low, high);
    if (!value->is_number_integer()) fail(key, expected);
    if (value->is_number_unsigned() && !std::in_range<std::int64_t>(value->get<std::uint64_t>()))
        fail(key, expected);
    const auto number = value->get<std::int64_t>();
    if (number < low || number > high) fail(key, expected);
    return number;
}

std::optional<double> JsonObject::real(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number() || !std::isfinite(value->get<double>())) fail(key, "a finite number");
    return value->get<double>();
}

std::optional<bool> JsonObject::flag(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_boolean()) fail(key, "true or false");
    return value->get<bool>();
}

std::int64_t JsonObject::required_integer(std::string_view key, std::int64_t low,
                                          std::int64_t high) const {
    const auto number = integer(key, low, high);
    if (!number) fail(key, fmt::format("an integer from {} to {}", low, high));
    return *number;
}

JsonObject JsonObject::required_object(std::string_view key) const {
    auto found = object(key);
    if (!found) fail(key, "an object");
    return *std::move(found);
}

}  // namespace hone::hf
