// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/protocol/messages/steps.h"

#include "engine/experiment/protocol/message_codec.h"

namespace hone::messages {

template struct Codec<Engagement>;
template struct Codec<Repetition>;
template struct Codec<RepetitionReply>;
template struct Codec<AttentionMass>;
template struct Codec<AttentionMassReply>;
template struct Codec<Accuracy>;
template struct Codec<AccuracyReply>;
template struct Codec<Trace>;
template struct Codec<TraceReply>;
template struct Codec<Generate>;
template struct Codec<GenerateReply>;

}  // namespace hone::messages
