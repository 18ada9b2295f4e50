// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/runtime/runtime.h"

namespace hone {

enum class PerplexityProtocol : std::uint8_t {
    windows,  // llama.cpp's: windows of `context` that do not overlap, the second half of each
              // scored, no BOS unless the
    // tokeniser adds it; context/2 − 1 tokens scored a window
    strided,  // Hugging Face's: windows of `context` every `stride` tokens, only tokens not scored
              // before are scored. Where
    // windows do not overlap their first tokens are left out, as nothing in them predicts these
};

struct PerplexityPlan {
    PerplexityProtocol protocol = PerplexityProtocol::windows;
    std::int64_t context = 512;
    std::int64_t stride = 256;      // strided only
    std::int64_t max_windows = 20;  // fewer where the text ends; 0: all
};

// One window to run and the part of it that is scored: position i is scored by the logits at i−1.
struct ScoredWindow {
    std::int64_t begin, end;   // tokens of the text [begin, end)
    std::int64_t score_begin;  // first scored token (absolute); scored are [score_begin, end)
    bool bos_first = false;    // the first token gives way to BOS where the tokeniser adds one
                               // (llama.cpp's protocol)
};
// Throws Error naming `text`, the file of the text, where it is shorter than one window.
std::vector<ScoredWindow> plan_windows(const PerplexityPlan& plan, std::int64_t tokens,
                                       const std::string& text = {});

struct WindowScore {
    double nll_sum = 0;  // sum of −ln p over the scored tokens, nats
    std::int64_t scored = 0;
    double kl_sum = 0;  // against the baseline, nats; 0 without one
    std::int64_t top1_agreeing = 0;
    bool compared = false;
};

// Log-probabilities of scored positions, kept by the baseline and compared by candidates. One
// record a scored position: the full fp32 log-softmax [n_vocab].
class LogProbSpool {
public:
    static LogProbSpool create(const std::string& path,
                               std::int64_t n_vocab);  // truncates; throws Error on a full disk
    static LogProbSpool open(const std::string& path);
    ~LogProbSpool();
    LogProbSpool(LogProbSpool&&) noexcept;
    LogProbSpool& operator=(LogProbSpool&&) noexcept;
    void append(std::span<const float> log_probs);
    // Memory-mapped; the file may grow meanwhile. Valid until a record is asked for that was not
    // there at the call. Throws Error where there is no such record yet.
    std::span<const float> record(std::int64_t index) const;
    std::int64_t records() const;
    std::int64_t n_vocab() const;

private:
    LogProbSpool();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// How many tokens' logits score_window() wants at once of a window of so many tokens.
std::int64_t scored_together(const RunConfig& run, std::int64_t window);

// Scores one window with sequence slot 0 (cleared first). `write` receives the log-probabilities;
// `baseline` is compared from record `baseline_first` on. Either may be null. KL is sum p_base ·
// (ln p_base − ln p) per token (base first).
WindowScore score_window(Runtime& runtime, std::span<const TokenId> text,
                         const ScoredWindow& window, LogProbSpool* write,
                         const LogProbSpool* baseline, std::int64_t baseline_first,
                         const Progress& progress);

}  // namespace hone
