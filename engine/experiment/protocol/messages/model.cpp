// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/protocol/messages/model.h"

#include "engine/experiment/protocol/message_codec.h"

namespace hone::messages {

template struct Codec<SourceFile>;
template struct Codec<Inspect>;
template struct Codec<InspectReply>;
template struct Codec<TensorStats>;
template struct Codec<TensorStatsReply>;
template struct Codec<Tokenize>;
template struct Codec<TokenizeReply>;
template struct Codec<MetadataFact>;
template struct Codec<Metadata>;
template struct Codec<MetadataReply>;

}  // namespace hone::messages
