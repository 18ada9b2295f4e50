// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace hone {

// What ends a job. `message` is one sentence for a person: what happened, where, and what to do. The other fields
// are empty where they do not apply.
struct ErrorDetails {
    std::string message;
    std::string file;      // path of the file at fault
    std::string field;     // field, option or tensor at fault, e.g. "tensor[17] 'blk.3.ffn_up.weight' offset"
    std::string found;     // what was there
    std::string expected;  // what was expected
};

class Error : public std::runtime_error {
public:
    explicit Error(std::string message);
    // Builds the sentence "FILE: FIELD: found FOUND, expected EXPECTED" where `details.message` is empty.
    explicit Error(ErrorDetails details);

    const ErrorDetails& details() const { return details_; }

private:
    ErrorDetails details_;
};

// A device's memory, or this process's, does not hold what was asked for: a caller that can do with less may go on.
class OutOfMemory : public Error {
public:
    using Error::Error;
};

// Thrown by Progress::check() when the job was cancelled; not an error to report as a failure.
class Cancelled : public std::runtime_error {
public:
    Cancelled() : std::runtime_error("cancelled") {}
};

// {"message", "file", "field", "found", "expected"}: the shape of errors in the protocol and with --json.
nlohmann::json to_json(const ErrorDetails& details);
ErrorDetails error_details_from_json(const nlohmann::json& json);

}  // namespace hone
