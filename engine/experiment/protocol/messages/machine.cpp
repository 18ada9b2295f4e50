// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/protocol/messages/machine.h"

#include "engine/experiment/protocol/message_codec.h"

namespace hone::messages {

template struct Codec<Hello>;
template struct Codec<HelloReply>;
template struct Codec<CudaDevice>;
template struct Codec<Devices>;
template struct Codec<DevicesReply>;
template struct Codec<Calibrate>;
template struct Codec<CalibrateReply>;

}  // namespace hone::messages
