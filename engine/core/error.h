// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hone {

// What kind of thing ends a job. Each kind but `other` has a sentence for people and, where there
// is one, an action: a place that throws names the kind, and its own `summary` only where it knows
// more than the kind says.
enum class Fault : std::uint8_t {
    other,        // a fact does not fit: "FILE cannot be used."
    cut_off,      // the file ends before what it says it holds
    damaged,      // the file contradicts itself or its format
    not_a_model,  // a file or folder of another kind
    unsupported,  // a sound file with something that this version does not run
    missing,      // nothing there, or no right to read it
    changed,      // the file is not the one that was looked at before
    argument,     // what the user typed cannot be used
    not_written,  // the target could not be written; what was there before is still there
    no_memory,    // it does not fit
    internal,     // a promise inside Hone is broken
};

// What ends a job. `message` is the whole text: a sentence for people, an action where there is
// one, then the detail. The other fields are empty where they do not apply; they keep text as it
// stands in a file, `message` has it printable.
struct ErrorDetails {
    std::string message;
    std::string file;  // path of the file at fault
    std::string
        field;  // field, option or tensor at fault, e.g. "tensor[17] 'blk.3.ffn_up.weight' offset"
    std::string found;     // what was there
    std::string expected;  // what was expected
    Fault fault = Fault::other;
    std::string
        summary{};  // "The file is cut off: 5 MB of about 98 MB." The kind's sentence where empty
    std::string action{};  // "Download it again." The kind's where empty
};

// "FILE: FIELD: found FOUND, expected EXPECTED", printable, of the parts that are there; empty
// where none but a file is.
std::string detail(const ErrorDetails& details);

class Error : public std::runtime_error {
public:
    explicit Error(std::string message);
    // Where `details.message` is empty, builds it and fills in what the kind of fault says. A
    // message that is given is a whole sentence already and becomes the summary too.
    explicit Error(ErrorDetails details);

    const ErrorDetails& details() const { return details_; }

private:
    struct Completed {
        ErrorDetails details;
    };
    explicit Error(Completed completed);

    ErrorDetails details_;
};

// A device's memory, or this process's, does not hold what was asked for: a caller that can do with
// less may go on.
class OutOfMemory : public Error {
public:
    using Error::Error;
};

// Thrown by Progress::check() when the job was cancelled; not an error to report as a failure.
class Cancelled : public std::runtime_error {
public:
    Cancelled() : std::runtime_error("cancelled") {}
};

// What is told of any exception: an Error's own details, and for what a library threw a sentence
// that has none of its text but what a person can use (a path and the system's reason). Never
// throws.
ErrorDetails details_of(const std::exception& exception) noexcept;

// "cut_off", and so on: the kind in JSON.
std::string_view fault_id(Fault fault);

// {"message", "summary", "action", "file", "field", "found", "expected", "fault"}: the shape of
// errors in the protocol and with --json.
nlohmann::json to_json(const ErrorDetails& details);
ErrorDetails error_details_from_json(const nlohmann::json& json);

}  // namespace hone
