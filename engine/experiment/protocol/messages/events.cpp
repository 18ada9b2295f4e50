// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/protocol/messages/events.h"

#include "engine/experiment/protocol/message_codec.h"

namespace hone::messages {

template struct Codec<Progress>;
template struct Codec<Heartbeat>;
template struct Codec<Failure>;
template struct Codec<Done>;
template struct Codec<Finish>;
template struct Codec<Cancel>;

}  // namespace hone::messages
