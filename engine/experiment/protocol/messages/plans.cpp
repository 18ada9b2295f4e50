// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/protocol/messages/plans.h"

#include "engine/experiment/protocol/message_codec.h"

namespace hone::messages {

template struct Codec<Texts>;
template struct Codec<TextsReply>;
template struct Codec<Supports>;
template struct Codec<SupportsReply>;
template struct Codec<Predict>;
template struct Codec<PredictReply>;
template struct Codec<Prepare>;
template struct Codec<PrepareReply>;

}  // namespace hone::messages
